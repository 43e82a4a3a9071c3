/* SPDX-License-Identifier: MIT */
/*
 * One lock guards the list, the queues, the calls that run, and the numbers; it is held for a walk of
 * the list at most. Handlers, `free_arg`, the excepthook and executors are called without it.
 *
 * A call counts as begun under the lock, if the subscription is LIVE then: so after a cancel none
 * begins. A join waits for those that have begun. event_bus.h has the table of states.
 */
#include "patterns/event_bus.h"

#include <string.h>
#include <utlist.h>

/* ---- references ---------------------------------------------------------------------------- */

/* Whether it was the last. */
static bool drop_reference(weft_event_bus *bus, size_t *references)
{
    WEFT_HOLD(&bus->lock);
    return --*references == 0;
}

void wefti_bus_unref(weft_event_bus *bus)
{
    if (drop_reference(bus, &bus->references))
        weft_free(bus);
}

void wefti_subscription_unref(weft_subscription *subscription)
{
    weft_event_bus *bus = subscription->bus;
    if (!drop_reference(bus, &subscription->references))
        return;
    weft_executor_free(subscription->options.executor);
    weft_free(subscription);
    wefti_bus_unref(bus);
}

void wefti_publication_unref(weft_event_bus *bus, struct wefti_publication *publication)
{
    if (drop_reference(bus, &publication->references))
        weft_free(publication);
}

/* ---- queues -------------------------------------------------------------------------------- */

struct wefti_letter *wefti_letter_take(weft_subscription *subscription)
{
    struct wefti_letter *letter = subscription->queue;
    if (letter == NULL)
        return NULL;
    subscription->queue = letter->next;
    letter->next = NULL;
    subscription->stats.queued--;
    subscription->bus->stats.queued--;
    return letter;
}

struct wefti_letter *wefti_letters_drop(weft_subscription *subscription)
{
    weft_event_bus *bus = subscription->bus;
    struct wefti_letter *letters = subscription->queue;
    subscription->stats.dropped += subscription->stats.queued;
    bus->stats.dropped += subscription->stats.queued;
    bus->stats.queued -= subscription->stats.queued;
    subscription->stats.queued = 0;
    subscription->queue = NULL;
    weft_condition_notify_all(&bus->changed);
    return letters;
}

void wefti_letters_end(weft_event_bus *bus, struct wefti_letter *letters)
{
    for (struct wefti_letter *next; letters != NULL; letters = next) {
        next = letters->next;
        weft_subscription *subscription = letters->subscription;
        wefti_publication_unref(bus, letters->publication);
        wefti_subscription_unref(subscription);
    }
}

/* ---- subscribe and cancel ------------------------------------------------------------------ */

static void *fail(weft_status status)
{
    weft_set_last_status(status);
    return NULL;
}

weft_subscription *weft_event_bus_subscribe_with(const weft_subscribe_options *options)
{
    if (options == NULL || options->bus == NULL || options->topic == NULL ||
        options->handler == NULL)
        return fail(WEFT_VALUE_ERROR);
    size_t size = strlen(options->topic) + 1;
    weft_subscription *subscription = weft_allocate(sizeof *subscription + size);
    if (subscription == NULL)
        return fail(WEFT_NO_MEMORY);
    weft_event_bus *bus = options->bus;
    memcpy(subscription->topic, options->topic, size);
    subscription->bus = bus;
    subscription->options = *options;
    subscription->options.topic = subscription->topic;
    subscription->references = 2; /* the program's, and the list's */
    if (options->executor != NULL)
        (void)weft_executor_ref(options->executor);
    WEFT_HOLD(&bus->lock);
    DL_APPEND(bus->subscriptions, subscription);
    bus->stats.subscriptions++;
    bus->references++;
    return subscription;
}

void weft_subscription_free(weft_subscription *subscription)
{
    if (subscription != NULL)
        wefti_subscription_unref(subscription);
}

void wefti_subscription_end(weft_subscription *subscription)
{
    weft_event_bus *bus = subscription->bus;
    {
        WEFT_HOLD(&bus->lock);
        if (subscription->state != WEFTI_CANCELLED || subscription->stats.running > 0)
            return;
        subscription->state = WEFTI_ENDING;
    }
    if (subscription->options.free_arg != NULL)
        subscription->options.free_arg(subscription->options.arg);
    WEFT_HOLD(&bus->lock);
    subscription->state = WEFTI_ENDED;
    weft_condition_notify_all(&bus->changed);
}

weft_status weft_subscription_cancel(weft_subscription *subscription)
{
    if (subscription == NULL)
        return WEFT_VALUE_ERROR;
    weft_event_bus *bus = subscription->bus;
    struct wefti_letter *letters;
    {
        WEFT_HOLD(&bus->lock);
        if (subscription->state != WEFTI_LIVE)
            return WEFT_OK;
        subscription->state = WEFTI_CANCELLED;
        DL_DELETE(bus->subscriptions, subscription);
        bus->stats.subscriptions--;
        letters = wefti_letters_drop(subscription);
    }
    wefti_letters_end(bus, letters);
    wefti_subscription_end(subscription);
    wefti_subscription_unref(subscription);
    return WEFT_OK;
}

/* ---- join ---------------------------------------------------------------------------------- */

uint32_t wefti_bus_thread(void)
{
    const weft_thread *thread = weft_thread_current();
    return thread != NULL ? weft_thread_ident(thread) : 0;
}

/* Whether a thread is inside a handler: that of a subscription, NULL: any. With the lock. */
static bool is_inside(const weft_event_bus *bus, const weft_subscription *subscription,
                      uint32_t thread)
{
    const struct wefti_call *call;
    DL_FOREACH(bus->calls, call)
    {
        if (call->thread == thread && thread != 0 &&
            (subscription == NULL || call->subscription == subscription))
            return true;
    }
    return false;
}

static bool has_ended(void *arg)
{
    return ((const weft_subscription *)arg)->state == WEFTI_ENDED;
}

weft_status weft_subscription_join_for(weft_subscription *subscription, double seconds)
{
    if (subscription == NULL || seconds != seconds)
        return WEFT_VALUE_ERROR;
    weft_event_bus *bus = subscription->bus;
    uint32_t thread = wefti_bus_thread();
    WEFT_HOLD(&bus->lock);
    if (subscription->state == WEFTI_LIVE)
        return WEFT_RUNTIME;
    if (is_inside(bus, subscription, thread))
        return WEFT_DEADLOCK;
    return weft_condition_wait_pred_for(&bus->changed, has_ended, subscription, seconds);
}

weft_status weft_subscription_join(weft_subscription *subscription)
{
    return weft_subscription_join_for(subscription, WEFT_FOREVER);
}

static bool is_quiet(void *arg)
{
    const weft_event_bus *bus = arg;
    return bus->stats.queued == 0 && bus->stats.running == 0;
}

weft_status weft_event_bus_join_for(weft_event_bus *bus, double seconds)
{
    if (bus == NULL || seconds != seconds)
        return WEFT_VALUE_ERROR;
    uint32_t thread = wefti_bus_thread();
    WEFT_HOLD(&bus->lock);
    if (is_inside(bus, NULL, thread))
        return WEFT_DEADLOCK;
    return weft_condition_wait_pred_for(&bus->changed, is_quiet, bus, seconds);
}

weft_status weft_event_bus_join(weft_event_bus *bus)
{
    return weft_event_bus_join_for(bus, WEFT_FOREVER);
}

/* ---- numbers ------------------------------------------------------------------------------- */

weft_status weft_event_bus_get_stats(weft_event_bus *bus, weft_event_bus_stats *stats)
{
    if (bus == NULL || stats == NULL)
        return WEFT_VALUE_ERROR;
    WEFT_HOLD(&bus->lock);
    *stats = bus->stats;
    return WEFT_OK;
}

weft_status weft_subscription_get_stats(weft_subscription *subscription,
                                        weft_event_bus_stats *stats)
{
    if (subscription == NULL || stats == NULL)
        return WEFT_VALUE_ERROR;
    WEFT_HOLD(&subscription->bus->lock);
    *stats = subscription->stats;
    stats->subscriptions = subscription->state == WEFTI_LIVE;
    return WEFT_OK;
}

/* ---- begin and end ------------------------------------------------------------------------- */

weft_event_bus *weft_event_bus_new(void)
{
    weft_event_bus *bus = weft_allocate(sizeof *bus);
    if (bus == NULL)
        return fail(WEFT_NO_MEMORY);
    bus->changed = (weft_condition)WEFT_CONDITION_INIT_ON(&bus->lock);
    bus->references = 1;
    return bus;
}

/* The first one, with a reference; NULL: there is none. */
static weft_subscription *first_of(weft_event_bus *bus)
{
    WEFT_HOLD(&bus->lock);
    if (bus->subscriptions != NULL)
        bus->subscriptions->references++;
    return bus->subscriptions;
}

void weft_event_bus_free(weft_event_bus *bus)
{
    if (bus == NULL)
        return;
    for (weft_subscription *subscription; (subscription = first_of(bus)) != NULL;) {
        (void)weft_subscription_cancel(subscription);
        wefti_subscription_unref(subscription);
    }
    wefti_bus_unref(bus);
}
