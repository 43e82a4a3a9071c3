/* SPDX-License-Identifier: MIT */
/* A Lock is not reentrant: taking it twice, and releasing it twice. */
#include <weft/weft.h>

static weft_lock lock = WEFT_LOCK_INIT;

void takes_twice(void);
void takes_twice(void)
{
    weft_lock_acquire(&lock);
    // expected-note@-1 {{mutex acquired here}}
    weft_lock_acquire(&lock);
    // expected-error@-1 {{acquiring mutex 'lock' that is already held}}
    weft_lock_release(&lock);
    // expected-note@-1 {{mutex released here}}
    weft_lock_release(&lock);
    // expected-error@-1 {{releasing mutex 'lock' that was not held}}
}
