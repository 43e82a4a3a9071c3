/* SPDX-License-Identifier: MIT */
/*
 * A thread waits for several objects at once: it has an entry in the queue of each, and the first
 * unparker claims it (park.c). What is left here is to ask first, and to tell the others that the
 * thread is gone.
 *
 * No wake-up is lost: each object is asked under its own bucket's lock whether to wait for it. One
 * that becomes ready after that finds the thread in its queue, and claims it, or the thread has been
 * claimed by another one and will say so to this one when it has left (left).
 */
#include <weft/wait.h>

#include "platform/memory.h"
#include "platform/signal.h"
#include "primitives/deadline.h"
#include "primitives/park.h"
#include "primitives/waitable.h"
#include "primitives/watch.h"

static weft_waitable waitable(void *object, const struct weft_waitable_type *type)
{
    return (weft_waitable){.object = object, .type = type};
}

weft_waitable weft_event_waitable(weft_event *event)
{
    return waitable(event, &wefti_event_waitable);
}

weft_waitable weft_latch_waitable(weft_latch *latch)
{
    return waitable(latch, &wefti_latch_waitable);
}

weft_waitable weft_semaphore_waitable(weft_semaphore *semaphore)
{
    return waitable(semaphore, &wefti_semaphore_waitable);
}

weft_waitable weft_bounded_semaphore_waitable(weft_bounded_semaphore *semaphore)
{
    return waitable(semaphore != NULL ? &semaphore->semaphore : NULL, &wefti_semaphore_waitable);
}

weft_waitable weft_thread_waitable(weft_thread *thread)
{
    return waitable(thread, &wefti_thread_waitable);
}

/* ---- the wait ------------------------------------------------------------------------------ */

/* What a wait is about. */
struct wait {
    size_t count;
    const weft_waitable *waitables;
    struct wefti_waiter *waiters; /* an entry for each */
    size_t claimed;               /* which one, when it is over */
    weft_status status;           /* and how it went */
};

static weft_status claim(const weft_waitable *waitable)
{
    if (waitable->type->fulfil != NULL)
        return waitable->type->fulfil(waitable);
    return waitable->type->claim(waitable->object) ? WEFT_OK : WEFT_TIMEOUT;
}

/* Claims the first that needs no waiting. */
static bool claim_one(struct wait *wait)
{
    for (size_t i = 0; i < wait->count; i++) {
        wait->claimed = i;
        wait->status = claim(&wait->waitables[i]);
        if (wait->status != WEFT_TIMEOUT)
            return true;
    }
    return false;
}

/* What a waitable's functions are called with. */
static void *subject(const weft_waitable *waitable)
{
    return waitable->type->fulfil != NULL ? (void *)(uintptr_t)waitable : waitable->object;
}

/* Tells all of the first `count` that the thread is gone, but for the one that has served it. */
static void leave(const struct wait *wait, size_t count, size_t served)
{
    for (size_t i = 0; i < count; i++) {
        const weft_waitable *waitable = &wait->waitables[i];
        if (i != served && waitable->type->left != NULL)
            waitable->type->left(subject(waitable));
    }
}

/* Makes the entries; false: there is no need to wait for one of them any more. */
static bool prepare(struct wait *wait)
{
    for (size_t i = 0; i < wait->count; i++) {
        const weft_waitable *waitable = &wait->waitables[i];
        const struct weft_waitable_type *type = waitable->type;
        if (type->comes != NULL && !type->comes(waitable)) {
            leave(wait, i, i);
            return false;
        }
        wait->waiters[i] = (struct wefti_waiter){
            .key = {waitable->object, type->kind},
            .validate = type->must_wait,
            .arg = subject(waitable),
            .request = type->request != 0 ? type->request : (uintptr_t)subject(waitable),
        };
    }
    return true;
}

/* Whether the wait is over is for the token to say: WEFT_TIMEOUT is "try again". */
static struct wefti_parked park_in_all(struct wait *wait, int64_t deadline)
{
    struct wefti_parked parked = {.outcome = WEFTI_INVALID};
    if (!prepare(wait))
        return parked;
    parked =
        wefti_park_any(wait->waiters, wait->count, &(struct wefti_patience){.deadline = deadline});
    bool served = parked.outcome == WEFTI_UNPARKED && parked.token != WEFT_TIMEOUT;
    leave(wait, wait->count, served ? parked.index : wait->count);
    if (parked.outcome == WEFTI_UNPARKED && !served)
        parked.outcome = WEFTI_INVALID;
    return parked;
}

static weft_status wait_for_one(struct wait *wait, int64_t deadline)
{
    while (!claim_one(wait)) {
        if (deadline == WEFTI_TRY)
            return WEFT_TIMEOUT;
        struct wefti_parked parked = park_in_all(wait, deadline);
        if (parked.outcome == WEFTI_INTERRUPTED)
            return WEFT_INTERRUPTED;
        if (parked.outcome == WEFTI_TIMED_OUT)
            deadline = WEFTI_TRY; /* a signal handler may have set an event just in time */
        if (parked.outcome == WEFTI_UNPARKED) {
            wait->claimed = parked.index;
            wait->status = (weft_status)parked.token;
            break;
        }
    }
    return WEFT_OK;
}

static bool all_valid(size_t count, const weft_waitable *waitables)
{
    for (size_t i = 0; i < count; i++) {
        const weft_waitable *waitable = &waitables[i];
        if (waitable->object == NULL || waitable->type == NULL ||
            (waitable->type->valid != NULL && !waitable->type->valid(waitable->object)))
            return false;
    }
    return count > 0;
}

weft_status weft_wait_any(size_t count, const weft_waitable *waitables, size_t *index,
                          double seconds)
{
    struct wefti_waiter on_stack[WEFT_WAIT_ANY_INLINE];
    struct wait wait = {.count = count, .waitables = waitables, .waiters = on_stack};
    int64_t deadline;
    weft_status status = wefti_deadline_for(seconds, &deadline);
    if (status != WEFT_OK || waitables == NULL || !all_valid(count, waitables))
        return WEFT_VALUE_ERROR;
    if (count > WEFT_WAIT_ANY_INLINE) {
        if (count > SIZE_MAX / sizeof *wait.waiters)
            return WEFT_NO_MEMORY;
        wait.waiters = wefti_allocate(count * sizeof *wait.waiters);
        if (wait.waiters == NULL)
            return WEFT_NO_MEMORY;
    }
    if (wefti_helper_knows(WEFTI_HELP_EVENTS))
        wefti_signal_revive(); /* after a fork it is gone, and a handler could wake nobody */
    status = wait_for_one(&wait, deadline);
    if (wait.waiters != on_stack)
        wefti_release(wait.waiters);
    if (status != WEFT_OK)
        return status;
    if (wefti_watched())
        wefti_watch_acquired(waitables[wait.claimed].object);
    if (index != NULL)
        *index = wait.claimed;
    return wait.status;
}
