/* SPDX-License-Identifier: MIT */
#include "queue/visit.h"

#include <weft/queue_more.h>

enum { SMALL = 64 }; /* items that are always kept room for */

/*
 * An unbounded priority queue that has become much smaller gets less memory: before the get, because
 * after it the queue may be gone.
 */
static void trim(weft_queue *queue)
{
    size_t block = wefti_load(&queue->block, RELAXED);
    if (block <= SMALL || wefti_load(&queue->maxsize, RELAXED) != 0 ||
        wefti_load(&queue->count, RELAXED) >= block / 4 || !wefti_queue_enter(queue))
        return;
    (void)wefti_queue_bring_block(queue, 0);
    wefti_queue_leave(queue, NULL);
}

static inline weft_status get(weft_queue *queue, void *items, size_t size, size_t n, size_t *count,
                              struct wefti_limit limit)
{
    weft_status status = wefti_queue_check(queue, items, size, n, limit);
    if (status != WEFT_OK)
        return status;
    if (queue->compare != NULL)
        trim(queue);
    weft_waitable wish = {.object = queue, .items = items, .n = n};
    status = wefti_queue_visit(queue, WEFTI_QUEUE_GET, &wish, limit);
    if (status == WEFT_OK && count != NULL)
        *count = wish.n;
    return status;
}

weft_status weft_queue_get_with(weft_queue *queue, void *item, size_t size)
{
    return get(queue, item, size, 1, NULL, wefti_for_ever());
}

weft_status weft_queue_get_for_with(weft_queue *queue, void *item, size_t size, double seconds)
{
    return get(queue, item, size, 1, NULL, wefti_for(seconds));
}

weft_status weft_queue_get_until_with(weft_queue *queue, void *item, size_t size, double deadline)
{
    return get(queue, item, size, 1, NULL, wefti_until(deadline));
}

weft_status weft_queue_get_many_with(weft_queue *queue, void *items, size_t size, size_t n,
                                     size_t *count)
{
    return get(queue, items, size, n, count, wefti_for_ever());
}

weft_status weft_queue_get_many_for_with(weft_queue *queue, void *items, size_t size, size_t n,
                                         size_t *count, double seconds)
{
    return get(queue, items, size, n, count, wefti_for(seconds));
}

weft_status weft_queue_get_many_until_with(weft_queue *queue, void *items, size_t size, size_t n,
                                           size_t *count, double deadline)
{
    return get(queue, items, size, n, count, wefti_until(deadline));
}
