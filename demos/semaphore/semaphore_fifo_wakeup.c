/* SPDX-License-Identifier: MIT */
/**
 * @file semaphore_fifo_wakeup.c
 * @brief Who waits longest is served first
 *
 * Five threads come one after the other to a semaphore without permits, and each is seen to wait
 * before the next one comes. Permits then go to them in that order, one at a time or three at once.
 * CPython promises no order; weft does. A counter that is asked again and again has none: whoever
 * happens to look at the right moment takes what is there.
 *
 * Source: locks, section 4.1.
 *
 * Look for: "latecomer". With the counter it is served first, with the semaphore last.
 *
 * Facts:
 * - permits that are released one by one go to 0, 1, 2, 3, 4
 * - three permits at once go to the first three, and two threads wait on
 * - who asks a counter again and again is passed by who came later
 * - nobody passes a thread that waits for a semaphore, not even by a try
 */
#include "demo.h"
#include "demo_thread.h"

enum { WAITERS = 5 };

static weft_semaphore permits = WEFT_SEMAPHORE_INIT(0);
static atomic_int served[WAITERS]; /* the waiter's place in the order, from 1 */
static atomic_int order;
static atomic_int placed; /* whose place is known */

static void *wait_for_a_permit(void *place)
{
    weft_semaphore_acquire(&permits);
    *(atomic_int *)place = ++order;
    demo_say("is served");
    placed++;
    return place;
}

static void line_up(weft_thread **threads)
{
    order = 0;
    placed = 0;
    for (int i = 0; i < WAITERS; i++) {
        served[i] = 0;
        threads[i] = demo_spawn(wait_for_a_permit, &served[i], "waiter-%d", i);
        DEMO_AWAIT(weft_semaphore_waiters(&permits) == (size_t)i + 1);
        demo_say("waiter-%d waits, place %d in the line", i, i + 1);
    }
}

static void one_by_one(void)
{
    demo_part("Permits one by one");
    weft_thread *threads[WAITERS];
    line_up(threads);
    bool in_order = true;
    for (int i = 0; i < WAITERS; i++) {
        demo_sleep(0.2);
        weft_semaphore_release(&permits);
        DEMO_AWAIT(placed == i + 1);
        in_order = in_order && served[i] == i + 1;
    }
    demo_join_all(WAITERS, threads);
    CHECK(in_order, "served in the order in which they came: 0, 1, 2, 3, 4");
}

static void three_at_once(void)
{
    demo_part("Three at once");
    weft_thread *threads[WAITERS];
    line_up(threads);
    demo_sleep(0.2);
    weft_semaphore_release_n(&permits, 3);
    DEMO_AWAIT(placed == 3);
    CHECK(served[0] > 0 && served[1] > 0 && served[2] > 0, "the first three were served");
    CHECK(weft_semaphore_waiters(&permits) == 2 && served[3] == 0 && served[4] == 0,
          "the other two wait on");
    weft_semaphore_release_n(&permits, 2);
    demo_join_all(WAITERS, threads);
}

/* ---- the same without a line ---- */

static atomic_int counter;
static demo_rendezvous look = DEMO_RENDEZVOUS_INIT(2);

static bool take_if_any(void)
{
    int left = counter;
    while (left > 0 && !atomic_compare_exchange_weak(&counter, &left, left - 1)) {
    }
    return left > 0;
}

static void *ask_again_and_again(void *arg)
{
    while (!take_if_any()) {
        demo_say("finds nothing, will look again");
        demo_rendezvous_meet(&look); /* has looked */
        demo_rendezvous_meet(&look); /* looks again */
    }
    demo_say("has one at last");
    return arg;
}

static void counter_without_a_line(void)
{
    demo_part("A counter that is asked again and again");
    weft_thread *early = demo_spawn(ask_again_and_again, NULL, "early");
    demo_rendezvous_meet(&look);
    counter++; /* while it does not look */
    bool passed = take_if_any();
    demo_say("latecomer takes the permit");
    demo_rendezvous_meet(&look);
    demo_rendezvous_meet(&look); /* and again it has found nothing */
    bool waits = demo_count("early finds nothing*") == 2;
    counter++;
    demo_rendezvous_meet(&look);
    demo_join(early);
    CHECK(passed && waits, "the latecomer passed the one that had waited");
}

static void *want_two(void *arg)
{
    weft_semaphore_acquire_n(&permits, 2);
    demo_say("has its two permits");
    return arg;
}

static void nobody_passes(void)
{
    demo_part("A semaphore's line");
    weft_thread *early = demo_spawn(want_two, NULL, "wants-two");
    DEMO_AWAIT(weft_semaphore_waiters(&permits) == 1);
    weft_semaphore_release(&permits);
    weft_status latecomer = weft_semaphore_try_acquire(&permits);
    demo_say("one is free, wants-two waits for two; latecomer: %s", weft_strerror(latecomer));
    CHECK(weft_semaphore_value(&permits) == 1 && latecomer == WEFT_TIMEOUT,
          "a permit is free, and still no latecomer gets it");
    weft_semaphore_release(&permits);
    demo_join(early);
    CHECK(weft_semaphore_value(&permits) == 0, "both permits went to the one that waited");
}

int main(void)
{
    demo_begin("Who waits longest is served first");
    one_by_one();
    three_at_once();
    counter_without_a_line();
    nobody_passes();
    return demo_end();
}
