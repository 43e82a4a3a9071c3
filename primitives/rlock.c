/* SPDX-License-Identifier: MIT */
/*
 * An RLock is a word that says whether it is held (word_lock.c has its states, its waiting and its
 * waking) and, beside it, who holds it and how often.
 *
 *   state   owner   depth    means
 *   free    0       0        free
 *   held    0       0        somebody has just got it, or is about to let it go
 *   held    n       1...     thread n holds it so many times
 *
 *   owner   depth    becomes          by                       in
 *   0       0        n, 1             thread n, holds state    own
 *   n       d        n, d + 1         thread n                 enter
 *   n       d > 1    n, d - 1         thread n                 weft_rlock_release
 *   n       any      0, 0             thread n                 disown, before it lets state go
 *
 * Only the holder of the state writes owner and depth, so its own number is there only if it put it
 * there, and it may read and write both without any order: to take the lock again costs a load and
 * a store. Another thread may read any moment's owner, but never its own number by mistake. Atomic
 * they are because others look on.
 */
#include <weft/rlock.h>

#include "platform/memory.h"
#include "platform/symbol.h"
#include "primitives/deadline.h"
#include "primitives/rlock.h"
#include "primitives/self.h"
#include "primitives/watch.h"
#include "primitives/word_lock.h"
#include "primitives/word_watched.h"

static bool owned_by(const weft_rlock *lock, uint32_t number)
{
    return wefti_load(&lock->owner, RELAXED) == number;
}

static struct wefti_want want_of(weft_rlock *lock, const void *site)
{
    return (struct wefti_want){
        .object = lock, .kind = WEFTI_RLOCK, .ownership = WEFTI_OWNER, .site = site};
}

/* With the state held. */
static void own(weft_rlock *lock, uint32_t number, uint32_t depth)
{
    wefti_store(&lock->depth, depth, RELAXED);
    wefti_store(&lock->owner, number, RELAXED);
}

static inline weft_status let_go(weft_rlock *lock)
{
    wefti_store(&lock->owner, 0, RELAXED);
    wefti_store(&lock->depth, 0, RELAXED);
    return wefti_word_release(&lock->state, WEFTI_RLOCK);
}

__attribute__((noinline, cold)) static weft_status let_go_watched(weft_rlock *lock)
{
    const struct wefti_want want = want_of(lock, NULL);
    wefti_watch_releases(&want);
    return let_go(lock);
}

/* Lets the state go; the lock may be gone after it. WEFT_OK: it was held. */
static inline weft_status disown(weft_rlock *lock)
{
    return wefti_watched() ? let_go_watched(lock) : let_go(lock);
}

/* ---- acquire ------------------------------------------------------------------------------- */

/* Takes what needs no waiting: one's own lock, or a free one; else WEFT_TIMEOUT. */
static inline weft_status enter(weft_rlock *lock, uint32_t me)
{
    if (owned_by(lock, me)) {
        uint32_t depth = wefti_load(&lock->depth, RELAXED);
        if (depth == UINT32_MAX)
            return WEFT_OVERFLOW;
        wefti_store(&lock->depth, depth + 1, RELAXED);
        return WEFT_OK;
    }
    if (!wefti_word_take(&lock->state))
        return WEFT_TIMEOUT;
    own(lock, me, 1);
    return WEFT_OK;
}

/* What needs no waiting needs no look at the clock. */
__attribute__((noinline, cold)) static weft_status acquire_slow(weft_rlock *lock,
                                                                struct wefti_limit limit, bool firm)
{
    weft_status status =
        wefti_word_wait(&lock->state, WEFTI_RLOCK, wefti_limit_deadline(limit), firm);
    if (status == WEFT_OK)
        own(lock, wefti_self()->number, 1);
    return status;
}

/* Out of the fast paths' way; `site` is the program's call. Only the outermost level is told. */
__attribute__((noinline, cold)) static weft_status
acquire_watched(weft_rlock *lock, struct wefti_limit limit, bool firm, const void *site)
{
    uint32_t me = wefti_self()->number;
    int64_t deadline = wefti_limit_deadline(limit);
    struct wefti_want want = want_of(lock, site);
    if (owned_by(lock, me))
        return enter(lock, me);
    weft_status status = wefti_word_acquire_watched(&lock->state, &want, deadline, firm);
    if (status == WEFT_OK)
        own(lock, me, 1);
    return status;
}

weft_status weft_rlock_try_acquire(weft_rlock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return acquire_watched(lock, wefti_at_once(), false, WEFTI_CALLER);
    return enter(lock, wefti_self()->number);
}

static inline weft_status acquire(weft_rlock *lock, struct wefti_limit limit, bool firm,
                                  const void *site)
{
    if (lock == NULL || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return acquire_watched(lock, limit, firm, site);
    weft_status status = enter(lock, wefti_self()->number);
    return status != WEFT_TIMEOUT ? status : acquire_slow(lock, limit, firm);
}

weft_status wefti_rlock_acquire_at(weft_rlock *lock, struct wefti_limit limit, bool firm,
                                   const void *site)
{
    return acquire(lock, limit, firm, site);
}

/* Out of the way of acquiring for ever. */
__attribute__((noinline, cold)) static weft_status acquire_fully(weft_rlock *lock, const void *site)
{
    return acquire(lock, wefti_for_ever(), false, site);
}

weft_status weft_rlock_acquire(weft_rlock *lock)
{
    uint32_t me = wefti_own.number; /* 0: the thread's first call of all */
    if (lock != NULL && me != 0 && !wefti_watched()) {
        weft_status status = enter(lock, me);
        if (__builtin_expect(status != WEFT_TIMEOUT, 1))
            return status;
    }
    return acquire_fully(lock, WEFTI_CALLER);
}

weft_status weft_rlock_acquire_for(weft_rlock *lock, double seconds)
{
    return acquire(lock, wefti_for(seconds), false, WEFTI_CALLER);
}

weft_status weft_rlock_acquire_until(weft_rlock *lock, double deadline)
{
    return acquire(lock, wefti_until(deadline), false, WEFTI_CALLER);
}

/* ---- release ------------------------------------------------------------------------------- */

weft_status weft_rlock_release(weft_rlock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    uint32_t me = wefti_own.number;
    if (me == 0 || !owned_by(lock, me)) /* without a number it has taken nothing */
        return WEFT_NOT_OWNER;
    uint32_t depth = wefti_load(&lock->depth, RELAXED);
    if (depth <= 1)
        return disown(lock);
    wefti_store(&lock->depth, depth - 1, RELAXED);
    return WEFT_OK;
}

/* ---- for Condition ------------------------------------------------------------------------- */

uint32_t wefti_rlock_save(weft_rlock *lock)
{
    uint32_t depth = wefti_load(&lock->depth, RELAXED);
    (void)disown(lock);
    return depth;
}

void wefti_rlock_sleeps(weft_rlock *lock, const void *site)
{
    const struct wefti_want want = want_of(lock, site);
    wefti_watch_sleeps(&want);
}

void wefti_rlock_restore(weft_rlock *lock, uint32_t depth, const struct wefti_parked *parked,
                         const void *site)
{
    struct wefti_want want = want_of(lock, site);
    wefti_word_resume_watched(&lock->state, &want, parked);
    own(lock, wefti_self()->number, depth);
}

/* ---- queries ------------------------------------------------------------------------------- */

bool weft_rlock_locked(const weft_rlock *lock)
{
    return lock != NULL && wefti_word_held(&lock->state);
}

bool weft_rlock_is_owned(const weft_rlock *lock)
{
    return lock != NULL && owned_by(lock, wefti_self()->number);
}

uint32_t weft_rlock_depth(const weft_rlock *lock)
{
    return weft_rlock_is_owned(lock) ? wefti_load(&lock->depth, RELAXED) : 0;
}

uint32_t weft_rlock_owner(const weft_rlock *lock)
{
    return lock != NULL ? wefti_load(&lock->owner, RELAXED) : 0;
}

size_t weft_rlock_waiters(const weft_rlock *lock)
{
    return lock != NULL ? wefti_word_waiters(&lock->state, WEFTI_RLOCK) : 0;
}

weft_status weft_rlock_done(weft_rlock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    return wefti_done(lock, weft_rlock_locked(lock) || weft_rlock_waiters(lock) != 0);
}

weft_rlock *weft_rlock_new(void)
{
    return wefti_self_allocate(sizeof(weft_rlock));
}

void weft_rlock_free(weft_rlock *lock)
{
    wefti_watch_done(lock);
    wefti_release(lock);
}
