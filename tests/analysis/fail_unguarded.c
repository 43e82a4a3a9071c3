/* SPDX-License-Identifier: MIT */
/* Guarded data without its lock. */
#include <weft/weft.h>

static weft_lock lock = WEFT_LOCK_INIT;
static int counter WEFT_GUARDED_BY(lock);

int unlocked(void);
int unlocked(void)
{
    counter = 1;
    // expected-error@-1 {{writing variable 'counter' requires holding mutex 'lock' exclusively}}
    return counter;
    // expected-error@-1 {{reading variable 'counter' requires holding mutex 'lock'}}
}
