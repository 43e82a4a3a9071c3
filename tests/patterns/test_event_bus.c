/* SPDX-License-Identifier: MIT */
/*
 * The event bus: who hears what, in which order, and how a subscription ends. Handlers that an
 * executor calls are in test_event_bus_executor.c.
 */
#include <math.h>
#include <pthread.h>

#include "tests/patterns/bus_help.h"

/* ---- who hears what -------------------------------------------------------------------------- */

TEST(all_who_hear_the_topic_are_called_in_the_order_of_subscribing)
{
    struct log log = {0};
    struct listener listeners[] = {
        {&log, .name = 1}, {&log, .name = 2}, {&log, .name = 3}, {&log, .name = 4}};
    const char *topics[] = {"order.paid", "*", "order.sent", "order.*"};
    weft_event_bus *bus = weft_event_bus_new();
    weft_subscription *subscriptions[4];
    for (int i = 0; i < 4; i++) {
        subscriptions[i] = weft_event_bus_subscribe(bus, topics[i], listen, &listeners[i]);
        assert_non_null(subscriptions[i]);
    }
    assert_int_equal(publish(bus, "order.paid", 7), WEFT_OK);
    assert_int_equal(publish(bus, "stock", 8), WEFT_OK);
    const int expected[] = {1007, 2007, 4007, 2008};
    assert_int_equal(atomic_load(&log.length), 4);
    assert_memory_equal(log.numbers, expected, sizeof expected);
    assert_int_equal(bus_stats(bus).published, 2);
    assert_int_equal(bus_stats(bus).delivered, 4);
    assert_int_equal(bus_stats(bus).subscriptions, 4);
    assert_int_equal(stats_of(subscriptions[1]).delivered, 2);
    assert_int_equal(stats_of(subscriptions[2]).published, 0);
    for (int i = 0; i < 4; i++)
        weft_subscription_free(subscriptions[i]);
    weft_event_bus_free(bus);
}

TEST(a_star_at_the_end_stands_for_any_rest)
{
    static const struct {
        const char *pattern, *topic;
        bool heard;
    } cases[] = {{"a", "a", true},    {"a", "b", false}, {"a", "ab", false},
                 {"ab", "a", false},  {"a*", "a", true}, {"a*", "ab", true},
                 {"a*", "ba", false}, {"*", "", true},   {"*", "any", true},
                 {"", "", true},      {"", "a", false},  {"a*b", "axb", false},
                 {"a*b", "a*b", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct log log = {0};
        struct listener listener = {&log, .name = 0};
        weft_event_bus *bus = weft_event_bus_new();
        weft_subscription_free(weft_event_bus_subscribe(bus, cases[i].pattern, listen, &listener));
        assert_int_equal(publish(bus, cases[i].topic, 1), WEFT_OK);
        assert_int_equal(atomic_load(&log.length), cases[i].heard);
        weft_event_bus_free(bus);
    }
}

static weft_bus_event seen;
static char seen_topic[16];

static void *look(const weft_bus_event *event, void *arg)
{
    seen = *event;
    strcpy(seen_topic, event->topic);
    *(weft_status *)arg = WEFT_OK;
    return &seen; /* nobody wants it */
}

TEST(a_handler_sees_topic_data_and_subscription)
{
    weft_status called = WEFT_EMPTY;
    char data[] = "some";
    weft_event_bus *bus = weft_event_bus_new();
    weft_subscription *subscription = weft_event_bus_subscribe(bus, "*", look, &called);
    assert_int_equal(weft_event_bus_publish(bus, "topic", data, 4), WEFT_OK);
    assert_int_equal(called, WEFT_OK);
    assert_string_equal(seen_topic, "topic");
    assert_ptr_equal(seen.data, data); /* no copy for the publisher's own calls */
    assert_int_equal(seen.size, 4);
    assert_ptr_equal(seen.subscription, subscription);
    assert_int_equal(weft_event_bus_publish(bus, "none", NULL, 0), WEFT_OK);
    assert_null(seen.data);
    weft_subscription_free(subscription);
    weft_event_bus_free(bus);
}

static weft_status hooked;

static void note(struct weft_thread *thread, const weft_error *error, void *arg)
{
    WITNESS(thread == weft_thread_current() && arg == &hooked);
    hooked = error->code;
}

static void *break_down(const weft_bus_event *event, void *arg)
{
    (void)arg;
    return weft_raise(WEFT_USER + 5, "no %s", event->topic);
}

TEST(a_handler_that_fails_harms_nobody)
{
    struct log log = {0};
    struct listener listener = {&log, .name = 0};
    weft_event_bus *bus = weft_event_bus_new();
    weft_set_excepthook(note, &hooked);
    weft_subscription *failing = weft_event_bus_subscribe(bus, "*", break_down, NULL);
    weft_subscription_free(weft_event_bus_subscribe(bus, "*", listen, &listener));
    assert_int_equal(publish(bus, "topic", 1), WEFT_OK);
    assert_int_equal(publish(bus, "topic", 2), WEFT_OK);
    assert_int_equal(hooked, WEFT_USER + 5);
    assert_int_equal(atomic_load(&log.length), 2);
    assert_int_equal(stats_of(failing).failed, 2);
    assert_int_equal(stats_of(failing).delivered, 0);
    assert_int_equal(bus_stats(bus).delivered, 2);
    weft_set_excepthook(NULL, NULL);
    weft_subscription_free(failing);
    weft_event_bus_free(bus);
}

/* ---- handlers that use the bus --------------------------------------------------------------- */

struct tree {
    weft_event_bus *bus;
    int calls;
    weft_subscription *other;
    weft_status joins[3];
};

static void *publish_once_more(const weft_bus_event *event, void *arg)
{
    struct tree *tree = arg;
    int depth = *(const int *)event->data;
    tree->calls++;
    WITNESS(depth == 0 || publish(tree->bus, "again", depth - 1) == WEFT_OK);
    return NULL;
}

TEST(a_handler_may_publish)
{
    struct tree tree = {.bus = weft_event_bus_new()};
    weft_subscription_free(weft_event_bus_subscribe(tree.bus, "again", publish_once_more, &tree));
    assert_int_equal(publish(tree.bus, "again", 5), WEFT_OK);
    assert_int_equal(tree.calls, 6);
    weft_event_bus_free(tree.bus);
}

static void *cancel_both(const weft_bus_event *event, void *arg)
{
    struct tree *tree = arg;
    tree->calls++;
    WITNESS(weft_subscription_cancel(event->subscription) == WEFT_OK);
    WITNESS(weft_subscription_cancel(tree->other) == WEFT_OK);
    WITNESS(weft_subscription_join(tree->other) == WEFT_OK); /* it does not run */
    tree->joins[0] = weft_subscription_join(event->subscription);
    tree->joins[1] = weft_event_bus_join(tree->bus);
    tree->joins[2] = weft_subscription_join_for(event->subscription, 0.5);
    return NULL;
}

TEST(a_handler_may_cancel_itself_and_others)
{
    struct log log = {0};
    struct listener listener = {&log, .name = 0};
    struct tree tree = {.bus = weft_event_bus_new()};
    weft_subscription *own = weft_event_bus_subscribe(tree.bus, "*", cancel_both, &tree);
    tree.other =
        weft_event_bus_subscribe(tree.bus, "*", listen, &listener, .free_arg = free_listener);
    assert_int_equal(publish(tree.bus, "topic", 1), WEFT_OK);
    assert_int_equal(publish(tree.bus, "topic", 2), WEFT_OK);
    assert_int_equal(tree.calls, 1);
    assert_int_equal(atomic_load(&log.length), 0);
    assert_int_equal(atomic_load(&listener.freed), 1);
    for (int i = 0; i < 3; i++)
        assert_int_equal(tree.joins[i], WEFT_DEADLOCK);
    assert_int_equal(stats_of(tree.other).dropped, 1);
    assert_int_equal(bus_stats(tree.bus).subscriptions, 0);
    assert_int_equal(weft_subscription_join(own), WEFT_OK);
    weft_subscription_free(own);
    weft_subscription_free(tree.other);
    weft_event_bus_free(tree.bus);
}

static void *subscribe_another(const weft_bus_event *event, void *arg)
{
    struct tree *tree = arg;
    tree->calls++;
    if (*(const int *)event->data == 1)
        weft_subscription_free(weft_event_bus_subscribe(tree->bus, "*", subscribe_another, tree));
    return NULL;
}

TEST(who_subscribes_hears_of_the_next_event)
{
    struct tree tree = {.bus = weft_event_bus_new()};
    weft_subscription_free(weft_event_bus_subscribe(tree.bus, "*", subscribe_another, &tree));
    assert_int_equal(publish(tree.bus, "topic", 1), WEFT_OK);
    assert_int_equal(tree.calls, 1);
    assert_int_equal(publish(tree.bus, "topic", 2), WEFT_OK);
    assert_int_equal(tree.calls, 3);
    weft_event_bus_free(tree.bus);
}

/* ---- cancel and join ------------------------------------------------------------------------- */

static void *publish_from_a_thread(void *arg)
{
    WITNESS(publish(arg, "topic", 1) == WEFT_OK);
    return NULL;
}

TEST(a_join_waits_for_the_calls_that_run)
{
    struct log log = {0};
    weft_event go = WEFT_EVENT_INIT;
    struct listener listener = {&log, .name = 0, .go = &go};
    weft_event_bus *bus = weft_event_bus_new();
    weft_subscription *subscription =
        weft_event_bus_subscribe(bus, "*", listen, &listener, .free_arg = free_listener);
    assert_int_equal(weft_subscription_join(subscription), WEFT_RUNTIME);
    struct crew crew = crew_start(2, publish_from_a_thread, bus);
    EVENTUALLY(bus_stats(bus).running == 2);
    assert_int_equal(stats_of(subscription).running, 2);
    assert_int_equal(weft_event_bus_join_for(bus, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_subscription_cancel(subscription), WEFT_OK); /* does not wait */
    int64_t start = test_clock();
    assert_int_equal(weft_subscription_join_for(subscription, 0.01), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 10000000);
    assert_int_equal(weft_thread_interrupt(weft_thread_current()), WEFT_OK);
    assert_int_equal(weft_subscription_join(subscription), WEFT_INTERRUPTED);
    assert_int_equal(weft_subscription_join_for(subscription, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_bus_join_for(bus, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(atomic_load(&listener.freed), 0);
    assert_int_equal(publish(bus, "topic", 2), WEFT_OK); /* nobody hears it */
    weft_event_set(&go);
    assert_int_equal(weft_subscription_join(subscription), WEFT_OK);
    assert_int_equal(atomic_load(&listener.freed), 1);
    assert_int_equal(atomic_load(&log.length), 2);
    crew_join(&crew);
    assert_int_equal(weft_event_bus_join(bus), WEFT_OK);
    assert_int_equal(weft_subscription_cancel(subscription), WEFT_OK); /* again */
    assert_int_equal(weft_subscription_join(subscription), WEFT_OK);
    assert_int_equal(atomic_load(&listener.freed), 1);
    weft_subscription_free(subscription);
    weft_event_bus_free(bus);
}

TEST(publishers_do_not_wait_for_each_other)
{
    struct log log = {0};
    weft_event go = WEFT_EVENT_INIT;
    struct listener listener = {&log, .name = 0, .go = &go};
    weft_event_bus *bus = weft_event_bus_new();
    weft_subscription_free(weft_event_bus_subscribe(bus, "*", listen, &listener));
    struct crew crew = crew_start(3, publish_from_a_thread, bus);
    EVENTUALLY(atomic_load(&listener.inside) == 3);
    weft_event_set(&go);
    crew_join(&crew);
    weft_event_bus_free(bus);
}

static void *end_its_thread(const weft_bus_event *event, void *arg)
{
    (void)event;
    (void)arg;
    pthread_exit(NULL);
}

TEST(a_handler_that_ends_the_publisher_has_failed)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    struct log log = {0};
    struct listener listener = {&log, .name = 0};
    weft_event_bus *bus = weft_event_bus_new();
    weft_subscription *ending = weft_event_bus_subscribe(bus, "*", end_its_thread, NULL);
    weft_subscription *behind = weft_event_bus_subscribe(bus, "*", listen, &listener);
    struct crew crew = crew_start(1, publish_from_a_thread, bus);
    crew_join(&crew);
    assert_int_equal(stats_of(ending).failed, 1);
    assert_int_equal(stats_of(behind).dropped, 1);
    assert_int_equal(bus_stats(bus).running, 0);
    weft_subscription_free(ending);
    weft_subscription_free(behind);
    weft_event_bus_free(bus);
    faulty_memory_end(&memory);
}

/* ---- begin and end --------------------------------------------------------------------------- */

TEST(what_ends_with_the_bus_is_freed_once)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    struct log log = {0};
    struct listener listeners[2] = {{&log, .name = 0}, {&log, .name = 1}};
    weft_event_bus *bus = weft_event_bus_new();
    weft_subscription *kept =
        weft_event_bus_subscribe(bus, "a", listen, &listeners[0], .free_arg = free_listener);
    weft_subscription_free(
        weft_event_bus_subscribe(bus, "b", listen, &listeners[1], .free_arg = free_listener));
    weft_event_bus_free(bus);
    assert_int_equal(atomic_load(&listeners[0].freed), 1);
    assert_int_equal(atomic_load(&listeners[1].freed), 1);
    assert_int_equal(weft_subscription_cancel(kept), WEFT_OK);
    assert_int_equal(weft_subscription_join(kept), WEFT_OK);
    assert_int_equal(stats_of(kept).subscriptions, 0);
    weft_subscription_free(kept);
    faulty_memory_end(&memory);
}

TEST(arguments_out_of_range_are_refused)
{
    weft_event_bus *bus = weft_event_bus_new();
    const weft_subscribe_options bad[] = {
        {.topic = "a", .handler = look},
        {.bus = bus, .handler = look},
        {.bus = bus, .topic = "a"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        weft_set_last_status(WEFT_OK);
        assert_null(weft_event_bus_subscribe_with(&bad[i]));
        assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    }
    weft_event_bus_stats stats;
    assert_null(weft_event_bus_subscribe_with(NULL));
    assert_int_equal(weft_event_bus_publish(NULL, "a", NULL, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_bus_publish(bus, NULL, NULL, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_bus_publish(bus, "a", NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_bus_join(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_subscription_join(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_subscription_cancel(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_bus_get_stats(bus, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_bus_get_stats(NULL, &stats), WEFT_VALUE_ERROR);
    assert_int_equal(weft_subscription_get_stats(NULL, &stats), WEFT_VALUE_ERROR);
    weft_call_excepthook(NULL);
    weft_subscription_free(NULL);
    weft_event_bus_free(bus);
    weft_event_bus_free(NULL);
}

/* Whether memory failed: an event goes to all or to none. */
static bool use_a_bus(void)
{
    struct log log = {0};
    struct listener listener = {&log, .name = 0};
    weft_event_bus *bus = weft_event_bus_new();
    if (bus == NULL)
        return weft_last_status() == WEFT_NO_MEMORY;
    weft_subscription *first = weft_event_bus_subscribe(bus, "*", listen, &listener);
    bool failed = first == NULL && weft_last_status() == WEFT_NO_MEMORY;
    weft_subscription *second = weft_event_bus_subscribe(bus, "*", listen, &listener);
    failed = failed || second == NULL;
    weft_status status = publish(bus, "topic", 1);
    assert_true(status == WEFT_OK || status == WEFT_NO_MEMORY);
    int heard = (first != NULL) + (second != NULL);
    assert_int_equal(atomic_load(&log.length), status == WEFT_OK ? heard : 0);
    weft_subscription_free(first);
    weft_subscription_free(second);
    weft_event_bus_free(bus);
    return failed || status != WEFT_OK;
}

TEST(without_memory_nobody_hears_of_an_event)
{
    bool failed = true;
    for (size_t fail_at = 1; failed; fail_at++) {
        struct faulty_memory memory = {.fail_at = fail_at};
        faulty_memory_begin(&memory);
        failed = use_a_bus();
        faulty_memory_end(&memory);
    }
    weft_event_bus *bus = weft_event_bus_new(); /* more than there can be */
    weft_executor *pool = weft_executor_new(1);
    weft_subscription_free(weft_event_bus_subscribe(bus, "*", look, NULL, .executor = pool));
    assert_int_equal(weft_event_bus_publish(bus, "topic", "", SIZE_MAX), WEFT_NO_MEMORY);
    weft_event_bus_free(bus);
    weft_executor_free(pool);
}
