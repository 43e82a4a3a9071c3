/* SPDX-License-Identifier: MIT */
/**
 * @file semaphore_pitfalls.c
 * @brief Four ways to get a semaphore wrong, and their cures
 *
 * A semaphore has no owner, so it cannot know who holds what: it lets a thread wait for itself,
 * two threads for each other, a permit get lost, and one appear from nowhere. Each mistake is made
 * on purpose, where it can do no harm, and then its cure is shown.
 *
 * Source: locks, section 4.1.
 *
 * Look for: the dump, in which both wait and nobody works; and the monitor. It compares the
 * permits that are missing with the threads that are there.
 *
 * Facts:
 * - a thread that wants the same semaphore twice waits for itself
 * - two semaphores in opposite orders: neither thread gets its second; in one order both do
 * - a body that returns early loses a permit, and the monitor sees it; a scope does not
 * - one release too many shows as more permits than there were; a bounded semaphore refuses it
 */
#include <unistd.h>

#include "demo.h"
#include "demo_thread.h"

static void nested(void)
{
    demo_part("The same one twice");
    weft_semaphore one = WEFT_SEMAPHORE_INIT(1);
    weft_semaphore_acquire(&one);
    double start = demo_now();
    weft_status status = weft_semaphore_acquire_for(&one, demo_seconds(0.3));
    double waited = demo_now() - start;
    demo_say("has the permit and waits for it: %s", weft_strerror(status));
    CHECK(status == WEFT_TIMEOUT && demo_at_least(waited, 0.3),
          "a semaphore is not reentrant: the thread waited for itself");

    weft_rlock reentrant = WEFT_RLOCK_INIT;
    weft_rlock_acquire(&reentrant);
    CHECK(weft_rlock_try_acquire(&reentrant) == WEFT_OK, "an RLock is what it wants");
    weft_rlock_release(&reentrant);
    weft_rlock_release(&reentrant);
}

/* ---- opposite orders ---- */

static weft_semaphore red = WEFT_SEMAPHORE_INIT(1);
static weft_semaphore blue = WEFT_SEMAPHORE_INIT(1);
static demo_rendezvous both_hold_one = DEMO_RENDEZVOUS_INIT(2);
static atomic_int gave_up;

static void *take_opposite(void *first_is_red)
{
    weft_semaphore *first = first_is_red != NULL ? &red : &blue;
    weft_semaphore *second = first_is_red != NULL ? &blue : &red;
    WEFT_HOLD(first);
    demo_rendezvous_meet(&both_hold_one);
    if (weft_semaphore_acquire_for(second, demo_seconds(0.3)) != WEFT_OK) {
        demo_say("has %s, waits for %s in vain", first == &red ? "red" : "blue",
                 first == &red ? "blue" : "red");
        gave_up++;
    }
    demo_rendezvous_meet(&both_hold_one);
    return first_is_red;
}

static void *take_in_order(void *arg)
{
    WEFT_HOLD(&red);
    WEFT_HOLD(&blue);
    demo_say("has red and blue");
    return arg;
}

static void opposite_orders(void)
{
    demo_part("Two of them, in opposite orders");
    weft_thread *threads[] = {demo_spawn(take_opposite, &red, "thread-1"),
                              demo_spawn(take_opposite, NULL, "thread-2")};
    DEMO_AWAIT((weft_semaphore_waiters(&red) == 1 && weft_semaphore_waiters(&blue) == 1) ||
               gave_up > 0);
    weft_dump(STDOUT_FILENO);
    demo_join_all(2, threads);
    CHECK(gave_up == 2, "each waited for what the other one had");
    threads[0] = demo_spawn(take_in_order, NULL, "thread-1");
    threads[1] = demo_spawn(take_in_order, NULL, "thread-2");
    demo_join_all(2, threads);
    CHECK(demo_count("thread-? has red and blue") == 2, "red before blue, always: both get both");
}

/* ---- a permit that gets lost ---- */

enum { SLOTS = 3 };

static weft_semaphore slots = WEFT_SEMAPHORE_INIT(SLOTS);
static atomic_int holders;

/* Permits that are missing though nobody is there. Only right while nobody comes or goes. */
static int lost_permits(void)
{
    return SLOTS - weft_semaphore_value(&slots) - holders;
}

static void *return_early(void *arg)
{
    weft_semaphore_acquire(&slots);
    holders++;
    bool nothing_to_do = arg == NULL;
    holders--;
    if (nothing_to_do)
        return NULL; /* the release below is not reached */
    weft_semaphore_release(&slots);
    return arg;
}

static void *return_early_from_a_scope(void *arg)
{
    WEFT_HOLD(&slots);
    if (arg == NULL)
        return NULL;
    return arg;
}

static void lost_permit(void)
{
    demo_part("A permit that gets lost");
    demo_join(demo_spawn(return_early, NULL, "careless"));
    demo_say("monitor: %d of %d permits, nobody inside, %d lost", weft_semaphore_value(&slots),
             SLOTS, lost_permits());
    CHECK(lost_permits() == 1, "the monitor sees that one is lost");
    weft_semaphore_release(&slots);
    demo_join(demo_spawn(return_early_from_a_scope, NULL, "careful"));
    CHECK(lost_permits() == 0, "a scope gives it back, also on an early return");
}

static void permit_from_nowhere(void)
{
    demo_part("A permit from nowhere");
    weft_semaphore_release(&slots);
    demo_say("monitor: %d of %d permits", weft_semaphore_value(&slots), SLOTS);
    CHECK(weft_semaphore_value(&slots) > SLOTS, "a release too many shows as more than there were");
    weft_bounded_semaphore bounded = WEFT_BOUNDED_SEMAPHORE_INIT(SLOTS);
    weft_status status = weft_bounded_semaphore_release(&bounded);
    CHECK(status == WEFT_VALUE_ERROR && weft_bounded_semaphore_value(&bounded) == SLOTS,
          "a bounded semaphore refuses it, and has as many as before");
}

int main(void)
{
    demo_begin("Four ways to get a semaphore wrong, and their cures");
    nested();
    opposite_orders();
    lost_permit();
    permit_from_nowhere();
    return demo_end();
}
