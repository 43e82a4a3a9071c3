/* SPDX-License-Identifier: MIT */
/**
 * @file barrier.h
 * @brief Barrier: Python's `threading.Barrier`.
 *
 * A fixed number of threads, the parties, meet: each waits until all have come, then all go on, and
 * the barrier is ready for the next time. Each wait gives an index of its own, 0 for the first that
 * came to parties - 1 for the last. An action, if there is one, runs in exactly one of the threads,
 * when all have come and before any goes on.
 *
 * A thread that gives up (its time is over, it is interrupted, its action fails) would leave the
 * others waiting for ever. It breaks the barrier instead: all that wait, and all that come, get
 * WEFT_BROKEN_BARRIER until somebody resets it. But once all have come, the meeting takes place: no
 * deadline, interruption, abort or reset counts for those that are part of it.
 *
 * Zeroed memory is no barrier: it answers every call with #WEFT_VALUE_ERROR. Nothing has to be
 * destroyed. A barrier may lie anywhere but must not be moved or copied while in use. Its memory
 * may be freed when no thread is in a call on it any more.
 *
 * @code
 *     static weft_barrier phases = WEFT_BARRIER_INIT(4);
 *
 *     for (int phase = 0; phase < PHASES; phase++) {            // in each of four threads
 *         compute(part, phase);
 *         if (weft_barrier_wait(&phases, NULL) != WEFT_OK)
 *             break;
 *     }
 * @endcode
 *
 * Every call is thread-safe. No call may be made from a signal handler. NULL is #WEFT_VALUE_ERROR.
 */
#ifndef WEFT_BARRIER_H
#define WEFT_BARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/error.h>
#include <weft/status.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLS

/** The most parties that a barrier can have. */
#define WEFT_BARRIER_MAX 0x0fffffff

/** A barrier of 32 bytes. The fields are private. */
typedef struct weft_barrier {
    uint32_t state;
    uint32_t generation;
    uint32_t parties;
    float timeout;
    weft_target *action;
    void *arg;
} weft_barrier;

/**
 * A barrier of @p n parties, a constant or not, without an action or a timeout. A number out of
 * range (0, negative) makes an object that answers every call with WEFT_VALUE_ERROR.
 */
#define WEFT_BARRIER_INIT(n)                                                                       \
    {                                                                                              \
        0, 0, (uint64_t)(n) <= WEFT_BARRIER_MAX ? (uint32_t)(n) : 0U, 0, 0, 0                      \
    }

/** The arguments of weft_barrier_init(). Zero is the default of every one but the parties. */
typedef struct weft_barrier_options {
    size_t struct_size;  /**< sizeof(weft_barrier_options), set by the macro. */
    int parties;         /**< 1 to #WEFT_BARRIER_MAX. */
    weft_target *action; /**< Run before each meeting's threads go on; fails by WEFT_RAISED. */
    void *arg;           /**< What to run it on. */
    double timeout;      /**< Seconds for weft_barrier_wait(); 0: none; negative: tries once. */
} weft_barrier_options;

/**
 * Makes a barrier: `Barrier(parties, action, timeout)`.
 * `weft_barrier_init(&barrier, 4, .action = publish, .arg = &board, .timeout = 2.0)`
 * @return WEFT_OK; WEFT_VALUE_ERROR for parties out of range or a timeout that is NaN.
 */
#define weft_barrier_init(barrier, ...)                                                            \
    weft_barrier_init_with(                                                                        \
        (barrier),                                                                                 \
        &(const weft_barrier_options){.struct_size = sizeof(weft_barrier_options), __VA_ARGS__})

/** The function behind weft_barrier_init(), for C++ and bindings. */
WEFT_API weft_status weft_barrier_init_with(weft_barrier *barrier,
                                            const weft_barrier_options *options);

/**
 * Waits until all parties have come, at most the barrier's timeout: `b.wait()`.
 * @param[out] index 0 to parties - 1, for each of them another; only if WEFT_OK; may be NULL.
 * @return WEFT_OK; WEFT_BROKEN_BARRIER if it is broken, breaks or is reset meanwhile, also by this
 *         thread's own deadline; WEFT_INTERRUPTED, and the barrier breaks; WEFT_FAILED if this
 *         thread has run the action and that has failed, and the barrier breaks.
 */
WEFT_API WEFT_CHECKED weft_status weft_barrier_wait(weft_barrier *barrier, int *index);

/** The same, at most @p seconds: `b.wait(timeout=seconds)`; also WEFT_VALUE_ERROR for NaN. */
WEFT_API WEFT_CHECKED weft_status weft_barrier_wait_for(weft_barrier *barrier, int *index,
                                                        double seconds);

/** The same, until weft_now() reaches @p deadline. */
WEFT_API WEFT_CHECKED weft_status weft_barrier_wait_until(weft_barrier *barrier, int *index,
                                                          double deadline);

/**
 * Makes it as new: `b.reset()`. Threads that wait get WEFT_BROKEN_BARRIER, a broken barrier works
 * again. A meeting whose action runs at this moment takes place.
 */
WEFT_API weft_status weft_barrier_reset(weft_barrier *barrier);

/**
 * Breaks it: `b.abort()`. Threads that wait, and all that come later, get WEFT_BROKEN_BARRIER. A
 * meeting whose action runs at this moment takes place.
 */
WEFT_API weft_status weft_barrier_abort(weft_barrier *barrier);

/** How many parties it takes: `b.parties`; 0 for what is no barrier. */
WEFT_API int weft_barrier_parties(const weft_barrier *barrier);

/** How many wait at this moment for the others: `b.n_waiting`; all, while the action runs. */
WEFT_API int weft_barrier_n_waiting(const weft_barrier *barrier);

/** Whether it is broken at this moment: `b.broken`. */
WEFT_API bool weft_barrier_broken(const weft_barrier *barrier);

/** Says that the barrier ends here: WEFT_OK, or WEFT_BUSY if a thread waits. */
WEFT_API weft_status weft_barrier_done(weft_barrier *barrier);

/** A barrier on the heap, with the arguments of weft_barrier_init() after the first. */
#define weft_barrier_new(...)                                                                      \
    weft_barrier_new_with(                                                                         \
        &(const weft_barrier_options){.struct_size = sizeof(weft_barrier_options), __VA_ARGS__})

/** The function behind weft_barrier_new(); NULL: WEFT_VALUE_ERROR or WEFT_NO_MEMORY. */
WEFT_API weft_barrier *weft_barrier_new_with(const weft_barrier_options *options);

/** Frees what weft_barrier_new() made; NULL is allowed. It must not be in use. */
WEFT_API void weft_barrier_free(weft_barrier *barrier);

WEFT_END_DECLS

#endif
