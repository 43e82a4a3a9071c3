/* SPDX-License-Identifier: MIT */
/*
 * Barriers under load: one that never breaks, with an action; and one that threads leave too soon,
 * abort and reset at random, with more threads than parties. A meeting takes place for all its
 * parties or for none, and whatever breaks, nobody waits for ever.
 */
#include "test.h"

#include <stdatomic.h>

enum { PARTIES = 5, CROWD = 7 };

struct load {
    weft_barrier barrier;
    atomic_int indices;
    atomic_ullong meetings;
    atomic_ullong passed;
    atomic_ullong broken;
    atomic_int active;
    bool over; /* the action's: all see the same */
    int64_t end;
};

static void *count_meeting(void *arg)
{
    struct load *load = arg;
    unsigned long long meeting = atomic_fetch_add(&load->meetings, 1);
    if (meeting != 0) /* all indices of the last meeting have been given out */
        WITNESS(atomic_load(&load->indices) == PARTIES * (PARTIES - 1) / 2);
    atomic_store(&load->indices, 0);
    load->over = test_clock() >= load->end;
    return NULL;
}

static void *meet(void *arg)
{
    struct load *load = arg;
    for (bool over = false; !over;) {
        int index = -1;
        WITNESS(weft_barrier_wait(&load->barrier, &index) == WEFT_OK);
        over = load->over;
        atomic_fetch_add(&load->indices, index);
        if (over)
            return NULL;
    }
    return NULL;
}

TEST(every_meeting_takes_place)
{
    struct load load = {.end = test_clock() + test_stress_time()};
    assert_int_equal(
        weft_barrier_init(&load.barrier, PARTIES, .action = count_meeting, .arg = &load), WEFT_OK);
    struct crew crew = crew_start(PARTIES, meet, &load);
    crew_join(&crew);
    print_message("%llu meetings of %d\n", atomic_load(&load.meetings), PARTIES);
    assert_int_equal(weft_barrier_done(&load.barrier), WEFT_OK);
}

static void *act(void *arg)
{
    struct load *load = arg;
    unsigned long long meeting = atomic_fetch_add(&load->meetings, 1);
    if (meeting % 8 == 0)
        test_yield();
    return NULL;
}

static void *crowd(void *arg)
{
    struct load *load = arg;
    uint64_t random = (uint64_t)(uintptr_t)&random | 1;
    while (test_clock() < load->end) {
        weft_status status;
        switch (test_random(&random) % 256) {
        case 0:
            WITNESS(weft_barrier_abort(&load->barrier) == WEFT_OK);
            continue;
        case 1:
            WITNESS(weft_barrier_reset(&load->barrier) == WEFT_OK);
            continue;
        default:
            status = weft_barrier_wait_for(&load->barrier, NULL, (double)(random % 9973) * 1e-6);
        }
        WITNESS(status == WEFT_OK || status == WEFT_BROKEN_BARRIER);
        atomic_fetch_add(status == WEFT_OK ? &load->passed : &load->broken, 1);
        if (weft_barrier_broken(&load->barrier))
            WITNESS(weft_barrier_reset(&load->barrier) == WEFT_OK);
    }
    return NULL;
}

TEST(a_meeting_takes_place_for_all_or_for_none)
{
    struct load load = {.end = test_clock() + test_stress_time()};
    assert_int_equal(weft_barrier_init(&load.barrier, PARTIES, .action = act, .arg = &load),
                     WEFT_OK);
    struct crew crew = crew_start(CROWD, crowd, &load);
    crew_join(&crew);
    print_message("%llu meetings, %llu passed, %llu broken\n", atomic_load(&load.meetings),
                  atomic_load(&load.passed), atomic_load(&load.broken));
    assert_true(atomic_load(&load.passed) == PARTIES * atomic_load(&load.meetings));
    assert_int_equal(weft_barrier_done(&load.barrier), WEFT_OK);
}
