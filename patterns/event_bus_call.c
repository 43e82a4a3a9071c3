/* SPDX-License-Identifier: MIT */
/*
 * How handlers are called: by the publisher, or by a task of an executor.
 *
 * A queue that is not empty has one task, which delivers until it is empty. Whoever puts the first
 * letter in submits the task, after the walk; `drains` says that it is there, or will be at once. If
 * it never begins (shut down, cancelled, no memory), what is queued is dropped; if a handler ends its
 * thread, another task goes on.
 */
#include "patterns/event_bus.h"

#include <utlist.h>

/* ---- a call -------------------------------------------------------------------------------- */

/* From now on the call runs. With the lock. */
static void begin_call(struct wefti_call *call)
{
    weft_subscription *subscription = call->subscription;
    weft_event_bus *bus = subscription->bus;
    DL_APPEND(bus->calls, call);
    call->begun = true;
    subscription->stats.running++;
    bus->stats.running++;
}

static void count_call(const struct wefti_call *call, weft_event_bus_stats *stats)
{
    stats->running--;
    stats->delivered += !call->failed;
    stats->failed += call->failed;
}

/* As a cleanup: also when the handler ends its thread, which is a failure. */
static void end_call(struct wefti_call *call)
{
    if (!call->begun)
        return;
    weft_subscription *subscription = call->subscription;
    weft_event_bus *bus = subscription->bus;
    {
        WEFT_HOLD(&bus->lock);
        call->failed = call->failed || !call->returned;
        count_call(call, &subscription->stats);
        count_call(call, &bus->stats);
        DL_DELETE(bus->calls, call);
        weft_condition_notify_all(&bus->changed);
        if (subscription->state != WEFTI_CANCELLED)
            return;
    }
    wefti_subscription_end(subscription);
}

static void call_handler(struct wefti_call *call, const struct wefti_publication *publication)
{
    const weft_subscribe_options *options = &call->subscription->options;
    weft_bus_event event = publication->event;
    event.subscription = call->subscription;
    call->failed = options->handler(&event, options->arg) == WEFT_RAISED;
    call->returned = true;
    if (call->failed)
        weft_call_excepthook(weft_last_error());
}

void wefti_letter_drop(weft_subscription *subscription)
{
    subscription->stats.dropped++;
    subscription->bus->stats.dropped++;
}

/* ---- the publisher's calls ----------------------------------------------------------------- */

/* Whether the call has begun; else its subscription has been cancelled since. */
static bool begin_direct_call(struct wefti_call *call)
{
    weft_subscription *subscription = call->subscription;
    WEFT_HOLD(&subscription->bus->lock);
    bool live = subscription->state == WEFTI_LIVE;
    if (live)
        begin_call(call);
    else
        wefti_letter_drop(subscription);
    return live;
}

static void unref(weft_subscription **subscription)
{
    wefti_subscription_unref(*subscription);
}

void wefti_letter_call(const struct wefti_letter *letter)
{
    weft_subscription *subscription __attribute__((cleanup(unref))) = letter->subscription;
    struct wefti_call call __attribute__((cleanup(end_call))) = {.subscription = subscription,
                                                                 .thread = wefti_bus_thread()};
    if (begin_direct_call(&call))
        call_handler(&call, letter->publication);
}

/* The publisher's thread has ended before. */
void wefti_letter_drop_direct(weft_subscription *subscription)
{
    {
        WEFT_HOLD(&subscription->bus->lock);
        wefti_letter_drop(subscription);
    }
    wefti_subscription_unref(subscription);
}

/* ---- an executor's calls ------------------------------------------------------------------- */

/* The next letter, whose call has begun; NULL: there is none, and the task is over. */
static struct wefti_letter *next_letter(struct wefti_call *call)
{
    weft_subscription *subscription = call->subscription;
    WEFT_HOLD(&subscription->bus->lock);
    struct wefti_letter *letter = wefti_letter_take(subscription);
    subscription->entered = letter != NULL;
    subscription->drains = letter != NULL;
    if (letter != NULL)
        begin_call(call);
    return letter;
}

/* A letter whose call has come to its end, in whatever way. */
static void end_letter(struct wefti_letter **letter)
{
    if (*letter != NULL)
        wefti_letters_end((*letter)->subscription->bus, *letter);
}

static bool deliver_next(weft_subscription *subscription)
{
    struct wefti_letter *letter __attribute__((cleanup(end_letter))) = NULL;
    struct wefti_call call __attribute__((cleanup(end_call))) = {.subscription = subscription,
                                                                 .thread = wefti_bus_thread()};
    letter = next_letter(&call);
    if (letter == NULL)
        return false;
    call_handler(&call, letter->publication);
    return true;
}

static void *drain(void *arg)
{
    while (deliver_next(arg)) {
    }
    return NULL;
}

/* There is no task for the queue. */
void wefti_queue_give_up(weft_subscription *subscription)
{
    weft_event_bus *bus = subscription->bus;
    struct wefti_letter *letters;
    {
        WEFT_HOLD(&bus->lock);
        subscription->drains = false;
        letters = wefti_letters_drop(subscription);
    }
    wefti_letters_end(bus, letters);
    wefti_subscription_unref(subscription);
}

/* NOLINTBEGIN(misc-no-recursion): a task follows a task; nobody but an executor that runs it at once
 * in the publisher's place makes that a depth. */

/* The task is over: it has emptied the queue, or never begun, or its thread has ended. */
static void *after_drain(weft_future *task, void *arg)
{
    weft_subscription *subscription = arg;
    bool emptied = weft_future_state(task) == WEFT_TASK_FINISHED && weft_future_error(task) == NULL;
    bool entered;
    {
        WEFT_HOLD(&subscription->bus->lock);
        entered = subscription->entered;
    }
    if (emptied)
        wefti_subscription_unref(subscription);
    else if (entered)
        (void)wefti_queue_start(subscription);
    else
        wefti_queue_give_up(subscription);
    return NULL;
}

/* Submits the task, which has a reference. */
weft_status wefti_queue_start(weft_subscription *subscription)
{
    {
        WEFT_HOLD(&subscription->bus->lock);
        subscription->entered = false;
    }
    weft_future *task = weft_executor_submit(subscription->options.executor, drain, subscription);
    if (task == NULL) {
        weft_status status = weft_last_status();
        wefti_queue_give_up(subscription);
        return status;
    }
    weft_status status = weft_future_add_done_callback(task, after_drain, subscription);
    if (status != WEFT_OK) { /* there is no memory: it is not begun, or waited for */
        (void)weft_future_cancel(task);
        while (weft_future_result(task, NULL) == WEFT_INTERRUPTED) {
        }
        (void)after_drain(task, subscription);
    }
    weft_future_free(task);
    return status;
}

/* NOLINTEND(misc-no-recursion) */
