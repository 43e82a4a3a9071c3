/* SPDX-License-Identifier: MIT */
/* RLock and Condition guard data as a Lock does: by calls, in blocks, and several at once. */
// expected-no-diagnostics
#include <weft/weft.h>

static weft_lock lock = WEFT_LOCK_INIT;
static weft_rlock rlock = WEFT_RLOCK_INIT;
static weft_condition condition = WEFT_CONDITION_INIT;
static weft_condition over = WEFT_CONDITION_INIT_ON(&lock);
static int a WEFT_GUARDED_BY(lock);
static int b WEFT_GUARDED_BY(rlock);
static int c WEFT_GUARDED_BY(condition);

void by_calls(void);
void by_calls(void)
{
    weft_rlock_acquire(&rlock);
    b++;
    weft_rlock_release(&rlock);
    if (weft_condition_try_acquire(&condition) == WEFT_OK) {
        c++;
        weft_condition_release(&condition);
    }
}

void by_blocks(void);
void by_blocks(void)
{
    WEFT_WITH(&rlock) {
        b++;
        WEFT_WITH(&rlock) {
            b++;
        }
    }
    WEFT_HOLD(&condition);
    c++;
    weft_condition_notify_all(&condition);
}

void over_a_lock(void);
void over_a_lock(void)
{
    WEFT_WITH(&lock) {
        while (a == 0)
            weft_condition_wait(&over);
        a--;
    }
}

weft_status at_once(void);
weft_status at_once(void)
{
    weft_status status;
    WEFT_WITH_ALL(&lock, &rlock, &condition) {
        a++;
        b++;
        c++;
    }
    WEFT_WITH_ALL_FOR(0.5, status, &rlock, &lock) {
        a += b;
    }
    return status;
}
