/* SPDX-License-Identifier: MIT */
#include "queue/visit.h"

#include <weft/queue_more.h>

static inline weft_status put(weft_queue *queue, const void *items, size_t size, size_t n,
                              size_t *count, struct wefti_limit limit)
{
    weft_status status = wefti_queue_check(queue, items, size, n, limit);
    if (status != WEFT_OK)
        return status;
    weft_waitable wish = {.object = queue, .items = (void *)(uintptr_t)items, .n = n};
    status = wefti_queue_visit(queue, WEFTI_QUEUE_PUT, &wish, limit);
    if (status == WEFT_OK && count != NULL)
        *count = wish.n;
    return status;
}

weft_status weft_queue_put_with(weft_queue *queue, const void *item, size_t size)
{
    return put(queue, item, size, 1, NULL, wefti_for_ever());
}

weft_status weft_queue_put_for_with(weft_queue *queue, const void *item, size_t size,
                                    double seconds)
{
    return put(queue, item, size, 1, NULL, wefti_for(seconds));
}

weft_status weft_queue_put_until_with(weft_queue *queue, const void *item, size_t size,
                                      double deadline)
{
    return put(queue, item, size, 1, NULL, wefti_until(deadline));
}

weft_status weft_queue_put_many_with(weft_queue *queue, const void *items, size_t size, size_t n,
                                     size_t *count)
{
    return put(queue, items, size, n, count, wefti_for_ever());
}

weft_status weft_queue_put_many_for_with(weft_queue *queue, const void *items, size_t size,
                                         size_t n, size_t *count, double seconds)
{
    return put(queue, items, size, n, count, wefti_for(seconds));
}

weft_status weft_queue_put_many_until_with(weft_queue *queue, const void *items, size_t size,
                                           size_t n, size_t *count, double deadline)
{
    return put(queue, items, size, n, count, wefti_until(deadline));
}
