/* SPDX-License-Identifier: MIT */
/**
 * @file wait_until_notified.c
 * @brief A thread waits in a predicate loop until another sets the flag and notifies
 *
 * The waiter takes the lock, sees that the flag is not set, and waits. The wait lets the lock go,
 * or the notifier could never come in to set the flag. When the notifier has let go the waiter
 * holds the lock again, looks once more, and goes on.
 *
 * Source: locks, section 3.1, lines 2026-2055.
 *
 * Look for: the loop. What ends a wait is a notification; what ends the waiting is the flag.
 *
 * Facts:
 * - the waiter waits < the notifier sets the flag < the waiter goes on, after 1 s at least
 * - the notifier gets the lock while the waiter waits
 * - the waiter goes on with the flag set and the lock held
 */
#include "demo.h"
#include "demo_thread.h"

static weft_rlock lock = WEFT_RLOCK_INIT;
static weft_condition condition = WEFT_CONDITION_INIT_ON(&lock);
static bool ready; /* guarded by lock */

static void *wait_for_flag(void *arg)
{
    double start = demo_now();
    WEFT_WITH(&lock) {
        while (!ready) {
            demo_say("waits");
            weft_condition_wait(&condition);
        }
        demo_say("goes on");
        CHECK(ready && weft_rlock_is_owned(&lock),
              "the waiter goes on with the flag set and the lock held");
    }
    CHECK(demo_at_least(demo_now() - start, 1.0), "it has waited for 1 s at least");
    return arg;
}

static void *set_flag(void *arg)
{
    DEMO_AWAIT(weft_condition_waiters(&condition) == 1);
    demo_sleep(1.0);
    WEFT_WITH(&lock) {
        demo_say("has the lock");
        CHECK(weft_condition_waiters(&condition) == 1,
              "the notifier holds the lock while the waiter waits");
        ready = true;
        demo_say("sets the flag, notifies");
        weft_condition_notify(&condition, 1);
        demo_sleep(0.1);
        demo_say("lets the lock go");
    }
    return arg;
}

int main(void)
{
    demo_begin("A thread waits in a predicate loop until another sets the flag and notifies");
    weft_thread *threads[] = {demo_spawn(wait_for_flag, NULL, "waiter"),
                              demo_spawn(set_flag, NULL, "notifier")};
    demo_join_all(2, threads);
    CHECK(demo_in_order("waiter waits", "notifier sets the flag, notifies",
                        "notifier lets the lock go", "waiter goes on"),
          "the waiter goes on after the notifier has set the flag and let the lock go");
    CHECK(demo_count("waiter waits") == 1, "it was woken once, and the flag was set");
    CHECK(!weft_rlock_locked(&lock), "the lock is free at the end");
    return demo_end();
}
