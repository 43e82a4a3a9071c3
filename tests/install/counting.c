/* SPDX-License-Identifier: MIT */
/* Threads increment one plain int: with an argument "locked" under a lock, else without. */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <weft/weft.h>

enum { THREADS = 4, ROUNDS = 2000 };

static weft_lock lock = WEFT_LOCK_INIT;
static int counter;
static atomic_int present;

/*
 * No thread counts before all are there: else one might be done before the next one starts, which is
 * no race. The relaxed operations order nothing.
 */
static void await_all(void)
{
    atomic_fetch_add_explicit(&present, 1, memory_order_relaxed);
    while (atomic_load_explicit(&present, memory_order_relaxed) < THREADS)
        sched_yield();
}

static void *count_locked(void *arg)
{
    await_all();
    for (int i = 0; i < ROUNDS; i++) {
        WEFT_HOLD(&lock);
        counter++;
    }
    return arg;
}

static void *count_unlocked(void *arg)
{
    await_all();
    for (int i = 0; i < ROUNDS; i++)
        counter++;
    return arg;
}

int main(int argc, char **argv)
{
    int locked = argc > 1 && strcmp(argv[1], "locked") == 0;
    weft_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        threads[i] = weft_thread_spawn(locked ? count_locked : count_unlocked);
        if (threads[i] == NULL)
            return 2;
    }
    for (int i = 0; i < THREADS; i++) {
        weft_thread_join(threads[i]);
        weft_thread_free(threads[i]);
    }
    printf("%d\n", counter);
    return 0;
}
