/* SPDX-License-Identifier: MIT */
/*
 * For each argument threads increment one plain int: under the lock of that name, as `readers` beside
 * each other, else without.
 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <weft/weft.h>

enum { THREADS = 4, ROUNDS = 2000 };

static weft_lock lock = WEFT_LOCK_INIT;
static weft_rlock rlock = WEFT_RLOCK_INIT;
static weft_rwlock rwlock = WEFT_RWLOCK_INIT;
static weft_condition condition = WEFT_CONDITION_INIT;
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

static void *count_with_rlock(void *arg)
{
    await_all();
    for (int i = 0; i < ROUNDS; i++) {
        WEFT_HOLD(&rlock);
        WEFT_WITH(&rlock)
            counter++;
    }
    return arg;
}

static void *count_with_rwlock(void *arg)
{
    await_all();
    for (int i = 0; i < ROUNDS; i++) {
        int seen = 0;
        WEFT_WITH(weft_reading(&rwlock))
            seen = counter;
        WEFT_WITH(weft_writing(&rwlock))
            counter += seen >= 0;
    }
    return arg;
}

static void *count_while_reading(void *arg)
{
    await_all();
    for (int i = 0; i < ROUNDS; i++) {
        WEFT_HOLD(weft_reading(&rwlock));
        counter++;
    }
    return arg;
}

static void *count_with_condition(void *arg)
{
    await_all();
    for (int i = 0; i < ROUNDS; i++) {
        WEFT_HOLD(&condition);
        counter++;
        weft_condition_notify(&condition, 1);
        if (i % 100 == 0 && weft_condition_wait_for(&condition, 0.001) != WEFT_OK)
            continue; /* nobody came: as good */
    }
    return arg;
}

/* Who has the only item has the counter. */
static weft_queue token;

static void *count_with_queue(void *arg)
{
    int item;
    await_all();
    for (int i = 0; i < ROUNDS; i++) {
        weft_queue_get(&token, &item);
        counter++;
        weft_queue_put(&token, &item);
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

static weft_target *way_of(const char *how)
{
    if (strcmp(how, "lock") == 0)
        return count_locked;
    if (strcmp(how, "rlock") == 0)
        return count_with_rlock;
    if (strcmp(how, "rwlock") == 0)
        return count_with_rwlock;
    if (strcmp(how, "queue") == 0)
        return count_with_queue;
    if (strcmp(how, "readers") == 0)
        return count_while_reading;
    return strcmp(how, "condition") == 0 ? count_with_condition : count_unlocked;
}

/* Prints how far they have come. */
static int count(weft_target *way)
{
    weft_thread *threads[THREADS];
    counter = 0;
    atomic_store(&present, 0);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = weft_thread_spawn(way);
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

int main(int argc, char **argv)
{
    int failed = 0;
    int item = 0;
    if (weft_queue_init(&token, sizeof item, .maxsize = 1) != WEFT_OK ||
        weft_queue_put(&token, &item) != WEFT_OK)
        return 2;
    for (int i = 1; i < argc && !failed; i++)
        failed = count(way_of(argv[i]));
    return weft_queue_destroy(&token) == WEFT_OK ? failed : 2;
}
