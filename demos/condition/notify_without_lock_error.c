/* SPDX-License-Identifier: MIT */
/**
 * @file notify_without_lock_error.c
 * @brief Wait and notify belong under the lock: without it they are refused
 *
 * A condition that is made without a lock has an RLock of its own. To wait or to notify one has to
 * hold it: what is waited for is looked at and changed under it, and a notification between the
 * look and the wait would be lost. So a call without the lock is refused, and changes nothing: who
 * waits still waits. It does not help that somebody else holds it.
 *
 * A Lock has no owner, so a condition over a Lock can only see that nobody at all holds it.
 *
 * Source: locks, section 3.1.
 *
 * Look for: the refused notify. If its status is not looked at, that is a notification that was
 * never sent, and the waiter waits for ever.
 *
 * Facts:
 * - without the lock wait, notify and notify_all are refused: Python's RuntimeError
 * - a refused notify reaches nobody, and a refused wait does not wait
 * - with the lock the same calls succeed: the condition is as good as new
 * - over a Lock the refusal is that the Lock is free
 */
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

static weft_condition condition = WEFT_CONDITION_INIT;
static weft_lock lock = WEFT_LOCK_INIT;
static weft_condition over_lock = WEFT_CONDITION_INIT_ON(&lock);
static bool ready; /* guarded by condition */
static demo_rendezvous holding = DEMO_RENDEZVOUS_INIT(2);
static demo_rendezvous asked = DEMO_RENDEZVOUS_INIT(2);

static void say_outcome(const char *call, weft_status status)
{
    demo_say("%s: %s, Python's %s", call, weft_status_name(status), weft_status_exception(status));
}

static void *wait_until_ready(void *arg)
{
    WEFT_HOLD(&condition);
    while (!ready) {
        demo_say("waits");
        weft_condition_wait(&condition);
    }
    demo_say("goes on");
    return arg;
}

static void *hold(void *arg)
{
    WEFT_WITH(&condition) {
        demo_say("holds the lock");
        demo_rendezvous_meet(&holding);
        demo_rendezvous_meet(&asked);
    }
    return arg;
}

static void ask_without_lock(void)
{
    uint64_t waits = weft_park_count();
    weft_status wait = weft_condition_wait(&condition);
    waits = weft_park_count() - waits;
    weft_status one = weft_condition_notify(&condition, 1);
    weft_status all = weft_condition_notify_all(&condition);
    say_outcome("wait", wait);
    say_outcome("notify", one);
    say_outcome("notify_all", all);
    CHECK(wait == WEFT_NOT_OWNER && waits == 0, "wait is refused, and has not waited");
    CHECK(one == WEFT_NOT_OWNER && all == WEFT_NOT_OWNER, "notify and notify_all are refused");
    CHECK(strcmp(weft_status_exception(one), "RuntimeError") == 0,
          "in Python each of them is a RuntimeError");
    CHECK(weft_condition_waiters(&condition) == 1 && demo_count("waiter goes on") == 0,
          "nobody has been notified: the waiter still waits");
}

int main(void)
{
    demo_begin("Wait and notify belong under the lock: without it they are refused");
    weft_thread *waiter = demo_spawn(wait_until_ready, NULL, "waiter");
    DEMO_AWAIT(weft_condition_waiters(&condition) == 1);

    demo_part("Nobody holds the lock");
    ask_without_lock();

    demo_part("Another thread holds it");
    weft_thread *holder = demo_spawn(hold, NULL, "holder");
    demo_rendezvous_meet(&holding);
    ask_without_lock();
    demo_rendezvous_meet(&asked);
    demo_join(holder);

    demo_part("The caller holds it");
    WEFT_WITH(&condition) {
        ready = true;
        demo_say("notifies");
        CHECK(weft_condition_notify(&condition, 1) == WEFT_OK &&
                  weft_condition_notify_all(&condition) == WEFT_OK,
              "notify and notify_all succeed");
        CHECK(weft_condition_wait_for(&condition, 0) == WEFT_TIMEOUT,
              "so does a wait of no time: it times out");
    }
    demo_join(waiter);
    CHECK(demo_in_order("waiter waits", "MainThread notifies", "waiter goes on"),
          "the waiter goes on");

    demo_part("A condition over a Lock");
    weft_status free_lock = weft_condition_notify(&over_lock, 1);
    say_outcome("notify", free_lock);
    CHECK(free_lock == WEFT_NOT_LOCKED && weft_condition_wait(&over_lock) == WEFT_NOT_LOCKED,
          "while the Lock is free, notify and wait are refused");
    WEFT_WITH(&lock) {
        CHECK(weft_condition_notify(&over_lock, 1) == WEFT_OK, "while it is held notify succeeds");
    }
    return demo_end();
}
