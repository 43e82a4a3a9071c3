/* SPDX-License-Identifier: MIT */
/*
 * Latches under load: in each round a new latch at the same place, counted down in every way by
 * threads that hurry, and waited for with and without a limit, interrupted at random. It opens
 * exactly once, for all, and never too soon.
 */
#include "test.h"

#include <stdatomic.h>

#include "interrupt.h"
#include "storm.h"

/* A round's latch is made while the one before is used; who uses that has left the one before it. */
enum { THREADS = 6, SHARE = 2, ROUNDS_ALIVE = 3 };

struct load {
    weft_latch latches[ROUNDS_ALIVE];
    atomic_int arrived[ROUNDS_ALIVE];
    atomic_ullong last; /* the number of the last round; 0: not known yet */
    atomic_int number;
    atomic_ullong given_up;
    int64_t end;
};

/* The first thread prepares the next round, before it arrives at this one. */
static void prepare(struct load *load, unsigned long long round)
{
    WITNESS(weft_latch_init(&load->latches[(round + 1) % ROUNDS_ALIVE], THREADS * SHARE) ==
            WEFT_OK);
    atomic_store(&load->arrived[(round + 1) % ROUNDS_ALIVE], 0);
    if (test_clock() >= load->end)
        atomic_store(&load->last, round);
}

/* Counts down its share; whether it has waited as well, and what came of that. */
static weft_status arrive(weft_latch *latch, uint64_t random)
{
    if (random % 3 == 0) {
        WITNESS(weft_latch_count_down_n(latch, SHARE) == WEFT_OK);
        return WEFT_TIMEOUT;
    }
    for (int i = 1; i < SHARE; i++)
        WITNESS(weft_latch_count_down(latch) == WEFT_OK);
    if (random % 3 == 1)
        return weft_latch_arrive_and_wait(latch);
    WITNESS(weft_latch_count_down(latch) == WEFT_OK);
    return WEFT_TIMEOUT;
}

static weft_status wait_somehow(weft_latch *latch, uint64_t random)
{
    double seconds = (double)(random % 97) * 1e-6;
    switch (random / 97 % 4) {
    case 0:
        return weft_latch_wait(latch);
    case 1:
        return weft_latch_wait_until(latch, weft_now() + seconds);
    default:
        return weft_latch_wait_for(latch, seconds);
    }
}

static void *meet(void *arg)
{
    struct load *load = arg;
    int number = atomic_fetch_add(&load->number, 1);
    uint64_t random = test_stress_random();
    for (unsigned long long round = 1;; round++) {
        weft_latch *latch = &load->latches[round % ROUNDS_ALIVE];
        if (number == 0)
            prepare(load, round);
        atomic_fetch_add(&load->arrived[round % ROUNDS_ALIVE], 1);
        weft_status status = arrive(latch, test_random(&random));
        while (status != WEFT_OK) {
            WITNESS(status == WEFT_TIMEOUT || status == WEFT_INTERRUPTED);
            atomic_fetch_add(&load->given_up, 1);
            status = wait_somehow(latch, test_random(&random));
        }
        WITNESS(weft_latch_count(latch) == 0);
        WITNESS(atomic_load(&load->arrived[round % ROUNDS_ALIVE]) == THREADS);
        if (atomic_load(&load->last) == round)
            return NULL;
    }
}

static void run(void)
{
    struct load load = {.end = test_clock() + test_stress_time()};
    assert_int_equal(weft_latch_init(&load.latches[1], THREADS * SHARE), WEFT_OK);
    struct crew crew = crew_start(THREADS, meet, &load);
    (void)interrupt_at_random(&crew, load.end);
    crew_join(&crew);
    print_message("%llu rounds of %d threads, %llu waits given up\n", atomic_load(&load.last),
                  THREADS, atomic_load(&load.given_up));
    assert_true(atomic_load(&load.last) > 10);
}

TEST(all_meet_each_time)
{
    run();
}

TEST(all_meet_each_time_in_a_storm_of_signals)
{
    storm_begin();
    run();
    storm_end();
}
