/* SPDX-License-Identifier: MIT */
/**
 * @file observer_notify_chain.c
 * @brief Observer pattern: set_state notifies observers while the subject's RLock is held
 *
 * A subject tells its observers about each change of its state, and holds its lock meanwhile, so
 * that they all see the same state and changes come one by one. An observer runs in the thread that
 * has made the change: if it calls the subject back it re-enters the lock. The third observer does:
 * it detaches itself when it is told. With a Lock that thread would wait for itself.
 *
 * The list is copied before it is gone through, or the observer would pull it away under the loop.
 *
 * Source: locks, section 2.2, lines 1456-1516.
 *
 * Look for: the lock order, subject before observer. An observer that called the subject while
 * holding its own lock, from a thread of its own, would turn it round: a deadlock in waiting.
 *
 * Facts:
 * - two observers and two states make six lines in one order
 * - attaching an observer twice has no effect
 * - an observer detaches itself while it is told: no deadlock, all others are told, too
 */
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

enum { MOST = 8 };

struct subject;

struct observer {
    const char *name;
    void (*update)(struct observer *observer, struct subject *subject);
    weft_rlock lock;
    int updates; /* guarded by lock */
};

struct subject {
    weft_rlock lock; /* guards all below */
    struct observer *observers[MOST];
    size_t count;
    const char *state;
};

/* ---- the subject ---- */

static size_t find(const struct subject *subject, const struct observer *observer)
    WEFT_REQUIRES(subject->lock)
{
    size_t place = 0;
    while (place < subject->count && subject->observers[place] != observer)
        place++;
    return place;
}

static void attach(struct subject *subject, struct observer *observer)
{
    WEFT_HOLD(&subject->lock);
    if (find(subject, observer) == subject->count && subject->count < MOST)
        subject->observers[subject->count++] = observer;
}

static void detach(struct subject *subject, const struct observer *observer)
{
    WEFT_HOLD(&subject->lock);
    size_t place = find(subject, observer);
    if (place == subject->count)
        return;
    subject->count--;
    for (; place < subject->count; place++)
        subject->observers[place] = subject->observers[place + 1];
}

static void notify(struct subject *subject)
{
    WEFT_HOLD(&subject->lock);
    struct observer *told[MOST];
    size_t count = subject->count;
    memcpy(told, subject->observers, sizeof told);
    for (size_t i = 0; i < count; i++)
        told[i]->update(told[i], subject);
}

static void set_state(struct subject *subject, const char *state)
{
    WEFT_HOLD(&subject->lock);
    subject->state = state;
    notify(subject);
}

/* ---- the observers ---- */

static void handle_critical(struct observer *observer)
{
    WEFT_HOLD(&observer->lock);
    demo_say("%s handles critical", observer->name);
}

static void watch(struct observer *observer, struct subject *subject)
{
    WEFT_HOLD(&observer->lock);
    observer->updates++;
    demo_say("%s sees %s", observer->name, subject->state);
    if (strcmp(subject->state, "critical") == 0)
        handle_critical(observer);
}

static void look_once(struct observer *observer, struct subject *subject)
{
    observer->updates++;
    demo_say("%s sees %s, detaches itself, depth %u", observer->name, subject->state,
             weft_rlock_depth(&subject->lock));
    detach(subject, observer);
}

static struct observer first = {"observer 1", watch, WEFT_RLOCK_INIT, 0};
static struct observer second = {"observer 2", watch, WEFT_RLOCK_INIT, 0};
static struct observer curious = {"observer 3", look_once, WEFT_RLOCK_INIT, 0};
static struct subject subject = {.lock = WEFT_RLOCK_INIT, .state = ""};

static void *go_critical(void *arg)
{
    set_state(&subject, "normal");
    set_state(&subject, "critical");
    return arg;
}

static void *go_on(void *arg)
{
    set_state(&subject, "calm");
    set_state(&subject, "quiet");
    return arg;
}

int main(void)
{
    demo_begin("Observer pattern: set_state notifies observers while the subject's RLock is held");
    attach(&subject, &first);
    attach(&subject, &second);
    attach(&subject, &first);
    CHECK(subject.count == 2, "attaching an observer twice has no effect");

    demo_part("Two observers, two states");
    demo_join(demo_spawn(go_critical, NULL, "worker"));
    CHECK(demo_in_order("worker observer 1 sees normal", "worker observer 2 sees normal",
                        "worker observer 1 sees critical", "worker observer 1 handles critical",
                        "worker observer 2 sees critical", "worker observer 2 handles critical"),
          "the six lines come in one order, all in the worker's thread");
    CHECK(demo_count("worker *") == 6, "and there are no others");

    demo_part("An observer that detaches itself");
    detach(&subject, &second);
    attach(&subject, &curious);
    attach(&subject, &second);
    demo_join(demo_spawn(go_on, NULL, "worker"));
    CHECK(curious.updates == 1 && subject.count == 2,
          "observer 3 is told once and is gone: no deadlock");
    CHECK(demo_in_order("* observer 3 sees calm, detaches itself, depth 2",
                        "* observer 2 sees calm", "* observer 2 sees quiet"),
          "observer 2, who stood behind it in the list, is still told of every state");
    CHECK(demo_others_can_take(&subject.lock), "the subject's lock is free");
    return demo_end();
}
