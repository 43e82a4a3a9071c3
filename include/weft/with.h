/* SPDX-License-Identifier: MIT */
/**
 * @file with.h
 * @brief Scopes: Python's `with lock:`.
 *
 * For a Lock, an RLock, a Condition, the two sides of an RWLock.
 * @code
 *     WEFT_WITH(&lock) { counter++; }                      // the block after it
 *     for (;;) { WEFT_HOLD(&lock); if (done) break; }      // to the end of the enclosing braces
 *     WEFT_WITH_FOR(&lock, 0.5, status) { counter++; }     // the block runs if status is WEFT_OK
 * @endcode
 *
 * However the block is left, the lock is released: at its end, by return, goto, break, continue, an
 * exception of C++ and, where the program is compiled with -fexceptions, pthread_exit(). longjmp()
 * out of a block does not release.
 *
 * WEFT_WITH and WEFT_WITH_FOR are loops that run once: `break` and `continue` inside leave the block
 * only. Inside a loop of one's own WEFT_HOLD lets them mean that loop.
 *
 * If the lock cannot be taken (a timeout, an interruption) the block is skipped, and
 * weft_last_status() says why. WEFT_HOLD has no block to skip: it always takes the lock, and an
 * interruption stays pending for the thread's next wait.
 */
#ifndef WEFT_WITH_H
#define WEFT_WITH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/condition.h>
#include <weft/lock.h>
#include <weft/rlock.h>
#include <weft/rwlock.h>
#include <weft/semaphore.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** What a scope remembers; the fields are private. */
typedef struct weft_guard {
    void *object;        /**< What is held; NULL: nothing. */
    weft_status *status; /**< Where the program wants to read what the acquire said; may be NULL. */
    uint32_t kind;       /**< How it is released. */
    uint32_t fresh;      /**< Whether the block is still to run. */
} weft_guard;

/** Takes @p lock for at most @p seconds; whether @p guard holds it now. */
WEFT_API bool weft_lock_guard(weft_guard *guard, weft_lock *lock, double seconds)
    WEFT_ASSERTS(*lock);

/** Takes @p lock, however long it takes and whoever interrupts, and returns its guard. */
WEFT_API weft_guard weft_lock_guard_hold(weft_lock *lock) WEFT_ASSERTS(*lock);

/** The same for an RLock. The hold may fail with WEFT_OVERFLOW; its guard is empty then. */
WEFT_API bool weft_rlock_guard(weft_guard *guard, weft_rlock *lock, double seconds)
    WEFT_ASSERTS(*lock);
WEFT_API weft_guard weft_rlock_guard_hold(weft_rlock *lock) WEFT_ASSERTS(*lock);

/** The same for a condition's lock. */
WEFT_API bool weft_condition_guard(weft_guard *guard, weft_condition *condition, double seconds)
    WEFT_ASSERTS(*condition);
WEFT_API weft_guard weft_condition_guard_hold(weft_condition *condition) WEFT_ASSERTS(*condition);

/** The same for the sides of an RWLock. A hold by its writer fails with WEFT_DEADLOCK. */
WEFT_API bool weft_read_guard(weft_guard *guard, weft_read_side *side, double seconds)
    WEFT_ASSERTS_SHARED(*side);
WEFT_API weft_guard weft_read_guard_hold(weft_read_side *side) WEFT_ASSERTS_SHARED(*side);
WEFT_API bool weft_write_guard(weft_guard *guard, weft_write_side *side, double seconds)
    WEFT_ASSERTS(*side);
WEFT_API weft_guard weft_write_guard_hold(weft_write_side *side) WEFT_ASSERTS(*side);

/** The same for a permit of a semaphore, bounded or not. */
WEFT_API bool weft_semaphore_guard(weft_guard *guard, weft_semaphore *semaphore, double seconds);
WEFT_API weft_guard weft_semaphore_guard_hold(weft_semaphore *semaphore);
WEFT_API bool weft_bounded_semaphore_guard(weft_guard *guard, weft_bounded_semaphore *semaphore,
                                           double seconds);
WEFT_API weft_guard weft_bounded_semaphore_guard_hold(weft_bounded_semaphore *semaphore);

/** Leaves a scope: releases what it holds. */
WEFT_API void weft_guard_leave(weft_guard *guard);

WEFT_END_DECLS

/*
 * What can be held: X(type, how a block enters it, how WEFT_HOLD does, what clang may assume then).
 * Clang's analysis does not see the cleanup, so a guard asserts the lock instead of acquiring it: an
 * assertion ends by itself where the loop does, however it is left.
 */
#define WEFT_HOLDABLES(X)                                                                          \
    X(weft_lock, weft_lock_guard, weft_lock_guard_hold, WEFT_ASSERTS)                              \
    X(weft_rlock, weft_rlock_guard, weft_rlock_guard_hold, WEFT_ASSERTS)                           \
    X(weft_condition, weft_condition_guard, weft_condition_guard_hold, WEFT_ASSERTS)               \
    X(weft_read_side, weft_read_guard, weft_read_guard_hold, WEFT_ASSERTS_SHARED)                  \
    X(weft_write_side, weft_write_guard, weft_write_guard_hold, WEFT_ASSERTS)                      \
    X(weft_semaphore, weft_semaphore_guard, weft_semaphore_guard_hold, WEFT_ASSERTS_NOTHING)       \
    X(weft_bounded_semaphore, weft_bounded_semaphore_guard, weft_bounded_semaphore_guard_hold,     \
      WEFT_ASSERTS_NOTHING)
#define WEFT_ASSERTS_NOTHING(held)

#define WEFT_JOIN_(a, b) a##b
#define WEFT_JOIN(a, b) WEFT_JOIN_(a, b)
#define WEFT_GUARD_NAME WEFT_JOIN(weft_guard_in_line_, __LINE__)

#ifdef __cplusplus

namespace weft
{
/** A guard that leaves when it goes out of scope. */
struct scope : weft_guard {
    explicit scope(weft_guard guard) : weft_guard(guard) {}
    scope(const scope &) = delete;
    scope &operator=(const scope &) = delete;
    ~scope() { weft_guard_leave(this); }
};

#define WEFT_GUARD_OVERLOADS(type, enter, hold, asserts)                                           \
    inline bool guard_enter(weft_guard *guard, type *held, double seconds) asserts(*held)          \
    {                                                                                              \
        return enter(guard, held, seconds);                                                        \
    }                                                                                              \
    inline weft_guard guard_hold(type *held) asserts(*held)                                        \
    {                                                                                              \
        return hold(held);                                                                         \
    }
WEFT_HOLDABLES(WEFT_GUARD_OVERLOADS)
#undef WEFT_GUARD_OVERLOADS
} // namespace weft

#define WEFT_GUARD_ENTER(guard, held, seconds) ::weft::guard_enter((guard), (held), (seconds))
#define WEFT_GUARD_FRESH(status) ::weft::scope WEFT_GUARD_NAME(weft_guard{nullptr, status, 0, 1})
#define WEFT_HOLD(held) ::weft::scope WEFT_GUARD_NAME(::weft::guard_hold(held))

#else

/* NOLINTBEGIN(bugprone-macro-parentheses): a type takes none */
#define WEFT_GUARD_ENTER_OF(type, enter, hold, asserts) , type * : enter
#define WEFT_GUARD_HOLD_OF(type, enter, hold, asserts) , type * : hold
/* NOLINTEND(bugprone-macro-parentheses) */

#define WEFT_GUARD_ENTER(guard, held, seconds)                                                     \
    _Generic((held)WEFT_HOLDABLES(WEFT_GUARD_ENTER_OF))((guard), (held), (seconds))
#define WEFT_GUARD_FRESH(status)                                                                   \
    weft_guard WEFT_GUARD_NAME __attribute__((cleanup(weft_guard_leave))) = {NULL, status, 0, 1}

/** Takes @p held to the end of the enclosing braces. */
#define WEFT_HOLD(held)                                                                            \
    weft_guard WEFT_GUARD_NAME __attribute__((cleanup(weft_guard_leave), unused)) =                \
        _Generic((held)WEFT_HOLDABLES(WEFT_GUARD_HOLD_OF))(held)

#endif

/** A loop that runs once, if @p held can be taken. */
#define WEFT_GUARD_LOOP(held, seconds, status)                                                     \
    for (WEFT_GUARD_FRESH(status);                                                                 \
         WEFT_GUARD_NAME.fresh && WEFT_GUARD_ENTER(&WEFT_GUARD_NAME, (held), (seconds));           \
         WEFT_GUARD_NAME.fresh = 0)

/** Runs the block that follows with @p held taken. */
#define WEFT_WITH(held) WEFT_GUARD_LOOP(held, WEFT_FOREVER, NULL)

/**
 * Runs the block that follows if @p held can be taken within @p seconds. The variable
 * @p status_variable (a ::weft_status) says how it went.
 */
#define WEFT_WITH_FOR(held, seconds, status_variable)                                              \
    WEFT_GUARD_LOOP(held, seconds, &(status_variable))

#endif
