/* SPDX-License-Identifier: MIT */
/*
 * The write side of an RWLock keeps the contract of everything that one thread at a time can hold. The
 * read side cannot: many threads hold it at once; what it promises is in test_rwlock_fair.c.
 */
#include "lock_contract.h"

static void init(void *lock)
{
    *(weft_rwlock *)lock = (weft_rwlock)WEFT_RWLOCK_INIT;
}

static weft_status acquire(void *lock)
{
    return weft_rwlock_acquire_write(lock);
}

static weft_status try_acquire(void *lock)
{
    return weft_rwlock_try_acquire_write(lock);
}

static weft_status acquire_for(void *lock, double seconds)
{
    return weft_rwlock_acquire_write_for(lock, seconds);
}

static weft_status acquire_until(void *lock, double seconds)
{
    return weft_rwlock_acquire_write_until(lock, weft_now() + seconds);
}

static weft_status release(void *lock)
{
    return weft_rwlock_release_write(lock);
}

static bool locked(const void *lock)
{
    return weft_rwlock_writer(lock) != 0;
}

static size_t waiters(const void *lock)
{
    return weft_rwlock_waiters(lock);
}

/* Reads, as the only one, and then writes: what an upgrade takes excludes others as well. */
static weft_status acquire_by_upgrade(void *lock)
{
    weft_status status = weft_rwlock_acquire_write(lock);
    if (status == WEFT_OK)
        status = weft_rwlock_downgrade(lock);
    while (status == WEFT_OK && (status = weft_rwlock_upgrade(lock)) == WEFT_DEADLOCK) {
        status = weft_rwlock_release_read(lock);
        if (status == WEFT_OK)
            return weft_rwlock_acquire_write(lock);
    }
    return status;
}

TEST(the_write_side_keeps_the_contract)
{
    struct lockable rwlock = {.name = "weft_rwlock, to write",
                              .size = sizeof(weft_rwlock),
                              .init = init,
                              .acquire = acquire,
                              .try_acquire = try_acquire,
                              .acquire_for = acquire_for,
                              .release = release,
                              .locked = locked,
                              .waiters = waiters};
    lock_contract(&rwlock);
    rwlock.name = "weft_rwlock, to write until a deadline";
    rwlock.acquire_for = acquire_until;
    lock_contract(&rwlock);
    rwlock.name = "weft_rwlock, to write by way of reading";
    rwlock.acquire = acquire_by_upgrade;
    lock_contract(&rwlock);
}
