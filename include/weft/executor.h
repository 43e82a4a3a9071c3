/* SPDX-License-Identifier: MIT */
/**
 * @file executor.h
 * @brief Executor: Python's `concurrent.futures.ThreadPoolExecutor`.
 *
 * Some threads, the workers, run what is submitted. A worker is started when a task comes, none is
 * idle and there are not `max_workers` yet; an idle one serves again.
 * @code
 *     weft_executor *pool = weft_executor_new(4, .thread_name_prefix = "loader");
 *     weft_future *page = weft_executor_submit(pool, load, &url);
 *     void *text;
 *     if (page != NULL && weft_future_result(page, &text) == WEFT_OK)
 *         puts(text);
 *     weft_future_free(page);
 *     weft_executor_shutdown(pool);               // waits for all tasks
 *     weft_executor_free(pool);
 * @endcode
 * A handle is counted. Giving the last one up shuts the executor down and does not wait: what is
 * queued is still run. When the process exits, submits are refused and executors finish what is
 * queued; in the child of a fork an executor is as after shutdown: what was queued is cancelled.
 *
 * A task may wait for a future of its own executor. As soon as that is queued, the worker takes
 * exactly that task out of the queue and runs it in place, so a pool of one worker does not block
 * itself; a task whose wait would never end gets WEFT_DEADLOCK (weft_future_result()). A task that
 * submits while the queue is full runs the new one itself, where another thread would wait.
 *
 * Every call is thread-safe. No call may be made from a signal handler.
 */
#ifndef WEFT_EXECUTOR_H
#define WEFT_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/context.h>
#include <weft/future.h>
#include <weft/status.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLS

/** An executor; opaque and counted. */
typedef struct weft_executor weft_executor;

/** Which of the tasks of equal priority is next. */
typedef enum weft_order {
    WEFT_ORDER_FIFO, /**< The one that was submitted first. */
    WEFT_ORDER_LIFO, /**< The one that was submitted last. */
} weft_order;

/** What a submit does when the queue is full. */
typedef enum weft_when_full {
    WEFT_WHEN_FULL_WAIT, /**< It waits for room, see `.timeout`. */
    WEFT_WHEN_FULL_FAIL, /**< It fails with WEFT_FULL. */
    WEFT_WHEN_FULL_RUN,  /**< It runs the task itself, and returns when that has ended. */
} weft_when_full;

/** The arguments of weft_executor_new(). Zero is the default of every one. */
typedef struct weft_executor_options {
    size_t struct_size;             /**< sizeof(weft_executor_options), set by the macro. */
    int max_workers;                /**< 0: the processors and 4 more, 32 at most. */
    const char *thread_name_prefix; /**< Copied; NULL or "": "ThreadPoolExecutor-N". */
    weft_target *initializer; /**< Run by each worker first; if it fails the pool is broken. */
    void *init_arg;           /**< What it is run on. */
    int min_workers;          /**< So many do not end by `.keep_alive`. */
    double keep_alive; /**< Seconds that a worker waits idle before it ends; 0: for ever; below
                                   0: not at all. */
    size_t queue_size; /**< The most tasks that wait for a worker; 0: any number. */
    weft_when_full when_full; /**< What a submit does then. */
    weft_order order;         /**< Among tasks of equal priority. */
    size_t stack_size;        /**< A worker's, in bytes; 0: the system's default. */
    bool timing;              /**< Measures waits and runs, see weft_executor_stats(). */
} weft_executor_options;

/**
 * Makes an executor: `ThreadPoolExecutor(max_workers, thread_name_prefix=..., initializer=...)`.
 * `weft_executor_new(4, .queue_size = 100)`. Starts no thread yet.
 * @return the handle, one reference of the caller's; NULL: weft_last_status() is WEFT_NO_MEMORY, or
 *         WEFT_VALUE_ERROR for a count below 0, for less than `min_workers` workers, or NaN.
 */
#define weft_executor_new(...)                                                                     \
    weft_executor_new_with(                                                                        \
        &(const weft_executor_options){.struct_size = sizeof(weft_executor_options), __VA_ARGS__})

/** The function behind weft_executor_new(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_executor *weft_executor_new_with(const weft_executor_options *options);

/** Adds a reference and returns @p executor. */
WEFT_API weft_executor *weft_executor_ref(weft_executor *executor);

/** Gives a reference up; NULL is allowed. The last one shuts down, without waiting. */
WEFT_API void weft_executor_free(weft_executor *executor);

/** The arguments of a submit. Zero is the default of every one but the first two. */
typedef struct weft_submit_options {
    size_t struct_size;         /**< sizeof(weft_submit_options), set by the macro. */
    weft_executor *executor;    /**< Who runs it. */
    weft_target *target;        /**< What to run; must not be NULL. */
    void *arg;                  /**< What to run it on. */
    int priority;               /**< The smallest is first, as in Python's PriorityQueue. */
    double expires;             /**< Seconds; who has waited longer is not started; 0: none. */
    double timeout;             /**< Seconds to wait for room in a full queue; 0: for ever. */
    void *tag;                  /**< The future's, see weft_future_tag(). */
    void (*free_value)(void *); /**< Called on a value that is not NULL when the future ends. */
    weft_context *context;      /**< The task runs in it, and has a reference; NULL: in none. */
} weft_submit_options;

/**
 * Has a task run: `executor.submit(function, argument)`.
 * `weft_executor_submit(pool, target, arg, .priority = -1, .tag = &request)`
 * O(1); O(log n) for a priority that is not 0. Allocates nothing in the steady state.
 *
 * A task that expires fails with an error of code WEFT_EXPIRED when its turn comes; one that ends its
 * thread (pthread_exit) with WEFT_RUNTIME: another worker takes the place, or, if there is no room for
 * it, what is queued fails with WEFT_NO_THREAD.
 * @return its future, one reference of the caller's. NULL: weft_last_status() is WEFT_SHUTDOWN after
 *         a shutdown or at exit; WEFT_BROKEN_POOL; WEFT_FULL if the queue is full and stays so;
 *         WEFT_INTERRUPTED while it waited for room; WEFT_NO_THREAD if there is no worker and the
 *         system has no room for one (with a worker the task waits for it); WEFT_NO_MEMORY;
 *         WEFT_VALUE_ERROR for NULL, no target, or NaN. Nothing is queued then.
 */
#define weft_executor_submit(...)                                                                  \
    weft_executor_submit_with(                                                                     \
        &(const weft_submit_options){.struct_size = sizeof(weft_submit_options), __VA_ARGS__})

/** The function behind weft_executor_submit(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_future *weft_executor_submit_with(const weft_submit_options *options);

/**
 * The same without a future; Python has no such call. The value is given to `.free_value`; an error,
 * also of a task that expired or found the pool broken, goes to the excepthook.
 * @return WEFT_OK, or as weft_executor_submit().
 */
#define weft_executor_post(...)                                                                    \
    weft_executor_post_with(                                                                       \
        &(const weft_submit_options){.struct_size = sizeof(weft_submit_options), __VA_ARGS__})

/** The function behind weft_executor_post(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_status weft_executor_post_with(const weft_submit_options *options);

/** The arguments of weft_executor_shutdown(). Zero is the default of every one but the first. */
typedef struct weft_shutdown_options {
    size_t struct_size;      /**< sizeof(weft_shutdown_options), set by the macro. */
    weft_executor *executor; /**< What is shut down. */
    bool no_wait;            /**< Python's `wait=False`. */
    bool cancel_futures;     /**< What is queued is cancelled instead of run. */
    double timeout;          /**< Seconds to wait; 0: for ever. */
} weft_shutdown_options;

/**
 * Refuses new tasks from now on, and waits until all are done and the workers' threads have ended:
 * `executor.shutdown(wait=True, cancel_futures=False)`. May be called again, to wait or to cancel.
 * `weft_executor_shutdown(pool, .cancel_futures = true)`
 * @return WEFT_OK; the other statuses are about the wait, the executor is shut down all the same:
 *         WEFT_TIMEOUT; WEFT_INTERRUPTED; WEFT_DEADLOCK from one of its own tasks, at once;
 *         WEFT_VALUE_ERROR for NULL or NaN, which does nothing.
 */
#define weft_executor_shutdown(...)                                                                \
    weft_executor_shutdown_with(                                                                   \
        &(const weft_shutdown_options){.struct_size = sizeof(weft_shutdown_options), __VA_ARGS__})

/** The function behind weft_executor_shutdown(), for C++ and bindings. */
WEFT_API weft_status weft_executor_shutdown_with(const weft_shutdown_options *options);

/**
 * `with ThreadPoolExecutor(...) as pool:` in C. The block has an executor and, however it is left,
 * ends with its shutdown; no interruption ends that wait. break and continue leave the block only.
 * `WEFT_WITH_EXECUTOR(pool, 4) { ... }`
 * If there is no memory the block is skipped, and weft_last_status() says why.
 */
#define WEFT_WITH_EXECUTOR(name, ...)                                                              \
    for (weft_executor * name                                                                      \
             __attribute__((cleanup(weft_executor_leave))) = weft_executor_new(__VA_ARGS__),       \
             *weft_once_##name = name;                                                             \
         weft_once_##name != NULL; weft_once_##name = NULL)

/** What the scope calls at its end; private. */
WEFT_API void weft_executor_leave(weft_executor **executor);

WEFT_END_DECLS

#endif
