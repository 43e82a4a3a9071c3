/* SPDX-License-Identifier: MIT */
/*
 * The event bus with handlers that an executor calls: one at a time, in order, and nothing is lost
 * without being counted.
 */
#include <pthread.h>

#include "tests/patterns/bus_help.h"

struct source {
    weft_event_bus *bus;
    atomic_int next; /* publisher */
};

enum { EVENTS = 200 };

static void *publish_some(void *arg)
{
    struct source *source = arg;
    int publisher = atomic_fetch_add(&source->next, 1);
    for (int i = 0; i < EVENTS; i++)
        WITNESS(publish(source->bus, "topic", publisher * EVENTS + i) == WEFT_OK);
    return NULL;
}

/* Each publisher's events are in order. */
static void check_order(const struct log *log, int publishers)
{
    int next[8] = {0};
    for (int i = 0; i < publishers * EVENTS; i++) {
        int number = log->numbers[i];
        assert_int_equal(number % EVENTS, next[number / EVENTS]++);
    }
}

TEST(events_come_one_by_one_in_the_order_of_publishing)
{
    static struct log logs[2];
    struct listener listeners[] = {{&logs[0], .name = 0}, {&logs[1], .name = 0}};
    weft_executor *pool = weft_executor_new(4);
    struct source source = {weft_event_bus_new(), 0};
    for (int i = 0; i < 2; i++)
        weft_subscription_free(
            weft_event_bus_subscribe(source.bus, "*", listen, &listeners[i], .executor = pool));
    weft_executor_free(pool); /* the subscriptions have it */
    struct crew crew = crew_start(3, publish_some, &source);
    crew_join(&crew);
    assert_int_equal(weft_event_bus_join(source.bus), WEFT_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(atomic_load(&logs[i].length), 3 * EVENTS);
        assert_int_equal(atomic_load(&listeners[i].most), 1);
    }
    check_order(&logs[0], 3);
    assert_memory_equal(logs[0].numbers, logs[1].numbers, sizeof logs[0].numbers);
    assert_int_equal(bus_stats(source.bus).delivered, 2 * 3 * EVENTS);
    weft_event_bus_free(source.bus);
}

/* A bus with one listener that is held up. */
struct scene {
    struct log log;
    weft_event go;
    struct listener listener;
    weft_executor *pool;
    weft_event_bus *bus;
    weft_subscription *subscription;
};

static void set_scene(struct scene *scene, size_t queue_size)
{
    *scene = (struct scene){.pool = weft_executor_new(1), .bus = weft_event_bus_new()};
    scene->listener = (struct listener){&scene->log, .name = 0, .go = &scene->go};
    scene->subscription =
        weft_event_bus_subscribe(scene->bus, "*", listen, &scene->listener, .executor = scene->pool,
                                 .queue_size = queue_size, .free_arg = free_listener);
    assert_non_null(scene->subscription);
    assert_int_equal(publish(scene->bus, "topic", 0), WEFT_OK);
    EVENTUALLY(stats_of(scene->subscription).running == 1);
}

static void strike_scene(struct scene *scene)
{
    weft_subscription_free(scene->subscription);
    weft_event_bus_free(scene->bus);
    weft_executor_shutdown(scene->pool);
    weft_executor_free(scene->pool);
    assert_int_equal(atomic_load(&scene->listener.freed), 1);
}

TEST(an_executors_handler_sees_a_copy)
{
    struct scene scene;
    set_scene(&scene, 0);
    char topic[] = "topic";
    int number = 1;
    assert_int_equal(weft_event_bus_publish(scene.bus, topic, &number, sizeof number), WEFT_OK);
    number = 2;
    topic[0] = 'x';
    weft_event_set(&scene.go);
    assert_int_equal(weft_event_bus_join(scene.bus), WEFT_OK);
    assert_int_equal(scene.log.numbers[1], 1);
    strike_scene(&scene);
}

TEST(who_does_not_keep_up_loses_events)
{
    struct scene scene;
    set_scene(&scene, 2);
    struct log log = {0};
    struct listener other = {&log, .name = 0};
    weft_subscription_free(weft_event_bus_subscribe(scene.bus, "*", listen, &other));
    assert_int_equal(publish(scene.bus, "topic", 1), WEFT_OK);
    assert_int_equal(publish(scene.bus, "topic", 2), WEFT_OK);
    assert_int_equal(publish(scene.bus, "topic", 3), WEFT_FULL);
    assert_int_equal(atomic_load(&log.length), 3); /* the others have it */
    assert_int_equal(stats_of(scene.subscription).dropped, 1);
    assert_int_equal(stats_of(scene.subscription).queued, 2);
    weft_event_set(&scene.go);
    assert_int_equal(weft_event_bus_join(scene.bus), WEFT_OK);
    assert_int_equal(atomic_load(&scene.log.length), 3);
    assert_int_equal(publish(scene.bus, "topic", 4), WEFT_OK);
    assert_int_equal(weft_event_bus_join(scene.bus), WEFT_OK);
    assert_int_equal(scene.log.numbers[3], 4);
    strike_scene(&scene);
}

TEST(a_cancel_drops_what_is_queued)
{
    struct scene scene;
    set_scene(&scene, 0);
    assert_int_equal(publish(scene.bus, "topic", 1), WEFT_OK);
    assert_int_equal(publish(scene.bus, "topic", 2), WEFT_OK);
    assert_int_equal(weft_subscription_cancel(scene.subscription), WEFT_OK);
    assert_int_equal(bus_stats(scene.bus).queued, 0);
    assert_int_equal(stats_of(scene.subscription).dropped, 2);
    assert_int_equal(atomic_load(&scene.listener.freed), 0);
    weft_event_set(&scene.go);
    assert_int_equal(weft_subscription_join(scene.subscription), WEFT_OK);
    assert_int_equal(atomic_load(&scene.log.length), 1);
    assert_int_equal(stats_of(scene.subscription).published, 3);
    strike_scene(&scene);
}

TEST(a_bus_may_end_while_a_handler_runs)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    struct scene scene;
    set_scene(&scene, 0);
    assert_int_equal(publish(scene.bus, "topic", 1), WEFT_OK);
    weft_event_bus_free(scene.bus);
    assert_int_equal(weft_subscription_join_for(scene.subscription, 0), WEFT_TIMEOUT);
    weft_event_set(&scene.go);
    assert_int_equal(weft_subscription_join(scene.subscription), WEFT_OK);
    assert_int_equal(atomic_load(&scene.log.length), 1);
    assert_int_equal(atomic_load(&scene.listener.freed), 1);
    weft_subscription_free(scene.subscription);
    weft_executor_shutdown(scene.pool);
    weft_executor_free(scene.pool);
    faulty_memory_end(&memory);
}

static weft_status joined;

static void *join_the_bus(const weft_bus_event *event, void *arg)
{
    (void)event;
    joined = weft_event_bus_join(arg);
    return weft_raise_text(WEFT_USER, "for the hook");
}

static void drop(struct weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    (void)error;
    atomic_fetch_add((atomic_int *)arg, 1);
}

TEST(an_executors_handler_may_fail_and_does_not_join)
{
    atomic_int hooked = 0;
    weft_set_excepthook(drop, &hooked);
    weft_event_bus *bus = weft_event_bus_new();
    weft_executor *pool = weft_executor_new(1);
    weft_subscription_free(weft_event_bus_subscribe(bus, "*", join_the_bus, bus, .executor = pool));
    assert_int_equal(publish(bus, "topic", 1), WEFT_OK);
    assert_int_equal(weft_event_bus_join(bus), WEFT_OK);
    assert_int_equal(joined, WEFT_DEADLOCK);
    assert_int_equal(atomic_load(&hooked), 1);
    assert_int_equal(bus_stats(bus).failed, 1);
    weft_set_excepthook(NULL, NULL);
    weft_event_bus_free(bus);
    weft_executor_free(pool);
}

/* ---- executors that do not serve ------------------------------------------------------------- */

TEST(what_an_executor_refuses_is_dropped)
{
    struct scene scene;
    set_scene(&scene, 0);
    struct log log = {0};
    struct listener other = {&log, .name = 0};
    weft_subscription_free(weft_event_bus_subscribe(scene.bus, "*", listen, &other));
    weft_event_set(&scene.go);
    assert_int_equal(weft_event_bus_join(scene.bus), WEFT_OK);
    assert_int_equal(weft_executor_shutdown(scene.pool), WEFT_OK);
    for (int i = 1; i <= 2; i++) {
        assert_int_equal(publish(scene.bus, "topic", i), WEFT_SHUTDOWN);
        assert_int_equal(stats_of(scene.subscription).dropped, i);
        assert_int_equal(atomic_load(&log.length), i);
    }
    assert_int_equal(weft_event_bus_join(scene.bus), WEFT_OK);
    strike_scene(&scene);
}

static void *wait_for_go(void *arg)
{
    WITNESS(weft_event_wait(arg) == WEFT_OK);
    return NULL;
}

TEST(what_a_cancelled_task_would_have_delivered_is_dropped)
{
    struct log log = {0};
    struct listener listener = {&log, .name = 0};
    weft_event go = WEFT_EVENT_INIT;
    weft_event_bus *bus = weft_event_bus_new();
    weft_executor *pool = weft_executor_new(1);
    weft_future *busy = weft_executor_submit(pool, wait_for_go, &go);
    weft_subscription *subscription =
        weft_event_bus_subscribe(bus, "*", listen, &listener, .executor = pool);
    EVENTUALLY(weft_future_running(busy));
    assert_int_equal(publish(bus, "topic", 1), WEFT_OK);
    assert_int_equal(publish(bus, "topic", 2), WEFT_OK);
    assert_int_equal(weft_executor_shutdown(pool, .cancel_futures = true, .no_wait = true),
                     WEFT_OK);
    assert_int_equal(weft_event_bus_join(bus), WEFT_OK);
    assert_int_equal(stats_of(subscription).dropped, 2);
    weft_event_set(&go);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    weft_future_free(busy);
    weft_subscription_free(subscription);
    weft_event_bus_free(bus);
    weft_executor_free(pool);
}

static void *end_its_thread_once(const weft_bus_event *event, void *arg)
{
    if (*(const int *)event->data == 1)
        pthread_exit(NULL);
    return listen(event, arg);
}

TEST(a_handler_that_ends_its_thread_costs_one_event)
{
    struct log log = {0};
    struct listener listener = {&log, .name = 0};
    weft_event go = WEFT_EVENT_INIT;
    weft_event_bus *bus = weft_event_bus_new();
    weft_executor *pool = weft_executor_new(1);
    weft_future *busy = weft_executor_submit(pool, wait_for_go, &go);
    weft_subscription *subscription =
        weft_event_bus_subscribe(bus, "*", end_its_thread_once, &listener, .executor = pool);
    for (int i = 0; i < 4; i++)
        assert_int_equal(publish(bus, "topic", i), WEFT_OK);
    weft_event_set(&go);
    assert_int_equal(weft_event_bus_join(bus), WEFT_OK);
    assert_int_equal(stats_of(subscription).failed, 1);
    assert_int_equal(stats_of(subscription).delivered, 3);
    const int expected[] = {0, 2, 3};
    assert_memory_equal(log.numbers, expected, sizeof expected);
    weft_future_free(busy);
    weft_subscription_free(subscription);
    weft_event_bus_free(bus);
    weft_executor_free(pool);
}

/* Whether memory failed; every event is delivered, dropped and counted, or refused. */
static bool use_a_bus(void)
{
    static struct log log;
    struct listener listener = {&log, .name = 0};
    atomic_store(&log.length, 0);
    weft_executor *pool = weft_executor_new(1);
    weft_event_bus *bus = weft_event_bus_new();
    bool failed = pool == NULL || bus == NULL;
    weft_subscription *subscription = NULL;
    if (!failed)
        subscription = weft_event_bus_subscribe(bus, "*", listen, &listener, .executor = pool);
    failed = failed || subscription == NULL;
    if (!failed) {
        uint64_t found = 0;
        for (int i = 0; i < 3; i++) {
            weft_status status = publish(bus, "topic", i);
            bool refused = stats_of(subscription).published == found;
            assert_true(status == WEFT_NO_MEMORY || !refused);
            failed = failed || status != WEFT_OK;
            found += !refused;
        }
        assert_int_equal(weft_event_bus_join(bus), WEFT_OK);
        weft_event_bus_stats stats = stats_of(subscription);
        assert_int_equal(stats.published, found);
        assert_int_equal(stats.delivered + stats.dropped, stats.published);
        assert_int_equal(atomic_load(&log.length), stats.delivered);
    }
    weft_subscription_free(subscription);
    weft_event_bus_free(bus);
    if (pool != NULL)
        weft_executor_shutdown(pool);
    weft_executor_free(pool);
    return failed;
}

TEST(without_memory_every_event_is_accounted_for)
{
    int since_failure = 0;
    for (size_t fail_at = 1; since_failure < 5; fail_at++) {
        struct faulty_memory memory = {.fail_at = fail_at};
        faulty_memory_begin(&memory);
        since_failure = use_a_bus() ? 0 : since_failure + 1;
        faulty_memory_end(&memory);
    }
}
