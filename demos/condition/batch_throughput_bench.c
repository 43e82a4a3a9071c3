/* SPDX-License-Identifier: MIT */
/**
 * @file batch_throughput_bench.c
 * @brief Benchmark: 200000 integers through one buffer, in batches of 1, 5 and 50
 *
 * Two producers and two consumers pass integers through a ring under one lock with two conditions.
 * Each time a thread has the lock it passes one integer, or five, or fifty. The work per integer is
 * the same; what falls is how often the lock is taken. How often somebody has to wait depends on
 * the size of the ring rather than on the batch.
 *
 * Source: locks, section 3.3.
 *
 * Look for: the integers a second. How much the batches win depends on the machine, so it is
 * printed and not checked; how often the lock is taken does not depend on it.
 *
 * Facts:
 * - every integer arrives, once, whatever the batch
 * - the lock is taken once for each batch put and once for each batch taken
 * - so fifty at once take it a fiftieth as often as one by one
 */
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

enum { ITEMS = 200000, PRODUCERS = 2, CONSUMERS = 2, RING = 200, LARGEST = 50 };

static weft_lock lock = WEFT_LOCK_INIT; /* guards the next five */
static weft_condition not_full = WEFT_CONDITION_INIT_ON(&lock);
static weft_condition not_empty = WEFT_CONDITION_INIT_ON(&lock);
static int ring[RING];
static long put;
static long taken;
static long acquired; /* how often the lock was taken, but for what waits take back */
static int batch;
static unsigned char seen[ITEMS]; /* each by the one consumer that has got it */
static atomic_long waits;
static double rate;  /* integers a second in the last run */
static int complete; /* runs in which every integer has arrived once */

static bool has_room(void *arg)
{
    (void)arg;
    return RING - (put - taken) >= batch;
}

static bool has_batch(void *arg)
{
    (void)arg;
    return put - taken >= batch;
}

static void put_batch(const int *items)
{
    WEFT_HOLD(&lock);
    acquired++;
    weft_condition_wait_pred(&not_full, has_room, NULL);
    for (int i = 0; i < batch; i++)
        ring[put++ % RING] = items[i];
    weft_condition_notify(&not_empty, 1);
}

static void take_batch(int *items)
{
    WEFT_HOLD(&lock);
    acquired++;
    weft_condition_wait_pred(&not_empty, has_batch, NULL);
    for (int i = 0; i < batch; i++)
        items[i] = ring[taken++ % RING];
    weft_condition_notify(&not_full, 1);
}

static void *produce(void *first)
{
    int items[LARGEST] = {0};
    int next = *(int *)first;
    for (int i = 0; i < ITEMS / PRODUCERS / batch; i++) {
        for (int j = 0; j < batch; j++)
            items[j] = next++;
        put_batch(items);
    }
    waits += (long)weft_park_count();
    return first;
}

static void *consume(void *arg)
{
    int items[LARGEST] = {0};
    for (int i = 0; i < ITEMS / CONSUMERS / batch; i++) {
        take_batch(items);
        for (int j = 0; j < batch; j++)
            seen[items[j]]++;
    }
    waits += (long)weft_park_count();
    return arg;
}

/* Returns how often the lock was taken. */
static long run(int size)
{
    static int first[] = {0, ITEMS / PRODUCERS};
    weft_thread *threads[PRODUCERS + CONSUMERS];
    batch = size;
    put = taken = acquired = 0;
    waits = 0;
    memset(seen, 0, sizeof seen);
    double start = weft_now();
    for (int i = 0; i < PRODUCERS; i++)
        threads[i] = demo_spawn(produce, &first[i], "producer-%d", i);
    for (int i = 0; i < CONSUMERS; i++)
        threads[PRODUCERS + i] = demo_spawn(consume, NULL, "consumer-%d", i);
    demo_join_all(PRODUCERS + CONSUMERS, threads);
    double seconds = weft_now() - start;

    rate = ITEMS / seconds;
    bool once = put == ITEMS && taken == ITEMS;
    for (int i = 0; i < ITEMS; i++)
        once = once && seen[i] == 1;
    demo_line("    %5d %9.3f %19.0f %12ld %8ld", size, seconds, rate, acquired, waits);
    complete += once;
    return acquired;
}

int main(void)
{
    demo_begin("Benchmark: 200000 integers through one buffer, in batches of 1, 5 and 50");
    demo_line("    %5s %9s %19s %12s %8s", "batch", "seconds", "integers a second", "lock taken",
              "waits");
    long by_1 = run(1);
    double rate_by_1 = rate;
    long by_5 = run(5);
    long by_50 = run(50);
    demo_line("    here and now: fifty at once %.1f times as fast as one by one\n",
              rate / rate_by_1);
    CHECK(complete == 3, "in each run each of the 200000 integers has arrived once");
    CHECK(by_1 == 2L * ITEMS, "one by one the lock is taken once to put and once to take each");
    CHECK(by_5 * 5 == by_1 && by_50 * 50 == by_1,
          "in batches of 5 and 50 a fifth and a fiftieth as often");
    return demo_end();
}
