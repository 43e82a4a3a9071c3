/* SPDX-License-Identifier: MIT */
#include <weft/with.h>

#include "platform/symbol.h"
#include "primitives/condition.h"
#include "primitives/lock.h"
#include "primitives/rlock.h"
#include "primitives/rwlock.h"
#include "primitives/self.h"
#include "primitives/semaphore.h"
#include "primitives/with.h"

/* Notes how an acquire went; whether it went well. */
static bool entered(weft_guard *guard, void *object, enum wefti_held_kind kind, weft_status status)
{
    guard->kind = kind;
    guard->object = status == WEFT_OK ? object : NULL;
    if (guard->status != NULL)
        *guard->status = status;
    if (status != WEFT_OK)
        wefti_self()->last_status = status;
    return status == WEFT_OK;
}

static weft_guard held(void *object, enum wefti_held_kind kind, weft_status status)
{
    weft_guard guard = {0};
    entered(&guard, object, kind, status);
    return guard;
}

bool weft_lock_guard(weft_guard *guard, weft_lock *lock, double seconds)
{
    return entered(guard, lock, WEFTI_HELD_LOCK,
                   wefti_lock_acquire_at(lock, wefti_for(seconds), false, WEFTI_CALLER));
}

weft_guard weft_lock_guard_hold(weft_lock *lock)
{
    return held(lock, WEFTI_HELD_LOCK, wefti_lock_acquire_firmly_at(lock, WEFTI_CALLER));
}

bool weft_rlock_guard(weft_guard *guard, weft_rlock *lock, double seconds)
{
    return entered(guard, lock, WEFTI_HELD_RLOCK,
                   wefti_rlock_acquire_at(lock, wefti_for(seconds), false, WEFTI_CALLER));
}

weft_guard weft_rlock_guard_hold(weft_rlock *lock)
{
    return held(lock, WEFTI_HELD_RLOCK,
                wefti_rlock_acquire_at(lock, wefti_for_ever(), true, WEFTI_CALLER));
}

bool weft_condition_guard(weft_guard *guard, weft_condition *condition, double seconds)
{
    return entered(guard, condition, WEFTI_HELD_CONDITION,
                   wefti_condition_acquire_at(condition, wefti_for(seconds), false, WEFTI_CALLER));
}

weft_guard weft_condition_guard_hold(weft_condition *condition)
{
    return held(condition, WEFTI_HELD_CONDITION,
                wefti_condition_acquire_at(condition, wefti_for_ever(), true, WEFTI_CALLER));
}

bool weft_read_guard(weft_guard *guard, weft_read_side *side, double seconds)
{
    weft_rwlock *lock = (weft_rwlock *)side;
    return entered(guard, lock, WEFTI_HELD_READING,
                   wefti_rwlock_acquire_read_at(lock, wefti_for(seconds), false, WEFTI_CALLER));
}

weft_guard weft_read_guard_hold(weft_read_side *side)
{
    weft_rwlock *lock = (weft_rwlock *)side;
    return held(lock, WEFTI_HELD_READING,
                wefti_rwlock_acquire_read_at(lock, wefti_for_ever(), true, WEFTI_CALLER));
}

bool weft_write_guard(weft_guard *guard, weft_write_side *side, double seconds)
{
    weft_rwlock *lock = (weft_rwlock *)side;
    return entered(guard, lock, WEFTI_HELD_WRITING,
                   wefti_rwlock_acquire_write_at(lock, wefti_for(seconds), false, WEFTI_CALLER));
}

weft_guard weft_write_guard_hold(weft_write_side *side)
{
    weft_rwlock *lock = (weft_rwlock *)side;
    return held(lock, WEFTI_HELD_WRITING,
                wefti_rwlock_acquire_write_at(lock, wefti_for_ever(), true, WEFTI_CALLER));
}

bool weft_semaphore_guard(weft_guard *guard, weft_semaphore *semaphore, double seconds)
{
    return entered(guard, semaphore, WEFTI_HELD_SEMAPHORE,
                   weft_semaphore_acquire_for(semaphore, seconds));
}

static weft_status acquire_firmly(weft_semaphore *semaphore)
{
    return wefti_semaphore_acquire(semaphore, 1, wefti_for_ever(), true);
}

weft_guard weft_semaphore_guard_hold(weft_semaphore *semaphore)
{
    weft_status status = semaphore != NULL ? acquire_firmly(semaphore) : WEFT_VALUE_ERROR;
    return held(semaphore, WEFTI_HELD_SEMAPHORE, status);
}

bool weft_bounded_semaphore_guard(weft_guard *guard, weft_bounded_semaphore *semaphore,
                                  double seconds)
{
    return entered(guard, semaphore, WEFTI_HELD_BOUNDED_SEMAPHORE,
                   weft_bounded_semaphore_acquire_for(semaphore, seconds));
}

weft_guard weft_bounded_semaphore_guard_hold(weft_bounded_semaphore *semaphore)
{
    weft_status status =
        semaphore != NULL ? acquire_firmly(&semaphore->semaphore) : WEFT_VALUE_ERROR;
    return held(semaphore, WEFTI_HELD_BOUNDED_SEMAPHORE, status);
}

weft_status wefti_held_release(void *object, enum wefti_held_kind kind)
{
    switch (kind) {
    case WEFTI_HELD_LOCK:
        return weft_lock_release(object);
    case WEFTI_HELD_RLOCK:
        return weft_rlock_release(object);
    case WEFTI_HELD_CONDITION:
        return weft_condition_release(object);
    case WEFTI_HELD_WRITING:
        return weft_rwlock_release_write(object);
    case WEFTI_HELD_READING:
        return weft_rwlock_release_read(object);
    case WEFTI_HELD_SEMAPHORE:
        return weft_semaphore_release(object);
    case WEFTI_HELD_BOUNDED_SEMAPHORE:
        return weft_bounded_semaphore_release(object);
    }
    return WEFT_VALUE_ERROR;
}

void weft_guard_leave(weft_guard *guard)
{
    if (guard == NULL || guard->object == NULL)
        return;
    /* The block may have released the lock itself: as in Python, that is its own affair. */
    (void)wefti_held_release(guard->object, (enum wefti_held_kind)guard->kind);
    guard->object = NULL;
}
