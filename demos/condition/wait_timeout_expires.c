/* SPDX-License-Identifier: MIT */
/**
 * @file wait_timeout_expires.c
 * @brief A wait with a time-out says so when the notification comes too late
 *
 * A thread waits for 2 s, and nobody notifies it in that time. The wait returns WEFT_TIMEOUT, with
 * the lock held as after any other wait. One second later the notification comes. Nobody waits, so
 * it is gone: whoever waits next waits for the next one. In the second round it comes in time.
 *
 * Source: locks, section 3.1, lines 2060-2091.
 *
 * Look for: the third wait. It begins after the late notification, and that does not help it.
 *
 * Facts:
 * - the wait times out after 2 s, not before, and the lock is held again
 * - the late notification finds nobody, and has no effect on a later wait
 * - a wait that is notified in time returns WEFT_OK
 */
#include "demo.h"
#include "demo_thread.h"

static weft_rlock lock = WEFT_RLOCK_INIT;
static weft_condition condition = WEFT_CONDITION_INIT_ON(&lock);
static bool data_ready; /* guarded by lock */

static void *wait_2_seconds(void *arg)
{
    WEFT_WITH(&lock) {
        demo_say("waits for 2 s");
        double start = demo_now();
        weft_status status = weft_condition_wait_for(&condition, demo_seconds(2.0));
        double elapsed = demo_now() - start;
        demo_say("is back: %s", weft_strerror(status));
        CHECK(status == WEFT_TIMEOUT && demo_at_least(elapsed, 2.0),
              "the wait has timed out, not before 2 s were over");
        CHECK(weft_rlock_is_owned(&lock) && !data_ready,
              "the lock is held again, there is no data");
    }
    return arg;
}

static void *wait_again(void *arg)
{
    WEFT_WITH(&lock) {
        demo_say("waits for 0.5 s more");
        weft_status status = weft_condition_wait_for(&condition, demo_seconds(0.5));
        demo_say("is back: %s", weft_strerror(status));
        CHECK(status == WEFT_TIMEOUT, "a later wait is not ended by the notification of before");
        CHECK(data_ready, "what it announced is there: one has to look before one waits");
    }
    return arg;
}

static void *wait_in_time(void *arg)
{
    WEFT_WITH(&lock) {
        demo_say("waits");
        weft_status status = weft_condition_wait_for(&condition, DEMO_PATIENCE);
        demo_say("is back: %s", status == WEFT_OK ? "notified" : weft_strerror(status));
        CHECK(status == WEFT_OK && data_ready, "a wait that is notified in time says so");
    }
    return arg;
}

static void provide(void)
{
    WEFT_WITH(&lock) {
        data_ready = true;
        size_t waiting = weft_condition_waiters(&condition);
        demo_say("has data, notifies; waiting: %zu", waiting);
        weft_condition_notify(&condition, 1);
    }
}

int main(void)
{
    demo_begin("A wait with a time-out says so when the notification comes too late");

    demo_part("The notification comes a second too late");
    demo_join(demo_spawn(wait_2_seconds, NULL, "waiter"));
    demo_sleep(1.0);
    provide();
    CHECK(demo_in_order("waiter is back: timed out", "MainThread has data, notifies; waiting: 0"),
          "it finds nobody who waits");
    demo_join(demo_spawn(wait_again, NULL, "waiter"));

    demo_part("It comes in time");
    data_ready = false;
    weft_thread *waiter = demo_spawn(wait_in_time, NULL, "waiter");
    DEMO_AWAIT(weft_condition_waiters(&condition) == 1);
    demo_sleep(0.5);
    provide();
    demo_join(waiter);
    CHECK(demo_in_order("MainThread has data, notifies; waiting: 1", "waiter is back: notified"),
          "it finds the waiter");
    return demo_end();
}
