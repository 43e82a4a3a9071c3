/* SPDX-License-Identifier: MIT */
/*
 * What was put is unfinished until somebody says that it is done. Who joins waits until the number
 * is 0; whoever makes it 0 lets all go that wait at that moment.
 */
#include "queue/queue.h"

void wefti_queue_done(weft_queue *queue, size_t n, struct wefti_served *served)
{
    queue->unfinished -= n < queue->unfinished ? n : queue->unfinished;
    if (queue->unfinished == 0 && queue->joiners != 0)
        queue->joiners -= (uint32_t)wefti_claim(wefti_queue_key(queue, WEFTI_QUEUE_JOIN),
                                                &(struct wefti_unparking){0}, &served->end);
}

void wefti_queue_forget_dropping(weft_queue *queue)
{
    size_t n = queue->dropping;
    queue->unfinished -= n < queue->unfinished ? n : queue->unfinished;
    queue->dropping = 0;
}

weft_status weft_queue_task_done(weft_queue *queue)
{
    if (!wefti_queue_valid(queue))
        return WEFT_VALUE_ERROR;
    if (wefti_queue_is_simple(queue) || !wefti_queue_enter(queue))
        return WEFT_RUNTIME;
    WEFTI_SERVED(served);
    weft_status status = queue->unfinished != 0 ? WEFT_OK : WEFT_VALUE_ERROR;
    wefti_queue_done(queue, 1, &served);
    wefti_queue_leave(queue, served.first);
    return status;
}

/* Under the lock, which it leaves. */
static weft_status wait_for_all(weft_queue *queue, int64_t deadline)
{
    struct wefti_leaving leaving = {queue, NULL};
    const struct wefti_patience patience = {
        .deadline = deadline, .queued = wefti_queue_leave_in_line, .arg = &leaving};
    queue->joiners++;
    struct wefti_parked parked = wefti_park(wefti_queue_key(queue, WEFTI_QUEUE_JOIN), &patience);
    if (parked.outcome == WEFTI_UNPARKED) {
        if (wefti_watched())
            wefti_watch_acquired(queue);
        return WEFT_OK;
    }
    (void)wefti_queue_enter(queue);
    queue->joiners--;
    bool over = queue->unfinished == 0;
    wefti_queue_leave(queue, NULL);
    if (parked.outcome == WEFTI_INTERRUPTED)
        return WEFT_INTERRUPTED;
    return over ? WEFT_OK : WEFT_TIMEOUT;
}

static weft_status join(weft_queue *queue, struct wefti_limit limit)
{
    if (!wefti_queue_valid(queue) || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    if (wefti_queue_is_simple(queue) || !wefti_queue_enter(queue))
        return WEFT_RUNTIME;
    int64_t deadline = WEFTI_TRY;
    bool over = queue->unfinished == 0;
    if (!over)
        deadline = wefti_limit_deadline(limit);
    if (deadline != WEFTI_TRY)
        return wait_for_all(queue, deadline);
    wefti_queue_leave(queue, NULL);
    return over ? WEFT_OK : WEFT_TIMEOUT;
}

weft_status weft_queue_join(weft_queue *queue)
{
    return join(queue, wefti_for_ever());
}

weft_status weft_queue_join_for(weft_queue *queue, double seconds)
{
    return join(queue, wefti_for(seconds));
}

weft_status weft_queue_join_until(weft_queue *queue, double deadline)
{
    return join(queue, wefti_until(deadline));
}
