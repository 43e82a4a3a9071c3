/* SPDX-License-Identifier: MIT */
/**
 * @file acquire_release_counter.c
 * @brief Ten threads increment one counter between acquire and release
 *
 * One lock guards one counter. To increment is to read, to add and to write: three steps that must
 * not be mixed with another thread's. So each thread takes the lock before the first step and
 * releases it after the last. Ten threads do it once each; once would go well by chance, too, so
 * then four threads do it a hundred thousand times each.
 *
 * Source: locks, section 1.1, lines 16-50.
 *
 * Look for: every thread reads the number that the thread before it has written.
 *
 * Facts:
 * - ten increments make 10, four hundred thousand make 400000
 * - after the joins nobody holds the lock
 */
#include "demo.h"

enum { THREADS = 10, CROWD = 4, ROUNDS = 100000 };

static weft_lock lock = WEFT_LOCK_INIT;
static int counter; /* guarded by lock */

static void *increment(void *arg)
{
    weft_lock_acquire(&lock);
    int temp = counter;
    temp += 1;
    counter = temp;
    demo_say("reads %d, writes %d", temp - 1, temp);
    weft_lock_release(&lock);
    return arg;
}

static void *increment_often(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        weft_lock_acquire(&lock);
        int temp = counter;
        temp += 1;
        counter = temp;
        weft_lock_release(&lock);
    }
    demo_say("has added %d", ROUNDS);
    return arg;
}

int main(void)
{
    weft_thread *threads[THREADS];
    demo_begin("Ten threads increment one counter between acquire and release");

    demo_part("Ten threads, one increment each");
    for (int i = 0; i < THREADS; i++)
        threads[i] =
            demo_must(weft_thread_spawn(increment, NULL, .name = demo_name("adder-%d", i + 1)));
    for (int i = 0; i < THREADS; i++) {
        weft_thread_join(threads[i]);
        weft_thread_free(threads[i]);
    }
    demo_say("final count: %d", counter);
    CHECK(counter == 10, "ten increments make 10");
    CHECK(!weft_lock_locked(&lock), "after the joins nobody holds the lock");

    demo_part("Four threads, a hundred thousand increments each");
    counter = 0;
    for (int i = 0; i < CROWD; i++)
        threads[i] = demo_must(
            weft_thread_spawn(increment_often, NULL, .name = demo_name("adder-%d", i + 1)));
    for (int i = 0; i < CROWD; i++) {
        weft_thread_join(threads[i]);
        weft_thread_free(threads[i]);
    }
    demo_say("final count: %d", counter);
    CHECK(counter == 400000, "four times a hundred thousand increments make 400000");
    CHECK(!weft_lock_locked(&lock), "nobody holds the lock");
    return demo_end();
}
