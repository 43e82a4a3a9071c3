/* SPDX-License-Identifier: MIT */
/*
 * Smallest first: a binary heap in one array. Each entry is an item and the number of its put; of
 * equal items the one with the lower number is smaller, so they leave in the order in which they
 * came.
 *
 * The array doubles when it is full. That of an unbounded queue halves when it is used to a quarter
 * (get.c), and a large one goes when a batch has emptied it at once.
 */
#include <stdint.h>

#include "queue/storage.h"

enum { SMALLEST = 16, KEPT = 64 }; /* entries: the first array; of an empty queue */
enum { ALIGNMENT = 16 };           /* as malloc's memory is aligned */

static size_t stride(const weft_queue *queue)
{
    size_t plain = queue->item_size + sizeof(uint64_t);
    return (plain + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static unsigned char *entry(const weft_queue *queue, size_t i)
{
    return (unsigned char *)queue->first + i * stride(queue);
}

/* Its number stands at the end of an entry. */
static uint64_t number_of(const weft_queue *queue, const unsigned char *entry)
{
    uint64_t number;
    memcpy(&number, entry + stride(queue) - sizeof number, sizeof number);
    return number;
}

static bool is_less(const weft_queue *queue, const unsigned char *a, const unsigned char *b)
{
    int order = queue->compare(a, b);
    return order < 0 || (order == 0 && number_of(queue, a) < number_of(queue, b));
}

/* Stored for those who look without the lock. */
static void set_block(weft_queue *queue, size_t n)
{
    wefti_store(&queue->block, (uint32_t)n, RELAXED);
}

/* ---- memory ------------------------------------------------------------------------------ */

static size_t bytes(const weft_queue *queue, size_t n)
{
    return n < SIZE_MAX / stride(queue) && n <= UINT32_MAX ? n * stride(queue) : 0;
}

static size_t room(const weft_queue *queue)
{
    return queue->block - queue->count;
}

static size_t reserve(const weft_queue *queue)
{
    (void)queue;
    return 0;
}

static size_t wants(const weft_queue *queue, size_t n)
{
    size_t needed = queue->count + n;
    size_t size = queue->block;
    if (needed > size) {
        size_t most = UINT32_MAX;
        size_t twice = size < most / 2 ? 2 * size : most;
        size_t wanted = needed > twice ? needed : twice;
        return wanted < SMALLEST ? SMALLEST : wanted;
    }
    return size > SMALLEST && needed < size / 4 ? size / 2 : 0;
}

/* Moves to the block, unless another thread has brought a better one meanwhile. */
static void supply(weft_queue *queue, void *block, size_t n)
{
    bool grows = n > queue->block;
    if (n < queue->count || (!grows && wants(queue, 0) != n)) {
        wefti_queue_discard(queue, block);
        return;
    }
    if (queue->first != NULL) {
        memcpy(block, queue->first, queue->count * stride(queue));
        wefti_queue_discard(queue, queue->first);
    }
    queue->first = block;
    set_block(queue, n);
}

static void clean(weft_queue *queue)
{
    if (queue->first != NULL)
        wefti_queue_discard(queue, queue->first);
    queue->first = NULL;
    set_block(queue, 0);
    wefti_queue_set_count(queue, 0);
}

/* ---- put and get ------------------------------------------------------------------------- */

/* Puts an item into the free entry behind `count` of them, and moves it up to its place. */
static void insert(weft_queue *queue, const unsigned char *item, size_t count)
{
    size_t size = stride(queue);
    size_t place = count;
    while (place > 0) {
        size_t parent = (place - 1) / 2;
        if (queue->compare(item, entry(queue, parent)) >= 0) /* an equal one was here before */
            break;
        memcpy(entry(queue, place), entry(queue, parent), size);
        place = parent;
    }
    unsigned char *home = entry(queue, place);
    memcpy(home, item, queue->item_size);
    memcpy(home + size - sizeof queue->sequence, &queue->sequence, sizeof queue->sequence);
    queue->sequence++;
}

static size_t put(weft_queue *queue, const void *items, size_t n)
{
    const unsigned char *from = items;
    size_t count = queue->count;
    size_t done = 0;
    for (; done < n && count + done < queue->block; done++, from += queue->item_size)
        insert(queue, from, count + done);
    wefti_queue_set_count(queue, count + done); /* once, for those who look without the lock */
    return done;
}

/* Takes the first entry away: the last one moves down from its place, of `count` that are left. */
static void remove_first(weft_queue *queue, size_t count)
{
    const unsigned char *moved = entry(queue, count);
    size_t size = stride(queue);
    size_t place = 0;
    for (size_t child = 1; child < count; child = 2 * place + 1) {
        if (child + 1 < count && is_less(queue, entry(queue, child + 1), entry(queue, child)))
            child++;
        if (is_less(queue, moved, entry(queue, child)))
            break;
        memcpy(entry(queue, place), entry(queue, child), size);
        place = child;
    }
    if (place != count)
        memcpy(entry(queue, place), moved, size);
}

static void get(weft_queue *queue, void *items, size_t n)
{
    size_t count = queue->count;
    for (size_t i = 0; i < n; i++) {
        if (items != NULL)
            memcpy((unsigned char *)items + i * queue->item_size, queue->first, queue->item_size);
        remove_first(queue, --count);
    }
    wefti_queue_set_count(queue, count);
    if (count == 0 && queue->block > KEPT && queue->maxsize == 0)
        clean(queue);
}

static void *next(const weft_queue *queue)
{
    return queue->first;
}

/* ---- all of it --------------------------------------------------------------------------- */

static void clone(const weft_queue *queue, weft_queue *copy, void *block)
{
    memcpy(block, queue->first, queue->count * stride(queue));
    copy->first = block;
    copy->block = (uint32_t)queue->count;
    copy->count = queue->count;
}

const struct weft_queue_storage wefti_queue_heap = {.bytes = bytes,
                                                    .room = room,
                                                    .reserve = reserve,
                                                    .wants = wants,
                                                    .supply = supply,
                                                    .put = put,
                                                    .get = get,
                                                    .next = next,
                                                    .clone = clone,
                                                    .clean = clean};
