/* SPDX-License-Identifier: MIT */
/*
 * A readers-writer lock is a state that counts readers, with those who wait for it in the room
 * (rwlock_state.c has its table, its waiting and its letting in), and beside it the writer's number.
 *
 *   state      writer   means
 *   no WRITER  0        nobody writes
 *   WRITER     0        a writer has just been let in, or is about to leave
 *   WRITER     n        thread n writes
 *
 * Only who writes stores the number, before it leaves and after it has come, so one finds one's own
 * number there only if one writes: it needs no order, and is atomic because others look on.
 */
#include <weft/rwlock.h>

#include "platform/memory.h"
#include "platform/processor.h"
#include "platform/symbol.h"
#include "primitives/deadline.h"
#include "primitives/park.h"
#include "primitives/rwlock.h"
#include "primitives/rwlock_state.h"
#include "primitives/self.h"
#include "primitives/watch.h"

/* ---- enter --------------------------------------------------------------------------------- */

static bool written_by(const weft_rwlock *lock, uint32_t number)
{
    return wefti_load(&lock->writer, RELAXED) == number;
}

static struct wefti_want want_of(weft_rwlock *lock, enum wefti_side side, const void *site)
{
    return (struct wefti_want){.object = lock,
                               .kind = WEFTI_RWLOCK,
                               .ownership = WEFTI_OWNER,
                               .shared = side == WEFTI_READ,
                               .site = site};
}

/* With one side in hand. */
static void entered(weft_rwlock *lock, enum wefti_side side)
{
    if (side != WEFTI_READ)
        wefti_store(&lock->writer, wefti_self()->number, RELAXED);
}

static weft_status enter_slow(weft_rwlock *lock, enum wefti_side side, int64_t deadline, bool firm)
{
    if (deadline == WEFTI_TRY)
        return WEFT_TIMEOUT;
    if (written_by(lock, wefti_self()->number))
        return WEFT_DEADLOCK;
    return wefti_rwlock_wait(lock, side, deadline, firm);
}

/* An upgrade that has to wait is told as a reader that leaves: whoever waits for it waits for whom
 * it waits for, too. */
static weft_status enter_told(weft_rwlock *lock, enum wefti_side side, int64_t deadline, bool firm,
                              const struct wefti_want *want)
{
    struct wefti_want reading = want_of(lock, WEFTI_READ, want->site);
    weft_status status = wefti_rwlock_take(lock, side);
    reading.gone = status == WEFT_OK;
    bool waits = status == WEFT_TIMEOUT && deadline != WEFTI_TRY;
    if (side == WEFTI_UPGRADE && (status == WEFT_OK || waits))
        wefti_watch_releases(&reading);
    if (status != WEFT_TIMEOUT)
        return status;
    if (waits && !written_by(lock, wefti_self()->number))
        wefti_watch_wants(want);
    status = enter_slow(lock, side, deadline, firm);
    if (side == WEFTI_UPGRADE && waits && status != WEFT_OK && status != WEFT_NOT_LOCKED) {
        wefti_watch_gave_up(want);
        wefti_watch_took(&reading);
    }
    return status;
}

/* Tells those who look on; `site` is the program's call. */
__attribute__((noinline, cold)) static weft_status enter_watched(weft_rwlock *lock,
                                                                 enum wefti_side side,
                                                                 struct wefti_limit limit,
                                                                 bool firm, const void *site)
{
    struct wefti_want want = want_of(lock, side, site);
    int64_t deadline = wefti_limit_deadline(limit);
    want.timed = deadline != WEFTI_NEVER;
    want.interruptible = !firm;
    wefti_watch_asks(&want);
    weft_status status = enter_told(lock, side, deadline, firm, &want);
    if (status == WEFT_OK)
        entered(lock, side);
    wefti_watch_settles(&want, status);
    return status;
}

/* What needs no waiting needs no look at the clock. */
__attribute__((noinline, cold)) static weft_status
enter_late(weft_rwlock *lock, enum wefti_side side, struct wefti_limit limit, bool firm)
{
    weft_status status = enter_slow(lock, side, wefti_limit_deadline(limit), firm);
    if (status == WEFT_OK)
        entered(lock, side);
    return status;
}

static inline weft_status enter(weft_rwlock *lock, enum wefti_side side, struct wefti_limit limit,
                                bool firm, const void *site)
{
    if (lock == NULL || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return enter_watched(lock, side, limit, firm, site);
    weft_status status = wefti_rwlock_take(lock, side);
    if (status == WEFT_TIMEOUT)
        return enter_late(lock, side, limit, firm);
    if (status == WEFT_OK)
        entered(lock, side);
    return status;
}

/* Out of the first reader's way. */
__attribute__((noinline)) static weft_status enter_fully(weft_rwlock *lock, enum wefti_side side,
                                                         const void *site)
{
    return enter(lock, side, wefti_for_ever(), false, site);
}

/* Its short way lies in one cache line; so does that of releasing. */
__attribute__((aligned(WEFTI_CACHE_LINE))) weft_status weft_rwlock_acquire_read(weft_rwlock *lock)
{
    if (lock != NULL && !wefti_watched() && wefti_rwlock_take_first(lock))
        return WEFT_OK;
    return enter_fully(lock, WEFTI_READ, WEFTI_CALLER);
}

weft_status weft_rwlock_try_acquire_read(weft_rwlock *lock)
{
    return enter(lock, WEFTI_READ, wefti_at_once(), false, WEFTI_CALLER);
}

weft_status weft_rwlock_acquire_read_for(weft_rwlock *lock, double seconds)
{
    return enter(lock, WEFTI_READ, wefti_for(seconds), false, WEFTI_CALLER);
}

weft_status weft_rwlock_acquire_read_until(weft_rwlock *lock, double deadline)
{
    return enter(lock, WEFTI_READ, wefti_until(deadline), false, WEFTI_CALLER);
}

weft_status wefti_rwlock_acquire_read_at(weft_rwlock *lock, struct wefti_limit limit, bool firm,
                                         const void *site)
{
    return enter(lock, WEFTI_READ, limit, firm, site);
}

__attribute__((noinline, cold)) static void tell_release(weft_rwlock *lock, enum wefti_side side,
                                                         const void *site)
{
    const struct wefti_want want = want_of(lock, side, site);
    if (side != WEFTI_READ || weft_rwlock_readers(lock) != 0)
        wefti_watch_releases(&want);
}

/* Out of the last reader's way. */
__attribute__((noinline)) static weft_status stop_reading(weft_rwlock *lock, const void *site)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        tell_release(lock, WEFTI_READ, site);
    uint32_t state = wefti_load(&lock->state, RELAXED);
    do {
        if (wefti_readers(state) == 0)
            return WEFT_NOT_LOCKED;
        if ((state & WEFTI_RW_WAITED) != 0)
            return wefti_rwlock_leave(lock, WEFTI_READER, 0);
        /* Release: pairs with the acquire of a writer. */
    } while (!wefti_cas(&lock->state, &state, state - WEFTI_READER, RELEASE));
    return WEFT_OK;
}

__attribute__((aligned(WEFTI_CACHE_LINE))) weft_status weft_rwlock_release_read(weft_rwlock *lock)
{
    uint32_t state = WEFTI_READER; /* a guess */
    /* Release: as above. */
    if (lock != NULL && !wefti_watched() && wefti_cas(&lock->state, &state, 0, RELEASE))
        return WEFT_OK;
    return stop_reading(lock, WEFTI_CALLER);
}

weft_status weft_rwlock_acquire_write(weft_rwlock *lock)
{
    return enter(lock, WEFTI_WRITE, wefti_for_ever(), false, WEFTI_CALLER);
}

weft_status weft_rwlock_try_acquire_write(weft_rwlock *lock)
{
    return enter(lock, WEFTI_WRITE, wefti_at_once(), false, WEFTI_CALLER);
}

weft_status weft_rwlock_acquire_write_for(weft_rwlock *lock, double seconds)
{
    return enter(lock, WEFTI_WRITE, wefti_for(seconds), false, WEFTI_CALLER);
}

weft_status weft_rwlock_acquire_write_until(weft_rwlock *lock, double deadline)
{
    return enter(lock, WEFTI_WRITE, wefti_until(deadline), false, WEFTI_CALLER);
}

weft_status wefti_rwlock_acquire_write_at(weft_rwlock *lock, struct wefti_limit limit, bool firm,
                                          const void *site)
{
    return enter(lock, WEFTI_WRITE, limit, firm, site);
}

/* Leaves as a writer and goes on as what is `staying`: a reader, or nothing. */
static weft_status stop_writing(weft_rwlock *lock, uint32_t staying)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (!written_by(lock, wefti_self()->number))
        return wefti_load(&lock->state, RELAXED) & WEFTI_WRITER ? WEFT_NOT_OWNER : WEFT_NOT_LOCKED;
    if (wefti_watched())
        tell_release(lock, WEFTI_WRITE, NULL);
    wefti_store(&lock->writer, 0, RELAXED);
    /* Release: pairs with the acquire of whoever comes. */
    uint32_t state = WEFTI_WRITER;
    if (wefti_cas(&lock->state, &state, staying, RELEASE))
        return WEFT_OK;
    return wefti_rwlock_leave(lock, WEFTI_WRITER, staying);
}

weft_status weft_rwlock_release_write(weft_rwlock *lock)
{
    return stop_writing(lock, 0);
}

weft_status weft_rwlock_downgrade(weft_rwlock *lock)
{
    weft_status status = stop_writing(lock, WEFTI_READER);
    if (wefti_watched() && status == WEFT_OK) {
        const struct wefti_want reading = want_of(lock, WEFTI_READ, WEFTI_CALLER);
        wefti_watch_took(&reading);
    }
    return status;
}

weft_status weft_rwlock_upgrade(weft_rwlock *lock)
{
    return enter(lock, WEFTI_UPGRADE, wefti_for_ever(), false, WEFTI_CALLER);
}

weft_status weft_rwlock_try_upgrade(weft_rwlock *lock)
{
    return enter(lock, WEFTI_UPGRADE, wefti_at_once(), false, WEFTI_CALLER);
}

weft_status weft_rwlock_upgrade_for(weft_rwlock *lock, double seconds)
{
    return enter(lock, WEFTI_UPGRADE, wefti_for(seconds), false, WEFTI_CALLER);
}

weft_status weft_rwlock_upgrade_until(weft_rwlock *lock, double deadline)
{
    return enter(lock, WEFTI_UPGRADE, wefti_until(deadline), false, WEFTI_CALLER);
}

/* ---- queries ------------------------------------------------------------------------------- */

uint32_t weft_rwlock_readers(const weft_rwlock *lock)
{
    /* Acquire: who sees nobody read sees what the readers did. */
    return lock != NULL ? wefti_readers(wefti_load(&lock->state, ACQUIRE)) : 0;
}

uint32_t weft_rwlock_writer(const weft_rwlock *lock)
{
    return lock != NULL ? wefti_load(&lock->writer, RELAXED) : 0;
}

size_t weft_rwlock_waiters(const weft_rwlock *lock)
{
    return lock != NULL ? wefti_waiters((struct wefti_key){lock, WEFTI_RWLOCK}) : 0;
}

weft_status weft_rwlock_done(weft_rwlock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    bool held = (wefti_load(&lock->state, ACQUIRE) & ~(uint32_t)WEFTI_RW_WAITED) != 0;
    return wefti_done(lock, held || weft_rwlock_waiters(lock) != 0);
}

weft_rwlock *weft_rwlock_new(void)
{
    return wefti_self_allocate(sizeof(weft_rwlock));
}

void weft_rwlock_free(weft_rwlock *lock)
{
    wefti_watch_done(lock);
    wefti_release(lock);
}
