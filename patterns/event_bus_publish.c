/* SPDX-License-Identifier: MIT */
/*
 * How an event gets to its handlers. One walk of the list, under the lock, writes a letter to each that
 * hears the topic, and puts those for executors into their queues: so all queues have the same order.
 * All memory has been found before: an event goes to all or, for want of memory, to none.
 */
#include "patterns/event_bus.h"

#include <stdalign.h>
#include <string.h>
#include <utlist.h>

/* Whether a subscription to `pattern` hears of the topic. */
static bool hears(const char *pattern, const char *topic)
{
    size_t length = strlen(pattern);
    if (length > 0 && pattern[length - 1] == '*')
        return strncmp(pattern, topic, length - 1) == 0;
    return strcmp(pattern, topic) == 0;
}

static bool is_full(const weft_subscription *subscription)
{
    size_t most = subscription->options.queue_size;
    return most > 0 && subscription->stats.queued >= most;
}

/* Into the executor's queue. */
static void queue_letter(struct wefti_letter *letter)
{
    weft_subscription *subscription = letter->subscription;
    letter->publication->references++;
    if (subscription->queue == NULL)
        subscription->queue = letter;
    else
        subscription->last->next = letter;
    subscription->last = letter;
    subscription->stats.queued++;
    subscription->bus->stats.queued++;
    letter->starts = !subscription->drains;
    subscription->drains = true;
    subscription->references += letter->starts; /* the task's */
}

/* What an event needs to go to all. */
struct need {
    size_t places;
    bool copied;
};

/* With the lock. */
static struct need count_hearers(const weft_event_bus *bus, const char *topic)
{
    struct need need = {0, false};
    const weft_subscription *subscription;
    DL_FOREACH(bus->subscriptions, subscription)
    {
        if (!hears(subscription->options.topic, topic))
            continue;
        need.places++;
        need.copied = need.copied || subscription->options.executor != NULL;
    }
    return need;
}

static struct need look_around(weft_event_bus *bus, const char *topic)
{
    WEFT_HOLD(&bus->lock);
    return count_hearers(bus, topic);
}

/* With the lock. */
static weft_status write_letter(struct wefti_publication *publication,
                                weft_subscription *subscription)
{
    subscription->stats.published++;
    if (is_full(subscription)) {
        wefti_letter_drop(subscription);
        return WEFT_FULL;
    }
    struct wefti_letter *letter = &publication->letters[publication->count++];
    *letter = (struct wefti_letter){.subscription = subscription,
                                    .publication = publication,
                                    .direct = subscription->options.executor == NULL};
    subscription->references++;
    if (!letter->direct)
        queue_letter(letter);
    return WEFT_OK;
}

/* Writes to all who hear of it, or says what that needs. */
static bool write_letters(weft_event_bus *bus, struct wefti_publication *publication,
                          const char *topic, struct need *need, weft_status *status)
{
    WEFT_HOLD(&bus->lock);
    *need = count_hearers(bus, topic);
    if (need->places > publication->places || (need->copied && !publication->copied))
        return false;
    weft_subscription *subscription;
    DL_FOREACH(bus->subscriptions, subscription)
    {
        if (hears(subscription->options.topic, topic) &&
            write_letter(publication, subscription) != WEFT_OK)
            *status = WEFT_FULL;
    }
    bus->stats.published++;
    return true;
}

/* A place for each, and behind them the topic and, if it is to be copied, the data. */
static struct wefti_publication *make_publication(struct need need, const weft_bus_event *event)
{
    size_t align = alignof(max_align_t);
    size_t topic_at = sizeof(struct wefti_publication) + need.places * sizeof(struct wefti_letter);
    size_t topic_size = strlen(event->topic) + 1;
    size_t data_at = (topic_at + topic_size + align - 1) / align * align;
    size_t data_size = need.copied ? event->size : 0;
    if (data_size > SIZE_MAX - data_at)
        return NULL;
    struct wefti_publication *publication = weft_allocate(data_at + data_size);
    if (publication == NULL)
        return NULL;
    char *block = (char *)publication;
    publication->references = 1;
    publication->places = need.places;
    publication->copied = need.copied;
    publication->event = *event;
    publication->event.topic = memcpy(block + topic_at, event->topic, topic_size);
    if (data_size > 0)
        publication->event.data = memcpy(block + data_at, event->data, data_size);
    return publication;
}

/* What the publisher still has to do; as a cleanup, also when a handler ends its thread. */
struct posting {
    weft_event_bus *bus;
    struct wefti_publication *publication;
    size_t started, called;
};

static void end_posting(struct posting *posting)
{
    struct wefti_publication *publication = posting->publication;
    for (; posting->started < publication->count; posting->started++)
        if (publication->letters[posting->started].starts)
            wefti_queue_give_up(publication->letters[posting->started].subscription);
    for (; posting->called < publication->count; posting->called++) {
        struct wefti_letter *letter = &publication->letters[posting->called];
        if (letter->direct)
            wefti_letter_drop_direct(letter->subscription);
    }
    wefti_publication_unref(posting->bus, publication);
}

static weft_status post(weft_event_bus *bus, struct wefti_publication *publication)
{
    struct posting posting __attribute__((cleanup(end_posting))) = {bus, publication, 0, 0};
    weft_status status = WEFT_OK;
    while (posting.started < publication->count) {
        struct wefti_letter *letter = &publication->letters[posting.started++];
        weft_status started = letter->starts ? wefti_queue_start(letter->subscription) : WEFT_OK;
        status = started != WEFT_OK ? started : status;
    }
    while (posting.called < publication->count) {
        struct wefti_letter *letter = &publication->letters[posting.called++];
        if (letter->direct)
            wefti_letter_call(letter);
    }
    return status;
}

weft_status weft_event_bus_publish(weft_event_bus *bus, const char *topic, const void *data,
                                   size_t size)
{
    if (bus == NULL || topic == NULL || (data == NULL && size > 0))
        return WEFT_VALUE_ERROR;
    weft_bus_event event = {.topic = topic, .data = data, .size = size};
    struct need need = look_around(bus, topic);
    weft_status status = WEFT_OK;
    for (;;) { /* again, if others have subscribed meanwhile */
        struct wefti_publication *publication = make_publication(need, &event);
        if (publication == NULL)
            return WEFT_NO_MEMORY;
        if (write_letters(bus, publication, topic, &need, &status)) {
            weft_status posted = post(bus, publication);
            return posted != WEFT_OK ? posted : status;
        }
        weft_free(publication);
    }
}
