/* SPDX-License-Identifier: MIT */
/**
 * @file semaphore_batch_acquire.c
 * @brief Two permits at once, or none: no half in the hand
 *
 * Two threads need two permits each, and there are two. If each takes one and then asks for its
 * second, both wait for what the other one has: a deadlock made of a single semaphore. Here it ends
 * by a time limit. acquire_n() takes both or waits without any, and keeps its place in the line: a
 * big request is not starved by small ones that come later.
 *
 * Source: locks, section 4.1.
 *
 * Look for: the dump. Two threads wait, no permit is free, and nobody else holds one.
 *
 * Facts:
 * - one by one: both threads have one, neither gets its second, both give up after 0.5 s
 * - acquire_n(2): both do their work, one after the other, and all permits are back
 * - who only tries for two is starved by a stream of small requests; who waits is served before
 *   every small one that came later
 * - a big request that gives up lets those behind it go
 */
#include <unistd.h>

#include "demo.h"
#include "demo_thread.h"

enum { STREAM = 20, LATER = 4 };

static weft_semaphore permits = WEFT_SEMAPHORE_INIT(2);
static demo_rendezvous both_have_one = DEMO_RENDEZVOUS_INIT(2);
static atomic_int timed_out;
static atomic_int too_early;
static demo_crowd workers;

/* ---- one by one ---- */

static void *one_by_one(void *arg)
{
    weft_semaphore_acquire(&permits);
    demo_say("has one, wants another");
    demo_rendezvous_meet(&both_have_one);
    double start = demo_now();
    weft_status status = weft_semaphore_acquire_for(&permits, demo_seconds(0.5));
    demo_say("second permit: %s", weft_strerror(status));
    timed_out += status == WEFT_TIMEOUT;
    too_early += !demo_at_least(demo_now() - start, 0.5);
    demo_rendezvous_meet(&both_have_one); /* or the first one to give up would save the other */
    weft_semaphore_release(&permits);
    return arg;
}

static void take_one_by_one(void)
{
    demo_part("One by one");
    weft_thread *threads[] = {demo_spawn(one_by_one, NULL, "thread-1"),
                              demo_spawn(one_by_one, NULL, "thread-2")};
    DEMO_AWAIT(weft_semaphore_waiters(&permits) == 2 || timed_out > 0);
    weft_dump(STDOUT_FILENO);
    demo_join_all(2, threads);
    CHECK(timed_out == 2 && too_early == 0, "neither got its second, both gave up after 0.5 s");
    CHECK(weft_semaphore_value(&permits) == 2, "both have given back the one they had");
}

/* ---- both at once ---- */

static void *both_at_once(void *arg)
{
    weft_semaphore_acquire_n(&permits, 2);
    demo_crowd_enter(&workers);
    demo_say("has two, works");
    demo_sleep(0.2);
    demo_crowd_leave(&workers);
    weft_semaphore_release_n(&permits, 2);
    return arg;
}

static void take_both(void)
{
    demo_part("acquire_n(2)");
    weft_thread *threads[] = {demo_spawn(both_at_once, NULL, "thread-1"),
                              demo_spawn(both_at_once, NULL, "thread-2")};
    demo_join_all(2, threads);
    CHECK(demo_count("thread-? has two, works") == 2 && workers.peak == 1,
          "both have worked, one after the other");
    CHECK(weft_semaphore_value(&permits) == 2, "both permits are back");
}

/* ---- a big one among small ones ---- */

static void try_among_small_ones(void)
{
    demo_part("A big request that only tries, among small ones");
    int got = 0;
    weft_semaphore_acquire(&permits); /* a small one; before it ends, the next one has begun */
    for (int i = 0; i < STREAM; i++) {
        weft_semaphore_acquire(&permits);
        weft_semaphore_release(&permits);
        got += weft_semaphore_try_acquire_n(&permits, 2) == WEFT_OK;
    }
    demo_say("has tried %d times, got two %d times", STREAM, got);
    weft_semaphore_release(&permits);
    CHECK(got == 0, "it was starved: one permit was always out");
}

static atomic_int order;
static int big_place;
static int small_places[LATER];

static void *big(void *place)
{
    weft_semaphore_acquire_n(&permits, 2);
    *(int *)place = ++order;
    demo_say("has its two permits");
    weft_semaphore_release_n(&permits, 2);
    return place;
}

static void *small(void *place)
{
    weft_semaphore_acquire(&permits);
    *(int *)place = ++order;
    demo_say("has its permit");
    weft_semaphore_release(&permits);
    return place;
}

static void wait_among_small_ones(void)
{
    demo_part("A big request that waits, among small ones");
    weft_thread *threads[LATER + 1];
    weft_semaphore_acquire_n(&permits, 2);
    threads[0] = demo_spawn(big, &big_place, "big");
    DEMO_AWAIT(weft_semaphore_waiters(&permits) == 1);
    for (int i = 0; i < LATER; i++)
        threads[i + 1] = demo_spawn(small, &small_places[i], "small-%d", i);
    DEMO_AWAIT(weft_semaphore_waiters(&permits) == LATER + 1);
    weft_semaphore_release(&permits);
    demo_say("one permit is free, but the big one is first in line");
    bool held_back = weft_semaphore_waiters(&permits) == LATER + 1;
    demo_sleep(0.3);
    weft_semaphore_release(&permits);
    demo_join_all(LATER + 1, threads);
    CHECK(held_back, "no small one passed it");
    CHECK(big_place == 1, "it was served before all four that came later");
}

/* ---- a big one that gives up ---- */

static void *big_for_a_while(void *status)
{
    *(weft_status *)status = weft_semaphore_acquire_n_for(&permits, 2, demo_seconds(0.5));
    demo_say("two permits: %s", weft_strerror(*(weft_status *)status));
    return status;
}

static void give_up_among_small_ones(void)
{
    demo_part("A big request that gives up, and a small one behind it");
    weft_status status = WEFT_OK;
    size_t before = demo_count("small has its permit");
    weft_semaphore_acquire(&permits);
    weft_thread *first = demo_spawn(big_for_a_while, &status, "big");
    DEMO_AWAIT(weft_semaphore_waiters(&permits) == 1 || demo_count("big two permits: *") > 0);
    weft_thread *second = demo_spawn(small, &small_places[0], "small");
    weft_status served = weft_thread_join_for(second, DEMO_PATIENCE);
    CHECK(served == WEFT_OK && demo_count("small has its permit") == before + 1,
          "the small one is served though one permit is still out");
    demo_join(first);
    demo_join(second);
    weft_semaphore_release(&permits);
    CHECK(status == WEFT_TIMEOUT && weft_semaphore_value(&permits) == 2,
          "the big one has taken nothing");
}

int main(void)
{
    demo_begin("Two permits at once, or none: no half in the hand");
    take_one_by_one();
    take_both();
    try_among_small_ones();
    wait_among_small_ones();
    give_up_among_small_ones();
    return demo_end();
}
