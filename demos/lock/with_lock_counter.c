/* SPDX-License-Identifier: MIT */
/**
 * @file with_lock_counter.c
 * @brief Ten threads increment one counter inside a block that holds the lock
 *
 * The program of acquire_release_counter.c, with Python's `with lock:`. WEFT_WITH takes the lock,
 * runs the block that follows and releases the lock, however the block is left: at its end, by
 * return, by break, by goto. The release cannot be forgotten, because it is not written.
 *
 * Source: locks, section 1.3, lines 450-474.
 *
 * Look for: the braces show what is protected. WEFT_GUARDED_BY tells clang the same, and clang
 * (with -Wthread-safety) rejects a line that touches the counter without the lock.
 *
 * Facts:
 * - ten increments make 10, four hundred thousand make 400000
 * - the lock is free after the joins
 * - it is free after a return out of the block, too
 */
#include "demo.h"

enum { THREADS = 10, CROWD = 4, ROUNDS = 100000 };

static weft_lock lock = WEFT_LOCK_INIT;
static int counter WEFT_GUARDED_BY(lock);

static void *increment(void *arg)
{
    WEFT_WITH(&lock) {
        int temp = counter;
        temp += 1;
        counter = temp;
        demo_say("reads %d, writes %d", temp - 1, temp);
    }
    return arg;
}

static void *increment_often(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        WEFT_WITH(&lock) {
            int temp = counter;
            temp += 1;
            counter = temp;
        }
    }
    demo_say("has added %d", ROUNDS);
    return arg;
}

static int take_all(void)
{
    WEFT_WITH(&lock) {
        int all = counter;
        counter = 0;
        return all; /* releases */
    }
    return 0;
}

int main(void)
{
    weft_thread *threads[THREADS];
    demo_begin("Ten threads increment one counter inside a block that holds the lock");

    demo_part("Ten threads, one increment each");
    for (int i = 0; i < THREADS; i++)
        threads[i] =
            demo_must(weft_thread_spawn(increment, NULL, .name = demo_name("adder-%d", i + 1)));
    for (int i = 0; i < THREADS; i++) {
        weft_thread_join(threads[i]);
        weft_thread_free(threads[i]);
    }
    CHECK(!weft_lock_locked(&lock), "the lock is free after the joins");
    int final = take_all();
    demo_say("final count: %d", final);
    CHECK(final == 10, "ten increments make 10");
    CHECK(!weft_lock_locked(&lock), "a return out of the block has released the lock");

    demo_part("Four threads, a hundred thousand increments each");
    for (int i = 0; i < CROWD; i++)
        threads[i] = demo_must(
            weft_thread_spawn(increment_often, NULL, .name = demo_name("adder-%d", i + 1)));
    for (int i = 0; i < CROWD; i++) {
        weft_thread_join(threads[i]);
        weft_thread_free(threads[i]);
    }
    final = take_all();
    demo_say("final count: %d", final);
    CHECK(final == 400000, "four times a hundred thousand increments make 400000");
    return demo_end();
}
