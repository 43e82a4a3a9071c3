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

/* With one side in hand. */
static weft_status entered(weft_rwlock *lock, enum wefti_side side)
{
    if (side != WEFTI_READ)
        wefti_store(&lock->writer, wefti_self()->number, RELAXED);
    return WEFT_OK;
}

static struct wefti_want want_of(weft_rwlock *lock, bool shared)
{
    return (struct wefti_want){
        .object = lock, .kind = WEFTI_RWLOCK, .ownership = WEFTI_OWNER, .shared = shared};
}

__attribute__((noinline, cold)) static void tell_release(weft_rwlock *lock, bool shared)
{
    const struct wefti_want want = want_of(lock, shared);
    wefti_watch_releases(&want);
}

__attribute__((noinline, cold)) static void tell_downgrade(weft_rwlock *lock)
{
    const struct wefti_want want = want_of(lock, true);
    wefti_watch_took(&want);
}

/*
 * Tells those who look on. Who upgrades is no reader to them while it waits: its own share is not
 * in its way.
 */
__attribute__((noinline, cold)) static weft_status enter_watched(weft_rwlock *lock,
                                                                 enum wefti_side side,
                                                                 int64_t deadline, bool firm,
                                                                 const void *caller)
{
    const struct wefti_want share = want_of(lock, true);
    struct wefti_want want = want_of(lock, side == WEFTI_READ);
    want.timed = deadline != WEFTI_NEVER;
    want.site = wefti_watch_site(caller);
    wefti_watch_asks(&want);
    if (side == WEFTI_UPGRADE)
        wefti_watch_releases(&share);
    weft_status status = wefti_rwlock_take(lock, side);
    if (status == WEFT_TIMEOUT && deadline != WEFTI_TRY) {
        if (written_by(lock, wefti_self()->number)) {
            status = WEFT_DEADLOCK;
        } else {
            wefti_watch_wants(&want);
            status = wefti_rwlock_wait(lock, side, deadline, firm);
        }
    }
    if (status == WEFT_OK)
        (void)entered(lock, side);
    wefti_watch_settles(&want, status);
    if (status != WEFT_OK && side == WEFTI_UPGRADE)
        wefti_watch_took(&share);
    return status;
}

static weft_status enter(weft_rwlock *lock, enum wefti_side side, int64_t deadline, bool firm,
                         const void *caller)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        return enter_watched(lock, side, deadline, firm, caller);
    weft_status status = wefti_rwlock_take(lock, side);
    if (status == WEFT_TIMEOUT && deadline != WEFTI_TRY) {
        if (written_by(lock, wefti_self()->number))
            return WEFT_DEADLOCK;
        status = wefti_rwlock_wait(lock, side, deadline, firm);
    }
    return status == WEFT_OK ? entered(lock, side) : status;
}

/* The timed forms: what needs no waiting needs no look at the clock. */
static weft_status enter_timed(weft_rwlock *lock, enum wefti_side side, double time,
                               weft_status (*convert)(double, int64_t *), const void *caller)
{
    int64_t deadline;
    if (lock == NULL || time != time)
        return WEFT_VALUE_ERROR;
    if (!wefti_watched()) {
        weft_status status = enter(lock, side, WEFTI_TRY, false, caller);
        if (status != WEFT_TIMEOUT)
            return status;
    }
    (void)convert(time, &deadline); /* fails for NaN only */
    return enter(lock, side, deadline, false, caller);
}

weft_status weft_rwlock_acquire_read(weft_rwlock *lock)
{
    return enter(lock, WEFTI_READ, WEFTI_NEVER, false, WEFTI_CALLER);
}

weft_status weft_rwlock_try_acquire_read(weft_rwlock *lock)
{
    return enter(lock, WEFTI_READ, WEFTI_TRY, false, WEFTI_CALLER);
}

weft_status weft_rwlock_acquire_read_for(weft_rwlock *lock, double seconds)
{
    return enter_timed(lock, WEFTI_READ, seconds, wefti_deadline_for, WEFTI_CALLER);
}

weft_status weft_rwlock_acquire_read_until(weft_rwlock *lock, double deadline)
{
    return enter_timed(lock, WEFTI_READ, deadline, wefti_deadline_until, WEFTI_CALLER);
}

weft_status wefti_rwlock_acquire_read_firmly(weft_rwlock *lock)
{
    return enter(lock, WEFTI_READ, WEFTI_NEVER, true, WEFTI_CALLER);
}

weft_status weft_rwlock_release_read(weft_rwlock *lock)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        tell_release(lock, true);
    uint32_t state = wefti_load(&lock->state, RELAXED);
    for (;;) {
        if (wefti_readers(state) == 0)
            return WEFT_NOT_LOCKED;
        if ((state & WEFTI_RW_WAITED) != 0)
            return wefti_rwlock_leave(lock, WEFTI_READER, 0);
        /* Release: pairs with the acquire of a writer. */
        if (wefti_cas(&lock->state, &state, state - WEFTI_READER, RELEASE))
            return WEFT_OK;
    }
}

weft_status weft_rwlock_acquire_write(weft_rwlock *lock)
{
    return enter(lock, WEFTI_WRITE, WEFTI_NEVER, false, WEFTI_CALLER);
}

weft_status weft_rwlock_try_acquire_write(weft_rwlock *lock)
{
    return enter(lock, WEFTI_WRITE, WEFTI_TRY, false, WEFTI_CALLER);
}

weft_status weft_rwlock_acquire_write_for(weft_rwlock *lock, double seconds)
{
    return enter_timed(lock, WEFTI_WRITE, seconds, wefti_deadline_for, WEFTI_CALLER);
}

weft_status weft_rwlock_acquire_write_until(weft_rwlock *lock, double deadline)
{
    return enter_timed(lock, WEFTI_WRITE, deadline, wefti_deadline_until, WEFTI_CALLER);
}

weft_status wefti_rwlock_acquire_write_firmly(weft_rwlock *lock)
{
    return enter(lock, WEFTI_WRITE, WEFTI_NEVER, true, WEFTI_CALLER);
}

/* Leaves as a writer and goes on as what is `staying`: a reader, or nothing. */
static weft_status stop_writing(weft_rwlock *lock, uint32_t staying)
{
    if (lock == NULL)
        return WEFT_VALUE_ERROR;
    if (!written_by(lock, wefti_self()->number))
        return wefti_load(&lock->state, RELAXED) & WEFTI_WRITER ? WEFT_NOT_OWNER : WEFT_NOT_LOCKED;
    if (wefti_watched())
        tell_release(lock, false);
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
    if (wefti_watched() && status == WEFT_OK)
        tell_downgrade(lock);
    return status;
}

weft_status weft_rwlock_upgrade(weft_rwlock *lock)
{
    return enter(lock, WEFTI_UPGRADE, WEFTI_NEVER, false, WEFTI_CALLER);
}

weft_status weft_rwlock_try_upgrade(weft_rwlock *lock)
{
    return enter(lock, WEFTI_UPGRADE, WEFTI_TRY, false, WEFTI_CALLER);
}

weft_status weft_rwlock_upgrade_for(weft_rwlock *lock, double seconds)
{
    return enter_timed(lock, WEFTI_UPGRADE, seconds, wefti_deadline_for, WEFTI_CALLER);
}

weft_status weft_rwlock_upgrade_until(weft_rwlock *lock, double deadline)
{
    return enter_timed(lock, WEFTI_UPGRADE, deadline, wefti_deadline_until, WEFTI_CALLER);
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
