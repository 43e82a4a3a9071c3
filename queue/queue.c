/* SPDX-License-Identifier: MIT */
/*
 * Making a queue, and asking it. What it holds is in chunks.c and heap.c, who waits for that in
 * visit.c, and how it ends in ends.c.
 */
#include "queue/queue.h"

#include <string.h>

#include <weft/queue_more.h>

#include "platform/memory.h"
#include "primitives/thread.h"

_Static_assert(sizeof(weft_queue) < 200, "an empty queue is small");

/* ---- making ------------------------------------------------------------------------------ */

enum { MOST_BYTES = 1 << 30 }; /* of one item */

static bool fits_together(weft_queue_order order, const weft_queue_options *options)
{
    if (options->item_size == 0 || options->item_size > MOST_BYTES)
        return false;
    if ((order == WEFT_QUEUE_PRIORITY) != (options->compare != NULL))
        return false;
    return order != WEFT_QUEUE_SIMPLE || options->maxsize == 0;
}

weft_status weft_queue_init_with(weft_queue *queue, weft_queue_order order,
                                 const weft_queue_options *given)
{
    static const struct weft_queue_storage *const storages[] = {
        [WEFT_QUEUE_FIFO] = &wefti_queue_fifo,
        [WEFT_QUEUE_LIFO] = &wefti_queue_lifo,
        [WEFT_QUEUE_PRIORITY] = &wefti_queue_heap,
        [WEFT_QUEUE_SIMPLE] = &wefti_queue_fifo,
    };
    /* A caller compiled against another version may know fewer options, or more. */
    weft_queue_options options = {0};
    if (queue == NULL || given == NULL || (size_t)order >= sizeof storages / sizeof storages[0] ||
        given->struct_size < offsetof(weft_queue_options, maxsize))
        return WEFT_VALUE_ERROR;
    memcpy(&options, given,
           given->struct_size < sizeof options ? given->struct_size : sizeof options);
    if (!fits_together(order, &options))
        return WEFT_VALUE_ERROR;
    *queue = (weft_queue){
        .epoch = wefti_forks(),
        .flags = order == WEFT_QUEUE_SIMPLE ? WEFTI_SIMPLE : 0,
        .storage = storages[order],
        .item_size = options.item_size,
        .maxsize = options.maxsize,
        .compare = options.compare,
        .drop = options.drop,
    };
    return WEFT_OK;
}

weft_queue *weft_queue_new_with(weft_queue_order order, const weft_queue_options *options)
{
    weft_queue fresh;
    if (weft_queue_init_with(&fresh, order, options) != WEFT_OK)
        return wefti_failed(WEFT_VALUE_ERROR);
    weft_queue *queue = wefti_self_allocate(sizeof *queue);
    if (queue != NULL)
        *queue = fresh;
    return queue;
}

void weft_queue_free(weft_queue *queue)
{
    if (weft_queue_destroy(queue) != WEFT_BUSY)
        wefti_release(queue);
}

/* ---- asking ------------------------------------------------------------------------------ */

size_t weft_queue_qsize(const weft_queue *queue)
{
    /* Relaxed: a number of one moment; who gets the items comes under the lock. */
    return wefti_queue_valid(queue) ? wefti_load(&queue->count, RELAXED) : 0;
}

bool weft_queue_empty(const weft_queue *queue)
{
    return weft_queue_qsize(queue) == 0;
}

bool weft_queue_full(const weft_queue *queue)
{
    size_t maxsize = weft_queue_maxsize(queue);
    return maxsize != 0 && weft_queue_qsize(queue) >= maxsize;
}

size_t weft_queue_maxsize(const weft_queue *queue)
{
    return wefti_queue_valid(queue) ? wefti_load(&queue->maxsize, RELAXED) : 0;
}

weft_status weft_queue_set_maxsize(weft_queue *queue, size_t maxsize)
{
    if (!wefti_queue_valid(queue))
        return WEFT_VALUE_ERROR;
    if (wefti_queue_is_simple(queue) || !wefti_queue_enter(queue))
        return WEFT_RUNTIME;
    WEFTI_SERVED(served);
    wefti_store(&queue->maxsize, maxsize, RELAXED);
    wefti_queue_settle(queue, &served);
    wefti_queue_leave(queue, served.first);
    return WEFT_OK;
}

static size_t waiters(const weft_queue *queue, enum wefti_kind kind)
{
    return wefti_queue_valid(queue) ? wefti_waiters(wefti_queue_key(queue, kind)) : 0;
}

size_t weft_queue_getters(const weft_queue *queue)
{
    return waiters(queue, WEFTI_QUEUE_GET);
}

size_t weft_queue_putters(const weft_queue *queue)
{
    return waiters(queue, WEFTI_QUEUE_PUT);
}

size_t weft_queue_joiners(const weft_queue *queue)
{
    return waiters(queue, WEFTI_QUEUE_JOIN);
}

weft_status weft_queue_look(weft_queue *queue, weft_queue_state *state)
{
    if (!wefti_queue_valid(queue) || state == NULL)
        return WEFT_VALUE_ERROR;
    if (!wefti_queue_enter(queue))
        return WEFT_RUNTIME;
    *state = (weft_queue_state){.qsize = queue->count,
                                .unfinished = queue->unfinished,
                                .getters = queue->getters,
                                .putters = queue->putters,
                                .joiners = queue->joiners,
                                .is_shutdown = wefti_queue_is_shut(queue)};
    wefti_queue_leave(queue, NULL);
    return WEFT_OK;
}

/* ---- a copy ------------------------------------------------------------------------------ */

/* Makes `copy` a queue of the same items; its memory is allocated without the lock. */
static weft_status copy_all(weft_queue *queue, weft_queue *copy)
{
    void *block = NULL;
    size_t expected = 0;
    for (;;) {
        if (!wefti_queue_enter(queue)) {
            wefti_release(block);
            return WEFT_RUNTIME;
        }
        *copy = (weft_queue){
            .storage = queue->storage, .item_size = queue->item_size, .compare = queue->compare};
        size_t count = queue->count;
        if (count <= expected) {
            if (count != 0)
                queue->storage->clone(queue, copy, block);
            wefti_queue_leave(queue, NULL);
            if (count == 0)
                wefti_release(block);
            return WEFT_OK;
        }
        wefti_queue_leave(queue, NULL);
        wefti_release(block);
        expected = count + count / 8 + 16; /* it may grow meanwhile, and faster than we allocate */
        size_t bytes = queue->storage->bytes(queue, expected);
        block = bytes != 0 ? wefti_allocate(bytes) : NULL;
        if (block == NULL)
            return WEFT_NO_MEMORY;
    }
}

void *weft_queue_list(weft_queue *queue, size_t *count)
{
    weft_queue copy;
    if (!wefti_queue_valid(queue))
        return wefti_failed(WEFT_VALUE_ERROR);
    weft_status status = copy_all(queue, &copy);
    if (status != WEFT_OK)
        return wefti_failed(status);
    size_t n = copy.count;
    void *list = wefti_self_allocate(n != 0 ? n * copy.item_size : 1);
    if (list != NULL && n != 0)
        copy.storage->get(&copy, list, n);
    copy.storage->clean(&copy);
    wefti_queue_free_garbage(copy.garbage);
    if (list != NULL && count != NULL)
        *count = n;
    return list;
}

void weft_queue_list_free(void *list)
{
    wefti_release(list);
}
