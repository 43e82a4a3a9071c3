/* SPDX-License-Identifier: MIT */
/* Threads increment one plain int: with an argument "locked" under a lock, else without. */
#include <stdio.h>
#include <string.h>

#include <weft/weft.h>

enum { THREADS = 4, ROUNDS = 2000 };

static weft_lock lock = WEFT_LOCK_INIT;
static int counter;

static void *count_locked(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        WEFT_HOLD(&lock);
        counter++;
    }
    return arg;
}

static void *count_unlocked(void *arg)
{
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
