/* SPDX-License-Identifier: MIT */
/**
 * @file rlock_owner_isolation.c
 * @brief Re-entry is per thread: a second thread waits until the owner's last release
 *
 * thread-1 takes the lock, and takes it again while it has it. thread-2 asks for it meanwhile. For
 * thread-1 the second acquire is only a count; for thread-2 the lock is held, and it still is when
 * thread-1 has released it once. Only the second release lets thread-2 in.
 *
 * Source: locks, section 2.1, lines 1163-1200.
 *
 * Look for: thread-1 says what it does *before* each release. What is said after a release may
 * appear behind what the next owner says.
 *
 * Facts:
 * - thread-1's second acquire does not wait
 * - after the first release thread-1 still owns the lock, at depth 1, and thread-2 waits
 * - thread-2 gets it only after the second release
 * - thread-2 has asked before, and has waited; then it is the owner, at depth 1
 */
#include "demo.h"
#include "demo_thread.h"

static weft_rlock lock = WEFT_RLOCK_INIT;
static demo_rendezvous taken = DEMO_RENDEZVOUS_INIT(2);

static void *take_twice(void *arg)
{
    weft_rlock_acquire(&lock);
    demo_say("has the lock");
    demo_rendezvous_meet(&taken);
    demo_sleep(0.1);
    uint64_t waits = weft_park_count();
    weft_rlock_acquire(&lock);
    waits = weft_park_count() - waits;
    demo_say("has it twice");
    CHECK(waits == 0, "the owner's second acquire does not wait");

    DEMO_AWAIT(weft_rlock_waiters(&lock) == 1);
    demo_sleep(0.5);
    demo_say("releases once");
    weft_rlock_release(&lock);
    CHECK(weft_rlock_owner(&lock) == weft_thread_ident(weft_thread_current()) &&
              weft_rlock_depth(&lock) == 1,
          "after one release the lock is still thread-1's, at depth 1");
    CHECK(weft_rlock_waiters(&lock) == 1, "and thread-2 still waits");
    demo_sleep(0.1);
    demo_say("releases for the last time");
    weft_rlock_release(&lock);
    return arg;
}

static void *take_once(void *arg)
{
    demo_rendezvous_meet(&taken);
    demo_sleep(0.2);
    demo_say("wants the lock");
    CHECK(weft_rlock_locked(&lock) && weft_rlock_depth(&lock) == 0 && !weft_rlock_is_owned(&lock),
          "to thread-2 the lock is held, but not its own: its depth is 0");
    uint64_t waits = weft_park_count();
    WEFT_WITH(&lock) {
        waits = weft_park_count() - waits;
        demo_say("has the lock at last");
        CHECK(waits > 0 && weft_rlock_is_owned(&lock) && weft_rlock_depth(&lock) == 1,
              "thread-2 has had to wait; now it is the owner, at depth 1");
    }
    return arg;
}

int main(void)
{
    demo_begin("Re-entry is per thread: a second thread waits until the owner's last release");
    double start = demo_now();
    weft_thread *threads[] = {demo_spawn(take_twice, NULL, "thread-1"),
                              demo_spawn(take_once, NULL, "thread-2")};
    demo_join_all(2, threads);

    CHECK(demo_in_order("thread-2 wants the lock", "thread-1 releases once",
                        "thread-1 releases for the last time", "thread-2 has the lock at last"),
          "thread-2 asked before the first release, and got it after the second");
    CHECK(demo_at_least(demo_now() - start, 0.7), "the whole takes 0.7 s at least");
    CHECK(demo_others_can_take(&lock), "the lock is free at the end");
    return demo_end();
}
