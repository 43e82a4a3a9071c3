/* SPDX-License-Identifier: MIT */
/*
 * Latches under load: in each round a new latch at the same place, counted down by threads that
 * hurry and waited for by others. It opens exactly once, for all, and never too soon.
 */
#include "test.h"

#include <stdatomic.h>

/* A round's latch is made while the one before is used; who uses that has left the one before it. */
enum { THREADS = 6, ROUNDS_ALIVE = 3 };

struct load {
    weft_latch latches[ROUNDS_ALIVE];
    atomic_int arrived[ROUNDS_ALIVE];
    atomic_ullong last; /* the number of the last round; 0: not known yet */
    atomic_int number;
    int64_t end;
};

/* The first thread prepares the next round, before it arrives at this one. */
static void prepare(struct load *load, unsigned long long round)
{
    WITNESS(weft_latch_init(&load->latches[(round + 1) % ROUNDS_ALIVE], THREADS) == WEFT_OK);
    atomic_store(&load->arrived[(round + 1) % ROUNDS_ALIVE], 0);
    if (test_clock() >= load->end)
        atomic_store(&load->last, round);
}

static void *meet(void *arg)
{
    struct load *load = arg;
    int number = atomic_fetch_add(&load->number, 1);
    uint64_t random = 88172645463325252U + (uint64_t)number;
    for (unsigned long long round = 1;; round++) {
        weft_latch *latch = &load->latches[round % ROUNDS_ALIVE];
        if (number == 0)
            prepare(load, round);
        atomic_fetch_add(&load->arrived[round % ROUNDS_ALIVE], 1);
        if (test_random(&random) % 2 == 0) {
            WITNESS(weft_latch_arrive_and_wait(latch) == WEFT_OK);
        } else {
            WITNESS(weft_latch_count_down(latch) == WEFT_OK);
            while (weft_latch_wait_for(latch, (double)(random % 97) * 1e-6) == WEFT_TIMEOUT) {
                /* not all have come yet */
            }
        }
        WITNESS(atomic_load(&load->arrived[round % ROUNDS_ALIVE]) == THREADS);
        if (atomic_load(&load->last) == round)
            return NULL;
    }
}

TEST(all_meet_each_time)
{
    struct load load = {.end = test_clock() + test_stress_time()};
    assert_int_equal(weft_latch_init(&load.latches[1], THREADS), WEFT_OK);
    struct crew crew = crew_start(THREADS, meet, &load);
    crew_join(&crew);
    print_message("%llu rounds of %d threads\n", atomic_load(&load.last), THREADS);
    assert_true(atomic_load(&load.last) > 10);
}
