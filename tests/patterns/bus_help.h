/* SPDX-License-Identifier: MIT */
/*
 * Handlers of events: what they have heard, and in which order.
 */
#ifndef TESTS_PATTERNS_BUS_HELP_H
#define TESTS_PATTERNS_BUS_HELP_H

#include <stdatomic.h>
#include <string.h>

#include <weft/patterns/patterns.h>

#include "faulty_memory.h"

enum { HEARD = 4096 };

/* Events carry an int. The log may be shared by handlers that are called one after another. */
struct log {
    atomic_int length;
    int numbers[HEARD];
};

struct listener {
    struct log *log; /* gets `name` and the event's number: name * 1000 + number */
    int name;
    weft_event *go;    /* each call waits for it, if it is there */
    atomic_int inside; /* calls */
    atomic_int most;   /* that were there at once */
    atomic_int freed;
};

static inline void *listen(const weft_bus_event *event, void *arg)
{
    struct listener *listener = arg;
    int inside = atomic_fetch_add(&listener->inside, 1) + 1;
    if (inside > atomic_load(&listener->most))
        atomic_store(&listener->most, inside);
    WITNESS(atomic_load(&listener->freed) == 0);
    WITNESS(event->size == sizeof(int));
    if (listener->go != NULL)
        WITNESS(weft_event_wait(listener->go) == WEFT_OK);
    int number;
    memcpy(&number, event->data, sizeof number);
    int place = atomic_fetch_add(&listener->log->length, 1);
    listener->log->numbers[place] = listener->name * 1000 + number;
    atomic_fetch_sub(&listener->inside, 1);
    return NULL;
}

static inline void free_listener(void *arg)
{
    struct listener *listener = arg;
    WITNESS(atomic_load(&listener->inside) == 0);
    atomic_fetch_add(&listener->freed, 1);
}

static inline weft_status publish(weft_event_bus *bus, const char *topic, int number)
{
    return weft_event_bus_publish(bus, topic, &number, sizeof number);
}

static inline weft_event_bus_stats bus_stats(weft_event_bus *bus)
{
    weft_event_bus_stats stats;
    assert_int_equal(weft_event_bus_get_stats(bus, &stats), WEFT_OK);
    return stats;
}

static inline weft_event_bus_stats stats_of(weft_subscription *subscription)
{
    weft_event_bus_stats stats;
    assert_int_equal(weft_subscription_get_stats(subscription, &stats), WEFT_OK);
    return stats;
}

#endif
