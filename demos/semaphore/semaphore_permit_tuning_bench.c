/* SPDX-License-Identifier: MIT */
/**
 * @file semaphore_permit_tuning_bench.c
 * @brief Benchmark: what a semaphore costs, and how many permits are right
 *
 * Three questions. What does a permit cost, next to a lock, alone and with others? What do more
 * permits bring: sixteen threads do 64 tasks of 50 ms with 1 to 16 of them? And does it help to
 * split a semaphore of four into four of one, side by side or each in a cache line of its own?
 *
 * Source: locks, section 4.1.
 *
 * Look for: the second table. These tasks only wait, so permits help up to the number of threads;
 * tasks that compute would stop getting faster at the number of processors.
 *
 * Facts:
 * - with p permits p tasks run at once, and 64 tasks take 64/p times 50 ms at least
 * - without the semaphore all sixteen run at once, whatever p is
 * - no permit is lost, alone or under contention, in one semaphore or in shards
 * - a semaphore takes 4 bytes, a bounded one 8
 */
#include "demo.h"
#include "demo_bench.h"
#include "demo_thread.h"

enum { PAIRS = 100000, CONTENDERS = 4, THREADS = 16, TASKS = 64, LINE = 64 };

/* ---- the cost of a pair ---- */

static void lock_pairs(void *lock, long count)
{
    for (long i = 0; i < count; i++) {
        weft_lock_acquire(lock);
        weft_lock_release(lock);
    }
}

static void semaphore_pairs(void *semaphore, long count)
{
    for (long i = 0; i < count; i++) {
        weft_semaphore_acquire(semaphore);
        weft_semaphore_release(semaphore);
    }
}

static weft_semaphore shared_one = WEFT_SEMAPHORE_INIT(1);
static weft_semaphore shared_four = WEFT_SEMAPHORE_INIT(CONTENDERS);

/* Side by side four of them share a cache line, which goes from processor to processor. */
static weft_semaphore shards[CONTENDERS];
static struct {
    _Alignas(LINE) weft_semaphore semaphore;
} apart[CONTENDERS];

static long each; /* pairs of a contender */

static void *contend(void *semaphore)
{
    semaphore_pairs(semaphore, each);
    return semaphore;
}

/* Four threads, the i-th on semaphores[i * step]. */
static void contend_on(const char *what, weft_semaphore *semaphores, int step)
{
    weft_thread *threads[CONTENDERS];
    double start = weft_now();
    for (int i = 0; i < CONTENDERS; i++)
        threads[i] = demo_spawn(contend, &semaphores[(ptrdiff_t)i * step], "contender-%d", i);
    demo_join_all(CONTENDERS, threads);
    demo_line("    %-34s %8.1f ns a pair", what,
              (weft_now() - start) / CONTENDERS / (double)each * 1e9);
}

static void cost(void)
{
    demo_part("The cost of an acquire and its release");
    weft_lock lock = WEFT_LOCK_INIT;
    each = (long)demo_seconds(100000) + 1000;
    bool made = true;
    for (int i = 0; i < CONTENDERS; i++)
        made = made && weft_semaphore_init(&shards[i], 1) == WEFT_OK &&
               weft_semaphore_init(&apart[i].semaphore, 1) == WEFT_OK;
    demo_line("    %-34s %8.1f ns a pair", "Lock, alone",
              demo_bench(lock_pairs, &lock, PAIRS) / PAIRS * 1e9);
    demo_line("    %-34s %8.1f ns a pair", "Semaphore(1), alone",
              demo_bench(semaphore_pairs, &shared_one, PAIRS) / PAIRS * 1e9);
    contend_on("Semaphore(1), four threads", &shared_one, 0);
    contend_on("Semaphore(4), four threads", &shared_four, 0);
    contend_on("four Semaphore(1), side by side", shards, 1);
    contend_on("four Semaphore(1), 64 bytes apart", &apart[0].semaphore,
               LINE / (int)sizeof(weft_semaphore));
    bool whole =
        made && weft_semaphore_value(&shared_one) == 1 && weft_semaphore_value(&shared_four) == 4;
    for (int i = 0; i < CONTENDERS; i++)
        whole = whole && weft_semaphore_value(&shards[i]) == 1 &&
                weft_semaphore_value(&apart[i].semaphore) == 1;
    CHECK(whole, "no permit was lost or made");
}

/* ---- how many permits ---- */

static weft_semaphore permits;
static bool use_permits;
static int expected;
static demo_crowd running;
static atomic_int next_task;

static void do_task(void)
{
    demo_crowd_enter(&running);
    DEMO_AWAIT(running.peak >= expected);
    demo_sleep(0.05);
    demo_crowd_leave(&running);
}

static void *do_tasks(void *arg)
{
    while (atomic_fetch_add(&next_task, 1) < TASKS) {
        if (!use_permits) {
            do_task();
            continue;
        }
        WEFT_WITH(&permits) {
            do_task();
        }
    }
    return arg;
}

static double do_all(int at_once)
{
    weft_thread *threads[THREADS];
    running = (demo_crowd){.inside = 0};
    expected = at_once;
    next_task = 0;
    double start = demo_now();
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(do_tasks, NULL, "thread-%d", i);
    demo_join_all(THREADS, threads);
    return demo_now() - start;
}

static void tuning(void)
{
    demo_part("64 tasks of 50 ms, sixteen threads");
    bool bounded = true;
    bool long_enough = true;
    for (int count = 1; count <= THREADS; count *= 2) {
        use_permits = weft_semaphore_init(&permits, count) == WEFT_OK;
        double elapsed = do_all(count);
        double least = 0.05 * TASKS / count;
        demo_line("    %2d permits: %6.3f s, at least %5.3f s; at most %2d at once", count, elapsed,
                  least, running.peak);
        bounded = bounded && running.peak == count;
        long_enough = long_enough && demo_at_least(elapsed, least);
    }
    use_permits = false;
    do_all(THREADS);
    demo_line("    no semaphore: at most %2d at once", running.peak);
    CHECK(bounded, "with p permits p tasks ran at once, and never more");
    CHECK(long_enough, "64 tasks took 64/p times 50 ms at least");
    CHECK(running.peak == THREADS, "without the semaphore all sixteen ran at once");
}

int main(void)
{
    demo_begin("Benchmark: what a semaphore costs, and how many permits are right");
    cost();
    tuning();
    demo_part("Size");
    demo_line("    Semaphore %zu bytes, BoundedSemaphore %zu, Lock %zu", sizeof(weft_semaphore),
              sizeof(weft_bounded_semaphore), sizeof(weft_lock));
    CHECK(sizeof(weft_semaphore) == 4 && sizeof(weft_bounded_semaphore) == 8,
          "a semaphore takes 4 bytes, a bounded one 8");
    return demo_end();
}
