/* SPDX-License-Identifier: MIT */
/**
 * @file sizing_cpu_bound.c
 * @brief How many workers for work that computes? As many as processors
 *
 * The same 64 tasks, each of which computes for about 5 ms, run on pools of 1, 2, ... workers, up
 * to two more than twice the processors. Up to the number of processors each worker brings another
 * one to work; beyond it there is none left, and workers only take turns. Each task also adds to a
 * sum. Kept in the results it is right with any number of workers. Kept in a variable that all
 * write without a lock, it is right with one worker and wrong with two.
 *
 * Source: threads, section 3.4.
 *
 * Each number is the median of three runs; on a busy machine they wander all the same.
 *
 * Look for: the last two columns. A worker that is one too many does not wait for anything, so the
 * system takes the processor away from it: a switch that it did not ask for.
 *
 * Facts:
 * - the sum of all results is the same on every pool
 * - as many tasks are inside at once as there are workers, and never more
 * - no pool uses more processors than the machine has: no size is faster than the work allows
 * - each task ran on one of the process's processors
 * - two tasks that add to a shared sum without a lock lose an addition; with a lock they do not
 */
#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>

#include "demo.h"
#include "demo_future.h"
#include "demo_processor.h"

enum { TASKS = 64, MOST_PROCESSORS = 1024 };

static cpu_set_t usable;
static atomic_int served[MOST_PROCESSORS]; /* tasks, by processor */

struct pool_run {
    int workers;
    demo_crowd inside;
    demo_rendezvous first_wave;
    int wave;
};

struct task {
    struct pool_run *run;
    int number;
    uint32_t result;
    double used; /* the processor, in real seconds */
    long asked;  /* switches because it waited, */
    long forced; /* and because its time was over */
};

static struct rusage switches(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage;
}

static void *compute(void *arg)
{
    struct task *task = arg;
    demo_crowd_enter(&task->run->inside);
    if (task->number < task->run->wave)
        demo_rendezvous_meet(&task->run->first_wave);
    struct rusage before = switches();
    double start = demo_processor_seconds();
    demo_compute(0.005);
    task->result = (uint32_t)task->number * 2654435761U;
    int processor = sched_getcpu();
    if (processor >= 0 && processor < MOST_PROCESSORS)
        served[processor]++;
    task->used = demo_processor_seconds() - start;
    struct rusage after = switches();
    task->asked = after.ru_nvcsw - before.ru_nvcsw;
    task->forced = after.ru_nivcsw - before.ru_nivcsw;
    demo_crowd_leave(&task->run->inside);
    return task;
}

struct totals {
    double elapsed; /* real seconds */
    double used;
    uint32_t sum;
    long asked;
    long forced;
    int peak;
};

static struct totals run_pool(int workers)
{
    struct totals totals = {.elapsed = 0};
    struct task tasks[TASKS] = {{.number = 0}};
    int wave = workers < TASKS ? workers : TASKS;
    struct pool_run run = {
        .workers = workers, .first_wave = DEMO_RENDEZVOUS_INIT((uint32_t)wave), .wave = wave};
    double start = weft_now();
    WEFT_WITH_EXECUTOR(pool, workers) {
        for (int i = 0; i < TASKS; i++) {
            tasks[i] = (struct task){.run = &run, .number = i};
            demo_posted(weft_executor_post(pool, compute, &tasks[i]));
        }
    }
    totals.elapsed = weft_now() - start;
    totals.peak = run.inside.peak;
    for (int i = 0; i < TASKS; i++) {
        totals.used += tasks[i].used;
        totals.sum += tasks[i].result;
        totals.asked += tasks[i].asked;
        totals.forced += tasks[i].forced;
    }
    return totals;
}

enum { RUNS = 3 };

struct checks {
    bool same_sum;
    bool as_many;
    bool possible;
};

/* The median of some runs, by the time that they took. */
static struct totals run_often(int workers, int processors, struct checks *checks)
{
    struct totals runs[RUNS];
    int share = workers < processors ? workers : processors;
    uint32_t sum = 0;
    for (int i = 0; i < TASKS; i++)
        sum += (uint32_t)i * 2654435761U;
    for (int i = 0; i < RUNS; i++) {
        struct totals totals = run_pool(workers);
        checks->same_sum = checks->same_sum && totals.sum == sum;
        checks->as_many = checks->as_many && totals.peak == (workers < TASKS ? workers : TASKS);
        /* One in a hundred is for the clocks, which are not the same. */
        checks->possible = checks->possible && totals.elapsed * share * 1.01 + 0.001 >= totals.used;
        int place = i;
        for (; place > 0 && runs[place - 1].elapsed > totals.elapsed; place--)
            runs[place] = runs[place - 1];
        runs[place] = totals;
    }
    return runs[RUNS / 2];
}

static void try_sizes(int processors)
{
    struct checks checks = {true, true, true};
    double alone = 0;
    double best = 0;
    int chosen = 1;
    demo_line("%8s %9s %9s %11s %8s %8s", "workers", "seconds", "speed-up", "efficiency", "asked",
              "forced");
    /* Many processors are tried in larger steps. */
    int step = processors < 8 ? 1 : processors / 4;
    for (int workers = 1; workers <= 2 * processors + 2; workers += step) {
        struct totals totals = run_often(workers, processors, &checks);
        if (workers == 1)
            alone = best = totals.elapsed;
        demo_line("%8d %9.3f %9.2f %10.0f%% %8ld %8ld", workers, totals.elapsed,
                  alone / totals.elapsed, 100 * alone / totals.elapsed / workers, totals.asked,
                  totals.forced);
        if (totals.elapsed < 0.95 * best) {
            best = totals.elapsed;
            chosen = workers;
        }
    }
    demo_say("here and now %d workers were enough; the rule says %d", chosen, processors);
    CHECK(checks.same_sum, "the sum of all results is the same on every pool");
    CHECK(checks.as_many, "each pool had as many tasks inside at once as it has workers");
    CHECK(checks.possible, "no pool used more than its workers, or than %d, processors",
          processors);
}

static void check_places(void)
{
    int inside = 0;
    int outside = 0;
    for (int i = 0; i < MOST_PROCESSORS; i++) {
        if (served[i] > 0)
            demo_say("processor %d served %d tasks", i, served[i]);
        if (CPU_ISSET((size_t)i, &usable))
            inside += served[i];
        else
            outside += served[i];
    }
    CHECK(inside > 0 && outside == 0, "each task ran on a processor that the process may use");
}

/* ---- a sum that is shared ---- */

static atomic_int shared_sum;
static demo_rendezvous both_have_read = DEMO_RENDEZVOUS_INIT(2);
static weft_lock sum_lock = WEFT_LOCK_INIT; /* guards safe_sum */
static int safe_sum;

/* Read, add, write: between the first and the last the other one reads, too. */
static void *add_unprotected(void *arg)
{
    int seen = atomic_load_explicit(&shared_sum, memory_order_relaxed);
    demo_say("has read %d", seen);
    demo_rendezvous_meet(&both_have_read);
    atomic_store_explicit(&shared_sum, seen + *(int *)arg, memory_order_relaxed);
    return arg;
}

static void *add_protected(void *arg)
{
    WEFT_HOLD(&sum_lock);
    safe_sum += *(int *)arg;
    return arg;
}

static void add_twice(weft_target *add)
{
    int summands[2] = {20, 20};
    WEFT_WITH_EXECUTOR(pool, 2, .thread_name_prefix = "adder") {
        for (int i = 0; i < 2; i++)
            demo_posted(weft_executor_post(pool, add, &summands[i]));
    }
}

int main(void)
{
    demo_begin("How many workers for work that computes? As many as processors");
    if (sched_getaffinity(0, sizeof usable, &usable) != 0)
        return demo_skip("this machine has too many processors");
    int processors = demo_processors();
    demo_part("64 tasks of 5 ms, %d processors", processors);
    try_sizes(processors);
    check_places();

    demo_part("A sum that two tasks share");
    add_twice(add_unprotected);
    demo_say("20 and 20 make %d without a lock", shared_sum);
    CHECK(shared_sum == 20, "without a lock an addition is lost");
    add_twice(add_protected);
    WEFT_WITH(&sum_lock) {
        demo_say("20 and 20 make %d with a lock", safe_sum);
        CHECK(safe_sum == 40, "with a lock it is not");
    }
    return demo_end();
}
