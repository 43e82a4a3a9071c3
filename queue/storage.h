/* SPDX-License-Identifier: MIT */
/*
 * Where a queue keeps its items, and in which order they leave: CPython's _init, _qsize, _put and
 * _get. All of it is called under the queue's lock, and none of it allocates or frees: memory comes
 * as blocks, which the caller has allocated before, and goes as garbage, which is freed after it.
 */
#ifndef WEFTI_QUEUE_STORAGE_H
#define WEFTI_QUEUE_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <weft/queue.h>

#include "platform/atomic.h"

/* What is going to be freed; the first word of a block. */
struct wefti_garbage {
    struct wefti_garbage *next;
};

struct weft_queue_storage {
    /* How much memory a block for n items takes; 0: more than there is. */
    size_t (*bytes)(const weft_queue *queue, size_t n);

    /* How many items fit without another block. */
    size_t (*room)(const weft_queue *queue);

    /* For how many it should be before somebody waits until there is space: then whoever makes
     * space finds the memory, too. */
    size_t (*reserve)(const weft_queue *queue);

    /* For how many items the next block should be, if n more come; 0: none, all is well. */
    size_t (*wants)(const weft_queue *queue, size_t n);

    /* Takes a block for n items, or puts it on the garbage. */
    void (*supply)(weft_queue *queue, void *block, size_t n);

    /* Puts items in, as many as there is memory for; how many. */
    size_t (*put)(weft_queue *queue, const void *items, size_t n);

    /* Takes n items out, which are there; `items` is NULL: only away. */
    void (*get)(weft_queue *queue, void *items, size_t n);

    /* Where the item is that leaves next. */
    void *(*next)(const weft_queue *queue);

    /* Makes `copy`, whose item size and order are set, a queue of the same items in one block. */
    void (*clone)(const weft_queue *queue, weft_queue *copy, void *block);

    /* Puts all blocks on the garbage: it is as new. */
    void (*clean)(weft_queue *queue);
};

extern const struct weft_queue_storage wefti_queue_fifo;
extern const struct weft_queue_storage wefti_queue_lifo;
extern const struct weft_queue_storage wefti_queue_heap;

/* Stored for those who look without the lock. */
static inline void wefti_queue_set_count(weft_queue *queue, size_t count)
{
    wefti_store(&queue->count, count, RELAXED);
}

static inline void wefti_queue_discard(weft_queue *queue, void *block)
{
    struct wefti_garbage *garbage = block;
    garbage->next = queue->garbage;
    queue->garbage = garbage;
}

/* One item or several; the usual sizes of one without a call. */
static inline void wefti_copy_items(void *to, const void *from, size_t size)
{
    switch (size) {
    case 4:
        memcpy(to, from, 4);
        break;
    case 8:
        memcpy(to, from, 8);
        break;
    case 16:
        memcpy(to, from, 16);
        break;
    default:
        memcpy(to, from, size);
    }
}

#endif
