/* SPDX-License-Identifier: MIT */
/**
 * @file abba_deadlock.c
 * @brief Two threads, two locks, opposite orders: a deadlock
 *
 * thread-1 takes lock 1 and wants lock 2; thread-2 takes lock 2 and wants lock 1. Each holds what
 * the other needs, neither lets go: all four conditions of a deadlock are met (exclusion, hold and
 * wait, no preemption, circular wait). Both threads take their first lock before either asks for
 * its second, so it happens every time. As it never ends, it happens in a child process: the child
 * waits 2 s for each thread, reports the deadlock, asks weft who waits for what, and returns from
 * main. Even then it does not end, because exit waits for its threads; the parent ends it.
 *
 * Source: locks, section 1.4, lines 728-773.
 *
 * Look for: the two waits in the dump. Each thread waits for the lock that the other one holds.
 *
 * Facts:
 * - both threads get their first lock, neither gets its second
 * - two joins of 2 s time out, both threads are still alive
 * - the child does not end by itself
 * - this program does
 */
#include <unistd.h>

#include "demo.h"
#include "demo_child.h"

DEMO_INVERTS_LOCK_ORDER

static weft_lock lock1 = WEFT_LOCK_INIT;
static weft_lock lock2 = WEFT_LOCK_INIT;
static demo_rendezvous both_hold_one = DEMO_RENDEZVOUS_INIT(2);

static void *one_then_two(void *arg)
{
    demo_say("wants lock 1");
    WEFT_WITH(&lock1) {
        demo_say("has lock 1");
        demo_rendezvous_meet(&both_hold_one);
        demo_sleep(0.1);
        demo_say("wants lock 2");
        WEFT_WITH(&lock2) {
            demo_say("has lock 2");
        }
    }
    return arg;
}

static void *two_then_one(void *arg)
{
    demo_say("wants lock 2");
    WEFT_WITH(&lock2) {
        demo_say("has lock 2");
        demo_rendezvous_meet(&both_hold_one);
        demo_sleep(0.1);
        demo_say("wants lock 1");
        WEFT_WITH(&lock1) {
            demo_say("has lock 1");
        }
    }
    return arg;
}

static int deadlock(void *arg)
{
    (void)arg;
    weft_thread *first = demo_must(weft_thread_spawn(one_then_two, NULL, .name = "thread-1"));
    weft_thread *second = demo_must(weft_thread_spawn(two_then_one, NULL, .name = "thread-2"));
    DEMO_AWAIT(weft_lock_waiters(&lock1) == 1 && weft_lock_waiters(&lock2) == 1);

    demo_say("waits 2 s for each of them");
    weft_status first_join = weft_thread_join_for(first, demo_seconds(2.0));
    weft_status second_join = weft_thread_join_for(second, demo_seconds(2.0));
    demo_say("joins: %s, %s", weft_strerror(first_join), weft_strerror(second_join));
    CHECK(first_join == WEFT_TIMEOUT && second_join == WEFT_TIMEOUT, "two joins of 2 s time out");
    CHECK(weft_thread_is_alive(first) && weft_thread_is_alive(second), "both threads are alive");

    demo_say("deadlock detected: the threads cannot finish");
    weft_dump(STDOUT_FILENO);
    demo_say("returns from main");
    return 0;
}

int main(void)
{
    demo_begin("Two threads, two locks, opposite orders: a deadlock");
    double start = demo_now();
    demo_child child = demo_child_run(deadlock, NULL, 1.0);
    double elapsed = demo_now() - start;
    demo_say("%s", child.killed ? "has waited another second, kills the child"
                                : "sees that the child has ended");

    CHECK(demo_count("thread-1 has lock 1") == 1 && demo_count("thread-2 has lock 2") == 1,
          "both threads got their first lock");
    CHECK(demo_count("thread-1 has lock 2") == 0 && demo_count("thread-2 has lock 1") == 0,
          "neither got its second lock");
    CHECK(demo_in_order("thread-1 wants lock 2", "child deadlock detected*") &&
              demo_in_order("thread-2 wants lock 1", "child deadlock detected*"),
          "the deadlock was reported after both had asked for the other's lock");
    CHECK(demo_at_least(elapsed, 4.0), "the report comes after 4 s at least: two joins of 2 s");
    CHECK(child.ready && child.killed, "the child returned from main, but did not end");
    return demo_end();
}
