/* SPDX-License-Identifier: MIT */
/* RLock keeps the contract of everything that locks. */
#include "lock_contract.h"

static void init(void *lock)
{
    *(weft_rlock *)lock = (weft_rlock)WEFT_RLOCK_INIT;
}

static weft_status acquire(void *lock)
{
    return weft_rlock_acquire(lock);
}

static weft_status try_acquire(void *lock)
{
    return weft_rlock_try_acquire(lock);
}

static weft_status acquire_for(void *lock, double seconds)
{
    return weft_rlock_acquire_for(lock, seconds);
}

static weft_status acquire_until(void *lock, double seconds)
{
    return weft_rlock_acquire_until(lock, weft_now() + seconds);
}

static weft_status release(void *lock)
{
    return weft_rlock_release(lock);
}

static bool locked(const void *lock)
{
    return weft_rlock_locked(lock);
}

static size_t waiters(const void *lock)
{
    return weft_rlock_waiters(lock);
}

TEST(an_rlock_keeps_the_contract)
{
    struct lockable rlock = {.name = "weft_rlock",
                             .size = sizeof(weft_rlock),
                             .init = init,
                             .acquire = acquire,
                             .try_acquire = try_acquire,
                             .acquire_for = acquire_for,
                             .release = release,
                             .locked = locked,
                             .waiters = waiters};
    lock_contract(&rlock);
    rlock.name = "weft_rlock, until a deadline";
    rlock.acquire_for = acquire_until;
    lock_contract(&rlock);
}
