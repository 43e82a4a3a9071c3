/* SPDX-License-Identifier: MIT */
/**
 * @file future.h
 * @brief Future: Python's `concurrent.futures.Future`, a result that will be there later.
 *
 * An executor's submit returns one, and weft_future_new() makes one that a program completes itself:
 * @code
 *     weft_future *answer = weft_future_new();
 *     ...                                                  // another thread:
 *     weft_future_set_result(answer, page);                //   or weft_future_set_error(answer,
 *                                                          //        WEFT_USER + 1, "no %s", url)
 *     void *page;
 *     switch (weft_future_result_for(answer, &page, 5.0)) {
 *     case WEFT_OK:        show(page); break;
 *     case WEFT_FAILED:    puts(weft_future_error(answer)->message); break;
 *     case WEFT_CANCELLED:
 *     case WEFT_TIMEOUT:   ...
 *     }
 *     weft_future_free(answer);
 * @endcode
 * **Who owns what.** A handle is counted: whoever got one from _new, _submit or _ref gives it up with
 * weft_future_free(), at any time, from any thread; that never stops the work. The value is lent as
 * often as asked and as long as the handle lives: it belongs to the future if `.free_value` was
 * given, which is then called on it once, else to the program. The error is always the future's.
 *
 * Who sees that a future is done sees all that its task did. Every call is thread-safe and may be
 * given NULL, which is WEFT_VALUE_ERROR or, in a query, false. None may be made from a signal handler.
 */
#ifndef WEFT_FUTURE_H
#define WEFT_FUTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/error.h>
#include <weft/status.h>
#include <weft/thread.h>
#include <weft/wait.h>

WEFT_BEGIN_DECLS

/** A future; opaque and counted. */
typedef struct weft_future weft_future;

/** How far it is: Python's states. */
typedef enum weft_task_state {
    WEFT_TASK_PENDING = 0,   /**< Not started. */
    WEFT_TASK_RUNNING = 1,   /**< Started, or about to be completed. */
    WEFT_TASK_CANCELLED = 2, /**< Cancelled; who would have run it does not know yet. */
    WEFT_TASK_CANCELLED_AND_NOTIFIED = 3, /**< Cancelled, and it does. */
    WEFT_TASK_FINISHED = 4,               /**< It has a value or an error. */
} weft_task_state;

/** The arguments of weft_future_new(). Zero is the default of every one. */
typedef struct weft_future_options {
    size_t struct_size;         /**< sizeof(weft_future_options), set by the macro. */
    void (*free_value)(void *); /**< Called on a value that is not NULL when the handle ends. */
    void *tag;                  /**< The program's own, see weft_future_tag(). */
} weft_future_options;

/**
 * Makes a future that the program completes: `Future()`. `weft_future_new(.free_value = free)`
 * @return one reference of the caller's; NULL: weft_last_status() is WEFT_NO_MEMORY.
 */
#define weft_future_new(...)                                                                       \
    weft_future_new_with(                                                                          \
        &(const weft_future_options){.struct_size = sizeof(weft_future_options), __VA_ARGS__})

/** The function behind weft_future_new(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_future *weft_future_new_with(const weft_future_options *options);

/** Adds a reference and returns @p future. */
WEFT_API weft_future *weft_future_ref(weft_future *future);

/**
 * Gives a reference up; NULL is allowed. Does not wait and stops nothing. If it was the last one of
 * a future that nobody can complete any more, that is cancelled first: its callbacks are called.
 */
WEFT_API void weft_future_free(weft_future *future);

/**
 * Cancels what has not been started: `f.cancel()`.
 * @return WEFT_OK: it will never run, now or since earlier; WEFT_RUNTIME if it runs or has finished.
 */
WEFT_API weft_status weft_future_cancel(weft_future *future);

/**
 * The same, and if it runs, asks it to end: from now on weft_cancel_requested() is true in its task,
 * whose present or next weft wait ends with WEFT_INTERRUPTED, once. What becomes of it is the task's
 * decision; if it then returns an error of code WEFT_CANCELLED, the future is cancelled.
 * @return WEFT_OK: it will never run, or has been asked; WEFT_RUNTIME if it has finished, or is not
 *         run by the library.
 */
WEFT_API weft_status weft_future_request_cancel(weft_future *future);

/** Whether somebody has asked the task that the calling thread runs to end; false in no task. */
WEFT_API bool weft_cancel_requested(void);

/** The future of the task that the calling thread runs, lent; NULL: it runs none. */
WEFT_API weft_future *weft_future_current(void);

/** Whether it was cancelled: `f.cancelled()`. */
WEFT_API bool weft_future_cancelled(const weft_future *future);

/** Whether it runs at this moment: `f.running()`. */
WEFT_API bool weft_future_running(const weft_future *future);

/** Whether it has finished or was cancelled: `f.done()`. */
WEFT_API bool weft_future_done(const weft_future *future);

/** Its state; WEFT_TASK_PENDING for NULL. */
WEFT_API weft_task_state weft_future_state(const weft_future *future);

/** Python's word for a state: "pending", "running", "cancelled", "finished". */
WEFT_API const char *weft_task_state_name(weft_task_state state);

/**
 * Waits until it is done, and lends the value: `f.result()`. A worker runs itself what it waits for,
 * once that is in the queue of its executor: the future, or what that is composed of.
 * @param[out] value what the task returned, if WEFT_OK; may be NULL.
 * @return WEFT_OK; WEFT_FAILED, see weft_future_error(); WEFT_CANCELLED; WEFT_INTERRUPTED;
 *         WEFT_DEADLOCK if it would never end: each way to its end leads, by compositions and by what
 *         other tasks wait for without a timeout, back to the task that asks, or to one that ran in
 *         another thread when the process forked.
 */
WEFT_API weft_status weft_future_result(weft_future *future, void **value);

/** The same, for at most @p seconds: also WEFT_TIMEOUT, and WEFT_VALUE_ERROR for NaN. */
WEFT_API WEFT_CHECKED weft_status weft_future_result_for(weft_future *future, void **value,
                                                         double seconds);

/** The same, until weft_now() reaches @p deadline. */
WEFT_API WEFT_CHECKED weft_status weft_future_result_until(weft_future *future, void **value,
                                                           double deadline);

/**
 * Waits until it is done, and lends the error: `f.exception()`.
 * @param[out] error if WEFT_OK: why it failed; NULL: it did not.
 * @return WEFT_OK, also if it has failed; else as weft_future_result().
 */
WEFT_API weft_status weft_future_exception(weft_future *future, const weft_error **error);

/** The same, for at most @p seconds: also WEFT_TIMEOUT, and WEFT_VALUE_ERROR for NaN. */
WEFT_API WEFT_CHECKED weft_status weft_future_exception_for(weft_future *future,
                                                            const weft_error **error,
                                                            double seconds);

/** What the task returned, lent, without waiting; NULL if it is not done or has none. */
WEFT_API void *weft_future_value(const weft_future *future);

/** Why it failed, lent, without waiting; NULL if it is not done or has not failed. */
WEFT_API const weft_error *weft_future_error(const weft_future *future);

/** Called with a future that is done; #WEFT_RAISED says that it failed. */
typedef void *weft_continuation(weft_future *future, void *arg);

/**
 * Calls @p callback once when the future is done, in the thread that completes or cancels it; at
 * once if it is done already: `f.add_done_callback(fn)`. In the order of adding, without any lock.
 * What it returns is ignored; an error goes to the excepthook and keeps nothing from being called. It
 * must not end its thread.
 * @return WEFT_OK; WEFT_NO_MEMORY.
 */
WEFT_API WEFT_CHECKED weft_status weft_future_add_done_callback(weft_future *future,
                                                                weft_continuation *callback,
                                                                void *arg);

/** The program's own pointer, as given by `.tag` or set since. */
WEFT_API void *weft_future_tag(const weft_future *future);
WEFT_API weft_status weft_future_set_tag(weft_future *future, void *tag);

/** For weft_wait_any(), which runs nothing and sees no circle: it is done. Nothing is taken. */
WEFT_API weft_waitable weft_future_waitable(weft_future *future);

/** How many threads wait for it at this moment. */
WEFT_API size_t weft_future_waiters(const weft_future *future);

/* Completing it, for who made it with weft_future_new(). An executor's is WEFT_RUNTIME. */

/**
 * Says that work on it begins: `f.set_running_or_notify_cancel()`.
 * @return WEFT_OK: go on; WEFT_CANCELLED: do not; WEFT_RUNTIME if it has been called before, or the
 *         future is done.
 */
WEFT_API WEFT_CHECKED weft_status weft_future_set_running_or_notify_cancel(weft_future *future);

/**
 * Completes it, with a value or, if that is #WEFT_RAISED, with the error that the calling thread has
 * raised: `f.set_result(value)`. The future may be freed by whoever sees it done.
 * @return WEFT_OK; WEFT_INVALID_STATE if it is done: @p value stays the caller's.
 */
WEFT_API weft_status weft_future_set_result(weft_future *future, void *value);

/** Completes it with an error: `f.set_exception(e)`. Arguments after the first as weft_raise(). */
#define weft_future_set_error(future, ...) weft_future_set_result((future), weft_raise(__VA_ARGS__))

WEFT_END_DECLS

#endif
