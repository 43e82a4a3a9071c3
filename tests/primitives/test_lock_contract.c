/* SPDX-License-Identifier: MIT */
/*
 * Lock keeps the contract of everything that locks; and, as the control group, so does a bare
 * pthread mutex: what fails there is a fault of the contract.
 */
#include "lock_contract.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

/* ---- weft_lock ----------------------------------------------------------------------------- */

static void init(void *lock)
{
    *(weft_lock *)lock = (weft_lock)WEFT_LOCK_INIT;
}

static weft_status acquire(void *lock)
{
    return weft_lock_acquire(lock);
}

static weft_status try_acquire(void *lock)
{
    return weft_lock_try_acquire(lock);
}

static weft_status acquire_for(void *lock, double seconds)
{
    return weft_lock_acquire_for(lock, seconds);
}

static weft_status acquire_until(void *lock, double seconds)
{
    return weft_lock_acquire_until(lock, weft_now() + seconds);
}

static weft_status release(void *lock)
{
    return weft_lock_release(lock);
}

static bool locked(const void *lock)
{
    return weft_lock_locked(lock);
}

static size_t waiters(const void *lock)
{
    return weft_lock_waiters(lock);
}

TEST(a_lock_keeps_the_contract)
{
    const struct lockable lock = {.name = "weft_lock",
                                  .size = sizeof(weft_lock),
                                  .init = init,
                                  .acquire = acquire,
                                  .try_acquire = try_acquire,
                                  .acquire_for = acquire_for,
                                  .release = release,
                                  .locked = locked,
                                  .waiters = waiters};
    lock_contract(&lock);
}

TEST(a_lock_keeps_the_contract_with_deadlines)
{
    const struct lockable lock = {.name = "weft_lock until",
                                  .size = sizeof(weft_lock),
                                  .init = init,
                                  .acquire = acquire,
                                  .try_acquire = try_acquire,
                                  .acquire_for = acquire_until,
                                  .release = release,
                                  .locked = locked,
                                  .waiters = waiters};
    lock_contract(&lock);
}

/* ---- the control group --------------------------------------------------------------------- */

static void mutex_init(void *mutex)
{
    assert_int_equal(pthread_mutex_init(mutex, NULL), 0);
}

static weft_status status_of(int error)
{
    switch (error) {
    case 0:
        return WEFT_OK;
    case EBUSY:
    case ETIMEDOUT:
        return WEFT_TIMEOUT;
    default:
        return WEFT_RUNTIME;
    }
}

static weft_status mutex_acquire(void *mutex)
{
    return status_of(pthread_mutex_lock(mutex));
}

static weft_status mutex_try(void *mutex)
{
    return status_of(pthread_mutex_trylock(mutex));
}

static weft_status mutex_acquire_for(void *mutex, double seconds)
{
    if (seconds != seconds)
        return WEFT_VALUE_ERROR;
    if (seconds <= 0)
        return mutex_try(mutex);
    if (seconds >= 1e9)
        return mutex_acquire(mutex);
    int64_t nanoseconds = (int64_t)(seconds * 1e9) + 1;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    nanoseconds += until.tv_nsec;
    until.tv_sec += (time_t)(nanoseconds / 1000000000);
    until.tv_nsec = (long)(nanoseconds % 1000000000);
    return status_of(pthread_mutex_timedlock(mutex, &until));
}

static weft_status mutex_release(void *mutex)
{
    return status_of(pthread_mutex_unlock(mutex));
}

TEST(a_pthread_mutex_keeps_the_contract)
{
    const struct lockable mutex = {.name = "pthread_mutex_t",
                                   .size = sizeof(pthread_mutex_t),
                                   .init = mutex_init,
                                   .acquire = mutex_acquire,
                                   .try_acquire = mutex_try,
                                   .acquire_for = mutex_acquire_for,
                                   .release = mutex_release};
    lock_contract(&mutex);
}
