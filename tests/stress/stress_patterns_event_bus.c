/* SPDX-License-Identifier: MIT */
/*
 * An event bus under load: threads publish, subscribe with and without an executor, cancel, join and
 * free, while handlers fail, publish and cancel themselves. No handler is called after its end, none of
 * an executor's runs twice at once or hears a publisher's events out of order, and every event that
 * found a handler is accounted for.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include <weft/patterns/patterns.h>

#include "interrupt.h"

enum { WORKERS = 5, PLACES = 8 };

struct load {
    weft_event_bus *bus;
    weft_executor *pool;
    atomic_int there; /* listeners */
    atomic_ullong heard;
    int64_t end;
};

struct news {
    int publisher;
    int number;
    int depth;
};

struct listener {
    struct load *load;
    bool by_executor;
    atomic_int inside;
    atomic_bool ended;
    int last[WORKERS + 1];
};

static void publish(struct load *load, struct news news)
{
    const char *topic = news.number % 2 == 0 ? "even.more" : "odd";
    weft_status status = weft_event_bus_publish(load->bus, topic, &news, sizeof news);
    WITNESS(status == WEFT_OK || status == WEFT_FULL);
}

static void *hear(const weft_bus_event *event, void *arg)
{
    struct listener *listener = arg;
    struct news news = *(const struct news *)event->data;
    WITNESS(!atomic_load(&listener->ended));
    int inside = atomic_fetch_add(&listener->inside, 1);
    atomic_fetch_add(&listener->load->heard, 1);
    if (listener->by_executor) {
        WITNESS(inside == 0);
        WITNESS(news.publisher == WORKERS || listener->last[news.publisher] < news.number);
        listener->last[news.publisher] = news.number;
    }
    if (news.number % 31 == 0 && news.depth == 0)
        publish(listener->load, (struct news){WORKERS, news.number + 1, 1});
    if (news.number % 53 == 0)
        WITNESS(weft_subscription_cancel(event->subscription) == WEFT_OK);
    if (news.number % 7 == 0)
        test_yield();
    atomic_fetch_sub(&listener->inside, 1);
    return news.number % 11 == 0 ? weft_raise(WEFT_USER, "now and then") : NULL;
}

static void end_listener(void *arg)
{
    struct listener *listener = arg;
    WITNESS(atomic_load(&listener->inside) == 0);
    WITNESS(!atomic_exchange(&listener->ended, true));
    atomic_fetch_sub(&listener->load->there, 1);
    free(listener);
}

static weft_subscription *subscribe(struct load *load, uint32_t how)
{
    static const char *topics[] = {"even.*", "odd", "*"};
    struct listener *listener = calloc(1, sizeof *listener);
    WITNESS(listener != NULL);
    listener->load = load;
    listener->by_executor = how % 2 == 0;
    for (int i = 0; i < WORKERS; i++)
        listener->last[i] = -1;
    atomic_fetch_add(&load->there, 1);
    weft_subscription *subscription = weft_event_bus_subscribe(
        load->bus, topics[how % 3], hear, listener, .free_arg = end_listener,
        .executor = listener->by_executor ? load->pool : NULL, .queue_size = how % 4 * 5);
    WITNESS(subscription != NULL);
    return subscription;
}

static void unsubscribe(weft_subscription *subscription, uint32_t how)
{
    WITNESS(weft_subscription_cancel(subscription) == WEFT_OK);
    if (how % 2 == 0) {
        weft_status status = weft_subscription_join(subscription);
        WITNESS(status == WEFT_OK || status == WEFT_INTERRUPTED);
    }
    weft_subscription_free(subscription);
}

struct worker {
    struct load *load;
    int number;
};

static void *work(void *arg)
{
    const struct worker *worker = arg;
    struct load *load = worker->load;
    uint64_t random = test_stress_random();
    weft_subscription *subscriptions[PLACES] = {NULL};
    for (int number = 0; test_clock() < load->end; number++) {
        uint32_t what = test_random(&random) % 1000;
        weft_subscription **place = &subscriptions[what % PLACES];
        if (what < 950) {
            publish(load, (struct news){worker->number, number, 0});
        } else if (*place == NULL) {
            *place = subscribe(load, test_random(&random));
        } else {
            unsubscribe(*place, test_random(&random));
            *place = NULL;
        }
    }
    for (int i = 0; i < PLACES; i++)
        if (subscriptions[i] != NULL)
            unsubscribe(subscriptions[i], 1);
    return NULL;
}

static void be_silent(struct weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    (void)arg;
    WITNESS(error->code == WEFT_USER);
}

TEST(no_handler_is_called_after_its_end_and_no_event_is_lost)
{
    struct load load = {.bus = weft_event_bus_new(), .pool = weft_executor_new(3)};
    load.end = test_clock() + test_stress_time();
    weft_set_excepthook(be_silent, NULL);
    struct worker workers[WORKERS];
    struct crew crew = {0};
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){&load, i};
        crew.threads[crew.size++] = weft_thread_spawn(work, &workers[i]);
    }
    (void)interrupt_at_random(&crew, load.end);
    crew_join(&crew);
    assert_int_equal(weft_event_bus_join(load.bus), WEFT_OK);
    weft_event_bus_stats stats;
    assert_int_equal(weft_event_bus_get_stats(load.bus, &stats), WEFT_OK);
    print_message("%llu published, %llu delivered, %llu failed, %llu dropped\n",
                  (unsigned long long)stats.published, (unsigned long long)stats.delivered,
                  (unsigned long long)stats.failed, (unsigned long long)stats.dropped);
    assert_int_equal(stats.delivered + stats.failed, atomic_load(&load.heard));
    assert_int_equal(stats.subscriptions, 0);
    assert_true(stats.delivered > 100);
    weft_event_bus_free(load.bus);
    assert_int_equal(weft_executor_shutdown(load.pool), WEFT_OK);
    weft_executor_free(load.pool);
    EVENTUALLY(atomic_load(&load.there) == 0);
    weft_set_excepthook(NULL, NULL);
}
