/* SPDX-License-Identifier: MIT */
/* A lock that one path forgets to release. */
#include <weft/weft.h>

static weft_lock lock = WEFT_LOCK_INIT;
static int counter WEFT_GUARDED_BY(lock);

int forgets(void);
int forgets(void)
{
    weft_lock_acquire(&lock);
    // expected-note@-1 {{mutex acquired here}}
    if (counter == 0)
        return -1;
    weft_lock_release(&lock);
    return 0;
}
// expected-error@-1 {{mutex 'lock' is not held on every path through here}}
