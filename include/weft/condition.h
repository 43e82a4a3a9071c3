/* SPDX-License-Identifier: MIT */
/**
 * @file condition.h
 * @brief Condition: Python's `threading.Condition`.
 *
 * Threads wait under a lock until another tells them that something under it has changed. A wait lets
 * the lock go while it lasts and holds it again whenever it returns, whatever it returns.
 *
 * A condition of all-zero bytes has an RLock of its own. WEFT_CONDITION_INIT_ON() makes one over a
 * Lock or RLock of the caller's, which several conditions may share; acquire and release of the
 * condition are then the lock's, and either may be used. Nothing has to be destroyed. A condition
 * must not be moved or copied while in use. Its memory may be freed once nobody waits: if it is over
 * a lock of the caller's, as soon as all that waited have been notified.
 *
 * A notify for n picks exactly n of the threads that wait at that moment, those that have waited
 * longest, and no wait ends without one: there are no spurious wake-ups. Still a thread that was
 * picked has to get the lock, and another may have changed things before it does: wait in a loop,
 * or use the `_pred` forms, which are that loop.
 *
 * @code
 *     static weft_condition filled;                       // with an RLock of its own
 *     static bool any(void *arg) { return *(int *)arg > 0; }
 *
 *     WEFT_WITH(&filled) { items++; weft_condition_notify(&filled, 1); }
 *
 *     WEFT_WITH(&filled)
 *         if (weft_condition_wait_pred(&filled, any, &items) == WEFT_OK)
 *             items--;
 * @endcode
 *
 * Every call is thread-safe. No call may be made from a signal handler. In the child of a fork nobody
 * waits. Clang's analysis treats a condition as a lock of its own; wait and notify carry no attribute,
 * for it cannot know which lock a condition is over.
 */
#ifndef WEFT_CONDITION_H
#define WEFT_CONDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/lock.h>
#include <weft/rlock.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** A condition of 24 bytes. The fields are private. */
typedef struct WEFT_CAPABILITY("mutex") WEFT_REENTRANT weft_condition {
    weft_rlock own;   /**< Its lock, if it is over no other. */
    uint32_t waiters; /**< 0: nobody waits. */
    char *lock;       /**< The caller's lock and, in the low bits, its kind; NULL: its own. */
} weft_condition;

/** Whether what a wait is for has come true; called with the lock held. */
typedef bool weft_predicate(void *arg);

/** A condition with an RLock of its own; `= {0}` and zeroed memory do as well. */
#define WEFT_CONDITION_INIT                                                                        \
    {                                                                                              \
        WEFT_RLOCK_INIT, 0, 0                                                                      \
    }

/** A condition over @p held, a ::weft_lock or ::weft_rlock by address: `Condition(lock)`. */
#define WEFT_CONDITION_INIT_ON(held)                                                               \
    {                                                                                              \
        WEFT_RLOCK_INIT, 0, WEFT_CONDITION_LOCK(held)                                              \
    }

/** Takes its lock: `c.acquire()`. Returns as weft_lock_acquire() or weft_rlock_acquire(). */
WEFT_API weft_status weft_condition_acquire(weft_condition *condition) WEFT_ACQUIRES(*condition);

/** Takes its lock if that needs no waiting; also WEFT_TIMEOUT. */
WEFT_API WEFT_CHECKED weft_status weft_condition_try_acquire(weft_condition *condition)
    WEFT_TRY_ACQUIRES(*condition);

/** Takes its lock, waiting at most @p seconds; also WEFT_TIMEOUT, and WEFT_VALUE_ERROR for NaN. */
WEFT_API WEFT_CHECKED weft_status weft_condition_acquire_for(weft_condition *condition,
                                                             double seconds)
    WEFT_TRY_ACQUIRES(*condition);

/** The same, waiting until weft_now() reaches @p deadline. */
WEFT_API WEFT_CHECKED weft_status weft_condition_acquire_until(weft_condition *condition,
                                                               double deadline)
    WEFT_TRY_ACQUIRES(*condition);

/** Lets its lock go: `c.release()`. Returns as weft_lock_release() or weft_rlock_release(). */
WEFT_API weft_status weft_condition_release(weft_condition *condition) WEFT_RELEASES(*condition);

/**
 * Lets the lock go (an RLock at whatever depth), waits until notified, and takes the lock back (at
 * that depth): `c.wait()`.
 * @return WEFT_OK: notified; WEFT_INTERRUPTED: with the lock held as well; WEFT_NOT_OWNER if an
 *         RLock is not the caller's, WEFT_NOT_LOCKED if nobody holds a Lock: it has not waited.
 */
WEFT_API weft_status weft_condition_wait(weft_condition *condition);

/**
 * The same, for at most @p seconds, and then however long the lock takes: `c.wait(seconds)`. With 0
 * the lock is let go for a moment.
 * @return also WEFT_TIMEOUT, never early; a thread that was notified returns WEFT_OK, however late
 *         it is. WEFT_VALUE_ERROR for NaN.
 */
WEFT_API WEFT_CHECKED weft_status weft_condition_wait_for(weft_condition *condition,
                                                          double seconds);

/** The same, until weft_now() reaches @p deadline. */
WEFT_API WEFT_CHECKED weft_status weft_condition_wait_until(weft_condition *condition,
                                                            double deadline);

/**
 * Waits until @p predicate, called with the lock held, says true of @p arg: `c.wait_for(predicate)`.
 * @return WEFT_OK: it is true; WEFT_INTERRUPTED; WEFT_NOT_OWNER or WEFT_NOT_LOCKED, and then it was
 *         not called; WEFT_VALUE_ERROR without a predicate.
 */
WEFT_API weft_status weft_condition_wait_pred(weft_condition *condition, weft_predicate *predicate,
                                              void *arg);

/**
 * The same, for at most @p seconds over all: `c.wait_for(predicate, seconds)`.
 * @return WEFT_OK: it is true, be it at the very end; WEFT_TIMEOUT: it is false; or as above.
 */
WEFT_API WEFT_CHECKED weft_status weft_condition_wait_pred_for(weft_condition *condition,
                                                               weft_predicate *predicate, void *arg,
                                                               double seconds);

/** The same, until weft_now() reaches @p deadline. */
WEFT_API WEFT_CHECKED weft_status weft_condition_wait_pred_until(weft_condition *condition,
                                                                 weft_predicate *predicate,
                                                                 void *arg, double deadline);

/**
 * Ends the waits of the @p count threads that have waited longest, or of all if they are fewer:
 * `c.notify(count)`. They go on one by one as the lock comes free; the call itself wakes nobody.
 * @return WEFT_OK; WEFT_NOT_OWNER or WEFT_NOT_LOCKED as weft_condition_wait(): nobody is notified.
 */
WEFT_API weft_status weft_condition_notify(weft_condition *condition, size_t count);

/** Ends the waits of all threads that wait at this moment: `c.notify_all()`. */
WEFT_API weft_status weft_condition_notify_all(weft_condition *condition);

/** Whether somebody holds its lock at this moment: `c.locked()`. */
WEFT_API bool weft_condition_locked(const weft_condition *condition);

/** How many threads wait to be notified at this moment. O(waiters). */
WEFT_API size_t weft_condition_waiters(const weft_condition *condition);

/**
 * Says that the condition ends here. There is nothing to free; the call checks that it is not in use.
 * @return WEFT_OK, or WEFT_BUSY if threads wait or its own lock is held or waited for.
 */
WEFT_API weft_status weft_condition_done(weft_condition *condition);

/** A condition on the heap, with an RLock of its own, for bindings; NULL: WEFT_NO_MEMORY. */
WEFT_API weft_condition *weft_condition_new(void);

/** The same over a Lock; NULL: WEFT_NO_MEMORY, or WEFT_VALUE_ERROR for no lock. */
WEFT_API weft_condition *weft_condition_new_on_lock(weft_lock *lock);

/** The same over an RLock. */
WEFT_API weft_condition *weft_condition_new_on_rlock(weft_rlock *lock);

/** Frees what the three have made; NULL is allowed. The condition must not be in use. */
WEFT_API void weft_condition_free(weft_condition *condition);

WEFT_END_DECLS

/** The address of a lock with its kind in the low bits, which its alignment leaves free. */
#ifdef __cplusplus
namespace weft
{
/* Never defined: the size of what they return is a constant, also where nothing is optimised. */
char (&condition_on(const weft_lock *))[1];
char (&condition_on(const weft_rlock *))[2];
} // namespace weft
#define WEFT_CONDITION_LOCK(held)                                                                  \
    (reinterpret_cast<char *>(held) + sizeof(::weft::condition_on(held)))
#else
#define WEFT_CONDITION_LOCK(held)                                                                  \
    ((char *)(held) + _Generic((held), weft_lock * : 1, weft_rlock * : 2))
#endif

#endif
