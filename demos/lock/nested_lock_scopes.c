/* SPDX-License-Identifier: MIT */
/**
 * @file nested_lock_scopes.c
 * @brief One lock inside another, always in the same order
 *
 * Five threads update two resources, each with a lock of its own: first A, then, still holding A,
 * B. As all of them take A before B, nobody ever waits for A while holding B, so they cannot block
 * each other: they pass one by one. (Here B alone guards nothing, because A is always held around
 * it; it would matter if others took B by itself.)
 *
 * Source: locks, section 1.3, lines 562-593.
 *
 * Look for: the two numbers in a line are always equal: no thread sees a half-done update.
 *
 * Facts:
 * - both resources end at 5
 * - the k-th thread inside sees A at k and B at k
 * - the whole takes 50 ms at least, as A puts five times 10 ms in a row
 */
#include "demo.h"

enum { THREADS = 5 };

static weft_lock lock_a = WEFT_LOCK_INIT;
static weft_lock lock_b = WEFT_LOCK_INIT;
static int resource_a WEFT_GUARDED_BY(lock_a);
static int resource_b WEFT_GUARDED_BY(lock_b);

/* What each thread saw, in the order in which they were inside. */
static struct seen {
    int a;
    int b;
} seen[THREADS] WEFT_GUARDED_BY(lock_a);

static void *update_both(void *arg)
{
    WEFT_WITH(&lock_a) {
        demo_say("holds A");
        int nth = resource_a++;
        demo_sleep(0.01);
        WEFT_WITH(&lock_b) {
            resource_b++;
            demo_say("holds A and B, resource A: %d, resource B: %d", resource_a, resource_b);
            seen[nth] = (struct seen){resource_a, resource_b};
        }
    }
    return arg;
}

int main(void)
{
    weft_thread *threads[THREADS];
    demo_begin("One lock inside another, always in the same order");
    double start = demo_now();
    for (int i = 0; i < THREADS; i++)
        threads[i] =
            demo_must(weft_thread_spawn(update_both, NULL, .name = demo_name("updater-%d", i + 1)));
    for (int i = 0; i < THREADS; i++) {
        weft_thread_join(threads[i]);
        weft_thread_free(threads[i]);
    }
    double elapsed = demo_now() - start;

    WEFT_WITH(&lock_a)
        WEFT_WITH(&lock_b) {
            demo_say("at the end: resource A: %d, resource B: %d", resource_a, resource_b);
            CHECK(resource_a == 5 && resource_b == 5, "both resources end at 5");
            bool in_step = true;
            for (int i = 0; i < THREADS; i++)
                in_step = in_step && seen[i].a == i + 1 && seen[i].b == i + 1;
            CHECK(in_step, "the k-th thread inside saw A at k and B at k, for k from 1 to 5");
        }
    CHECK(demo_at_least(elapsed, 0.05), "five times 10 ms in a row take 50 ms at least");
    CHECK(!weft_lock_locked(&lock_a) && !weft_lock_locked(&lock_b), "both locks are free");
    return demo_end();
}
