/* SPDX-License-Identifier: MIT */
/**
 * @file acquire_blocking_try_timeout.c
 * @brief Three ways to ask for a lock: wait, try, and wait for a while
 *
 * worker-1 takes the free lock and keeps it for two seconds. Half a second later worker-2 tries
 * to take it without waiting and is refused on the spot; worker-3 is ready to wait, but for one
 * second only, and gives up when that is over. Then worker-1 releases the lock.
 *
 * Source: locks, section 1.2, lines 194-245.
 *
 * Look for: a refusal and a time-out are not errors but answers, and the same one: WEFT_TIMEOUT.
 * A lock that is refused has not been taken and must not be released.
 *
 * Facts:
 * - worker-1 gets the free lock without waiting
 * - worker-2's try fails without waiting
 * - worker-3's attempt fails after 1 s, not before
 * - worker-1 holds the lock for 2 s at least
 * - worker-1 has it < worker-2 fails < worker-3 times out < worker-1 releases
 */
#include "demo.h"

static weft_lock lock = WEFT_LOCK_INIT;
static demo_rendezvous taken = DEMO_RENDEZVOUS_INIT(3);    /* worker-1 has the lock */
static demo_rendezvous tried = DEMO_RENDEZVOUS_INIT(2);    /* worker-2 has its answer */
static demo_rendezvous all_done = DEMO_RENDEZVOUS_INIT(3); /* worker-3, too */

static void *hold(void *arg)
{
    demo_say("wants the lock");
    uint64_t waits = weft_park_count();
    weft_lock_acquire(&lock);
    waits = weft_park_count() - waits;
    double start = demo_now();
    demo_say("has the lock");
    CHECK(waits == 0, "worker-1 gets the free lock without waiting");

    demo_rendezvous_meet(&taken);
    demo_sleep(2.0);
    demo_rendezvous_meet(&all_done);
    CHECK(demo_at_least(demo_now() - start, 2.0), "worker-1 has held it for 2 s at least");
    demo_say("releases the lock");
    weft_lock_release(&lock);
    return arg;
}

static void *try_once(void *arg)
{
    demo_rendezvous_meet(&taken);
    demo_sleep(0.5);
    demo_say("tries to take it, without waiting");
    uint64_t waits = weft_park_count();
    weft_status status = weft_lock_try_acquire(&lock);
    waits = weft_park_count() - waits;
    demo_say("fails");
    CHECK(status == WEFT_TIMEOUT, "worker-2 does not get the lock");
    CHECK(waits == 0, "worker-2's try has not waited");
    demo_rendezvous_meet(&tried);
    demo_rendezvous_meet(&all_done);
    return arg;
}

static void *wait_a_second(void *arg)
{
    demo_rendezvous_meet(&taken);
    demo_sleep(0.5);
    demo_rendezvous_meet(&tried);
    demo_say("tries to take it, for 1 s");
    double start = demo_now();
    weft_status status = weft_lock_acquire_for(&lock, demo_seconds(1.0));
    double elapsed = demo_now() - start;
    demo_say("gives up: %s", weft_strerror(status));
    CHECK(status == WEFT_TIMEOUT, "worker-3 does not get the lock");
    CHECK(demo_at_least(elapsed, 1.0), "worker-3 has not given up before 1 s was over");
    demo_rendezvous_meet(&all_done);
    return arg;
}

int main(void)
{
    demo_begin("Three ways to ask for a lock: wait, try, and wait for a while");
    weft_thread *threads[] = {
        demo_must(weft_thread_spawn(hold, NULL, .name = "worker-1")),
        demo_must(weft_thread_spawn(try_once, NULL, .name = "worker-2")),
        demo_must(weft_thread_spawn(wait_a_second, NULL, .name = "worker-3")),
    };
    for (int i = 0; i < 3; i++) {
        weft_thread_join(threads[i]);
        weft_thread_free(threads[i]);
    }
    CHECK(demo_in_order("worker-1 has the lock", "worker-2 fails", "worker-3 gives up: timed out",
                        "worker-1 releases the lock"),
          "worker-1 has it < worker-2 fails < worker-3 times out < worker-1 releases");
    CHECK(!weft_lock_locked(&lock), "the lock is free at the end");
    return demo_end();
}
