/* SPDX-License-Identifier: MIT */
/*
 * What an event bus is made of: event_bus.c begins and ends, event_bus_publish.c says who hears of an
 * event, event_bus_call.c calls the handlers.
 */
#ifndef PATTERNS_EVENT_BUS_H
#define PATTERNS_EVENT_BUS_H

#include <stdbool.h>

#include <weft/condition.h>
#include <weft/lock.h>
#include <weft/memory.h>
#include <weft/patterns/event_bus.h>
#include <weft/with.h>

/* An event for one subscription: a place of its publication's array. */
struct wefti_letter {
    weft_subscription *subscription; /* it has a reference */
    struct wefti_publication *publication;
    bool direct; /* the publisher calls the handler, and the letter is in no queue */
    bool starts; /* the publisher has to find an executor's task for the queue */
    struct wefti_letter *next;
};

/* An event on its way. In one block with it: the copies of its data and topic. */
struct wefti_publication {
    size_t references; /* the publisher, and letters that are queued or with their handler */
    weft_bus_event event;
    bool copied; /* the data, for executors */
    size_t places, count;
    struct wefti_letter letters[];
};

/*
 *     state     | leaves by
 *     ----------+-----------------------------------------------------------------------------------
 *     LIVE      | cancel: CANCELLED, and the queue is dropped
 *     CANCELLED | its last call's end, or cancel if none runs: ENDING
 *     ENDING    | free_arg has returned: ENDED
 *     ENDED     |
 */
enum wefti_subscription_state { WEFTI_LIVE, WEFTI_CANCELLED, WEFTI_ENDING, WEFTI_ENDED };

struct weft_subscription {
    weft_event_bus *bus;            /* it has a reference */
    weft_subscribe_options options; /* constant; the topic is the copy below */
    size_t references;              /* the program, the list, letters, the executor's task */
    enum wefti_subscription_state state;
    struct wefti_letter *queue;
    struct wefti_letter *last; /* of the queue, if there is one */
    bool drains;               /* a task empties the queue, or is about to */
    bool entered;              /* and has begun */
    weft_event_bus_stats stats;
    struct weft_subscription *prev, *next; /* in the bus's list, utlist.h's */
    char topic[];
};

/* A call of a handler; on the stack of its thread. */
struct wefti_call {
    weft_subscription *subscription;
    uint32_t thread;
    bool begun, returned, failed;
    struct wefti_call *prev, *next;
};

struct weft_event_bus {
    weft_lock lock;         /* guards what follows, and all of the subscriptions and publications */
    weft_condition changed; /* a call has ended, a queue is empty, a subscription has ended */
    weft_subscription *subscriptions; /* the LIVE ones, in the order of subscribing */
    struct wefti_call *calls;
    size_t references; /* the program, and the subscriptions */
    weft_event_bus_stats stats;
};

/* One reference less; the last frees. Without the lock. */
void wefti_bus_unref(weft_event_bus *bus);
void wefti_subscription_unref(weft_subscription *subscription);
void wefti_publication_unref(weft_event_bus *bus, struct wefti_publication *publication);

/* The calling thread's number; 0: it has none, for want of memory or at its end. */
uint32_t wefti_bus_thread(void);

/* The first of the queue, NULL: it is empty. With the lock. */
struct wefti_letter *wefti_letter_take(weft_subscription *subscription);

/* Takes all from the queue: they are dropped. With the lock. */
struct wefti_letter *wefti_letters_drop(weft_subscription *subscription);

/* What is left to do for letters that were taken out of a queue. Without the lock. */
void wefti_letters_end(weft_event_bus *bus, struct wefti_letter *letters);

/* Ends a cancelled subscription that no call runs of. Without the lock; the caller has a reference. */
void wefti_subscription_end(weft_subscription *subscription);

/* Counts an event that is not delivered. With the lock. */
void wefti_letter_drop(weft_subscription *subscription);

/* Calls the handler of a direct letter, unless it has been cancelled since; gives its reference up. */
void wefti_letter_call(const struct wefti_letter *letter);

/* The same for the letter that nobody will call the handler for: the publisher's thread ends. */
void wefti_letter_drop_direct(weft_subscription *subscription);

/* Submits the task that empties the queue; it has a reference, which is given up in any case. */
weft_status wefti_queue_start(weft_subscription *subscription);

/* There will be no such task: what is queued is dropped, and the task's reference given up. */
void wefti_queue_give_up(weft_subscription *subscription);

#endif
