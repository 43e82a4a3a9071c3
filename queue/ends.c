/* SPDX-License-Identifier: MIT */
/*
 * What empties a queue without getters: shutdown, clear, destroy. The items are taken out under the
 * lock, storage and all, and dropped after it: `.drop` is the program's code, and may use the
 * queue. They count as done when it has been called for all of them, so whoever has joined finds no
 * item that is still to be dropped. `dropping` counts those that have been taken out and are not done:
 * in the child of a fork they are at once, even if it is this thread that forks (in its `.drop`).
 */
#include "queue/queue.h"

static void take_all(weft_queue *queue, weft_queue *all)
{
    *all = (weft_queue){.storage = queue->storage,
                        .count = queue->count,
                        .item_size = queue->item_size,
                        .first = queue->first,
                        .last = queue->last,
                        .spare = queue->spare,
                        .begin = queue->begin,
                        .end = queue->end,
                        .block = queue->block,
                        .spares = queue->spares,
                        .compare = queue->compare,
                        .drop = queue->drop};
    queue->first = NULL; /* clean only forgets what it has then */
    queue->spare = NULL;
    queue->storage->clean(queue);
}

static void drop_all(weft_queue *all)
{
    while (all->drop != NULL && all->count != 0) {
        all->drop(all->storage->next(all));
        all->storage->get(all, NULL, 1);
    }
    all->storage->clean(all);
    wefti_queue_free_garbage(all->garbage);
}

/* Empties it, and sets flags at the same moment. */
static weft_status empty(weft_queue *queue, uint32_t flags)
{
    weft_queue all;
    WEFTI_SERVED(let_in);
    WEFTI_SERVED(joined);
    if (!wefti_queue_enter(queue))
        return WEFT_RUNTIME;
    take_all(queue, &all);
    wefti_queue_set_flags(queue, queue->flags | flags);
    size_t dropped = all.count;
    uint32_t forks = wefti_forks();
    queue->dropping += dropped;
    if (queue->putters != 0) /* their room takes memory */
        (void)wefti_queue_bring_block(queue, 1);
    wefti_queue_settle(queue, &let_in);
    wefti_queue_leave(queue, let_in.first);

    drop_all(&all);
    if (dropped == 0)
        return WEFT_OK;
    if (!wefti_queue_enter(queue))
        return WEFT_RUNTIME;
    if (forks == wefti_forks()) {
        queue->dropping -= dropped;
        wefti_queue_done(queue, dropped, &joined);
    }
    wefti_queue_leave(queue, joined.first);
    return WEFT_OK;
}

weft_status weft_queue_clear(weft_queue *queue)
{
    return wefti_queue_valid(queue) ? empty(queue, 0) : WEFT_VALUE_ERROR;
}

weft_status weft_queue_shutdown(weft_queue *queue, bool immediate)
{
    if (!wefti_queue_valid(queue))
        return WEFT_VALUE_ERROR;
    if (wefti_queue_is_simple(queue))
        return WEFT_RUNTIME;
    if (immediate)
        return empty(queue, WEFTI_SHUT);
    if (!wefti_queue_enter(queue))
        return WEFT_RUNTIME;
    WEFTI_SERVED(served);
    wefti_queue_set_flags(queue, queue->flags | WEFTI_SHUT);
    wefti_queue_settle(queue, &served);
    wefti_queue_leave(queue, served.first);
    return WEFT_OK;
}

weft_status weft_queue_destroy(weft_queue *queue)
{
    weft_queue all;
    if (!wefti_queue_valid(queue))
        return WEFT_VALUE_ERROR;
    if (!wefti_queue_enter(queue))
        return WEFT_RUNTIME;
    bool busy = (queue->getters | queue->putters | queue->joiners) != 0;
    if (!busy)
        take_all(queue, &all);
    wefti_queue_leave(queue, NULL);
    if (wefti_done(queue, busy) == WEFT_BUSY)
        return WEFT_BUSY;
    *queue = (weft_queue){0};
    drop_all(&all);
    return WEFT_OK;
}
