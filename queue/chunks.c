/* SPDX-License-Identifier: MIT */
/*
 * First come first served, and last come first served: a list of chunks, as CPython's deque. Items
 * enter at the end of the last chunk; they leave at the beginning of the first one, or where they
 * entered. Nothing is moved, so growing costs the same for the millionth item as for the first.
 *
 *     first                          last              spare
 *     [ . . begin x x ] <-> [ x x x x ] <-> [ x x end . . ]    [ ] -> [ ]
 *
 * A chunk that has become empty is kept as a spare: by a bounded queue always, for it will be
 * needed again; by an unbounded one if it has none.
 *
 * All chunks of a queue have room for the same number of items, `block`: what fits into a page, or
 * maxsize if that is less. Once maxsize has grown, the next chunk is a larger one, which takes the
 * items of all that there are: a few, for they have fitted under the old bound.
 */
#include <stdint.h>

#include "queue/storage.h"

struct chunk {
    struct chunk *next;
    struct chunk *previous;
    /* the items */
};

enum { ITEMS_AT = 16 }; /* as malloc's memory is aligned */
enum { CHUNK_BYTES = 4064, FEWEST = 4 };

static unsigned char *item_at(const weft_queue *queue, const struct chunk *chunk, size_t place)
{
    return (unsigned char *)(uintptr_t)chunk + ITEMS_AT + place * queue->item_size;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t bytes(const weft_queue *queue, size_t n)
{
    bool countable = n <= UINT32_MAX && n < (SIZE_MAX - ITEMS_AT) / queue->item_size;
    return countable ? ITEMS_AT + n * queue->item_size : 0;
}

/* How many items a chunk is for; they fit into one that is larger than those that there are. */
static size_t items_of_chunk(const weft_queue *queue)
{
    size_t items = CHUNK_BYTES / queue->item_size;
    if (items < FEWEST)
        items = FEWEST;
    if (queue->maxsize != 0 && queue->maxsize < items)
        items = queue->maxsize;
    return items > queue->block && items >= queue->count ? items : queue->block;
}

static size_t room(const weft_queue *queue)
{
    size_t in_last = queue->last != NULL ? (size_t)queue->block - queue->end : 0;
    return in_last + (size_t)queue->spares * queue->block;
}

static size_t wants(const weft_queue *queue, size_t n)
{
    return room(queue) < n ? items_of_chunk(queue) : 0;
}

/*
 * While the queue stays full, each item that comes at the end goes with one that leaves at the
 * beginning, and by the time that the last chunk is full again a first one has become a spare.
 */
static size_t reserve_first(const weft_queue *queue)
{
    return queue->block;
}

/* What leaves a stack leaves its memory at the place where the next one comes. */
static size_t reserve_last(const weft_queue *queue)
{
    (void)queue;
    return 0;
}

static void add_spare(weft_queue *queue, struct chunk *chunk)
{
    chunk->next = queue->spare;
    queue->spare = chunk;
    queue->spares++;
}

/* ---- put --------------------------------------------------------------------------------- */

/* Appends a spare chunk; false if there is none. */
static bool extend(weft_queue *queue)
{
    struct chunk *chunk = queue->spare;
    if (chunk == NULL)
        return false;
    queue->spare = chunk->next;
    queue->spares--;
    struct chunk *last = queue->last;
    chunk->next = NULL;
    chunk->previous = last;
    if (last != NULL)
        last->next = chunk;
    else
        queue->first = chunk;
    queue->last = chunk;
    queue->end = 0;
    return true;
}

static size_t put(weft_queue *queue, const void *items, size_t n)
{
    const unsigned char *from = items;
    size_t size = queue->item_size;
    size_t done = 0;
    while (done < n) {
        if ((queue->last == NULL || queue->end == queue->block) && !extend(queue))
            break;
        size_t run = smaller(n - done, queue->block - queue->end);
        size_t length = run * size;
        wefti_copy_items(item_at(queue, queue->last, queue->end), from, length);
        from += length;
        queue->end += (uint32_t)run;
        done += run;
    }
    wefti_queue_set_count(queue, queue->count + done);
    return done;
}

/* ---- get --------------------------------------------------------------------------------- */

static void retire(weft_queue *queue, struct chunk *chunk)
{
    if (queue->maxsize != 0 || queue->spare == NULL)
        add_spare(queue, chunk);
    else
        wefti_queue_discard(queue, chunk);
}

static void *next_first(const weft_queue *queue)
{
    return item_at(queue, queue->first, queue->begin);
}

static void leave_first(weft_queue *queue)
{
    struct chunk *chunk = queue->first;
    queue->begin = 0;
    if (chunk == queue->last) { /* it was full, and is empty: begin again */
        queue->end = 0;
        return;
    }
    queue->first = chunk->next;
    chunk->next->previous = NULL;
    retire(queue, chunk);
}

static void get_first(weft_queue *queue, void *items, size_t n)
{
    unsigned char *to = items;
    size_t size = queue->item_size;
    for (size_t done = 0; done < n;) {
        size_t run = smaller(n - done, queue->block - queue->begin);
        size_t length = run * size;
        if (to != NULL) {
            wefti_copy_items(to, next_first(queue), length);
            to += length;
        }
        queue->begin += (uint32_t)run;
        done += run;
        if (queue->begin == queue->block)
            leave_first(queue);
    }
    wefti_queue_set_count(queue, queue->count - n);
    if (queue->count == 0) { /* the same memory again, which is near */
        queue->begin = 0;
        queue->end = 0;
    }
}

static void leave_last(weft_queue *queue)
{
    struct chunk *chunk = queue->last;
    if (chunk->previous == NULL)
        return;
    queue->last = chunk->previous;
    queue->end = queue->block;
    chunk->previous->next = NULL;
    retire(queue, chunk);
}

static void get_last(weft_queue *queue, void *items, size_t n)
{
    size_t size = queue->item_size;
    for (size_t i = 0; i < n; i++) {
        queue->end--;
        if (items != NULL)
            wefti_copy_items((unsigned char *)items + i * size,
                             item_at(queue, queue->last, queue->end), size);
        if (queue->end == 0)
            leave_last(queue);
    }
    wefti_queue_set_count(queue, queue->count - n);
}

static void *next_last(const weft_queue *queue)
{
    return item_at(queue, queue->last, queue->end - 1);
}

/* ---- all of it --------------------------------------------------------------------------- */

static void clone(const weft_queue *queue, weft_queue *copy, void *block)
{
    struct chunk *all = block;
    size_t place = 0;
    all->next = NULL;
    all->previous = NULL;
    for (const struct chunk *chunk = queue->first; chunk != NULL; chunk = chunk->next) {
        size_t begin = chunk == queue->first ? queue->begin : 0;
        size_t end = chunk == queue->last ? queue->end : queue->block;
        memcpy(item_at(copy, all, place), item_at(queue, chunk, begin),
               (end - begin) * queue->item_size);
        place += end - begin;
    }
    copy->first = all;
    copy->last = all;
    copy->begin = 0;
    copy->end = (uint32_t)place;
    copy->block = (uint32_t)place;
    copy->count = place;
}

static void discard_all(weft_queue *queue)
{
    void *const lists[] = {queue->first, queue->spare};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        for (struct chunk *next, *chunk = lists[i]; chunk != NULL; chunk = next) {
            next = chunk->next;
            wefti_queue_discard(queue, chunk);
        }
    }
    queue->first = NULL;
    queue->last = NULL;
    queue->spare = NULL;
    queue->spares = 0;
    queue->begin = 0;
    queue->end = 0;
}

static void clean(weft_queue *queue)
{
    discard_all(queue);
    wefti_queue_set_count(queue, 0);
}

/* Moves to a larger chunk, unless another thread has brought one meanwhile, or too many items. */
static void supply(weft_queue *queue, void *block, size_t n)
{
    weft_queue larger = {.item_size = queue->item_size};
    if (n == queue->block) {
        add_spare(queue, block);
    } else if (n < queue->block || n < queue->count) {
        wefti_queue_discard(queue, block);
    } else {
        clone(queue, &larger, block);
        discard_all(queue);
        queue->first = block;
        queue->last = block;
        queue->end = larger.end;
        queue->block = (uint32_t)n;
    }
}

const struct weft_queue_storage wefti_queue_fifo = {.bytes = bytes,
                                                    .room = room,
                                                    .reserve = reserve_first,
                                                    .wants = wants,
                                                    .supply = supply,
                                                    .put = put,
                                                    .get = get_first,
                                                    .next = next_first,
                                                    .clone = clone,
                                                    .clean = clean};

const struct weft_queue_storage wefti_queue_lifo = {.bytes = bytes,
                                                    .room = room,
                                                    .reserve = reserve_last,
                                                    .wants = wants,
                                                    .supply = supply,
                                                    .put = put,
                                                    .get = get_last,
                                                    .next = next_last,
                                                    .clone = clone,
                                                    .clean = clean};
