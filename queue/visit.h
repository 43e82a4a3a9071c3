/* SPDX-License-Identifier: MIT */
/*
 * A visit to a queue: what getting and putting have in common. visit.c has the table of what
 * becomes of a thread that waits. The wish is a weft_waitable, of one item or several: whoever
 * serves the thread reads it there, and stores in its n how many it was, if it was for several.
 */
#ifndef WEFTI_QUEUE_VISIT_H
#define WEFTI_QUEUE_VISIT_H

#include "primitives/waitable.h"
#include "queue/queue.h"

/* One side of a queue. */
struct wefti_side {
    enum wefti_kind kind; /* what its threads wait for */
    weft_status none;     /* it is not there, and will not be waited for */

    /* Whether it is there at this moment; also without the lock. */
    bool (*there)(const weft_queue *queue);

    /* The rest is under the lock. How much of it there is. */
    size_t (*amount)(const weft_queue *queue);

    /* Called before a thread waits, to bring what those who serve it need; unlocks the queue
     * meanwhile, true: it has. */
    bool (*provide)(weft_queue *queue);

    /* Where those who wait are counted. */
    uint32_t *(*waiting)(weft_queue *queue);

    /*
     * Does it: WEFT_OK, for at least one item; WEFT_SHUTDOWN; WEFT_TIMEOUT: it is not there;
     * WEFT_NO_MEMORY: it takes another block.
     */
    weft_status (*attempt)(weft_queue *queue, weft_waitable *wish);
};

extern const struct wefti_side wefti_getting;
extern const struct wefti_side wefti_putting;

static inline const struct wefti_side *wefti_side_of(enum wefti_kind kind)
{
    return kind == WEFTI_QUEUE_GET ? &wefti_getting : &wefti_putting;
}

static inline void wefti_queue_fulfilled(weft_waitable *wish, size_t n)
{
    if (wish->n > 1) /* one that was for one item is not written: it may be weft_wait_any's */
        wish->n = n;
}

static inline weft_status wefti_queue_get_now(weft_queue *queue, weft_waitable *wish)
{
    size_t n = queue->count < wish->n ? queue->count : wish->n;
    if (n == 0)
        return wefti_queue_is_shut(queue) ? WEFT_SHUTDOWN : WEFT_TIMEOUT;
    queue->storage->get(queue, wish->items, n);
    wefti_queue_fulfilled(wish, n);
    return WEFT_OK;
}

static inline weft_status wefti_queue_put_now(weft_queue *queue, weft_waitable *wish)
{
    size_t space = wefti_queue_space(queue);
    size_t n = space < wish->n ? space : wish->n;
    if (wefti_queue_is_shut(queue))
        return WEFT_SHUTDOWN;
    if (n == 0)
        return WEFT_TIMEOUT;
    if ((n > 1 && queue->storage->room(queue) < n) ||
        queue->storage->put(queue, wish->items, n) == 0)
        return WEFT_NO_MEMORY;
    queue->unfinished += n;
    wefti_queue_fulfilled(wish, n);
    return WEFT_OK;
}

/* The same, under the lock, which it leaves, where the first attempt has not succeeded. */
weft_status wefti_queue_visit_slowly(weft_queue *queue, const struct wefti_side *side,
                                     weft_waitable *wish, struct wefti_limit limit);

/* Does what the side of this kind does, or waits until it is done. */
static inline weft_status wefti_queue_visit(weft_queue *queue, enum wefti_kind kind,
                                            weft_waitable *wish, struct wefti_limit limit)
{
    if (!wefti_queue_enter(queue))
        return WEFT_RUNTIME;
    weft_status status = kind == WEFTI_QUEUE_GET ? wefti_queue_get_now(queue, wish)
                                                 : wefti_queue_put_now(queue, wish);
    if (__builtin_expect(status == WEFT_TIMEOUT || status == WEFT_NO_MEMORY, 0))
        return wefti_queue_visit_slowly(queue, wefti_side_of(kind), wish, limit);
    WEFTI_SERVED(served);
    wefti_queue_settle(queue, &served);
    wefti_queue_leave(queue, served.first);
    return status;
}

/* Under the lock: out of the line again, without having been served; `sent`: for memory. */
void wefti_queue_step_out(weft_queue *queue, const struct wefti_side *side, bool sent);

/* Whether a call's arguments make sense; else WEFT_VALUE_ERROR or WEFT_TYPE_ERROR. */
static inline weft_status wefti_queue_check(const weft_queue *queue, const void *items, size_t size,
                                            size_t n, struct wefti_limit limit)
{
    if (!wefti_queue_valid(queue) || items == NULL || !wefti_limit_valid(limit) || n == 0)
        return WEFT_VALUE_ERROR;
    if (size != queue->item_size)
        return WEFT_TYPE_ERROR;
    return n <= PTRDIFF_MAX / size ? WEFT_OK : WEFT_VALUE_ERROR;
}

#endif
