/* SPDX-License-Identifier: MIT */
/**
 * @file queue.h
 * @brief Queue, LifoQueue, PriorityQueue, SimpleQueue: Python's `queue`.
 *
 * Threads put items in and get them out. Items are of one size and are copied in and out: any type,
 * no allocation per item. Four initializers make four orders in which items leave:
 *
 * | | Python | leaves first |
 * |---|---|---|
 * | weft_queue_init() | Queue | what came first |
 * | weft_queue_init_lifo() | LifoQueue | what came last |
 * | weft_queue_init_priority() | PriorityQueue | the smallest; of equal ones what came first |
 * | weft_queue_init_simple() | SimpleQueue | what came first; neither a bound, nor tasks, nor an end |
 *
 * All is as under one lock: what a put has returned for is seen by every get that starts later,
 * weft_queue_qsize() is exact at one moment, and there are never more items than maxsize. Threads
 * that wait are served in the order in which they came (a putter without memory may be passed): an
 * item goes straight into the memory of the one that has waited longest, and it alone is woken.
 *
 * @code
 *     struct job { int number; char name[20]; } job;
 *     weft_queue jobs;
 *
 *     weft_queue_init(&jobs, sizeof(struct job), .maxsize = 100);
 *     weft_queue_put(&jobs, &job);                               // in one thread
 *     while (weft_queue_get(&jobs, &job) == WEFT_OK)             // in another
 *         work(&job);
 *     weft_queue_shutdown(&jobs, false);                         // when there is no more to come
 *     weft_queue_destroy(&jobs);
 * @endcode
 *
 * An item's pointer is typed: put and get check its size against the queue's, another one is
 * #WEFT_TYPE_ERROR. Zeroed memory is no queue and refuses every call with #WEFT_VALUE_ERROR, as
 * does NULL. A queue may lie anywhere but must not be moved or copied. An empty one owns no memory
 * before its first item; one that is unbounded gives memory back as it empties, a bounded one keeps
 * what it has needed. Who gets the last item may destroy the queue, even while the put that brought
 * it has not returned.
 *
 * Every call is thread-safe. No call may be made from a signal handler. After a fork the child's
 * queue holds what it held and nobody waits for it; if another thread was in the middle of a change
 * at that moment, calls return #WEFT_RUNTIME until an initializer makes it anew. queue_more.h has
 * batches, copies, and queues among other things to wait for.
 */
#ifndef WEFT_QUEUE_H
#define WEFT_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

struct weft_queue_storage;

/** How items compare: less than, equal to or greater than 0, as qsort's. */
typedef int weft_compare(const void *a, const void *b);

/** A queue of 144 bytes. The fields are private; the first are those that every call changes. */
typedef struct weft_queue {
    uint32_t lock, epoch;
    size_t count, unfinished;
    uint32_t begin, end, getters, putters;
    void *first, *last;
    const struct weft_queue_storage *storage;
    size_t item_size, maxsize, dropping;
    void *spare, *garbage;
    uint32_t joiners, flags, block, spares;
    uint64_t sequence;
    weft_compare *compare;
    void (*drop)(void *item);
} weft_queue;

/** In which order items leave. */
typedef enum weft_queue_order {
    WEFT_QUEUE_FIFO = 0,
    WEFT_QUEUE_LIFO = 1,
    WEFT_QUEUE_PRIORITY = 2,
    WEFT_QUEUE_SIMPLE = 3
} weft_queue_order;

/** The arguments of the initializers. Zero is the default of every one but the item's size. */
typedef struct weft_queue_options {
    size_t struct_size;       /**< sizeof(weft_queue_options), set by the macro. */
    size_t item_size;         /**< Bytes, at least 1. */
    size_t maxsize;           /**< The most items; 0: unbounded. Not for a simple one. */
    void (*drop)(void *item); /**< Called for each item that leaves without a getter. */
    weft_compare *compare;    /**< For a priority queue, and no other. Called while the queue is
                                   locked: it returns, and does not use that queue. */
} weft_queue_options;

/**
 * Makes a queue: `Queue(maxsize)`. `weft_queue_init(&q, sizeof(struct job), .maxsize = 100)`
 * @return WEFT_OK; WEFT_VALUE_ERROR: no size, an absurd one, or options that do not fit together.
 */
#define weft_queue_init(queue, ...)                                                                \
    weft_queue_init_with((queue), WEFT_QUEUE_FIFO, WEFT_QUEUE_OPTIONS(__VA_ARGS__))
/** Makes a stack: `LifoQueue(maxsize)`. */
#define weft_queue_init_lifo(queue, ...)                                                           \
    weft_queue_init_with((queue), WEFT_QUEUE_LIFO, WEFT_QUEUE_OPTIONS(__VA_ARGS__))
/** Makes a queue by priority: `PriorityQueue(maxsize)`; `.compare` says which item is smaller. */
#define weft_queue_init_priority(queue, ...)                                                       \
    weft_queue_init_with((queue), WEFT_QUEUE_PRIORITY, WEFT_QUEUE_OPTIONS(__VA_ARGS__))
/** Makes the smallest queue, `SimpleQueue()`: what it has no call for in Python is WEFT_RUNTIME. */
#define weft_queue_init_simple(queue, ...)                                                         \
    weft_queue_init_with((queue), WEFT_QUEUE_SIMPLE, WEFT_QUEUE_OPTIONS(__VA_ARGS__))
/** Options in one expression; private. */
#define WEFT_QUEUE_OPTIONS(...)                                                                    \
    (&(const weft_queue_options){.struct_size = sizeof(weft_queue_options), __VA_ARGS__})

/** The function behind the four, for C++ and bindings. */
WEFT_API weft_status weft_queue_init_with(weft_queue *queue, weft_queue_order order,
                                          const weft_queue_options *options);

/**
 * Ends a queue: its items are dropped, its memory is given back; then it is as zeroed.
 * @return WEFT_OK; WEFT_BUSY if threads wait; WEFT_VALUE_ERROR.
 */
WEFT_API weft_status weft_queue_destroy(weft_queue *queue);

/**
 * Puts a copy of `*item` in, waiting for room as long as it takes: `q.put(item)`.
 * @return WEFT_OK; WEFT_SHUTDOWN; WEFT_INTERRUPTED; WEFT_NO_MEMORY; WEFT_TYPE_ERROR: an item of
 *         another size; WEFT_VALUE_ERROR. But for WEFT_OK nothing has been put.
 */
#define weft_queue_put(queue, item) weft_queue_put_with((queue), (item), sizeof *(item))
/** The same if there is room at once, `q.put_nowait(item)`: or WEFT_FULL. */
#define weft_queue_try_put(queue, item) weft_queue_put_for((queue), (item), 0)
/** The same for at most `seconds`, `q.put(item, timeout=seconds)`: or WEFT_FULL, never early. */
#define weft_queue_put_for(queue, item, seconds)                                                   \
    weft_queue_put_for_with((queue), (item), sizeof *(item), (seconds))
/** The same until weft_now() reaches `deadline`. */
#define weft_queue_put_until(queue, item, deadline)                                                \
    weft_queue_put_until_with((queue), (item), sizeof *(item), (deadline))
/** The functions behind them; @p size is the item's. */
WEFT_API weft_status weft_queue_put_with(weft_queue *queue, const void *item, size_t size);
WEFT_API WEFT_CHECKED weft_status weft_queue_put_for_with(weft_queue *queue, const void *item,
                                                          size_t size, double seconds);
WEFT_API WEFT_CHECKED weft_status weft_queue_put_until_with(weft_queue *queue, const void *item,
                                                            size_t size, double deadline);

/**
 * Takes the next item out into `*item`, waiting as long as it takes: `item = q.get()`.
 * @return WEFT_OK; WEFT_SHUTDOWN if it is empty and shut down; WEFT_INTERRUPTED; WEFT_TYPE_ERROR;
 *         WEFT_VALUE_ERROR. But for WEFT_OK nothing has been taken.
 */
#define weft_queue_get(queue, item) weft_queue_get_with((queue), (item), sizeof *(item))
/** The same if there is one at once, `q.get_nowait()`: or WEFT_EMPTY. */
#define weft_queue_try_get(queue, item) weft_queue_get_for((queue), (item), 0)
/** The same for at most `seconds`, `q.get(timeout=seconds)`: or WEFT_EMPTY, never early. */
#define weft_queue_get_for(queue, item, seconds)                                                   \
    weft_queue_get_for_with((queue), (item), sizeof *(item), (seconds))
/** The same until weft_now() reaches `deadline`. */
#define weft_queue_get_until(queue, item, deadline)                                                \
    weft_queue_get_until_with((queue), (item), sizeof *(item), (deadline))
/** The functions behind them; @p size is the item's. */
WEFT_API weft_status weft_queue_get_with(weft_queue *queue, void *item, size_t size);
WEFT_API WEFT_CHECKED weft_status weft_queue_get_for_with(weft_queue *queue, void *item,
                                                          size_t size, double seconds);
WEFT_API WEFT_CHECKED weft_status weft_queue_get_until_with(weft_queue *queue, void *item,
                                                            size_t size, double deadline);

/**
 * Says that the work on an item that was got is done: `q.task_done()`.
 * @return WEFT_OK; WEFT_VALUE_ERROR ("task_done() called too many times"); WEFT_RUNTIME: a simple
 *         queue.
 */
WEFT_API weft_status weft_queue_task_done(weft_queue *queue);

/**
 * Waits until all items that were put are done, `q.join()`; at most @p seconds; until @p deadline.
 * Who waits when the last one is done is free, even if more is put at once.
 * @return WEFT_OK; WEFT_TIMEOUT; WEFT_INTERRUPTED; WEFT_RUNTIME: a simple queue; WEFT_VALUE_ERROR.
 */
WEFT_API weft_status weft_queue_join(weft_queue *queue);
WEFT_API WEFT_CHECKED weft_status weft_queue_join_for(weft_queue *queue, double seconds);
WEFT_API WEFT_CHECKED weft_status weft_queue_join_until(weft_queue *queue, double deadline);

/**
 * No more items come: `q.shutdown(immediate)`. Every put returns WEFT_SHUTDOWN, also one that
 * waits; a get does once the queue is empty. @p immediate drops the items that are left and says
 * that they are done. May be called again. Join goes on as ever.
 * @return WEFT_OK; WEFT_RUNTIME: a simple queue; WEFT_VALUE_ERROR.
 */
WEFT_API weft_status weft_queue_shutdown(weft_queue *queue, bool immediate);

/** Drops all items, which are done then; who waits for room gets it. Python has no such call. */
WEFT_API weft_status weft_queue_clear(weft_queue *queue);

/** How many items are in it, whether none is, whether it is full: `q.qsize()`, `empty`, `full`. */
WEFT_API size_t weft_queue_qsize(const weft_queue *queue);
WEFT_API bool weft_queue_empty(const weft_queue *queue);
WEFT_API bool weft_queue_full(const weft_queue *queue);

WEFT_END_DECLS

#endif
