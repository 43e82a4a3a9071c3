/* SPDX-License-Identifier: MIT */
/*
 * Queues under load: producers and consumers that block, try, wait for a little while, take batches
 * or choose among queues, are interrupted, and are shut down at random. Each item is accounted for:
 * got once, dropped once, or refused; in a FIFO queue those of one producer stay in order for each
 * consumer. Who waits for ever is told by the watchdog.
 */
#include "test.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "storm.h"

enum { PRODUCERS = 4, CONSUMERS = 4, BATCH = 7, PER_ROUND = 600 };

struct item {
    int producer;
    int serial;
};

struct load {
    weft_queue queues[2]; /* everybody uses the first, choosers both */
    bool fifo;
    size_t maxsize;
    atomic_int next_producer;
    atomic_int accepted; /* items that a put has taken */
    atomic_int got;
    atomic_bool seen[PRODUCERS][PER_ROUND];
    atomic_ullong seeds;
};

static atomic_int drops;
static struct load *present;

static void note(const struct item *item)
{
    struct load *load = present;
    WITNESS(item->producer >= 0 && item->producer < PRODUCERS);
    WITNESS(item->serial >= 0 && item->serial < PER_ROUND);
    WITNESS(!atomic_exchange(&load->seen[item->producer][item->serial], true)); /* only once */
}

static void drop(void *item)
{
    note(item);
    atomic_fetch_add(&drops, 1);
}

static int by_serial(const void *a, const void *b)
{
    const struct item *x = a;
    const struct item *y = b;
    return (x->serial > y->serial) - (x->serial < y->serial);
}

static double moment(uint64_t random)
{
    return (double)(random % 50) * 1e-6;
}

/* Puts the next of a producer's items in one of many ways; how many went in. */
static weft_status put_somehow(struct load *load, const struct item *items, size_t n, size_t *count,
                               uint64_t random)
{
    weft_queue *queue = &load->queues[0];
    size_t index;
    *count = 1;
    switch (random % 6) {
    case 0:
        return weft_queue_try_put(queue, items);
    case 1:
        return weft_queue_put_for(queue, items, moment(random / 8));
    case 2:
        return weft_queue_put_many(queue, items, n, count);
    case 3:
        return weft_queue_put_many_for(queue, items, n, count, moment(random / 8));
    case 4: {
        const weft_waitable any[] = {weft_queue_put_waitable(queue, items),
                                     weft_queue_put_waitable(&load->queues[1], items)};
        return weft_wait_any(2, any, &index, moment(random / 8));
    }
    default:
        return weft_queue_put(queue, items);
    }
}

static void *produce(void *arg)
{
    struct load *load = arg;
    int producer = atomic_fetch_add(&load->next_producer, 1);
    uint64_t random = 88172645463325252U + atomic_fetch_add(&load->seeds, 1);
    for (int serial = 0; serial < PER_ROUND;) {
        struct item items[BATCH];
        size_t n = 0;
        for (; n < BATCH && serial + (int)n < PER_ROUND; n++)
            items[n] = (struct item){producer, serial + (int)n};
        size_t count;
        weft_status status = put_somehow(load, items, n, &count, test_random(&random));
        if (status == WEFT_SHUTDOWN)
            return NULL;
        WITNESS(status == WEFT_OK || status == WEFT_FULL || status == WEFT_TIMEOUT ||
                status == WEFT_INTERRUPTED);
        if (status != WEFT_OK)
            continue;
        serial += (int)count;
        atomic_fetch_add(&load->accepted, (int)count);
    }
    return NULL;
}

/* *from: which of the queues. */
static weft_status get_somehow(struct load *load, struct item *items, size_t *count, size_t *from,
                               uint64_t random)
{
    weft_queue *queue = &load->queues[0];
    *count = 1;
    *from = 0;
    switch (random % 6) {
    case 0:
        return weft_queue_try_get(queue, items);
    case 1:
        return weft_queue_get_for(queue, items, moment(random / 8));
    case 2:
        return weft_queue_get_many(queue, items, BATCH, count);
    case 3:
        return weft_queue_get_many_for(queue, items, BATCH, count, moment(random / 8));
    case 4: {
        const weft_waitable any[] = {weft_queue_get_waitable(queue, &items[0]),
                                     weft_queue_get_waitable(&load->queues[1], &items[1])};
        weft_status status = weft_wait_any(2, any, from, moment(random / 8));
        if (status == WEFT_OK)
            items[0] = items[*from];
        return status;
    }
    default:
        return weft_queue_get(queue, items);
    }
}

static void take(struct load *load, const struct item *item, int *latest)
{
    note(item);
    atomic_fetch_add(&load->got, 1);
    if (load->fifo)
        WITNESS(item->serial > latest[item->producer]);
    latest[item->producer] = item->serial;
}

static void *consume(void *arg)
{
    struct load *load = arg;
    uint64_t random = 2463534242U + atomic_fetch_add(&load->seeds, 1);
    int latest[2][PRODUCERS];
    memset(latest, -1, sizeof latest);
    for (;;) {
        struct item items[BATCH];
        size_t count;
        size_t from;
        weft_status status = get_somehow(load, items, &count, &from, test_random(&random));
        if (status == WEFT_SHUTDOWN)
            return NULL;
        WITNESS(status == WEFT_OK || status == WEFT_EMPTY || status == WEFT_TIMEOUT ||
                status == WEFT_INTERRUPTED);
        if (load->maxsize != 0)
            WITNESS(weft_queue_qsize(&load->queues[0]) <= load->maxsize);
        for (size_t i = 0; status == WEFT_OK && i < count; i++)
            take(load, &items[i], latest[from]);
    }
}

/* Interrupts them all from time to time; returns when so many items are in. */
static void disturb(struct load *load, const struct crew *crews, int until, uint64_t *random)
{
    while (atomic_load(&load->accepted) < until) {
        const struct crew *crew = &crews[test_random(random) % 2];
        weft_status status = weft_thread_interrupt(crew->threads[test_random(random) % crew->size]);
        WITNESS(status == WEFT_OK || status == WEFT_RUNTIME);
        test_yield();
    }
}

static void play_round(struct load *load, weft_queue_order order, uint64_t *random)
{
    const weft_queue_options options = {
        .struct_size = sizeof options,
        .item_size = sizeof(struct item),
        .maxsize = test_random(random) % 4 == 0 ? 0 : 1 + test_random(random) % 20,
        .drop = drop,
        .compare = order == WEFT_QUEUE_PRIORITY ? by_serial : NULL,
    };
    memset(load, 0, sizeof *load);
    load->maxsize = options.maxsize;
    load->fifo = order == WEFT_QUEUE_FIFO;
    atomic_store(&load->seeds, *random % 1000000);
    atomic_store(&drops, 0);
    present = load;
    for (int i = 0; i < 2; i++)
        assert_int_equal(weft_queue_init_with(&load->queues[i], order, &options), WEFT_OK);

    bool early = test_random(random) % 3 == 0;
    bool immediate = test_random(random) % 2 == 0;
    int all = PRODUCERS * PER_ROUND;
    struct crew crews[2];
    crews[0] = crew_start(PRODUCERS, produce, load);
    crews[1] = crew_start(CONSUMERS, consume, load);
    disturb(load, crews, early ? (int)(test_random(random) % (uint64_t)all) : all, random);
    assert_int_equal(weft_queue_shutdown(&load->queues[0], immediate), WEFT_OK);
    crew_join(&crews[0]);
    crew_join(&crews[1]);

    /* What went into the second one is in it, or was got. */
    struct item item;
    while (weft_queue_try_get(&load->queues[1], &item) == WEFT_OK) {
        note(&item);
        atomic_fetch_add(&load->got, 1);
    }
    assert_int_equal(atomic_load(&load->got) + atomic_load(&drops), atomic_load(&load->accepted));
    assert_true(early || atomic_load(&load->accepted) == all);
    assert_int_equal(weft_queue_qsize(&load->queues[0]), 0);
    for (int i = 0; i < 2; i++) {
        weft_queue_state state;
        assert_int_equal(weft_queue_look(&load->queues[i], &state), WEFT_OK);
        assert_int_equal(state.getters + state.putters + state.joiners, 0);
        assert_int_equal(weft_queue_destroy(&load->queues[i]), WEFT_OK);
    }
}

static void play(weft_queue_order order)
{
    static struct load load;
    int64_t end = test_clock() + test_stress_time();
    uint64_t random = (uint64_t)test_setting("WEFT_STRESS_SEED", 4711) * 2 + 1;
    int rounds = 0;
    for (; test_clock() < end || rounds < 3; rounds++)
        play_round(&load, order, &random);
    print_message("%d rounds of %d items\n", rounds, PRODUCERS * PER_ROUND);
}

TEST(each_item_of_a_queue_is_accounted_for)
{
    play(WEFT_QUEUE_FIFO);
}

TEST(each_item_of_a_stack_is_accounted_for)
{
    play(WEFT_QUEUE_LIFO);
}

TEST(each_item_of_a_priority_queue_is_accounted_for)
{
    play(WEFT_QUEUE_PRIORITY);
}

TEST(each_item_is_accounted_for_in_a_storm_of_signals)
{
    storm_begin();
    play(WEFT_QUEUE_FIFO);
    storm_end();
}

/* ---- in order ---------------------------------------------------------------------------- */

/* A ball through two queues of one place: who misses its wake-up waits for ever. */
static weft_queue table[2];
static int64_t game_ends;
static unsigned long long passes;
static atomic_int players;

static void *play_ball(void *arg)
{
    int side = atomic_fetch_add(&players, 1) % 2;
    for (;;) {
        long ball;
        WITNESS(weft_queue_get(&table[side], &ball) == WEFT_OK);
        bool over = ball < 0;
        passes++;
        if (!over && test_clock() >= game_ends)
            ball = -ball - 1;
        else if (!over)
            ball++;
        WITNESS(weft_queue_put(&table[1 - side], &ball) == WEFT_OK);
        if (ball < 0)
            return arg;
    }
}

TEST(no_wake_up_is_lost)
{
    for (int i = 0; i < 2; i++)
        assert_int_equal(weft_queue_init(&table[i], sizeof(long), .maxsize = 1), WEFT_OK);
    game_ends = test_clock() + test_stress_time();
    long ball = 1;
    assert_int_equal(weft_queue_put(&table[0], &ball), WEFT_OK);
    struct crew crew = crew_start(2, play_ball, NULL);
    crew_join(&crew);
    print_message("%llu passes\n", passes);
    assert_true(passes > 100);
    for (int i = 0; i < 2; i++)
        assert_int_equal(weft_queue_destroy(&table[i]), WEFT_OK);
}
