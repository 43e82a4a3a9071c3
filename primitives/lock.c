/* SPDX-License-Identifier: MIT */
/*
 * A Lock is a word that says whether it is held, and nothing else: word_lock.c has its states, its
 * waiting and its waking. Here are the public calls: one compare-and-swap each, unless the lock is
 * contended or somebody watches.
 */
#include <weft/lock.h>

#include "platform/memory.h"
#include "primitives/deadline.h"
#include "primitives/lock.h"
#include "primitives/self.h"
#include "primitives/watch.h"
#include "primitives/word_lock.h"

/* ---- acquire ------------------------------------------------------------------------------- */

static weft_status acquire_watched(weft_lock *lock, int64_t deadline, bool firm)
{
    weft_status status = wefti_word_take(&lock->state)
                             ? WEFT_OK
                             : wefti_word_wait(&lock->state, WEFTI_LOCK, deadline, firm);
    if (status == WEFT_OK)
        wefti_watch_acquired(lock);
    return status;
}

weft_status weft_lock_acquire(weft_lock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return acquire_watched(lock, WEFTI_NEVER, false);
    if (wefti_word_take(&lock->state))
        return WEFT_OK;
    return wefti_word_wait(&lock->state, WEFTI_LOCK, WEFTI_NEVER, false);
}

void wefti_lock_acquire_firmly(weft_lock *lock)
{
    (void)acquire_watched(lock, WEFTI_NEVER, true);
}

weft_status weft_lock_try_acquire(weft_lock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return acquire_watched(lock, WEFTI_TRY, false);
    return wefti_word_take(&lock->state) ? WEFT_OK : WEFT_TIMEOUT;
}

/* The timed forms: a free lock is taken without a look at the clock. */
static weft_status acquire_timed(weft_lock *lock, double time,
                                 weft_status (*convert)(double, int64_t *))
{
    int64_t deadline;
    if (lock == NULL || time != time)
        return WEFT_VALUE_ERROR;
    if (!wefti_watched() && wefti_word_take(&lock->state))
        return WEFT_OK;
    weft_status status = convert(time, &deadline);
    return status == WEFT_OK ? acquire_watched(lock, deadline, false) : status;
}

weft_status weft_lock_acquire_for(weft_lock *lock, double seconds)
{
    return acquire_timed(lock, seconds, wefti_deadline_for);
}

weft_status weft_lock_acquire_until(weft_lock *lock, double deadline)
{
    return acquire_timed(lock, deadline, wefti_deadline_until);
}

void wefti_lock_resume(weft_lock *lock, const struct wefti_parked *parked)
{
    wefti_word_resume(&lock->state, WEFTI_LOCK, parked);
    if (wefti_watched())
        wefti_watch_acquired(lock);
}

/* ---- release ------------------------------------------------------------------------------- */

weft_status weft_lock_release(weft_lock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        wefti_watch_releasing(lock);
    return wefti_word_release(&lock->state, WEFTI_LOCK);
}

/* ---- queries ------------------------------------------------------------------------------- */

bool weft_lock_locked(const weft_lock *lock)
{
    return lock != NULL && wefti_word_held(&lock->state);
}

size_t weft_lock_waiters(const weft_lock *lock)
{
    return lock != NULL ? wefti_word_waiters(&lock->state, WEFTI_LOCK) : 0;
}

weft_status weft_lock_done(weft_lock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    return weft_lock_locked(lock) || weft_lock_waiters(lock) != 0 ? WEFT_BUSY : WEFT_OK;
}

weft_lock *weft_lock_new(void)
{
    return wefti_self_allocate(sizeof(weft_lock));
}

void weft_lock_free(weft_lock *lock)
{
    wefti_release(lock);
}
