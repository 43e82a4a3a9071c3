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

static struct wefti_want want_of(weft_lock *lock, bool timed, const void *caller)
{
    return (struct wefti_want){.object = lock,
                               .kind = WEFTI_LOCK,
                               .ownership = WEFTI_ANYONE,
                               .timed = timed,
                               .held = weft_lock_locked(lock),
                               .site = wefti_watch_site(caller)};
}

/* Tells those who look on. Out of the fast paths' way. */
__attribute__((noinline, cold)) static weft_status
acquire_watched(weft_lock *lock, int64_t deadline, bool firm, const void *caller)
{
    const struct wefti_want want = want_of(lock, deadline != WEFTI_NEVER, caller);
    wefti_watch_asks(&want);
    weft_status status = WEFT_OK;
    if (!wefti_word_take(&lock->state)) {
        wefti_watch_wants(&want);
        status = wefti_word_wait(&lock->state, WEFTI_LOCK, deadline, firm);
    }
    wefti_watch_settles(&want, status);
    return status;
}

weft_status weft_lock_acquire(weft_lock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return acquire_watched(lock, WEFTI_NEVER, false, WEFTI_CALLER);
    if (wefti_word_take(&lock->state))
        return WEFT_OK;
    return wefti_word_wait(&lock->state, WEFTI_LOCK, WEFTI_NEVER, false);
}

void wefti_lock_acquire_firmly(weft_lock *lock)
{
    if (wefti_watched())
        (void)acquire_watched(lock, WEFTI_NEVER, true, WEFTI_CALLER);
    else if (!wefti_word_take(&lock->state))
        (void)wefti_word_wait(&lock->state, WEFTI_LOCK, WEFTI_NEVER, true);
}

weft_status weft_lock_try_acquire(weft_lock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return acquire_watched(lock, WEFTI_TRY, false, WEFTI_CALLER);
    return wefti_word_take(&lock->state) ? WEFT_OK : WEFT_TIMEOUT;
}

/* The timed forms: a free lock is taken without a look at the clock. */
static weft_status acquire_timed(weft_lock *lock, double time,
                                 weft_status (*convert)(double, int64_t *), const void *caller)
{
    int64_t deadline;
    if (lock == NULL || time != time)
        return WEFT_VALUE_ERROR;
    bool watched = wefti_watched();
    if (!watched && wefti_word_take(&lock->state))
        return WEFT_OK;
    (void)convert(time, &deadline); /* fails for NaN only */
    return watched ? acquire_watched(lock, deadline, false, caller)
                   : wefti_word_wait(&lock->state, WEFTI_LOCK, deadline, false);
}

weft_status weft_lock_acquire_for(weft_lock *lock, double seconds)
{
    return acquire_timed(lock, seconds, wefti_deadline_for, WEFTI_CALLER);
}

weft_status weft_lock_acquire_until(weft_lock *lock, double deadline)
{
    return acquire_timed(lock, deadline, wefti_deadline_until, WEFTI_CALLER);
}

void wefti_lock_resume(weft_lock *lock, const struct wefti_parked *parked)
{
    if (!wefti_watched()) {
        wefti_word_resume(&lock->state, WEFTI_LOCK, parked);
        return;
    }
    const struct wefti_want want = want_of(lock, false, WEFTI_CALLER);
    wefti_watch_asks(&want);
    wefti_watch_wants(&want);
    wefti_word_resume(&lock->state, WEFTI_LOCK, parked);
    wefti_watch_took(&want);
}

/* ---- release ------------------------------------------------------------------------------- */

__attribute__((noinline, cold)) static void tell_release(weft_lock *lock)
{
    wefti_watch_releases(
        &(struct wefti_want){.object = lock, .kind = WEFTI_LOCK, .ownership = WEFTI_ANYONE});
}

weft_status weft_lock_release(weft_lock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        tell_release(lock);
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
    return wefti_done(lock, weft_lock_locked(lock) || weft_lock_waiters(lock) != 0);
}

weft_lock *weft_lock_new(void)
{
    return wefti_self_allocate(sizeof(weft_lock));
}

void weft_lock_free(weft_lock *lock)
{
    wefti_watch_done(lock);
    wefti_release(lock);
}
