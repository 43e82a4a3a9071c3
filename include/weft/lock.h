/* SPDX-License-Identifier: MIT */
/**
 * @file lock.h
 * @brief Lock: Python's `threading.Lock`.
 *
 * One thread at a time is inside; the others wait. A Lock has no owner: any thread may release it,
 * so it can hand work over as well as guard data. It is not reentrant: who acquires it twice waits
 * for itself.
 *
 * All-zero bytes are a free lock, and nothing has to be destroyed. A lock may lie anywhere (static,
 * stack, heap, inside another object) but must not be moved or copied while in use. Memory that
 * holds it may be freed as soon as the last release has returned, and even by another thread that
 * acquired it meanwhile: a release never touches the lock after letting it go.
 *
 * A thread that comes while the lock is being released may get it before threads that wait; one
 * that has waited for a millisecond at most gets it handed over, so none starves. Nothing else is
 * promised about the order.
 *
 * @code
 *     static weft_lock lock = WEFT_LOCK_INIT;
 *
 *     weft_lock_acquire(&lock);
 *     counter++;
 *     weft_lock_release(&lock);
 *
 *     WEFT_WITH(&lock) { counter++; }
 * @endcode
 *
 * Every call is thread-safe. No call may be made from a signal handler.
 */
#ifndef WEFT_LOCK_H
#define WEFT_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** A mutual-exclusion lock of 4 bytes. The field is private. */
typedef struct WEFT_CAPABILITY("mutex") weft_lock {
    uint32_t state;
} weft_lock;

/** A free lock; `= {0}` and zeroed memory do as well. */
#define WEFT_LOCK_INIT                                                                             \
    {                                                                                              \
        0                                                                                          \
    }

/**
 * Takes the lock, waiting as long as it takes: `lock.acquire()`.
 * @return WEFT_OK, or WEFT_INTERRUPTED and the lock is not taken.
 */
WEFT_API weft_status weft_lock_acquire(weft_lock *lock) WEFT_ACQUIRES(*lock);

/**
 * Takes the lock if it is free, never waits: `lock.acquire(blocking=False)`.
 * @return WEFT_OK, or WEFT_TIMEOUT if it is held.
 */
WEFT_API WEFT_CHECKED weft_status weft_lock_try_acquire(weft_lock *lock) WEFT_TRY_ACQUIRES(*lock);

/**
 * Takes the lock, waiting at most @p seconds: `lock.acquire(timeout=seconds)`.
 * @return WEFT_OK; WEFT_TIMEOUT, never early; WEFT_INTERRUPTED; WEFT_VALUE_ERROR for NaN.
 */
WEFT_API WEFT_CHECKED weft_status weft_lock_acquire_for(weft_lock *lock, double seconds)
    WEFT_TRY_ACQUIRES(*lock);

/** Takes the lock, waiting until weft_now() reaches @p deadline; returns as the `_for` form. */
WEFT_API WEFT_CHECKED weft_status weft_lock_acquire_until(weft_lock *lock, double deadline)
    WEFT_TRY_ACQUIRES(*lock);

/**
 * Lets the lock go and lets a waiting thread go on: `lock.release()`. Any thread may call it.
 * @return WEFT_OK, or WEFT_NOT_LOCKED if it was free: nothing has changed then.
 */
WEFT_API weft_status weft_lock_release(weft_lock *lock) WEFT_RELEASES(*lock);

/** Whether somebody holds the lock at this moment: `lock.locked()`. Never waits or changes it. */
WEFT_API bool weft_lock_locked(const weft_lock *lock);

/** How many threads wait for the lock at this moment. For tests and for looking inside; O(waiters). */
WEFT_API size_t weft_lock_waiters(const weft_lock *lock);

/**
 * Says that the lock ends here. There is nothing to free; the call checks that it is not in use.
 * @return WEFT_OK, or WEFT_BUSY if it is held or waited for.
 */
WEFT_API weft_status weft_lock_done(weft_lock *lock);

/** A free lock on the heap, for bindings; NULL if there is no memory. */
WEFT_API weft_lock *weft_lock_new(void);

/** Frees what weft_lock_new() made; NULL is allowed. The lock must not be in use. */
WEFT_API void weft_lock_free(weft_lock *lock);

WEFT_END_DECLS

#endif
