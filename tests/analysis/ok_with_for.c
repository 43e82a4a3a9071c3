/* SPDX-License-Identifier: MIT */
/* WEFT_WITH_FOR: the block runs, and holds the lock, only if there was time. */
// expected-no-diagnostics
#include <weft/weft.h>

static weft_lock lock = WEFT_LOCK_INIT;
static int counter WEFT_GUARDED_BY(lock);

weft_status patient(void);
weft_status patient(void)
{
    weft_status status;
    WEFT_WITH_FOR(&lock, 0.5, status) {
        counter++;
    }
    WEFT_WITH_FOR(&lock, 0, status) {
        counter++;
    }
    return status;
}

int tells_why(void);
int tells_why(void)
{
    weft_status status; /* the scope sets it, on every path */
    WEFT_WITH_FOR(&lock, 0.5, status) {
        return counter;
    }
    return -status;
}
