/* SPDX-License-Identifier: MIT */
/**
 * @file map.h
 * @brief Map: Python's `Executor.map()`, a function on each of many things, the results in order.
 *
 * @code
 *     weft_map *sizes = weft_executor_map(pool, measure, names, count);   // char *names[]
 *     void *size;
 *     while (weft_map_next(sizes, &size) == WEFT_OK)
 *         total += *(size_t *)size;
 *     weft_map_free(sizes);
 * @endcode
 * All tasks are submitted at once, or so many as `.window` says, and a result is waited for when it
 * is asked for. The first that fails, or that is not there in time, is the last: it is reported, and
 * what has not started is cancelled; so it is when the map is freed early. What runs then goes on,
 * with its item: weft_map_join() waits for it.
 *
 * A map is used by one thread at a time.
 */
#ifndef WEFT_MAP_H
#define WEFT_MAP_H

#include <stddef.h>

#include <weft/error.h>
#include <weft/executor.h>
#include <weft/status.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLS

/** The results of a weft_executor_map(); opaque. */
typedef struct weft_map weft_map;

/** The arguments of weft_executor_map(). Zero is the default of all but the first four. */
typedef struct weft_map_options {
    size_t struct_size;      /**< sizeof(weft_map_options), set by the macro. */
    weft_executor *executor; /**< Who runs the tasks. */
    weft_target *target;     /**< What is run on each item. */
    void *items;      /**< An array, the program's, which stays until the tasks have ended. */
    size_t count;     /**< How many; with 0 `items` may be NULL. */
    size_t item_size; /**< The target gets the address of each; 0: the items are pointers, and the
                             target gets these. */
    size_t window;    /**< At most so many are submitted and not asked for yet; 0: all. */
    double timeout;   /**< Seconds for all results, from the call; 0: none, below: at once. */
    int priority;     /**< Of the tasks. */
    void (*free_value)(void *); /**< Called on each value that is not NULL, when it is not lent any
                                     more; without it the values are the program's. */
} weft_map_options;

/**
 * Submits the tasks: `executor.map(function, items, timeout=..., buffersize=window)`.
 * `weft_executor_map(pool, target, points, 100, .item_size = sizeof *points)`
 * @return the map, to be given to weft_map_free(); NULL: WEFT_NO_MEMORY, WEFT_VALUE_ERROR, or why a
 *         submit failed (see weft_executor_submit()): what was submitted before is cancelled.
 */
#define weft_executor_map(...)                                                                     \
    weft_executor_map_with(                                                                        \
        &(const weft_map_options){.struct_size = sizeof(weft_map_options), __VA_ARGS__})

/** The function behind weft_executor_map(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_map *weft_executor_map_with(const weft_map_options *options);

/**
 * Waits for the next result, in the order of the items: `next(results)`.
 * @param[out] value lent until the next call, if WEFT_OK; may be NULL.
 * @return WEFT_OK; WEFT_EMPTY: there are no more, Python's StopIteration; WEFT_FAILED, see
 *         weft_map_error(); WEFT_TIMEOUT; WEFT_CANCELLED; why a submit failed. These are reported
 *         once, then it is WEFT_EMPTY. WEFT_INTERRUPTED and WEFT_DEADLOCK (a task waits for one that
 *         waits for it) change nothing: it may be asked again. WEFT_VALUE_ERROR for NULL.
 */
WEFT_API WEFT_CHECKED weft_status weft_map_next(weft_map *map, void **value);

/** Why the task failed that weft_map_next() has reported, lent as long as the map; NULL: none has. */
WEFT_API const weft_error *weft_map_error(const weft_map *map);

/**
 * Ends the map, cancels what has not started, and waits for what runs: no task uses an item any
 * more.
 * @return WEFT_OK; WEFT_INTERRUPTED, WEFT_DEADLOCK: some may; WEFT_VALUE_ERROR for NULL.
 */
WEFT_API weft_status weft_map_join(weft_map *map);

/** Cancels what has not started, and frees the map; NULL is allowed. Does not wait. */
WEFT_API void weft_map_free(weft_map *map);

WEFT_END_DECLS

#endif
