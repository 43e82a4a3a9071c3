/* SPDX-License-Identifier: MIT */
/**
 * @file producer_consumer_bounded.c
 * @brief Two producers and two consumers over a bounded list of five
 *
 * Two producers put ten items each into a list that holds five, two consumers take ten each. There
 * is one lock for the list and two conditions on it: who waits for a place waits at `not_full`, who
 * waits for an item at `not_empty`. So each notification reaches somebody who can use it.
 *
 * The original has one condition for both sides. At its own numbers that works; with a capacity of
 * 1 it hangs: lost_wakeup_single_condition.c.
 *
 * Source: locks, section 3.3, lines 2334-2379.
 *
 * Look for: which condition is waited at and which is notified. Each side waits at its own and
 * notifies the other's.
 *
 * Facts:
 * - 20 items are produced and 20 consumed, each exactly once
 * - the items of one producer are taken in their order
 * - the length never exceeds 5 and is 0 at the end
 * - all four threads end
 */
#include "demo.h"
#include "demo_random.h"
#include "demo_thread.h"

enum { PRODUCERS = 2, CONSUMERS = 2, EACH = 10, MAX_SIZE = 5 };

struct item {
    int producer;
    int number;
};

static weft_lock lock = WEFT_LOCK_INIT; /* guards the list */
static weft_condition not_full = WEFT_CONDITION_INIT_ON(&lock);
static weft_condition not_empty = WEFT_CONDITION_INIT_ON(&lock);
static struct item list[MAX_SIZE]; /* a ring */
static int first;
static int length;
static int longest;
static struct item taken[PRODUCERS * EACH]; /* in the order in which they were taken */
static int taken_count;

static void put(struct item item)
{
    WEFT_HOLD(&lock);
    while (length == MAX_SIZE) {
        demo_say("finds it full, waits");
        weft_condition_wait(&not_full);
    }
    list[(first + length++) % MAX_SIZE] = item;
    longest = length > longest ? length : longest;
    demo_say("puts P%d-%d, %d of %d", item.producer, item.number, length, MAX_SIZE);
    weft_condition_notify(&not_empty, 1);
}

static void take(void)
{
    WEFT_HOLD(&lock);
    while (length == 0) {
        demo_say("finds it empty, waits");
        weft_condition_wait(&not_empty);
    }
    struct item item = list[first];
    first = (first + 1) % MAX_SIZE;
    length--;
    taken[taken_count++] = item;
    demo_say("takes P%d-%d, %d of %d", item.producer, item.number, length, MAX_SIZE);
    weft_condition_notify(&not_full, 1);
}

static void *produce(void *arg)
{
    int producer = *(int *)arg;
    demo_random random = demo_random_stream((uint32_t)producer);
    for (int i = 0; i < EACH; i++) {
        put((struct item){producer, i});
        demo_sleep(demo_random_between(&random, 0.1, 0.3));
    }
    return arg;
}

static void *consume(void *arg)
{
    demo_random random = demo_random_stream((uint32_t)(PRODUCERS + *(int *)arg));
    for (int i = 0; i < EACH; i++) {
        take();
        demo_sleep(demo_random_between(&random, 0.2, 0.4));
    }
    return arg;
}

/* Whether each item of each producer was taken once, and in its order. */
static bool taken_in_order(void)
{
    int next[PRODUCERS] = {0};
    for (int i = 0; i < taken_count; i++)
        if (taken[i].number != next[taken[i].producer]++)
            return false;
    return next[0] == EACH && next[1] == EACH;
}

int main(void)
{
    static int numbers[] = {0, 1};
    weft_thread *threads[PRODUCERS + CONSUMERS];
    demo_begin("Two producers and two consumers over a bounded list of five");
    for (int i = 0; i < PRODUCERS; i++)
        threads[i] = demo_spawn(produce, &numbers[i], "producer-%d", i);
    for (int i = 0; i < CONSUMERS; i++)
        threads[PRODUCERS + i] = demo_spawn(consume, &numbers[i], "consumer-%d", i);
    demo_join_all(PRODUCERS + CONSUMERS, threads);
    demo_say("all four have ended");

    CHECK(demo_count("producer-? puts *") == 20 && demo_count("consumer-? takes *") == 20,
          "20 items were put and 20 taken");
    CHECK(taken_in_order(), "each exactly once, those of one producer in their order");
    CHECK(longest <= MAX_SIZE, "the list has never held more than 5");
    CHECK(length == 0 && !weft_lock_locked(&lock), "it is empty at the end, and the lock free");
    CHECK(weft_condition_waiters(&not_full) + weft_condition_waiters(&not_empty) == 0,
          "nobody is left waiting");
    return demo_end();
}
