/* SPDX-License-Identifier: MIT */
/*
 * Queues of numbers, in each order: what all promise is tested for all.
 */
#ifndef TESTS_QUEUE_QUEUE_HELP_H
#define TESTS_QUEUE_QUEUE_HELP_H

#include <stdatomic.h>

#include "interrupt.h"
#include "test.h"

static inline int compare_numbers(const void *a, const void *b)
{
    int x = *(const int *)a;
    int y = *(const int *)b;
    return (x > y) - (x < y);
}

/* A queue of ints. */
static inline void init(weft_queue *queue, weft_queue_order order, size_t maxsize)
{
    const weft_queue_options options = {
        .struct_size = sizeof options,
        .item_size = sizeof(int),
        .maxsize = maxsize,
        .compare = order == WEFT_QUEUE_PRIORITY ? compare_numbers : NULL,
    };
    assert_int_equal(weft_queue_init_with(queue, order, &options), WEFT_OK);
}

static inline void destroy(weft_queue *queue)
{
    assert_int_equal(weft_queue_destroy(queue), WEFT_OK);
}

static inline void put(weft_queue *queue, int number)
{
    assert_int_equal(weft_queue_put(queue, &number), WEFT_OK);
}

static inline int get(weft_queue *queue)
{
    int number = -1;
    assert_int_equal(weft_queue_get(queue, &number), WEFT_OK);
    return number;
}

static inline weft_status try_put(weft_queue *queue, int number)
{
    return weft_queue_try_put(queue, &number);
}

static inline weft_status try_get(weft_queue *queue)
{
    int number;
    return weft_queue_try_get(queue, &number);
}

/* Runs a case for the three orders of Python's Queue, with a queue of that maxsize each. */
static inline void for_each_order(size_t maxsize, void (*run)(weft_queue *queue))
{
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_PRIORITY; order++) {
        weft_queue queue;
        init(&queue, order, maxsize);
        run(&queue);
        destroy(&queue);
    }
}

/* One call in a thread of its own. */
struct call {
    weft_queue *queue;
    int number;
    double seconds;
    atomic_int status; /* -1: it has not returned */
    weft_thread *thread;
};

static inline void *call_get(void *arg)
{
    struct call *call = arg;
    atomic_store(&call->status, weft_queue_get_for(call->queue, &call->number, call->seconds));
    return NULL;
}

static inline void *call_put(void *arg)
{
    struct call *call = arg;
    atomic_store(&call->status, weft_queue_put_for(call->queue, &call->number, call->seconds));
    return NULL;
}

static inline void *call_join(void *arg)
{
    struct call *call = arg;
    atomic_store(&call->status, weft_queue_join_for(call->queue, call->seconds));
    return NULL;
}

static inline void start(struct call *call, weft_target *target, weft_queue *queue, int number)
{
    *call = (struct call){.queue = queue, .number = number, .seconds = WEFT_FOREVER};
    atomic_store(&call->status, -1);
    call->thread = weft_thread_spawn(target, call);
    assert_non_null(call->thread);
}

/* Starts one that waits for an item, for room, for the end; it is in line when this returns. */
static inline void start_getter(struct call *call, weft_queue *queue)
{
    size_t before = weft_queue_getters(queue);
    start(call, call_get, queue, -1);
    EVENTUALLY(weft_queue_getters(queue) == before + 1);
}

static inline void start_putter(struct call *call, weft_queue *queue, int number)
{
    size_t before = weft_queue_putters(queue);
    start(call, call_put, queue, number);
    EVENTUALLY(weft_queue_putters(queue) == before + 1);
}

static inline void start_joiner(struct call *call, weft_queue *queue)
{
    size_t before = weft_queue_joiners(queue);
    start(call, call_join, queue, 0);
    EVENTUALLY(weft_queue_joiners(queue) == before + 1);
}

/* Waits until it has returned, and says what. */
static inline weft_status ended(struct call *call)
{
    assert_int_equal(weft_thread_join(call->thread), WEFT_OK);
    weft_thread_free(call->thread);
    return atomic_load(&call->status);
}

#endif
