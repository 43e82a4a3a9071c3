/* SPDX-License-Identifier: MIT */
/**
 * @file rlock.h
 * @brief RLock: Python's `threading.RLock`, a lock that its holder may take again.
 *
 * An RLock has an owner and a depth: the thread that holds it may acquire it as often as it likes
 * and has to release it as often; the other threads wait for the last release. Only the owner can
 * release it. It suits objects whose public calls lock and call each other.
 *
 * All-zero bytes are a free one, and nothing has to be destroyed. It may lie anywhere but must not
 * be moved or copied while in use. Its memory may be freed as soon as the last release has
 * returned, and even by another thread that acquired it meanwhile. The order in which waiting
 * threads get it is that of a Lock: none starves, nothing else is promised.
 *
 * @code
 *     static weft_rlock lock = WEFT_RLOCK_INIT;
 *
 *     void deposit(int amount) { WEFT_WITH(&lock) { balance += amount; } }
 *     void move_in(int amount) { WEFT_WITH(&lock) { deposit(amount); log_it(amount); } }
 * @endcode
 *
 * Every call is thread-safe. No call may be made from a signal handler. In the child of a fork a
 * lock that the forking thread held is still its own. Clang's analysis before version 21 does not
 * know of locks that are taken again, and warns if one *function* acquires one twice.
 */
#ifndef WEFT_RLOCK_H
#define WEFT_RLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** A reentrant lock of 12 bytes. The fields are private. */
typedef struct WEFT_CAPABILITY("mutex") WEFT_REENTRANT weft_rlock {
    uint32_t state; /**< Whether it is held, whether threads wait. */
    uint32_t owner; /**< The holder's number; 0: none. */
    uint32_t depth; /**< How often the holder has taken it. */
} weft_rlock;

/** A free one; `= {0}` and zeroed memory do as well. */
#define WEFT_RLOCK_INIT                                                                            \
    {                                                                                              \
        0, 0, 0                                                                                    \
    }

/**
 * Takes the lock, waiting as long as it takes, or once more if it is the caller's: `r.acquire()`.
 * @return WEFT_OK; WEFT_INTERRUPTED, and the lock is not taken; WEFT_OVERFLOW if the caller has
 *         taken it 2^32 - 1 times already: nothing has changed then.
 */
WEFT_API weft_status weft_rlock_acquire(weft_rlock *lock) WEFT_ACQUIRES(*lock);

/**
 * Takes the lock if that needs no waiting: `r.acquire(blocking=False)`.
 * @return WEFT_OK; WEFT_TIMEOUT if another thread holds it; WEFT_OVERFLOW.
 */
WEFT_API WEFT_CHECKED weft_status weft_rlock_try_acquire(weft_rlock *lock) WEFT_TRY_ACQUIRES(*lock);

/**
 * Takes the lock, waiting at most @p seconds: `r.acquire(timeout=seconds)`.
 * @return WEFT_OK; WEFT_TIMEOUT, never early; WEFT_INTERRUPTED; WEFT_OVERFLOW; WEFT_VALUE_ERROR
 *         for NaN.
 */
WEFT_API WEFT_CHECKED weft_status weft_rlock_acquire_for(weft_rlock *lock, double seconds)
    WEFT_TRY_ACQUIRES(*lock);

/** Takes the lock, waiting until weft_now() reaches @p deadline; returns as the `_for` form. */
WEFT_API WEFT_CHECKED weft_status weft_rlock_acquire_until(weft_rlock *lock, double deadline)
    WEFT_TRY_ACQUIRES(*lock);

/**
 * Takes back one acquire; the last one lets the lock go: `r.release()`.
 * @return WEFT_OK, or WEFT_NOT_OWNER if the caller does not hold it: nothing has changed then.
 */
WEFT_API weft_status weft_rlock_release(weft_rlock *lock) WEFT_RELEASES(*lock);

/** Whether some thread holds the lock at this moment: `r.locked()`. */
WEFT_API bool weft_rlock_locked(const weft_rlock *lock);

/** Whether the calling thread holds it: `r._is_owned()`. */
WEFT_API bool weft_rlock_is_owned(const weft_rlock *lock);

/** How often the *calling* thread holds it, 0 if another does: `r._recursion_count()`. */
WEFT_API uint32_t weft_rlock_depth(const weft_rlock *lock);

/**
 * The number of the thread that holds the lock (weft_thread_ident()), 0 if none does. While the
 * lock passes from one thread to the next it may be 0 for a moment.
 */
WEFT_API uint32_t weft_rlock_owner(const weft_rlock *lock);

/** How many threads wait for the lock at this moment. For tests and for looking inside; O(waiters). */
WEFT_API size_t weft_rlock_waiters(const weft_rlock *lock);

/**
 * Says that the lock ends here. There is nothing to free; the call checks that it is not in use.
 * @return WEFT_OK, or WEFT_BUSY if it is held or waited for.
 */
WEFT_API weft_status weft_rlock_done(weft_rlock *lock);

/** A free lock on the heap, for bindings; NULL: WEFT_NO_MEMORY. */
WEFT_API weft_rlock *weft_rlock_new(void);

/** Frees what weft_rlock_new() made; NULL is allowed. The lock must not be in use. */
WEFT_API void weft_rlock_free(weft_rlock *lock);

WEFT_END_DECLS

#endif
