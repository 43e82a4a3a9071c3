/* SPDX-License-Identifier: MIT */
/**
 * @file event_bus.h
 * @brief An event bus: who publishes need not know who listens.
 *
 * @code
 *     static void *on_paid(const weft_bus_event *event, void *arg)
 *     {
 *         const struct order *order = event->data;
 *         return write_to(arg, order) ? NULL : weft_raise(WEFT_USER + 1, "disk full");
 *     }
 *
 *     weft_event_bus *bus = weft_event_bus_new();
 *     weft_subscription *paid = weft_event_bus_subscribe(bus, "order.paid", on_paid, ledger);
 *     weft_subscription_free(weft_event_bus_subscribe(bus, "order.*", log_it, NULL, .executor = pool));
 *     weft_event_bus_publish(bus, "order.paid", &order, sizeof order);
 *     weft_subscription_cancel(paid);
 *     weft_event_bus_free(bus);
 * @endcode
 * A handler without an executor is called by publish itself, in the publisher's thread, before that
 * returns; by several publishers at the same time. It may publish, and is then called inside itself.
 *
 * A handler with an executor has a queue. Its calls are made by tasks of the executor, one at a time,
 * in the order of publishing, which is the same for all; it sees a copy of the data. So it keeps at
 * most one worker busy, and never makes a publisher wait.
 *
 * A handler that fails harms nobody: the error goes to the excepthook, the others are called. Handlers
 * of one event are called, or queued, in the order of their subscribing.
 *
 * A topic is any text; a subscription's may end in `*`, which stands for any rest: "*" hears all.
 * There is no other pattern: more would be a language of its own.
 *
 * Every call is thread-safe; a publish is O(subscriptions of the bus). Handlers are called without any
 * lock and may make every call, unless it says otherwise. None may be made from a signal handler, nor
 * in the child of a fork on a bus of the parent's. NULL is #WEFT_VALUE_ERROR. Python has no such class.
 */
#ifndef WEFT_PATTERNS_EVENT_BUS_H
#define WEFT_PATTERNS_EVENT_BUS_H

#include <stddef.h>
#include <stdint.h>

#include <weft/error.h>
#include <weft/executor.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** A bus; opaque. */
typedef struct weft_event_bus weft_event_bus;

/** A subscription; opaque. */
typedef struct weft_subscription weft_subscription;

/** What a handler is called with; all of it is lent until it returns. */
typedef struct weft_bus_event {
    const char *topic;               /**< As published. */
    const void *data;                /**< The publisher's, or a copy, aligned for any type. */
    size_t size;                     /**< Its size in bytes. */
    weft_subscription *subscription; /**< The handler's own. */
} weft_bus_event;

/** A handler. It fails if it returns #WEFT_RAISED; what else it returns is ignored. */
typedef void *weft_event_handler(const weft_bus_event *event, void *arg);

/** Makes a bus. @return NULL: weft_last_status() is WEFT_NO_MEMORY. */
WEFT_API WEFT_CHECKED weft_event_bus *weft_event_bus_new(void);

/**
 * Cancels all subscriptions, and gives the bus up; NULL is allowed. Waits for no handler. What is
 * queued is dropped: see weft_event_bus_join(). No other call on the bus may be under way or come, but
 * handlers may still run, and subscriptions still be joined and freed.
 */
WEFT_API void weft_event_bus_free(weft_event_bus *bus);

/** The arguments of weft_event_bus_subscribe(). Zero is the default of every one but the first three. */
typedef struct weft_subscribe_options {
    size_t struct_size; /**< sizeof(weft_subscribe_options), set by the macro. */
    weft_event_bus *bus;
    const char *topic;           /**< What it hears; copied. */
    weft_event_handler *handler; /**< What is called; must not be NULL. */
    void *arg;                   /**< What it is called with. */
    weft_executor
        *executor; /**< Who calls it; NULL: the publisher. The subscription has a reference. */
    size_t
        queue_size; /**< So many events may wait for the executor, later ones are dropped; 0: any. */
    void (*free_arg)(
        void *arg); /**< Called once, when it will never be called again and no call runs. */
} weft_subscribe_options;

/**
 * Has a handler called for every event that is published from now on:
 * `weft_event_bus_subscribe(bus, "order.*", handler, arg, .executor = pool)`
 * @return the subscription, one reference of the caller's. NULL: weft_last_status() is WEFT_NO_MEMORY,
 *         or WEFT_VALUE_ERROR for no bus, topic or handler.
 */
#define weft_event_bus_subscribe(...)                                                              \
    weft_event_bus_subscribe_with(&(const weft_subscribe_options){                                 \
        .struct_size = sizeof(weft_subscribe_options), __VA_ARGS__})

/** The function behind weft_event_bus_subscribe(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_subscription *
weft_event_bus_subscribe_with(const weft_subscribe_options *options);

/** Gives the reference up; NULL is allowed. The subscription stays, as long as the bus. */
WEFT_API void weft_subscription_free(weft_subscription *subscription);

/**
 * Ends it: after this call no new call of the handler begins; one that has begun in another thread may
 * still run. What is queued is dropped. A handler may cancel its own subscription. Again: no effect.
 */
WEFT_API weft_status weft_subscription_cancel(weft_subscription *subscription);

/**
 * Waits until no call of a cancelled handler runs and its `free_arg` has returned. Two handlers that
 * join each other wait for ever.
 * @return WEFT_OK; WEFT_RUNTIME: it is not cancelled; WEFT_DEADLOCK, at once: the caller is inside
 *         that handler; WEFT_INTERRUPTED.
 */
WEFT_API weft_status weft_subscription_join(weft_subscription *subscription);

/** The same, for at most @p seconds: also WEFT_TIMEOUT, and WEFT_VALUE_ERROR for NaN. */
WEFT_API WEFT_CHECKED weft_status weft_subscription_join_for(weft_subscription *subscription,
                                                             double seconds);

/**
 * Publishes an event: calls the handlers that the publisher calls, and queues it for the others.
 * @param data @p size bytes; they are copied for executors' handlers, so what they point to has to live
 *        on. NULL if @p size is 0.
 * @return WEFT_OK: all have it, or there is nobody; WEFT_NO_MEMORY: nobody has it. The others mean that
 *         all have it but for some that have dropped it: WEFT_FULL: a queue is full; what an executor
 *         has said (weft_executor_submit(): WEFT_SHUTDOWN ...): all in that queue is dropped.
 */
WEFT_API weft_status weft_event_bus_publish(weft_event_bus *bus, const char *topic,
                                            const void *data, size_t size);

/**
 * Waits until at one moment no event is queued and no handler runs.
 * @return WEFT_OK; WEFT_DEADLOCK, at once: the caller is inside a handler; WEFT_INTERRUPTED.
 */
WEFT_API weft_status weft_event_bus_join(weft_event_bus *bus);

/** The same, for at most @p seconds: also WEFT_TIMEOUT, and WEFT_VALUE_ERROR for NaN. */
WEFT_API WEFT_CHECKED weft_status weft_event_bus_join_for(weft_event_bus *bus, double seconds);

/** One moment of a bus, or of a subscription. delivered + failed + dropped + running + queued are all
 * events that found it. */
typedef struct weft_event_bus_stats {
    uint64_t published; /**< Events; of a subscription: those that found it. */
    uint64_t delivered; /**< Calls of handlers that have returned, */
    uint64_t failed;    /**< or failed, or ended their thread. */
    uint64_t dropped;   /**< Events that found a handler and were not delivered. */
    size_t queued;      /**< Events that wait for an executor. */
    size_t running;     /**< Calls that run. */
    size_t subscriptions;
} weft_event_bus_stats;

/** All of it. WEFT_OK; WEFT_VALUE_ERROR. */
WEFT_API weft_status weft_event_bus_get_stats(weft_event_bus *bus, weft_event_bus_stats *stats);
WEFT_API weft_status weft_subscription_get_stats(weft_subscription *subscription,
                                                 weft_event_bus_stats *stats);

WEFT_END_DECLS

#endif
