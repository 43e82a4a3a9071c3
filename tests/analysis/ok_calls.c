/* SPDX-License-Identifier: MIT */
/* Plain calls: acquire and release, and a try that succeeded. */
// expected-no-diagnostics
#include <weft/weft.h>

static weft_lock lock = WEFT_LOCK_INIT;
static int counter WEFT_GUARDED_BY(lock);

void blocking(void);
void blocking(void)
{
    weft_lock_acquire(&lock);
    counter++;
    weft_lock_release(&lock);
}

void trying(void);
void trying(void)
{
    if (weft_lock_try_acquire(&lock) == WEFT_OK) {
        counter++;
        weft_lock_release(&lock);
    }
}

int with_timeout(double deadline);
int with_timeout(double deadline)
{
    if (weft_lock_acquire_for(&lock, 0.5) != WEFT_OK)
        return -1;
    counter++;
    weft_lock_release(&lock);
    if (weft_lock_acquire_until(&lock, deadline) != WEFT_OK)
        return -1;
    int seen = counter;
    weft_lock_release(&lock);
    return seen;
}
