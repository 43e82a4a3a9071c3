/* SPDX-License-Identifier: MIT */
/*
 * The state is two bits:
 *
 *   HELD    a thread holds the lock
 *   WAITED  the room may have threads that wait for it
 *
 *   state         means
 *   0             free
 *   HELD          held, nobody waits
 *   HELD|WAITED   held, and a release has to look into the room
 *   WAITED        free for whoever comes first; others wait behind the thread that was woken for it
 *
 *   from          to                  by                         in
 *   0             HELD                who comes                  take
 *   WAITED        HELD|WAITED         who comes                  take
 *   HELD          HELD|WAITED         who is going to wait       acquire_slow
 *   HELD          0                   who releases               weft_lock_release
 *   HELD|WAITED   0, WAITED           who releases and wakes     finish_release, in the room
 *   HELD|WAITED   HELD, HELD|WAITED   who releases to a waiter   finish_release, in the room
 *
 * No wake-up is lost: a thread parks only if the state is HELD|WAITED under the bucket's lock, and
 * that state is left only under the same lock, by a release that takes a waiter out.
 *
 * A release usually wakes the first waiter and leaves the lock free: whoever runs may take it before
 * the waiter does, which costs less than to wait for it. A waiter that comes too late goes back to
 * the head of the queue with its old arrival time; once that lies a millisecond back, the release
 * hands the lock over to it and nobody can come between.
 *
 * The lock's memory may be freed by the next holder: a release does not touch it after the store (or
 * the compare-and-swap) that lets it go.
 */
#include <weft/lock.h>

#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/memory.h"
#include "platform/processor.h"
#include "primitives/deadline.h"
#include "primitives/lock.h"
#include "primitives/park.h"
#include "primitives/self.h"
#include "primitives/watch.h"

enum { HELD = 1, WAITED = 2 };

/* What an unparked waiter is told. */
enum { RETRY, HANDED_OVER };

enum { SPINS = 100 };

#define FAIR_AFTER (1 * WEFTI_MILLISECOND)

static struct wefti_key key_of(const weft_lock *lock)
{
    return (struct wefti_key){lock, WEFTI_LOCK};
}

/* ---- acquire ------------------------------------------------------------------------------- */

/* Takes the lock if it is free. */
static bool take(weft_lock *lock)
{
    /* Acquire: pairs with the release of weft_lock_release and finish_release. */
    uint32_t state = 0;
    if (__builtin_expect(wefti_cas(&lock->state, &state, HELD, ACQUIRE), 1))
        return true;
    while ((state & HELD) == 0)
        if (wefti_cas(&lock->state, &state, state | HELD, ACQUIRE))
            return true;
    return false;
}

/* Waits a little for a lock that is about to be released; true if it was taken. */
static bool spin(weft_lock *lock)
{
    if (wefti_processors() == 1)
        return false;
    for (int i = 0; i < SPINS; i++) {
        uint32_t state = wefti_load(&lock->state, RELAXED);
        if ((state & HELD) == 0 && take(lock))
            return true;
        if ((state & WAITED) != 0)
            return false; /* others sleep already: it is not a matter of nanoseconds */
        wefti_pause();
    }
    return false;
}

/* Says in the state that somebody is going to wait; false if the lock has become free. */
static bool announce(weft_lock *lock)
{
    uint32_t state = wefti_load(&lock->state, RELAXED);
    while (state == HELD)
        if (wefti_cas(&lock->state, &state, HELD | WAITED, RELAXED))
            return true;
    return state == (HELD | WAITED);
}

static bool still_held(void *arg)
{
    const weft_lock *lock = arg;
    return wefti_load(&lock->state, RELAXED) == (HELD | WAITED);
}

static weft_status acquire_slow(weft_lock *lock, int64_t deadline, bool firm)
{
    if (deadline == WEFTI_TRY)
        return WEFT_TIMEOUT;
    if (spin(lock))
        return WEFT_OK;
    struct wefti_patience patience = {.deadline = deadline,
                                      .firm = firm,
                                      .validate = still_held,
                                      .arg = lock,
                                      .since = wefti_clock()};
    while (!take(lock)) {
        if (!announce(lock))
            continue;
        struct wefti_parked parked = wefti_park(key_of(lock), &patience);
        if (parked.outcome == WEFTI_UNPARKED) {
            if (parked.token == HANDED_OVER)
                return WEFT_OK;
            patience.front = true;
        } else if (parked.outcome == WEFTI_TIMED_OUT) {
            return WEFT_TIMEOUT;
        } else if (parked.outcome == WEFTI_INTERRUPTED) {
            return WEFT_INTERRUPTED;
        }
    }
    return WEFT_OK;
}

/* Tells those who look on; `site` is the program's call. Out of the fast paths' way. */
__attribute__((noinline, cold)) static weft_status
acquire_watched(weft_lock *lock, int64_t deadline, bool firm, const void *site)
{
    const struct wefti_want want = {.object = lock,
                                    .kind = WEFTI_LOCK,
                                    .ownership = WEFTI_ANYONE,
                                    .timed = deadline != WEFTI_NEVER,
                                    .held = weft_lock_locked(lock),
                                    .site = site};
    wefti_watch_asks(&want);
    weft_status status = WEFT_OK;
    if (!take(lock)) {
        wefti_watch_wants(&want);
        status = acquire_slow(lock, deadline, firm);
    }
    (status == WEFT_OK ? wefti_watch_took : wefti_watch_gave_up)(&want);
    return status;
}

weft_status weft_lock_acquire(weft_lock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return acquire_watched(lock, WEFTI_NEVER, false, WEFTI_CALLER);
    return take(lock) ? WEFT_OK : acquire_slow(lock, WEFTI_NEVER, false);
}

void wefti_lock_acquire_firmly_at(weft_lock *lock, const void *site)
{
    if (wefti_watched())
        (void)acquire_watched(lock, WEFTI_NEVER, true, site);
    else if (!take(lock))
        (void)acquire_slow(lock, WEFTI_NEVER, true);
}

void wefti_lock_acquire_firmly(weft_lock *lock)
{
    wefti_lock_acquire_firmly_at(lock, WEFTI_CALLER);
}

weft_status weft_lock_try_acquire(weft_lock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return acquire_watched(lock, WEFTI_TRY, false, WEFTI_CALLER);
    return take(lock) ? WEFT_OK : WEFT_TIMEOUT;
}

/* The timed forms: a free lock is taken without a look at the clock. */
static weft_status acquire_timed(weft_lock *lock, double time,
                                 weft_status (*convert)(double, int64_t *), const void *site)
{
    int64_t deadline;
    if (lock == NULL || time != time)
        return WEFT_VALUE_ERROR;
    bool watched = wefti_watched();
    if (!watched && take(lock))
        return WEFT_OK;
    weft_status status = convert(time, &deadline);
    if (status != WEFT_OK)
        return status;
    return watched ? acquire_watched(lock, deadline, false, site)
                   : acquire_slow(lock, deadline, false);
}

weft_status wefti_lock_acquire_for_at(weft_lock *lock, double seconds, const void *site)
{
    return acquire_timed(lock, seconds, wefti_deadline_for, site);
}

weft_status weft_lock_acquire_for(weft_lock *lock, double seconds)
{
    return acquire_timed(lock, seconds, wefti_deadline_for, WEFTI_CALLER);
}

weft_status weft_lock_acquire_until(weft_lock *lock, double deadline)
{
    return acquire_timed(lock, deadline, wefti_deadline_until, WEFTI_CALLER);
}

/* ---- release ------------------------------------------------------------------------------- */

struct release {
    weft_lock *lock;
    weft_status status;
    bool handed_over;
};

/* Two threads may release at once, and one of them in error: only the first finds the lock held. */
static enum wefti_verdict choose_waiter(uintptr_t request, void *arg)
{
    const struct release *release = arg;
    (void)request;
    return wefti_load(&release->lock->state, RELAXED) & HELD ? WEFTI_TAKE : WEFTI_STOP;
}

static uintptr_t take_waiter(uintptr_t request, int64_t since, void *arg)
{
    struct release *release = arg;
    (void)request;
    release->handed_over = wefti_clock() - since >= FAIR_AFTER;
    return release->handed_over ? HANDED_OVER : RETRY;
}

static void finish_release(size_t taken, bool more, void *arg)
{
    struct release *release = arg;
    (void)taken;
    if ((wefti_load(&release->lock->state, RELAXED) & HELD) == 0) {
        release->status = WEFT_NOT_LOCKED;
        return;
    }
    uint32_t state = (release->handed_over ? HELD : 0U) | (more ? WAITED : 0U);
    /* Release: pairs with the acquire in take; a thread that is handed the lock has the parker's. */
    wefti_store(&release->lock->state, state, RELEASE);
}

static weft_status release_slow(weft_lock *lock)
{
    uint32_t state = HELD;
    while (!wefti_cas(&lock->state, &state, 0, RELEASE)) {
        if ((state & HELD) == 0)
            return WEFT_NOT_LOCKED;
        if (state == (HELD | WAITED)) {
            struct release release = {.lock = lock, .status = WEFT_OK};
            const struct wefti_unparking how = {.limit = 1,
                                                .arg = &release,
                                                .choose = choose_waiter,
                                                .take = take_waiter,
                                                .finish = finish_release};
            wefti_unpark(key_of(lock), &how);
            return release.status;
        }
    }
    return WEFT_OK;
}

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
    /* Release: pairs with the acquire in take. */
    uint32_t state = HELD;
    if (__builtin_expect(wefti_cas(&lock->state, &state, 0, RELEASE), 1))
        return WEFT_OK;
    return release_slow(lock);
}

/* ---- queries ------------------------------------------------------------------------------- */

bool weft_lock_locked(const weft_lock *lock)
{
    /* Acquire: who sees the lock free sees what its last holder did. */
    return lock != NULL && (wefti_load(&lock->state, ACQUIRE) & HELD) != 0;
}

size_t weft_lock_waiters(const weft_lock *lock)
{
    return lock != NULL ? wefti_waiters(key_of(lock)) : 0;
}

weft_status weft_lock_done(weft_lock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (weft_lock_locked(lock) || weft_lock_waiters(lock) != 0)
        return WEFT_BUSY;
    wefti_watch_done(lock);
    return WEFT_OK;
}

weft_lock *weft_lock_new(void)
{
    weft_lock *lock = wefti_allocate(sizeof *lock);
    if (lock == NULL)
        wefti_self()->last_status = WEFT_NO_MEMORY;
    return lock;
}

void weft_lock_free(weft_lock *lock)
{
    wefti_watch_done(lock);
    wefti_release(lock);
}
