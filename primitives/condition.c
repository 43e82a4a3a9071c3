/* SPDX-License-Identifier: MIT */
/*
 * A condition is a queue in the room beside a lock. Its threads wait under the key (condition,
 * WEFTI_CONDITION); a notify moves them to the end of the lock's own queue, where each release of
 * the lock lets one go on. So a notify makes no system call, and a hundred notified threads do not
 * all rush for the one lock that the notifier still holds.
 *
 *   waiters   means
 *   0         nobody waits: a notify need not look into the room
 *   1         the room may have threads that wait
 *
 *   from    to   by                                      in
 *   any     1    who is going to wait, with the lock     announce, in the room
 *   1       0    who notifies, with the lock, the last   finish_notify, in the room
 *
 * No notification is lost: a thread enters the queue while it holds the lock, and lets the lock go
 * only then (let_go); a notifier, which holds it, finds whoever released it before.
 *
 * No wake-up is spurious: a wait ends by a move, by its deadline or by an interruption, and the room
 * lets one of them win. A thread that has been moved has no deadline any more: it returns WEFT_OK.
 *
 * When the threads that wait go on, they have only the lock to do with: the condition may be gone.
 */
#include <weft/condition.h>

#include "platform/memory.h"
#include "platform/symbol.h"
#include "primitives/condition.h"
#include "primitives/deadline.h"
#include "primitives/lock.h"
#include "primitives/park.h"
#include "primitives/rlock.h"
#include "primitives/self.h"
#include "primitives/watch.h"
#include "primitives/word_lock.h"

/* The low bits of `lock`. */
enum { ON_LOCK = 1, ON_RLOCK = 2, ON_MASK = 3 };

static struct wefti_key key_of(const weft_condition *condition)
{
    return (struct wefti_key){condition, WEFTI_CONDITION};
}

struct wefti_base wefti_condition_base(weft_condition *condition)
{
    struct wefti_base base = {NULL, NULL};
    if (condition == NULL)
        return base;
    uintptr_t address = (uintptr_t)condition->lock; /* not as a pointer: that may be NULL + kind */
    uintptr_t kind = address & ON_MASK;
    if (condition->lock == NULL)
        base.rlock = &condition->own;
    else if (kind == ON_LOCK)
        base.lock = (void *)(address - kind);
    else if (kind == ON_RLOCK)
        base.rlock = (void *)(address - kind);
    return base;
}

/* ---- the lock ------------------------------------------------------------------------------ */

weft_status wefti_condition_acquire_at(weft_condition *condition, struct wefti_limit limit,
                                       bool firm, const void *site)
{
    struct wefti_base base = wefti_condition_base(condition);
    return base.lock != NULL ? wefti_lock_acquire_at(base.lock, limit, firm, site)
                             : wefti_rlock_acquire_at(base.rlock, limit, firm, site);
}

weft_status weft_condition_acquire(weft_condition *condition)
{
    return wefti_condition_acquire_at(condition, wefti_for_ever(), false, WEFTI_CALLER);
}

weft_status weft_condition_try_acquire(weft_condition *condition)
{
    return wefti_condition_acquire_at(condition, wefti_at_once(), false, WEFTI_CALLER);
}

weft_status weft_condition_acquire_for(weft_condition *condition, double seconds)
{
    return wefti_condition_acquire_at(condition, wefti_for(seconds), false, WEFTI_CALLER);
}

weft_status weft_condition_acquire_until(weft_condition *condition, double deadline)
{
    return wefti_condition_acquire_at(condition, wefti_until(deadline), false, WEFTI_CALLER);
}

weft_status weft_condition_release(weft_condition *condition)
{
    struct wefti_base base = wefti_condition_base(condition);
    return base.lock != NULL ? weft_lock_release(base.lock) : weft_rlock_release(base.rlock);
}

/* Whether the caller may wait and notify. */
static weft_status check_held(const struct wefti_base *base)
{
    if (base->rlock != NULL)
        return weft_rlock_is_owned(base->rlock) ? WEFT_OK : WEFT_NOT_OWNER;
    if (base->lock != NULL)
        return weft_lock_locked(base->lock) ? WEFT_OK : WEFT_NOT_LOCKED;
    return WEFT_VALUE_ERROR;
}

/* ---- wait ---------------------------------------------------------------------------------- */

struct wait {
    weft_condition *condition;
    struct wefti_base base;
    uint32_t depth;   /* of the RLock */
    const void *site; /* the program's call */
};

static bool announce(void *arg)
{
    struct wait *wait = arg;
    /* Relaxed: published by the lock, which is let go later. */
    wefti_store(&wait->condition->waiters, 1, RELAXED);
    return true;
}

/* Nobody holds a condition, so who waits for it waits for nobody, until it is moved to the lock. */
__attribute__((noinline, cold)) static void tell_sleep(const struct wait *wait)
{
    if (wait->base.rlock != NULL)
        wefti_rlock_sleeps(wait->base.rlock, wait->site);
    else
        wefti_lock_sleeps(wait->base.lock, wait->site);
}

/* In the queue, not asleep yet. */
static void let_go(void *arg)
{
    struct wait *wait = arg;
    if (wefti_watched())
        tell_sleep(wait);
    if (wait->base.rlock != NULL)
        wait->depth = wefti_rlock_save(wait->base.rlock);
    else
        (void)weft_lock_release(wait->base.lock);
}

static void take_back(const struct wait *wait, const struct wefti_parked *parked)
{
    if (wait->base.rlock != NULL)
        wefti_rlock_restore(wait->base.rlock, wait->depth, parked, wait->site);
    else
        wefti_lock_resume(wait->base.lock, parked, wait->site);
}

/* A deadline of WEFTI_TRY lies in the past: the lock is let go and taken back. */
static weft_status wait_once(weft_condition *condition, int64_t deadline, const void *site)
{
    struct wait wait = {
        .condition = condition, .base = wefti_condition_base(condition), .site = site};
    weft_status status = check_held(&wait.base);
    if (status != WEFT_OK)
        return status;
    const struct wefti_patience patience = {
        .deadline = deadline, .queued = let_go, .validate = announce, .arg = &wait};
    struct wefti_parked parked = wefti_park(key_of(condition), &patience);
    take_back(&wait, &parked);
    if (parked.outcome == WEFTI_UNPARKED)
        return WEFT_OK;
    return parked.outcome == WEFTI_TIMED_OUT ? WEFT_TIMEOUT : WEFT_INTERRUPTED;
}

static weft_status wait_limited(weft_condition *condition, struct wefti_limit limit,
                                const void *site)
{
    if (!wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    return wait_once(condition, wefti_limit_deadline(limit), site);
}

static weft_status wait_pred(weft_condition *condition, weft_predicate *predicate, void *arg,
                             struct wefti_limit limit, const void *site)
{
    struct wefti_base base = wefti_condition_base(condition);
    if (predicate == NULL || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    int64_t deadline = wefti_limit_deadline(limit);
    weft_status status = check_held(&base);
    if (status != WEFT_OK)
        return status;
    while (!predicate(arg)) {
        status = wait_once(condition, deadline, site);
        if (status == WEFT_TIMEOUT)
            return predicate(arg) ? WEFT_OK : WEFT_TIMEOUT;
        if (status != WEFT_OK)
            return status;
    }
    return WEFT_OK;
}

weft_status weft_condition_wait(weft_condition *condition)
{
    return wait_once(condition, WEFTI_NEVER, WEFTI_CALLER);
}

weft_status weft_condition_wait_for(weft_condition *condition, double seconds)
{
    return wait_limited(condition, wefti_for(seconds), WEFTI_CALLER);
}

weft_status weft_condition_wait_until(weft_condition *condition, double when)
{
    return wait_limited(condition, wefti_until(when), WEFTI_CALLER);
}

weft_status weft_condition_wait_pred(weft_condition *condition, weft_predicate *predicate,
                                     void *arg)
{
    return wait_pred(condition, predicate, arg, wefti_for_ever(), WEFTI_CALLER);
}

weft_status weft_condition_wait_pred_for(weft_condition *condition, weft_predicate *predicate,
                                         void *arg, double seconds)
{
    return wait_pred(condition, predicate, arg, wefti_for(seconds), WEFTI_CALLER);
}

weft_status weft_condition_wait_pred_until(weft_condition *condition, weft_predicate *predicate,
                                           void *arg, double when)
{
    return wait_pred(condition, predicate, arg, wefti_until(when), WEFTI_CALLER);
}

/* ---- notify -------------------------------------------------------------------------------- */

struct notify {
    weft_condition *condition;
    uint32_t *word; /* the lock's */
    bool stranded;  /* waiters have been moved to a lock that nobody holds */
};

static void finish_notify(size_t moved, bool more, void *arg)
{
    struct notify *notify = arg;
    if (!more)
        wefti_store(&notify->condition->waiters, 0, RELAXED);
    if (moved > 0)
        notify->stranded = !wefti_word_moved(notify->word);
}

/* Moves at most `limit` (0: all) waiters to the lock. */
static weft_status notify_some(weft_condition *condition, size_t limit)
{
    struct wefti_base base = wefti_condition_base(condition);
    struct notify notify = {.condition = condition};
    /* Relaxed: who waits has written it before the lock was let go. */
    if (wefti_load(&condition->waiters, RELAXED) == 0)
        return WEFT_OK;
    enum wefti_kind kind = base.lock != NULL ? WEFTI_LOCK : WEFTI_RLOCK;
    notify.word = base.lock != NULL ? &base.lock->state : &base.rlock->state;
    const struct wefti_key to = {notify.word, kind};
    wefti_move(key_of(condition), to, limit, 0, finish_notify, &notify);
    if (notify.stranded)
        wefti_word_wake(notify.word, kind);
    return WEFT_OK;
}

weft_status weft_condition_notify(weft_condition *condition, size_t count)
{
    struct wefti_base base = wefti_condition_base(condition);
    weft_status status = check_held(&base);
    return status != WEFT_OK || count == 0 ? status : notify_some(condition, count);
}

weft_status weft_condition_notify_all(weft_condition *condition)
{
    struct wefti_base base = wefti_condition_base(condition);
    weft_status status = check_held(&base);
    return status != WEFT_OK ? status : notify_some(condition, 0);
}

/* ---- queries ------------------------------------------------------------------------------- */

bool weft_condition_locked(const weft_condition *condition)
{
    struct wefti_base base = wefti_condition_base((weft_condition *)condition);
    return base.lock != NULL ? weft_lock_locked(base.lock) : weft_rlock_locked(base.rlock);
}

size_t weft_condition_waiters(const weft_condition *condition)
{
    return condition != NULL ? wefti_waiters(key_of(condition)) : 0;
}

weft_status weft_condition_done(weft_condition *condition)
{
    if (condition == NULL)
        return WEFT_VALUE_ERROR;
    if (weft_condition_waiters(condition) != 0)
        return WEFT_BUSY;
    return weft_rlock_done(&condition->own); /* at the same address: the condition's name, too */
}

static weft_condition *make(char *lock)
{
    weft_condition *condition = wefti_self_allocate(sizeof *condition);
    if (condition != NULL)
        condition->lock = lock;
    return condition;
}

static weft_condition *refuse(void)
{
    wefti_self()->last_status = WEFT_VALUE_ERROR;
    return NULL;
}

weft_condition *weft_condition_new(void)
{
    return make(NULL);
}

weft_condition *weft_condition_new_on_lock(weft_lock *lock)
{
    return lock != NULL ? make(WEFT_CONDITION_LOCK(lock)) : refuse();
}

weft_condition *weft_condition_new_on_rlock(weft_rlock *lock)
{
    return lock != NULL ? make(WEFT_CONDITION_LOCK(lock)) : refuse();
}

void weft_condition_free(weft_condition *condition)
{
    wefti_watch_done(condition);
    wefti_release(condition);
}
