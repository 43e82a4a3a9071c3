/* SPDX-License-Identifier: MIT */
/*
 * A queue among other things to wait for (wait_any.c): the waitable is the wish of a visit. Whoever
 * is about to enter the line is counted under the lock, and asked once more in the room.
 */
#include "primitives/waitable.h"

#include <weft/queue_more.h>

#include "queue/visit.h"

static const struct wefti_side *side_of(const weft_waitable *waitable)
{
    return wefti_side_of(waitable->type->kind);
}

static bool is_valid(void *queue)
{
    return wefti_queue_valid(queue);
}

static weft_status fulfil(const weft_waitable *waitable)
{
    weft_waitable wish = *waitable;
    weft_status status =
        wefti_queue_visit(waitable->object, waitable->type->kind, &wish, wefti_at_once());
    return status != side_of(waitable)->none ? status : WEFT_TIMEOUT;
}

static bool has_to_wait(void *it)
{
    const weft_waitable *waitable = it;
    const weft_queue *queue = waitable->object;
    return !side_of(waitable)->there(queue) && !wefti_queue_is_shut(queue);
}

static bool come(const weft_waitable *waitable)
{
    const struct wefti_side *side = side_of(waitable);
    weft_queue *queue = waitable->object;
    if (!wefti_queue_enter(queue))
        return false;
    (void)side->provide(queue);
    bool waits = has_to_wait((void *)(uintptr_t)waitable);
    if (waits)
        ++*side->waiting(queue);
    wefti_queue_leave(queue, NULL);
    return waits;
}

static void leave(void *it)
{
    const weft_waitable *waitable = it;
    weft_queue *queue = waitable->object;
    WEFTI_SERVED(served);
    (void)wefti_queue_enter(queue);
    /* Maybe it was not sent, but nobody must wait for one that was. */
    wefti_queue_step_out(queue, side_of(waitable), true);
    wefti_queue_settle(queue, &served);
    wefti_queue_leave(queue, served.first);
}

const struct weft_waitable_type wefti_queue_get_waitable = {.kind = WEFTI_QUEUE_GET,
                                                            .valid = is_valid,
                                                            .fulfil = fulfil,
                                                            .comes = come,
                                                            .must_wait = has_to_wait,
                                                            .left = leave};

const struct weft_waitable_type wefti_queue_put_waitable = {.kind = WEFTI_QUEUE_PUT,
                                                            .valid = is_valid,
                                                            .fulfil = fulfil,
                                                            .comes = come,
                                                            .must_wait = has_to_wait,
                                                            .left = leave};

static weft_waitable make(weft_queue *queue, const void *item, size_t size,
                          const struct weft_waitable_type *type)
{
    bool good = wefti_queue_check(queue, item, size, 1, wefti_at_once()) == WEFT_OK;
    return (weft_waitable){
        .object = good ? queue : NULL, .type = type, .items = (void *)(uintptr_t)item, .n = 1};
}

weft_waitable weft_queue_get_waitable_with(weft_queue *queue, void *item, size_t size)
{
    return make(queue, item, size, &wefti_queue_get_waitable);
}

weft_waitable weft_queue_put_waitable_with(weft_queue *queue, const void *item, size_t size)
{
    return make(queue, item, size, &wefti_queue_put_waitable);
}
