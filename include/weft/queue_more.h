/* SPDX-License-Identifier: MIT */
/**
 * @file queue_more.h
 * @brief More of a Queue: batches, queues among other things to wait for, a copy of what is in it.
 *
 * @code
 *     struct job batch[32];
 *     size_t n;
 *     while (weft_queue_get_many(&jobs, batch, 32, &n) == WEFT_OK)      // 1 to 32 at a time
 *         work(batch, n);
 *
 *     const weft_waitable either[] = {weft_event_waitable(&stop),
 *                                     weft_queue_get_waitable(&jobs, batch)};
 *     size_t which;
 *     if (weft_wait_any(2, either, &which, WEFT_FOREVER) == WEFT_OK && which == 1)
 *         work(batch, 1);                                                // it has been taken
 * @endcode
 *
 * Every call is thread-safe. No call may be made from a signal handler.
 */
#ifndef WEFT_QUEUE_MORE_H
#define WEFT_QUEUE_MORE_H

#include <weft/queue.h>
#include <weft/wait.h>

WEFT_BEGIN_DECLS

/**
 * Puts the first of @p n items in, in order, as many as there is room for, without anything in
 * between; waits only until there is room for one.
 * @param[out] count how many: 1 to @p n; only if WEFT_OK. May be NULL.
 * @return as weft_queue_put(); WEFT_VALUE_ERROR also if @p n is 0. For an unbounded queue the
 *         count is @p n unless memory runs out.
 */
#define weft_queue_put_many(queue, items, n, count)                                                \
    weft_queue_put_many_with((queue), (items), sizeof *(items), (n), (count))
/** The same at once, for at most `seconds`, until `deadline`: or WEFT_FULL. */
#define weft_queue_try_put_many(queue, items, n, count)                                            \
    weft_queue_put_many_for((queue), (items), (n), (count), 0)
#define weft_queue_put_many_for(queue, items, n, count, seconds)                                   \
    weft_queue_put_many_for_with((queue), (items), sizeof *(items), (n), (count), (seconds))
#define weft_queue_put_many_until(queue, items, n, count, deadline)                                \
    weft_queue_put_many_until_with((queue), (items), sizeof *(items), (n), (count), (deadline))

/** The functions behind them; @p size is an item's. */
WEFT_API weft_status weft_queue_put_many_with(weft_queue *queue, const void *items, size_t size,
                                              size_t n, size_t *count);
WEFT_API WEFT_CHECKED weft_status weft_queue_put_many_for_with(weft_queue *queue, const void *items,
                                                               size_t size, size_t n, size_t *count,
                                                               double seconds);
WEFT_API WEFT_CHECKED weft_status weft_queue_put_many_until_with(weft_queue *queue,
                                                                 const void *items, size_t size,
                                                                 size_t n, size_t *count,
                                                                 double deadline);

/**
 * Takes up to @p n items out, in the order in which they leave; waits only until there is one.
 * @param[out] count how many: 1 to @p n; only if WEFT_OK. May be NULL.
 * @return as weft_queue_get(); WEFT_VALUE_ERROR also if @p n is 0.
 */
#define weft_queue_get_many(queue, items, n, count)                                                \
    weft_queue_get_many_with((queue), (items), sizeof *(items), (n), (count))
/** The same at once, for at most `seconds`, until `deadline`: or WEFT_EMPTY. */
#define weft_queue_try_get_many(queue, items, n, count)                                            \
    weft_queue_get_many_for((queue), (items), (n), (count), 0)
#define weft_queue_get_many_for(queue, items, n, count, seconds)                                   \
    weft_queue_get_many_for_with((queue), (items), sizeof *(items), (n), (count), (seconds))
#define weft_queue_get_many_until(queue, items, n, count, deadline)                                \
    weft_queue_get_many_until_with((queue), (items), sizeof *(items), (n), (count), (deadline))

/** The functions behind them; @p size is an item's. */
WEFT_API weft_status weft_queue_get_many_with(weft_queue *queue, void *items, size_t size, size_t n,
                                              size_t *count);
WEFT_API WEFT_CHECKED weft_status weft_queue_get_many_for_with(weft_queue *queue, void *items,
                                                               size_t size, size_t n, size_t *count,
                                                               double seconds);
WEFT_API WEFT_CHECKED weft_status weft_queue_get_many_until_with(weft_queue *queue, void *items,
                                                                 size_t size, size_t n,
                                                                 size_t *count, double deadline);

/**
 * For weft_wait_any(): an item can be had. The claim takes it into `*item`, in its turn, as a get;
 * nothing is taken from a queue that is not the one that is returned. Unlike other waitables it is
 * used by one thread at a time, as `*item` is. If the queue is empty and shut down the wait ends
 * with WEFT_SHUTDOWN; an item of another size makes a waitable that every wait refuses.
 */
#define weft_queue_get_waitable(queue, item)                                                       \
    weft_queue_get_waitable_with((queue), (item), sizeof *(item))
WEFT_API weft_waitable weft_queue_get_waitable_with(weft_queue *queue, void *item, size_t size);

/** The same for a put: there is room. The claim puts `*item`. Also WEFT_NO_MEMORY. */
#define weft_queue_put_waitable(queue, item)                                                       \
    weft_queue_put_waitable_with((queue), (item), sizeof *(item))
WEFT_API weft_waitable weft_queue_put_waitable_with(weft_queue *queue, const void *item,
                                                    size_t size);

/**
 * A copy of all items at one moment, in the order in which they would leave.
 * @param[out] count how many; may be NULL.
 * @return an array, to be given to weft_queue_list_free(); NULL: weft_last_status() is
 *         WEFT_NO_MEMORY, WEFT_VALUE_ERROR or WEFT_RUNTIME.
 */
WEFT_API WEFT_CHECKED void *weft_queue_list(weft_queue *queue, size_t *count);

/** Gives a list's memory back; the items are the queue's, or whoever got them. NULL is allowed. */
WEFT_API void weft_queue_list_free(void *list);

/** The most items: `q.maxsize`; 0: unbounded. */
WEFT_API size_t weft_queue_maxsize(const weft_queue *queue);

/**
 * Sets it, `q.maxsize = n`; 0: unbounded. Items beyond a smaller one stay; who waits for room that
 * there is now gets it.
 * @return WEFT_OK; WEFT_RUNTIME: a simple queue; WEFT_VALUE_ERROR.
 */
WEFT_API weft_status weft_queue_set_maxsize(weft_queue *queue, size_t maxsize);

/** What a queue looks like at one moment. */
typedef struct weft_queue_state {
    size_t qsize;      /**< Items in it. */
    size_t unfinished; /**< Items that were put and are not done: `q.unfinished_tasks`. */
    size_t getters;    /**< Threads that wait for an item; */
    size_t putters;    /**< for room; */
    size_t joiners;    /**< for the end of all tasks. */
    bool is_shutdown;  /**< `q.is_shutdown` */
} weft_queue_state;

/** All of it at once. WEFT_OK; WEFT_RUNTIME; WEFT_VALUE_ERROR. */
WEFT_API weft_status weft_queue_look(weft_queue *queue, weft_queue_state *state);

/** How many threads wait for an item, for room, for the end. For tests and looking inside. */
WEFT_API size_t weft_queue_getters(const weft_queue *queue);
WEFT_API size_t weft_queue_putters(const weft_queue *queue);
WEFT_API size_t weft_queue_joiners(const weft_queue *queue);

/** A queue on the heap, for bindings; NULL: WEFT_VALUE_ERROR or WEFT_NO_MEMORY. */
WEFT_API WEFT_CHECKED weft_queue *weft_queue_new_with(weft_queue_order order,
                                                      const weft_queue_options *options);

/** Destroys and frees what weft_queue_new_with() made; NULL is allowed. It must not be in use. */
WEFT_API void weft_queue_free(weft_queue *queue);

WEFT_END_DECLS

#endif
