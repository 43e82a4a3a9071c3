/* SPDX-License-Identifier: MIT */
// NEEDS: header uthash.h
/**
 * @file condition_event_bus.c
 * @brief Publish/subscribe on one Condition: waiters block until their type is published
 *
 * Whoever is interested in events of a type subscribes to it and waits. All wait at one condition:
 * each publication wakes all of them, and who is not meant goes back to waiting. A topic counts
 * what was published, a subscription remembers how far it has seen; so an event of before the
 * subscription is no news, and one event is news only once.
 *
 * Source: locks, section 3.4, lines 2687-2744.
 *
 * Look for: the time limit. It is one deadline for the whole waiting. In the original each wake-up
 * starts it anew: where others publish often enough, a subscriber waits for ever.
 *
 * Facts:
 * - subscribers 1 and 2 receive user_login, subscriber 3 data_ready
 * - subscriber 3 is woken by the first publication, and waits again
 * - a type that is never published gives nothing when the time is over, however much is published
 * - who subscribes later does not see an older event
 */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "demo.h"
#include "demo_thread.h"

/* ---- the bus ---- */

struct event {
    enum { A_USER, RECORDS } kind;
    union {
        char user[16];
        int records;
    } of;
};

struct topic {
    const char *type;
    unsigned published; /* how many events there have been */
    struct event last;
    UT_hash_handle hh;
};

struct subscription {
    struct topic *topic;
    unsigned seen; /* of the topic's events */
    int looks;     /* in vain */
};

static weft_condition bus = WEFT_CONDITION_INIT; /* guards all topics and subscriptions */
static struct topic *topics;

static struct topic *topic_of(const char *type) WEFT_REQUIRES(bus)
{
    struct topic *topic;
    HASH_FIND_STR(topics, type, topic);
    if (topic == NULL) {
        topic = demo_must(calloc(1, sizeof *topic));
        topic->type = type;
        HASH_ADD_KEYPTR(hh, topics, type, strlen(type), topic);
    }
    return topic;
}

static struct subscription subscribe(const char *type)
{
    WEFT_HOLD(&bus);
    struct topic *topic = topic_of(type);
    return (struct subscription){.topic = topic, .seen = topic->published};
}

static bool has_news(void *arg)
{
    struct subscription *subscription = arg;
    bool news = subscription->topic->published > subscription->seen;
    if (!news && subscription->looks++ > 0)
        demo_say("looks again: %s has not come", subscription->topic->type);
    return news;
}

/* The latest event that the subscription has not seen. */
static weft_status wait_for_event(struct subscription *subscription, double seconds,
                                  struct event *event)
{
    WEFT_HOLD(&bus);
    weft_status status = weft_condition_wait_pred_for(&bus, has_news, subscription, seconds);
    if (status == WEFT_OK) {
        *event = subscription->topic->last;
        subscription->seen = subscription->topic->published;
    }
    return status;
}

static void publish(const char *type, struct event event)
{
    WEFT_HOLD(&bus);
    struct topic *topic = topic_of(type);
    topic->last = event;
    topic->published++;
    demo_say("publishes %s", type);
    weft_condition_notify_all(&bus);
}

static void free_topics(void)
{
    WEFT_HOLD(&bus);
    struct topic *topic = topics;
    HASH_CLEAR(hh, topics);
    while (topic != NULL) {
        struct topic *next = topic->hh.next;
        free(topic);
        topic = next;
    }
}

/* ---- its use ---- */

static const struct event login = {.kind = A_USER, .of.user = "alice"};
static const struct event ready = {.kind = RECORDS, .of.records = 100};

static void say_event(const char *type, const struct event *event)
{
    if (event->kind == A_USER)
        demo_say("receives %s: user %s", type, event->of.user);
    else
        demo_say("receives %s: %d records", type, event->of.records);
}

static void *receive(void *arg)
{
    struct subscription *subscription = arg;
    struct event event;
    demo_say("waits for %s", subscription->topic->type);
    if (wait_for_event(subscription, DEMO_PATIENCE, &event) == WEFT_OK)
        say_event(subscription->topic->type, &event);
    return arg;
}

static void publish_two(void)
{
    demo_part("Three subscribers, two events");
    struct subscription subscriptions[] = {subscribe("user_login"), subscribe("user_login"),
                                           subscribe("data_ready")};
    weft_thread *threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = demo_spawn(receive, &subscriptions[i], "reader-%d", i + 1);
    DEMO_AWAIT(weft_condition_waiters(&bus) == 3);
    demo_sleep(1.0);
    publish("user_login", login);
    demo_join_all(2, threads);
    DEMO_AWAIT(weft_condition_waiters(&bus) == 1); /* subscriber 3 again */
    demo_sleep(0.5);
    publish("data_ready", ready);
    demo_join(threads[2]);
    CHECK(demo_count("reader-1 receives user_login: user alice") == 1 &&
              demo_count("reader-2 receives user_login: user alice") == 1,
          "subscribers 1 and 2 have received user_login");
    CHECK(demo_count("reader-3 receives data_ready: 100 records") == 1 &&
              demo_count("reader-3 receives *") == 1,
          "subscriber 3 has received data_ready, and nothing else");
    CHECK(demo_in_order("MainThread publishes user_login",
                        "reader-3 looks again: data_ready has not come",
                        "MainThread publishes data_ready", "reader-3 receives *"),
          "it was woken by user_login, and waited again");
}

/* ---- a time limit, while others publish ---- */

static atomic_bool over;

static void *chatter(void *arg)
{
    while (!over) {
        publish("heartbeat", ready);
        demo_sleep(0.1);
    }
    return arg;
}

static void wait_in_vain(void)
{
    demo_part("A type that is never published");
    struct subscription never = subscribe("no_such_event");
    struct event event;
    weft_thread *publisher = demo_spawn(chatter, NULL, "publisher");
    DEMO_AWAIT(demo_count("publisher publishes heartbeat") >= 1);
    double start = demo_now();
    weft_status status = wait_for_event(&never, demo_seconds(0.5), &event);
    double elapsed = demo_now() - start;
    over = true;
    demo_join(publisher);
    demo_say("%s, looked %d times in vain", weft_strerror(status), never.looks);
    CHECK(status == WEFT_TIMEOUT && demo_at_least(elapsed, 0.5),
          "there is none when 0.5 s are over, though a heartbeat comes every 0.1 s");
}

static void come_late(void)
{
    demo_part("A late subscriber");
    struct subscription late = subscribe("user_login");
    struct event event;
    CHECK(wait_for_event(&late, 0, &event) == WEFT_TIMEOUT,
          "who subscribes later does not see the login of before");
    publish("user_login", login);
    CHECK(wait_for_event(&late, 0, &event) == WEFT_OK && strcmp(event.of.user, "alice") == 0,
          "but it sees the next one");
    CHECK(wait_for_event(&late, 0, &event) == WEFT_TIMEOUT, "and sees that one only once");
}

int main(void)
{
    demo_begin("Publish/subscribe on one Condition: waiters block until their type is published");
    publish_two();
    wait_in_vain();
    come_late();
    free_topics();
    return demo_end();
}
