/* SPDX-License-Identifier: MIT */
/**
 * @file batch_producer_consumer.c
 * @brief Producing and consuming in batches of five to cut lock traffic
 *
 * Two producers make twenty items each, two consumers take twenty each. An item could be put under
 * the lock as soon as it is made; here a producer collects five and takes the lock once for all of
 * them, and so does a consumer. In the first part items come one by one, for comparison; the lock
 * is taken five times as often. In the last part 22 is no multiple of 5: what remains goes as a
 * smaller batch, and consumers end when the producers have ended and nothing is left.
 *
 * Source: locks, section 3.3, lines 2513-2568.
 *
 * Look for: how a consumer knows that it is over. The original takes a second without news for the
 * end, and would lose what a slow producer makes later.
 *
 * Facts:
 * - 40 items are produced and consumed, each once, in 8 batches of 5 in and 8 out
 * - the lock is taken a fifth as often as with items one by one
 * - with 22 items each there are two batches of 2, and all 44 items are consumed
 */
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

enum { PRODUCERS = 2, CONSUMERS = 2, MOST_EACH = 22, MOST = PRODUCERS * MOST_EACH };

static struct store {
    weft_condition condition; /* guards the others */
    int items[MOST];          /* the next one to take is at `taken` */
    int put;
    int taken;
    int producers; /* that have not ended */
    int locked;    /* how often the lock was taken to put or to take */
    int seen[MOST];
    int batches_in;
    int batches_out;
    int most; /* in a batch */
} store;

static int batch_size;
static int each; /* items of a producer */

/* One by one it would be eighty lines. */
static void say(const char *what, int count)
{
    if (batch_size > 1)
        demo_say("%s %d", what, count);
}

static void put_batch(const int *items, int count)
{
    WEFT_HOLD(&store.condition);
    store.locked++;
    memcpy(&store.items[store.put], items, (size_t)count * sizeof *items);
    store.put += count;
    store.batches_in++;
    say("puts", count);
    weft_condition_notify_all(&store.condition);
}

static bool there_is_news(void *arg)
{
    (void)arg;
    return store.put > store.taken || store.producers == 0;
}

/* Returns how many there were; 0: that was all. */
static int take_batch(void)
{
    WEFT_HOLD(&store.condition);
    weft_condition_wait_pred(&store.condition, there_is_news, NULL);
    int count = store.put - store.taken;
    if (count == 0)
        return 0;
    if (count > batch_size)
        count = batch_size;
    for (int i = 0; i < count; i++)
        store.seen[store.items[store.taken++]]++;
    store.locked++;
    store.batches_out++;
    store.most = count > store.most ? count : store.most;
    say("takes", count);
    return count;
}

static void *produce(void *arg)
{
    int batch[MOST_EACH];
    int count = 0;
    for (int i = 0; i < each; i++) {
        batch[count++] = *(int *)arg * each + i;
        if (count == batch_size || i == each - 1) {
            put_batch(batch, count);
            demo_sleep(0.02 * count);
            count = 0;
        }
    }
    WEFT_WITH(&store.condition) {
        store.producers--;
        weft_condition_notify_all(&store.condition);
    }
    return arg;
}

/* Takes as many items as a producer makes. */
static void *consume_its_share(void *arg)
{
    for (int taken = 0; taken < each;) {
        int count = take_batch();
        demo_sleep(0.02 * count);
        taken += count;
    }
    return arg;
}

static void *consume_all(void *arg)
{
    int count;
    while ((count = take_batch()) > 0)
        demo_sleep(0.02 * count);
    return arg;
}

/* Returns how often the lock was taken. */
static int run(int size, int items, weft_target *consume)
{
    static int numbers[] = {0, 1};
    weft_thread *threads[PRODUCERS + CONSUMERS];
    memset(&store, 0, sizeof store);
    store.producers = PRODUCERS;
    batch_size = size;
    each = items;
    for (int i = 0; i < PRODUCERS; i++)
        threads[i] = demo_spawn(produce, &numbers[i], "producer-%d", i);
    for (int i = 0; i < CONSUMERS; i++)
        threads[PRODUCERS + i] = demo_spawn(consume, &numbers[i], "consumer-%d", i);
    demo_join_all(PRODUCERS + CONSUMERS, threads);
    demo_say("%d items in %d batches, the lock was taken %d times", store.put, store.batches_in,
             store.locked);
    return store.locked;
}

static bool each_seen_once(void)
{
    bool once = store.taken == store.put;
    for (int i = 0; i < PRODUCERS * each; i++)
        once = once && store.seen[i] == 1;
    return once;
}

int main(void)
{
    demo_begin("Producing and consuming in batches of five to cut lock traffic");

    demo_part("One by one");
    int one_by_one = run(1, 20, consume_its_share);
    CHECK(store.put == 40 && each_seen_once(), "40 items were put and taken, each once");

    demo_part("In batches of five");
    int by_five = run(5, 20, consume_its_share);
    CHECK(store.put == 40 && each_seen_once(), "40 items were put and taken, each once");
    CHECK(store.batches_in == 8 && store.batches_out == 8 && store.most == 5,
          "in 8 batches of 5, and out in 8 of 5");
    CHECK(5 * by_five == one_by_one, "the lock was taken a fifth as often: %d times, not %d",
          by_five, one_by_one);

    demo_part("22 items each: a rest remains");
    size_t twos = demo_count("producer-? puts 2");
    run(5, 22, consume_all);
    CHECK(demo_count("producer-? puts 2") == twos + 2 && store.batches_in == 10,
          "8 batches of 5 and two of 2 were put");
    CHECK(store.put == 44 && each_seen_once(), "all 44 items were taken, each once");
    return demo_end();
}
