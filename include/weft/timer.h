/* SPDX-License-Identifier: MIT */
/**
 * @file timer.h
 * @brief Timer: Python's `threading.Timer`, a function that is called after some time, unless it is
 * cancelled before.
 *
 * @code
 *     weft_timer *t = weft_timer_spawn(2.5, give_up, &job, .name = "watchdog");
 *     if (t == NULL)
 *         return weft_last_status();
 *     ...
 *     if (weft_timer_cancel(t) != WEFT_OK)
 *         weft_timer_join(t);            // too late: it runs, or has run
 *     weft_timer_free(t);
 * @endcode
 * As in Python a timer is a thread: weft_timer_thread() lends its handle. But while it waits it
 * costs no thread of the system's: one thread waits for all timers, and each function that is due
 * runs on a worker of its own, so that none delays another. Workers are kept for a while, and serve
 * again. Timers whose time comes at the same moment are handed to their workers in the order of
 * their start.
 *
 * A function runs with all signals blocked, and on a worker that may have run others: what a
 * program keeps in `_Thread_local` variables outlasts it. While it runs, weft_thread_current() is
 * its timer's handle, with a number of its own, and is in weft_thread_enumerate(); a timer that
 * waits is not.
 *
 * When the process exits, timers that are not daemons are waited for, and fire in their time; then
 * threads are joined. In the child of a fork no timer of the parent fires: they read as cancelled.
 *
 * A handle is counted, as a thread's. Every call is thread-safe. No call may be made from a signal
 * handler.
 */
#ifndef WEFT_TIMER_H
#define WEFT_TIMER_H

#include <weft/thread.h>

WEFT_BEGIN_DECLS

/** A timer; opaque and counted. */
typedef struct weft_timer weft_timer;

/** The arguments of weft_timer_new(). Zero is the default of every one. */
typedef struct weft_timer_options {
    size_t struct_size;         /**< sizeof(weft_timer_options), set by the macro. */
    double interval;            /**< Seconds from the start; 0 and less: at once; 1e9: never. */
    weft_target *target;        /**< What to run; must not be NULL. */
    void *arg;                  /**< What to run it on. */
    const char *name;           /**< Copied; NULL or "": "Thread-N". */
    bool daemon;                /**< Not waited for at exit; timers of daemons are daemons, too. */
    void (*free_value)(void *); /**< Called on a value that is not NULL when the handle ends. */
} weft_timer_options;

/**
 * Makes a timer that is not started yet: `Timer(interval, function, args)`.
 * `weft_timer_new(2.5, function, arg, .daemon = true)`
 * @return the handle, one reference of the caller's; NULL: weft_last_status() is WEFT_NO_MEMORY or,
 *         without a target or for an interval that is NaN, WEFT_VALUE_ERROR.
 */
#define weft_timer_new(...)                                                                        \
    weft_timer_new_with(                                                                           \
        &(const weft_timer_options){.struct_size = sizeof(weft_timer_options), __VA_ARGS__})

/** The function behind weft_timer_new(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_timer *weft_timer_new_with(const weft_timer_options *options);

/**
 * Starts the timer, once: `t.start()`. Its time runs from here. A timer that was cancelled before
 * is started and over. Costs O(log n) for n timers that wait, and no memory.
 * @return WEFT_OK; WEFT_RUNTIME if it has been started before; WEFT_NO_THREAD, WEFT_NO_MEMORY:
 *         there is no room for the thread that waits, it may be started again; WEFT_VALUE_ERROR for
 *         NULL.
 */
WEFT_API WEFT_CHECKED weft_status weft_timer_start(weft_timer *timer);

/**
 * Both at once: `Timer(...).start()`.
 * @return as weft_timer_new(), and WEFT_NO_THREAD.
 */
#define weft_timer_spawn(...)                                                                      \
    weft_timer_spawn_with(                                                                         \
        &(const weft_timer_options){.struct_size = sizeof(weft_timer_options), __VA_ARGS__})

/** The function behind weft_timer_spawn(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_timer *weft_timer_spawn_with(const weft_timer_options *options);

/** Adds a reference and returns @p timer. */
WEFT_API weft_timer *weft_timer_ref(weft_timer *timer);

/** Gives a reference up; NULL is allowed. Neither waits for the timer nor cancels it. */
WEFT_API void weft_timer_free(weft_timer *timer);

/**
 * Cancels the timer, also before its start: `t.cancel()`. O(log n).
 * @return WEFT_OK: the function will never run, as often as one asks; WEFT_RUNTIME: it runs or has
 *         run; WEFT_VALUE_ERROR for NULL.
 */
WEFT_API weft_status weft_timer_cancel(weft_timer *timer);

/**
 * Waits until the function has returned or the timer was cancelled: `t.join()`.
 * @return WEFT_OK; WEFT_FAILED if the function has, see weft_timer_error(); WEFT_RUNTIME if the
 *         timer has not been started, or the caller is its function; WEFT_INTERRUPTED;
 *         WEFT_VALUE_ERROR for NULL.
 */
WEFT_API weft_status weft_timer_join(weft_timer *timer);

/** The same, for at most @p seconds: also WEFT_TIMEOUT, and WEFT_VALUE_ERROR for NaN. */
WEFT_API WEFT_CHECKED weft_status weft_timer_join_for(weft_timer *timer, double seconds);

/** The same, until weft_now() reaches @p deadline. */
WEFT_API WEFT_CHECKED weft_status weft_timer_join_until(weft_timer *timer, double deadline);

/**
 * What the function returned; NULL before its end, if it has failed or never ran. Belongs to the
 * program, or see `.free_value`.
 */
WEFT_API void *weft_timer_value(const weft_timer *timer);

/** Why the function failed, lent as long as the handle lives; NULL if it did not, or not yet. */
WEFT_API const weft_error *weft_timer_error(const weft_timer *timer);

/**
 * The thread that the timer is, lent: for its name, daemon, whether it is alive (started and not
 * over), to interrupt its function. weft_thread_start() refuses it; NULL for NULL.
 */
WEFT_API weft_thread *weft_timer_thread(weft_timer *timer);

WEFT_END_DECLS

#endif
