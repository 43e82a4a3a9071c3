/* SPDX-License-Identifier: MIT */
/**
 * @file spurious_wakeup_guard.c
 * @brief A predicate loop survives wake-ups that come without the condition being true
 *
 * Three waiters wait for a resource. A wake-up that comes while it is not there is called spurious:
 * POSIX allows a system to make one, and programs make them when they notify too often or when
 * somebody else was faster. This library makes none of its own, so the first part counts none. In
 * the second a stray notify_all() wakes all three. Their loops look, see nothing and wait again. In
 * the third part three waiters ask `if` instead of `while`: they all leave without the resource.
 *
 * Source: locks, section 3.2, lines 2243-2285.
 *
 * Look for: one word is the difference between the second part and the third.
 *
 * Facts:
 * - without a stray notification each waiter wakes once, none spuriously
 * - with one each wakes twice, once spuriously, and none leaves before the resource is there
 * - who asks only once leaves without it
 */
#include "demo.h"
#include "demo_thread.h"

enum { WAITERS = 3 };

static weft_condition condition = WEFT_CONDITION_INIT; /* guards all below */
static bool resource_available;
static int spurious;
static int wakeups[WAITERS];
static int left_early;

static void *wait_in_loop(void *arg)
{
    int *wakes = arg;
    WEFT_HOLD(&condition);
    while (!resource_available) {
        demo_say("waits");
        weft_condition_wait(&condition);
        ++*wakes;
        if (!resource_available) {
            spurious++;
            demo_say("wakes for nothing");
        }
    }
    demo_say("gets the resource, wake-ups: %d", *wakes);
    return arg;
}

static void *wait_once(void *arg)
{
    WEFT_HOLD(&condition);
    if (!resource_available) {
        demo_say("waits, once");
        weft_condition_wait(&condition);
    }
    left_early += !resource_available;
    demo_say("goes on %s the resource", resource_available ? "with" : "WITHOUT");
    return arg;
}

static void start_all(weft_target *wait, weft_thread *threads[WAITERS])
{
    resource_available = false;
    spurious = 0;
    for (int i = 0; i < WAITERS; i++) {
        wakeups[i] = 0;
        threads[i] = demo_spawn(wait, &wakeups[i], "waiter-%d", i + 1);
    }
    DEMO_AWAIT(weft_condition_waiters(&condition) == WAITERS);
}

static void notify_all(bool available)
{
    WEFT_HOLD(&condition);
    resource_available = available;
    demo_say(available ? "has the resource, notifies all" : "notifies all, and has nothing");
    weft_condition_notify_all(&condition);
}

static bool all_woke(int times)
{
    return wakeups[0] == times && wakeups[1] == times && wakeups[2] == times;
}

int main(void)
{
    weft_thread *threads[WAITERS];
    demo_begin("A predicate loop survives wake-ups that come without the condition being true");

    demo_part("A loop, one notification");
    start_all(wait_in_loop, threads);
    demo_sleep(1.0);
    notify_all(true);
    demo_join_all(WAITERS, threads);
    CHECK(all_woke(1) && spurious == 0, "each waiter has woken once, none for nothing");

    demo_part("A loop, a stray notification first");
    start_all(wait_in_loop, threads);
    demo_sleep(0.5);
    notify_all(false);
    DEMO_AWAIT(demo_count("* wakes for nothing") == WAITERS);
    DEMO_AWAIT(weft_condition_waiters(&condition) == WAITERS);
    CHECK(demo_count("* gets the resource, wake-ups: 2") == 0,
          "all three wait again, none has left");
    demo_sleep(0.5);
    notify_all(true);
    demo_join_all(WAITERS, threads);
    CHECK(all_woke(2), "each has woken twice");
    CHECK(spurious == WAITERS, "one wake-up of each was for nothing: 3 in all");
    CHECK(demo_in_order("MainThread notifies all, and has nothing", "* wakes for nothing",
                        "* gets the resource, wake-ups: 2"),
          "they have left when the resource was there");

    demo_part("No loop, a stray notification");
    start_all(wait_once, threads);
    notify_all(false);
    demo_join_all(WAITERS, threads);
    CHECK(left_early == WAITERS, "without the loop all three go on without the resource");
    return demo_end();
}
