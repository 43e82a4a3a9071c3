/* SPDX-License-Identifier: MIT */
/* The lock is not held any more after a WEFT_WITH or WEFT_WITH_FOR block. */
#include <weft/weft.h>

static weft_lock lock = WEFT_LOCK_INIT;
static int counter WEFT_GUARDED_BY(lock);

void late(void);
void late(void)
{
    WEFT_WITH(&lock) {
        counter++;
    }
    counter++;
    // expected-error@-1 {{writing variable 'counter' requires holding mutex 'lock' exclusively}}
}

void late_or_never(void);
void late_or_never(void)
{
    weft_status status;
    WEFT_WITH_FOR(&lock, 0.5, status) {
        counter++;
    }
    if (status == WEFT_OK)
        counter++;
    // expected-error@-1 {{writing variable 'counter' requires holding mutex 'lock' exclusively}}
}
