/* SPDX-License-Identifier: MIT */
/*
 * A Lock is a word that says whether it is held, and nothing else: word_lock.c has its states, its
 * waiting and its waking. Here are the public calls: one compare-and-swap each, unless the lock is
 * contended or somebody watches.
 */
#include <weft/lock.h>

#include "platform/memory.h"
#include "platform/symbol.h"
#include "primitives/deadline.h"
#include "primitives/lock.h"
#include "primitives/self.h"
#include "primitives/watch.h"
#include "primitives/word_lock.h"
#include "primitives/word_watched.h"

/* ---- acquire ------------------------------------------------------------------------------- */

static struct wefti_want want_of(weft_lock *lock, const void *site)
{
    return (struct wefti_want){
        .object = lock, .kind = WEFTI_LOCK, .ownership = WEFTI_ANYONE, .site = site};
}

/* Out of the fast paths' way; `site` is the program's call. */
__attribute__((noinline, cold)) static weft_status
acquire_watched(weft_lock *lock, int64_t deadline, bool firm, const void *site)
{
    struct wefti_want want = want_of(lock, site);
    return wefti_word_acquire_watched(&lock->state, &want, deadline, firm);
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

weft_status weft_lock_try_acquire(weft_lock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return acquire_watched(lock, WEFTI_TRY, false, WEFTI_CALLER);
    return wefti_word_take(&lock->state) ? WEFT_OK : WEFT_TIMEOUT;
}

/* A free lock is taken without a look at the clock. */
weft_status wefti_lock_acquire_at(weft_lock *lock, struct wefti_limit limit, bool firm,
                                  const void *site)
{
    if (lock == NULL || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return acquire_watched(lock, wefti_limit_deadline(limit), firm, site);
    if (wefti_word_take(&lock->state))
        return WEFT_OK;
    return wefti_word_wait(&lock->state, WEFTI_LOCK, wefti_limit_deadline(limit), firm);
}

weft_status wefti_lock_acquire_firmly_at(weft_lock *lock, const void *site)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return acquire_watched(lock, WEFTI_NEVER, true, site);
    if (wefti_word_take(&lock->state))
        return WEFT_OK;
    return wefti_word_wait(&lock->state, WEFTI_LOCK, WEFTI_NEVER, true);
}

weft_status weft_lock_acquire_for(weft_lock *lock, double seconds)
{
    return wefti_lock_acquire_at(lock, wefti_for(seconds), false, WEFTI_CALLER);
}

weft_status weft_lock_acquire_until(weft_lock *lock, double deadline)
{
    return wefti_lock_acquire_at(lock, wefti_until(deadline), false, WEFTI_CALLER);
}

/* ---- release ------------------------------------------------------------------------------- */

__attribute__((noinline, cold)) static void tell_release(weft_lock *lock)
{
    const struct wefti_want want = want_of(lock, NULL);
    wefti_watch_releases(&want);
}

weft_status weft_lock_release(weft_lock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        tell_release(lock);
    return wefti_word_release(&lock->state, WEFTI_LOCK);
}

/* ---- for Condition ------------------------------------------------------------------------- */

void wefti_lock_sleeps(weft_lock *lock, const void *site)
{
    const struct wefti_want want = want_of(lock, site);
    wefti_watch_sleeps(&want);
}

void wefti_lock_resume(weft_lock *lock, const struct wefti_parked *parked, const void *site)
{
    struct wefti_want want = want_of(lock, site);
    wefti_word_resume_watched(&lock->state, &want, parked);
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
