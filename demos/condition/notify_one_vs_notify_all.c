/* SPDX-License-Identifier: MIT */
/**
 * @file notify_one_vs_notify_all.c
 * @brief notify wakes exactly one of three waiters, notify_all the rest
 *
 * Three workers wait on one condition. notify() ends the wait of one of them: the one that has
 * waited longest. However long one looks, the two others still wait. notify_all() ends theirs. Each
 * worker says which value of the counter it sees, so it shows who woke whom.
 *
 * Source: locks, section 3.1, lines 2099-2142.
 *
 * Look for: the workers wait without a loop here, which a program should not do. It works because a
 * wait of this library never ends without a notification, and nobody takes the counter away.
 *
 * Facts:
 * - after notify() exactly one worker is awake, the one that waited first, and it has seen 1
 * - half a second later it still is the only one, two wait
 * - after notify_all() the two others are awake and have seen 2
 */
#include "demo.h"
#include "demo_thread.h"

enum { WORKERS = 3 };

static weft_condition condition = WEFT_CONDITION_INIT;
static int counter; /* guarded by condition */
static atomic_int awake;

static void *wait_once(void *arg)
{
    WEFT_WITH(&condition) {
        demo_say("waits");
        weft_condition_wait(&condition);
        demo_say("is awake, counter %d", counter);
        awake++;
    }
    return arg;
}

int main(void)
{
    weft_thread *workers[WORKERS];
    demo_begin("notify wakes exactly one of three waiters, notify_all the rest");
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = demo_spawn(wait_once, NULL, "worker-%d", i + 1);
        DEMO_AWAIT(weft_condition_waiters(&condition) == (size_t)i + 1); /* they queue in order */
    }

    demo_part("notify");
    demo_sleep(1.0);
    WEFT_WITH(&condition) {
        counter = 1;
        demo_say("counter 1, notifies one");
        weft_condition_notify(&condition, 1);
    }
    DEMO_AWAIT(awake >= 1);
    CHECK(awake == 1 && weft_condition_waiters(&condition) == 2, "one is awake, two wait");
    CHECK(demo_count("worker-1 is awake, counter 1") == 1,
          "it is worker-1, who waited first, and it has seen 1");
    demo_sleep(0.5);
    CHECK(awake == 1 && weft_condition_waiters(&condition) == 2,
          "half a second later one is awake, two wait");

    demo_part("notify_all");
    demo_sleep(1.0);
    WEFT_WITH(&condition) {
        counter = 2;
        demo_say("counter 2, notifies all");
        weft_condition_notify_all(&condition);
    }
    demo_join_all(WORKERS, workers);
    CHECK(awake == WORKERS && weft_condition_waiters(&condition) == 0, "all are awake, none waits");
    CHECK(demo_count("worker-2 is awake, counter 2") == 1 &&
              demo_count("worker-3 is awake, counter 2") == 1,
          "worker-2 and worker-3 have seen 2");
    return demo_end();
}
