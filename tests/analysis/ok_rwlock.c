/* SPDX-License-Identifier: MIT */
/* An RWLock's read side lets one read, its write side write; by calls, in blocks, downgraded. */
// expected-no-diagnostics
#include <weft/weft.h>

static weft_rwlock lock = WEFT_RWLOCK_INIT;
static int value WEFT_GUARDED_BY(lock);

static int look(void) WEFT_REQUIRES_SHARED(&lock);
static int look(void)
{
    return value;
}

int by_calls(void);
int by_calls(void)
{
    weft_rwlock_acquire_write(&lock);
    value++;
    weft_rwlock_downgrade(&lock);
    int seen = look();
    weft_rwlock_release_read(&lock);
    if (weft_rwlock_acquire_read_for(&lock, 0.5) == WEFT_OK) {
        seen += value;
        weft_rwlock_release_read(&lock);
    }
    return seen;
}

int by_blocks(void);
int by_blocks(void)
{
    WEFT_WITH(weft_writing(&lock)) {
        value++;
    }
    WEFT_WITH_ALL(weft_writing(&lock)) {
        value++;
    }
    WEFT_HOLD(weft_reading(&lock));
    return look();
}
