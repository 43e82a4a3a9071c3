/* SPDX-License-Identifier: MIT */
/*
 * Tasks of a small pool that wait for each other at random, in every way, through compositions of
 * promises and of their own futures. There are circles and there are not; there are fewer workers than
 * tasks. Every wait ends: who closes a circle is told, and the watchdog tells if somebody is not.
 */
#include "test.h"

#include <stdatomic.h>

#include "tests/pool/executor_help.h"
#include "tests/pool/waits_help.h"

enum { TASKS = 6, PROMISES = 4, NODES = 24, SOURCES = 3 };

struct round {
    weft_executor *pool;
    weft_event begin;
    weft_future *nodes[NODES]; /* promises, tasks, then what is composed of those before */
    uint64_t seeds[TASKS];
    atomic_ullong ended;
    atomic_ullong told;
};

struct job {
    struct round *round;
    size_t index;
};

static void *wait_for_some(void *arg)
{
    const struct job *job = arg;
    struct round *round = job->round;
    uint64_t *random = &round->seeds[job->index];
    WITNESS(weft_event_wait(&round->begin) == WEFT_OK);
    for (int i = 0; i < 2; i++) {
        weft_future *futures[] = {round->nodes[test_random(random) % NODES],
                                  round->nodes[test_random(random) % NODES]};
        size_t count = 1 + test_random(random) % 2;
        if (futures[0] == futures[1])
            count = 1;
        weft_status status = wait_in((enum way)(test_random(random) % WAYS), count, futures);
        WITNESS(status == WEFT_OK || status == WEFT_DEADLOCK);
        atomic_fetch_add(status == WEFT_OK ? &round->ended : &round->told, 1);
    }
    return NULL;
}

static weft_future *compose(struct round *round, size_t made, uint64_t *random)
{
    weft_future *sources[SOURCES];
    size_t count = 1 + test_random(random) % SOURCES;
    for (size_t i = 0; i < count; i++)
        sources[i] = round->nodes[test_random(random) % made];
    switch (test_random(random) % 4) {
    case 0:
        return weft_when_all(count, sources);
    case 1:
        return weft_when_any(count, sources);
    case 2:
        return weft_future_then(sources[0], same);
    default:
        return weft_future_then(sources[0], same, .executor = round->pool);
    }
}

static void run_round(struct round *round, uint64_t *random)
{
    struct job jobs[TASKS];
    size_t made = 0;
    round->begin = (weft_event)WEFT_EVENT_INIT;
    round->pool = weft_executor_new(1 + (int)(test_random(random) % 3));
    while (made < PROMISES)
        round->nodes[made++] = weft_future_new();
    for (size_t i = 0; i < TASKS; i++) {
        jobs[i] = (struct job){round, i};
        round->seeds[i] = 1 + test_random(random);
        round->nodes[made++] = weft_executor_submit(round->pool, wait_for_some, &jobs[i]);
    }
    for (; made < NODES; made++)
        round->nodes[made] = compose(round, made, random);
    assert_int_equal(weft_event_set(&round->begin), WEFT_OK);
    for (size_t i = 0; i < PROMISES; i++) {
        if (test_random(random) % 4 == 0)
            (void)test_yield();
        assert_int_equal(weft_future_set_result(round->nodes[i], NULL), WEFT_OK);
    }
    for (size_t i = 0; i < NODES; i++)
        assert_int_equal(weft_future_result_for(round->nodes[i], NULL, 1e6), WEFT_OK);
    for (size_t i = 0; i < NODES; i++)
        weft_future_free(round->nodes[i]);
    finish(round->pool);
}

TEST(every_wait_ends_or_is_told_that_it_never_would)
{
    int64_t end = test_clock() + test_stress_time();
    struct round round = {0};
    uint64_t random = test_stress_random();
    unsigned long long rounds = 0;
    for (; test_clock() < end; rounds++)
        run_round(&round, &random);
    print_message("%llu rounds, %llu waits ended, %llu were told\n", rounds,
                  atomic_load(&round.ended), atomic_load(&round.told));
    assert_true(atomic_load(&round.ended) > 10);
    assert_true(atomic_load(&round.told) > 10);
}
