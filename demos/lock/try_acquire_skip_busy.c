/* SPDX-License-Identifier: MIT */
/**
 * @file try_acquire_skip_busy.c
 * @brief Twenty threads try a lock: one gets it, nineteen skip the work
 *
 * Some work is worth doing only if nobody else is at it. Twenty threads come to the lock together
 * and try it without waiting. One is lucky; it keeps the lock until all others have tried, and
 * then for another 10 ms. The other nineteen find it busy and go on with their lives.
 *
 * Source: locks, section 1.2, lines 366-395.
 *
 * Look for: who fails holds no lock, so it must not count its failure in a plain variable: the
 * failures are an atomic, the successes are guarded by the lock.
 *
 * Facts:
 * - successes and failures make 20: exactly 1 and 19
 * - none of the twenty tries has waited
 * - the lock is free at the end
 */
#include "demo.h"

enum { THREADS = 20 };

static weft_lock lock = WEFT_LOCK_INIT;
static int succeeded; /* guarded by lock */
static atomic_int failed;
static atomic_int waited;
static demo_rendezvous all_here = DEMO_RENDEZVOUS_INIT(THREADS);
static demo_rendezvous all_have_tried = DEMO_RENDEZVOUS_INIT(THREADS);

static void *try_increment(void *arg)
{
    demo_rendezvous_meet(&all_here);
    uint64_t waits = weft_park_count();
    weft_status status = weft_lock_try_acquire(&lock);
    waited += weft_park_count() != waits;
    if (status == WEFT_OK) {
        succeeded++;
        demo_say("has the lock");
        demo_rendezvous_meet(&all_have_tried);
        demo_sleep(0.01);
        weft_lock_release(&lock);
    } else {
        failed++;
        demo_say("finds it busy, skips the work");
        demo_rendezvous_meet(&all_have_tried);
    }
    return arg;
}

int main(void)
{
    weft_thread *threads[THREADS];
    demo_begin("Twenty threads try a lock: one gets it, nineteen skip the work");
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_must(
            weft_thread_spawn(try_increment, NULL, .name = demo_name("visitor-%d", i + 1)));
    for (int i = 0; i < THREADS; i++) {
        weft_thread_join(threads[i]);
        weft_thread_free(threads[i]);
    }
    demo_say("%d got the lock, %d skipped", succeeded, failed);
    CHECK(succeeded + failed == 20, "each of the twenty has an answer");
    CHECK(succeeded == 1, "exactly one got the lock");
    CHECK(failed == 19, "the other nineteen skipped the work");
    CHECK(waited == 0, "no try has waited");
    CHECK(!weft_lock_locked(&lock), "the lock is free at the end");
    return demo_end();
}
