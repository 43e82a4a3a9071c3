/* SPDX-License-Identifier: MIT */
#include <weft/with.h>

#include "primitives/deadline.h"
#include "primitives/lock.h"
#include "primitives/self.h"
#include "primitives/semaphore.h"

/* How a guard releases what it holds. */
enum guard_kind { GUARD_LOCK = 1, GUARD_SEMAPHORE, GUARD_BOUNDED_SEMAPHORE };

/* Notes how an acquire went; whether it went well. */
static bool entered(weft_guard *guard, void *object, enum guard_kind kind, weft_status status)
{
    guard->kind = kind;
    guard->object = status == WEFT_OK ? object : NULL;
    if (guard->status != NULL)
        *guard->status = status;
    if (status != WEFT_OK)
        wefti_self()->last_status = status;
    return status == WEFT_OK;
}

bool weft_lock_guard(weft_guard *guard, weft_lock *lock, double seconds)
{
    return entered(guard, lock, GUARD_LOCK, weft_lock_acquire_for(lock, seconds));
}

weft_guard weft_lock_guard_hold(weft_lock *lock)
{
    weft_guard guard = {0};
    if (lock != NULL)
        wefti_lock_acquire_firmly(lock);
    entered(&guard, lock, GUARD_LOCK, lock != NULL ? WEFT_OK : WEFT_VALUE_ERROR);
    return guard;
}

bool weft_semaphore_guard(weft_guard *guard, weft_semaphore *semaphore, double seconds)
{
    return entered(guard, semaphore, GUARD_SEMAPHORE,
                   weft_semaphore_acquire_for(semaphore, seconds));
}

static weft_status acquire_firmly(weft_semaphore *semaphore)
{
    return wefti_semaphore_acquire(semaphore, 1, wefti_for_ever(), true);
}

weft_guard weft_semaphore_guard_hold(weft_semaphore *semaphore)
{
    weft_guard guard = {0};
    entered(&guard, semaphore, GUARD_SEMAPHORE,
            semaphore != NULL ? acquire_firmly(semaphore) : WEFT_VALUE_ERROR);
    return guard;
}

bool weft_bounded_semaphore_guard(weft_guard *guard, weft_bounded_semaphore *semaphore,
                                  double seconds)
{
    return entered(guard, semaphore, GUARD_BOUNDED_SEMAPHORE,
                   weft_bounded_semaphore_acquire_for(semaphore, seconds));
}

weft_guard weft_bounded_semaphore_guard_hold(weft_bounded_semaphore *semaphore)
{
    weft_guard guard = {0};
    entered(&guard, semaphore, GUARD_BOUNDED_SEMAPHORE,
            semaphore != NULL ? acquire_firmly(&semaphore->semaphore) : WEFT_VALUE_ERROR);
    return guard;
}

static weft_status release(void *object, enum guard_kind kind)
{
    switch (kind) {
    case GUARD_LOCK:
        return weft_lock_release(object);
    case GUARD_SEMAPHORE:
        return weft_semaphore_release(object);
    case GUARD_BOUNDED_SEMAPHORE:
        return weft_bounded_semaphore_release(object);
    }
    return WEFT_VALUE_ERROR;
}

void weft_guard_leave(weft_guard *guard)
{
    if (guard == NULL || guard->object == NULL)
        return;
    /* The block may have released the lock itself: as in Python, that is its own affair. */
    (void)release(guard->object, (enum guard_kind)guard->kind);
    guard->object = NULL;
}
