/* SPDX-License-Identifier: MIT */
/*
 * Barriers under load: one that never breaks, with an action; and one that threads leave too soon or
 * are interrupted at, abort and reset at random, whose action fails now and then, with more threads
 * than parties. A meeting takes place for all its parties or for none, and whatever breaks, nobody
 * waits for ever.
 */
#include "test.h"

#include <stdatomic.h>

#include "interrupt.h"
#include "storm.h"

enum { PARTIES = 5, CROWD = 7 };

struct load {
    weft_barrier barrier;
    atomic_int indices;
    atomic_ullong meetings;
    atomic_ullong passed;
    atomic_ullong broken;
    atomic_ullong interrupted;
    atomic_ullong failed;      /* actions */
    atomic_ullong failed_seen; /* by who ran them */
    bool over;                 /* the action's: all see the same */
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

static void run_meetings(void)
{
    struct load load = {.end = test_clock() + test_stress_time()};
    assert_int_equal(
        weft_barrier_init(&load.barrier, PARTIES, .action = count_meeting, .arg = &load), WEFT_OK);
    struct crew crew = crew_start(PARTIES, meet, &load);
    crew_join(&crew);
    print_message("%llu meetings of %d\n", atomic_load(&load.meetings), PARTIES);
    assert_int_equal(weft_barrier_done(&load.barrier), WEFT_OK);
}

TEST(every_meeting_takes_place)
{
    run_meetings();
}

TEST(every_meeting_takes_place_in_a_storm_of_signals)
{
    storm_begin();
    run_meetings();
    storm_end();
}

/* Called by one thread at a time. */
static void *act(void *arg)
{
    struct load *load = arg;
    uint64_t tries = atomic_load(&load->meetings) + atomic_load(&load->failed);
    if (tries % 16 == 15) {
        atomic_fetch_add(&load->failed, 1);
        return weft_raise(WEFT_USER, "try %llu fails", (unsigned long long)tries);
    }
    unsigned long long meeting = atomic_fetch_add(&load->meetings, 1);
    if (meeting % 8 == 0)
        test_yield();
    return NULL;
}

static weft_status wait_somehow(weft_barrier *barrier, uint64_t random)
{
    double seconds = (double)(random % 9973) * 1e-6;
    switch (random / 9973 % 4) {
    case 0:
        return weft_barrier_wait(barrier, NULL);
    case 1:
        return weft_barrier_wait_until(barrier, NULL, weft_now() + seconds);
    default:
        return weft_barrier_wait_for(barrier, NULL, seconds);
    }
}

static void count_status(struct load *load, weft_status status)
{
    if (status == WEFT_OK)
        atomic_fetch_add(&load->passed, 1);
    else if (status == WEFT_BROKEN_BARRIER)
        atomic_fetch_add(&load->broken, 1);
    else if (status == WEFT_FAILED)
        atomic_fetch_add(&load->failed_seen, 1);
    else
        atomic_fetch_add(&load->interrupted, 1);
    WITNESS(status == WEFT_OK || status == WEFT_BROKEN_BARRIER || status == WEFT_FAILED ||
            status == WEFT_INTERRUPTED);
}

static void *crowd(void *arg)
{
    struct load *load = arg;
    uint64_t random = test_stress_random();
    while (test_clock() < load->end) {
        switch (test_random(&random) % 256) {
        case 0:
            WITNESS(weft_barrier_abort(&load->barrier) == WEFT_OK);
            continue;
        case 1:
            WITNESS(weft_barrier_reset(&load->barrier) == WEFT_OK);
            continue;
        default:
            count_status(load, wait_somehow(&load->barrier, test_random(&random)));
        }
        if (weft_barrier_broken(&load->barrier))
            WITNESS(weft_barrier_reset(&load->barrier) == WEFT_OK);
    }
    return NULL;
}

static void run_crowd(void)
{
    struct load load = {.end = test_clock() + test_stress_time()};
    assert_int_equal(
        weft_barrier_init(&load.barrier, PARTIES, .action = act, .arg = &load, .timeout = 0.01),
        WEFT_OK);
    struct crew crew = crew_start(CROWD, crowd, &load);
    uint64_t sent = interrupt_at_random(&crew, load.end);
    crew_join(&crew);
    print_message("%llu meetings, %llu passed, %llu broken, %llu interrupted, %llu failed\n",
                  atomic_load(&load.meetings), atomic_load(&load.passed), atomic_load(&load.broken),
                  atomic_load(&load.interrupted), atomic_load(&load.failed));
    assert_true(atomic_load(&load.interrupted) <= sent);
    assert_true(atomic_load(&load.failed_seen) == atomic_load(&load.failed));
    assert_true(atomic_load(&load.passed) == PARTIES * atomic_load(&load.meetings));
    assert_int_equal(weft_barrier_done(&load.barrier), WEFT_OK);
}

TEST(a_meeting_takes_place_for_all_or_for_none)
{
    run_crowd();
}

TEST(a_meeting_takes_place_for_all_or_for_none_in_a_storm_of_signals)
{
    storm_begin();
    run_crowd();
    storm_end();
}
