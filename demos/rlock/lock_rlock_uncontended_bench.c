/* SPDX-License-Identifier: MIT */
/**
 * @file lock_rlock_uncontended_bench.c
 * @brief Micro-benchmark: a million uncontended acquire/release pairs, Lock versus RLock
 *
 * One thread takes and releases a lock that nobody else wants, a million times in five rounds. The
 * RLock also has to know who asks and to count. The system's own mutexes, normal and recursive, do
 * the same beside them.
 *
 * Source: locks, section 2.3, lines 1728-1754.
 *
 * Look for: how little it is, some nanoseconds a pair. A lock that nobody waits for is a few
 * instructions, and what makes locks slow is waiting. The numbers differ from machine to machine
 * and from run to run, so they are printed and nothing is concluded from them.
 *
 * Facts:
 * - each loop completes its million pairs, every acquire and every release succeeds
 * - no acquire has waited
 * - all locks are free at the end
 */
#include <pthread.h>

#include "demo.h"
#include "demo_bench.h"
#include "demo_thread.h"

enum { PAIRS = 1000000, ROUND = PAIRS / DEMO_BENCH_ROUNDS };

static weft_lock lock = WEFT_LOCK_INIT;
static weft_rlock rlock = WEFT_RLOCK_INIT;
static long completed; /* pairs of which both calls succeeded; one thread counts */
static int complete;   /* loops that have made all their pairs */

static void lock_pairs(void *arg, long count)
{
    (void)arg;
    for (long i = 0; i < count; i++) {
        weft_status taken = weft_lock_acquire(&lock);
        completed += taken == WEFT_OK && weft_lock_release(&lock) == WEFT_OK;
    }
}

static void rlock_pairs(void *arg, long count)
{
    (void)arg;
    for (long i = 0; i < count; i++) {
        weft_status taken = weft_rlock_acquire(&rlock);
        completed += taken == WEFT_OK && weft_rlock_release(&rlock) == WEFT_OK;
    }
}

static void mutex_pairs(void *mutex, long count)
{
    for (long i = 0; i < count; i++) {
        int taken = pthread_mutex_lock(mutex);
        completed += taken == 0 && pthread_mutex_unlock(mutex) == 0;
    }
}

static double measure(const char *what, void (*pairs)(void *arg, long count), void *arg)
{
    completed = 0;
    double seconds = demo_bench(pairs, arg, ROUND) * DEMO_BENCH_ROUNDS;
    demo_line("    %-26s %8.4f s %8.1f ns a pair", what, seconds, seconds / PAIRS * 1e9);
    complete += completed == PAIRS + ROUND;
    return seconds;
}

int main(void)
{
    demo_begin("Micro-benchmark: a million uncontended acquire/release pairs, Lock versus RLock");
    pthread_mutex_t normal = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_t recursive;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&recursive, &attributes);

    uint64_t waits = weft_park_count();
    double of_lock = measure("Lock", lock_pairs, NULL);
    double of_rlock = measure("RLock", rlock_pairs, NULL);
    waits = weft_park_count() - waits;
    measure("pthread mutex", mutex_pairs, &normal);
    measure("pthread recursive mutex", mutex_pairs, &recursive);
    demo_line("    here and now: RLock %+.1f %% beside Lock\n", (of_rlock / of_lock - 1) * 100);

    CHECK(complete == 4, "each loop has made its million pairs, after %d to warm up", ROUND);
    CHECK(waits == 0, "no acquire has waited");
    CHECK(!weft_lock_locked(&lock) && demo_others_can_take(&rlock), "Lock and RLock are free");
    CHECK(pthread_mutex_destroy(&normal) == 0 && pthread_mutex_destroy(&recursive) == 0,
          "so are the mutexes");
    pthread_mutexattr_destroy(&attributes);
    return demo_end();
}
