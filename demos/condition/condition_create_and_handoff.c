/* SPDX-License-Identifier: MIT */
/**
 * @file condition_create_and_handoff.c
 * @brief Three ways to create a Condition, and a one-item hand-off
 *
 * A condition is a lock and a queue of threads that wait for something to change under it. It can
 * have an RLock of its own, or be made over a Lock or an RLock that exists already. A producer
 * hands one item to a consumer, on each of the three. The consumer looks before it waits, so it
 * does not matter who comes first: a notification that nobody waits for is lost, the item is not.
 *
 * Source: locks, section 3.1, lines 1980-2019.
 *
 * Look for: the consumer that comes second does not wait at all. And the last part: a wait lets an
 * RLock go completely, however often it was taken, and takes it back as often.
 *
 * Facts:
 * - on each of the three, and whoever comes first, the consumer receives 1 and nothing is left
 * - a consumer that comes first waits, one that comes second does not
 * - a wait with the RLock held twice lets it go, and returns at depth 2
 */
#include "demo.h"
#include "demo_thread.h"

static weft_lock lock = WEFT_LOCK_INIT;
static weft_rlock rlock = WEFT_RLOCK_INIT;

static struct handoff {
    const char *over;
    weft_condition condition; /* guards the others */
    int items[1];
    int count;
    int received;
    int waits;
} handoffs[] = {{.over = "its own lock", .condition = WEFT_CONDITION_INIT},
                {.over = "a Lock", .condition = WEFT_CONDITION_INIT_ON(&lock)},
                {.over = "an RLock", .condition = WEFT_CONDITION_INIT_ON(&rlock)}};

static void *produce(void *arg)
{
    struct handoff *handoff = arg;
    WEFT_WITH(&handoff->condition) {
        handoff->items[handoff->count++] = 1;
        demo_say("adds 1, notifies");
        weft_condition_notify(&handoff->condition, 1);
    }
    return arg;
}

static void *consume(void *arg)
{
    struct handoff *handoff = arg;
    WEFT_WITH(&handoff->condition) {
        while (handoff->count == 0) {
            demo_say("waits for an item");
            handoff->waits++;
            weft_condition_wait(&handoff->condition);
        }
        handoff->received = handoff->items[--handoff->count];
        demo_say("gets %d", handoff->received);
    }
    return arg;
}

static void hand_over(struct handoff *handoff)
{
    demo_part("A condition over %s, the consumer first", handoff->over);
    weft_thread *consumer = demo_spawn(consume, handoff, "consumer");
    DEMO_AWAIT(weft_condition_waiters(&handoff->condition) == 1);
    demo_join(demo_spawn(produce, handoff, "producer"));
    demo_join(consumer);
    CHECK(handoff->received == 1 && handoff->count == 0, "the consumer has 1, nothing is left");
    CHECK(handoff->waits == 1, "the consumer has waited");

    demo_part("A condition over %s, the producer first", handoff->over);
    handoff->received = handoff->waits = 0;
    demo_join(demo_spawn(produce, handoff, "producer"));
    demo_join(demo_spawn(consume, handoff, "consumer"));
    CHECK(handoff->received == 1 && handoff->count == 0, "the consumer has 1, nothing is left");
    CHECK(handoff->waits == 0,
          "it has not waited: the notification came too early, the item did not");
}

/* ---- an RLock at depth 2 ---- */

static void *wait_twice_locked(void *condition)
{
    WEFT_HOLD(&rlock);
    WEFT_WITH(&rlock) {
        demo_say("waits, at depth %u", weft_rlock_depth(&rlock));
        weft_condition_wait(condition);
        demo_say("is back, at depth %u", weft_rlock_depth(&rlock));
    }
    return condition;
}

static void wait_at_depth_2(weft_condition *condition)
{
    demo_part("A wait with the RLock held twice");
    weft_thread *waiter = demo_spawn(wait_twice_locked, condition, "waiter");
    DEMO_AWAIT(weft_condition_waiters(condition) == 1);
    WEFT_WITH(&rlock) {
        demo_say("has the lock, notifies");
        CHECK(weft_rlock_depth(&rlock) == 1 && weft_condition_waiters(condition) == 1,
              "while the waiter waits the main thread can take the lock");
        weft_condition_notify(condition, 1);
    }
    demo_join(waiter);
    CHECK(demo_in_order("waiter waits, at depth 2", "MainThread has the lock, notifies",
                        "waiter is back, at depth 2"),
          "the wait has let go both levels and has taken both back");
    CHECK(!weft_rlock_locked(&rlock), "the lock is free at the end");
}

int main(void)
{
    demo_begin("Three ways to create a Condition, and a one-item hand-off");
    for (int i = 0; i < 3; i++)
        hand_over(&handoffs[i]);
    wait_at_depth_2(&handoffs[2].condition);
    return demo_end();
}
