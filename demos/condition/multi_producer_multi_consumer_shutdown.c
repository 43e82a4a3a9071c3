/* SPDX-License-Identifier: MIT */
/**
 * @file multi_producer_multi_consumer_shutdown.c
 * @brief Three producers, four consumers, notify_all and an orderly end
 *
 * Three producers put thirty items into a list of five, four consumers take them. One condition
 * serves all seven, so each change is told to all of them. The consumers do not know how many items
 * there will be: the last producer says that it was the last, and a consumer leaves when that has
 * been said and nothing is left. No item has to mean "the end".
 *
 * Source: locks, section 3.3, lines 2385-2453.
 *
 * Look for: the producers are counted before the first one starts. The original counts each as it
 * begins; if one ends before another has begun, that was the last, and the items of those who come
 * later are dropped without a word.
 *
 * Facts:
 * - each of the items 0 to 29 is consumed exactly once: their sum is 435
 * - the length never exceeds 5 and is 0 at the end
 * - all seven threads end, without an item that means the end
 * - each producer's items come out in increasing order
 * - counted as in the original, one producer ends the work before the others have begun
 */
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

enum { PRODUCERS = 3, CONSUMERS = 4, EACH = 10, ITEMS = PRODUCERS * EACH, MAX_SIZE = 5 };

static struct work {
    weft_condition condition; /* guards the others */
    int list[MAX_SIZE];       /* a ring */
    int first;
    int length;
    int longest;
    int producers; /* that have not ended */
    bool done;
    int taken[ITEMS];
    int taken_count;
    int dropped;
} work;

/* Whether there was still somebody to put it for. */
static bool put(int item)
{
    WEFT_HOLD(&work.condition);
    while (work.length == MAX_SIZE && !work.done)
        weft_condition_wait(&work.condition);
    if (work.done) {
        work.dropped++;
        return false;
    }
    work.list[(work.first + work.length++) % MAX_SIZE] = item;
    work.longest = work.length > work.longest ? work.length : work.longest;
    weft_condition_notify_all(&work.condition);
    return true;
}

static bool take(void)
{
    WEFT_HOLD(&work.condition);
    while (work.length == 0 && !work.done)
        weft_condition_wait(&work.condition);
    if (work.length == 0)
        return false;
    int item = work.list[work.first];
    work.first = (work.first + 1) % MAX_SIZE;
    work.length--;
    work.taken[work.taken_count++] = item;
    demo_say("takes %2d, leaves %d", item, work.length);
    weft_condition_notify_all(&work.condition);
    return true;
}

static void producer_begins(void)
{
    WEFT_HOLD(&work.condition);
    work.producers++;
}

static void producer_ends(void)
{
    WEFT_HOLD(&work.condition);
    if (--work.producers > 0)
        return;
    work.done = true;
    demo_say("was the last producer");
    weft_condition_notify_all(&work.condition);
}

static void *produce(void *arg)
{
    int base = *(int *)arg * EACH;
    for (int i = 0; i < EACH && put(base + i); i++)
        demo_sleep(0.05);
    producer_ends();
    return arg;
}

static void *consume(void *arg)
{
    while (take())
        demo_sleep(0.1);
    demo_say("leaves");
    return arg;
}

static int numbers[] = {0, 1, 2, 3};

static void run_all(void)
{
    weft_thread *threads[PRODUCERS + CONSUMERS];
    for (int i = 0; i < PRODUCERS; i++)
        producer_begins();
    for (int i = 0; i < PRODUCERS; i++)
        threads[i] = demo_spawn(produce, &numbers[i], "producer-%d", i);
    for (int i = 0; i < CONSUMERS; i++)
        threads[PRODUCERS + i] = demo_spawn(consume, &numbers[i], "consumer-%d", i);
    demo_join_all(PRODUCERS + CONSUMERS, threads);
}

static void check_taken(void)
{
    int next[PRODUCERS];
    int sum = 0;
    bool in_order = true;
    for (int i = 0; i < PRODUCERS; i++)
        next[i] = i * EACH;
    for (int i = 0; i < work.taken_count; i++) {
        int item = work.taken[i];
        sum += item;
        in_order = in_order && item == next[item / EACH]++;
    }
    CHECK(work.taken_count == ITEMS && sum == 435, "30 items were taken, and their sum is 435");
    CHECK(in_order, "each exactly once, those of one producer in increasing order");
}

/* ---- the count of the original: one producer runs from start to end before the next ---- */

static void *begin_and_produce(void *arg)
{
    producer_begins();
    return produce(arg);
}

static void run_miscounted(void)
{
    memset(&work, 0, sizeof work);
    weft_thread *consumers[] = {demo_spawn(consume, &numbers[0], "consumer-0"),
                                demo_spawn(consume, &numbers[1], "consumer-1")};
    for (int i = 0; i < PRODUCERS; i++)
        demo_join(demo_spawn(begin_and_produce, &numbers[i], "producer-%d", i));
    demo_join_all(2, consumers);
}

int main(void)
{
    demo_begin("Three producers, four consumers, notify_all and an orderly end");

    demo_part("Producers are counted before they start");
    run_all();
    check_taken();
    CHECK(work.longest <= MAX_SIZE && work.length == 0,
          "the length was never more than 5, and is 0 at the end");
    CHECK(demo_count("consumer-? leaves") == CONSUMERS && work.producers == 0,
          "all seven threads have ended");

    demo_part("Each counts itself when it begins");
    run_miscounted();
    demo_say("%d items were taken, %d producers were turned away", work.taken_count, work.dropped);
    CHECK(work.taken_count == EACH && work.dropped == PRODUCERS - 1,
          "the first producer was the last one, too: 20 items were never made");
    return demo_end();
}
