/* SPDX-License-Identifier: MIT */
#include <weft/with.h>

#include "platform/symbol.h"
#include "primitives/deadline.h"
#include "primitives/lock.h"
#include "primitives/self.h"

/* How a guard releases what it holds. */
enum guard_kind { GUARD_LOCK = 1 };

/* Notes how an acquire went; whether it went well. */
static bool entered(weft_guard *guard, void *object, enum guard_kind kind, weft_status status)
{
    guard->status = status;
    guard->kind = (uint16_t)kind;
    guard->object = status == WEFT_OK ? object : NULL;
    if (status != WEFT_OK)
        wefti_self()->last_status = status;
    return status == WEFT_OK;
}

bool weft_lock_guard(weft_guard *guard, weft_lock *lock, double seconds)
{
    return entered(guard, lock, GUARD_LOCK, wefti_lock_acquire_for_at(lock, seconds, WEFTI_CALLER));
}

weft_guard weft_lock_guard_hold(weft_lock *lock)
{
    weft_guard guard = WEFT_GUARD_INIT;
    if (lock != NULL)
        wefti_lock_acquire_firmly_at(lock, WEFTI_CALLER);
    entered(&guard, lock, GUARD_LOCK, lock != NULL ? WEFT_OK : WEFT_VALUE_ERROR);
    return guard;
}

void weft_guard_leave(weft_guard *guard)
{
    if (guard == NULL || guard->object == NULL)
        return;
    /* The block may have released the lock itself: as in Python, that is its own affair. */
    (void)weft_lock_release(guard->object);
    guard->object = NULL;
}
