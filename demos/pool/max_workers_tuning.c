/* SPDX-License-Identifier: MIT */
/**
 * @file max_workers_tuning.c
 * @brief Twenty tasks that compute, on pools of 1, N, 2N and 4N workers
 *
 * N is the number of processors that the process may use. The same 20 tasks, each of which computes
 * a Fibonacci number the slow way, run on a fresh pool of each size. C has no global interpreter
 * lock: N workers compute on N processors at once, which Python's threads do not. More workers than
 * processors cannot compute more, for there is nothing that they could wait for.
 *
 * Source: threads, section 3.1, lines 510-537.
 *
 * Look for: "processor seconds for each second" is how many processors worked on average. It
 * grows up to N and then no more, whatever the pool's size. On a busy machine it is lower: others
 * have their share.
 *
 * Facts:
 * - each of the four pools gives 20 results, all of them fib(35) = 9227465
 * - with N workers N tasks are inside at once; never more than the pool has workers, or than 20
 * - one worker takes as long as all tasks together use the processor, at least
 * - N, 2N and 4N workers take a N-th of that at least: more workers do not make more processors
 */
#include "demo.h"
#include "demo_future.h"
#include "demo_processor.h"

enum { TASKS = 20, SIZES = 4, NUMBER = 35, LEAVES = 24 };

/* Where the recursion ends: the small numbers. At a higher speed it ends earlier. */
static unsigned small_numbers[LEAVES] = {0, 1};
static int leaf;

/* The slow way is the work. NOLINTNEXTLINE(misc-no-recursion) */
static unsigned fib(int n)
{
    return n <= leaf ? small_numbers[n] : fib(n - 1) + fib(n - 2);
}

static void prepare(void)
{
    for (int n = 2; n < LEAVES; n++)
        small_numbers[n] = small_numbers[n - 1] + small_numbers[n - 2];
    leaf = 1; /* each number takes 1.6 times as long as the one before */
    double speed = 1 / demo_seconds(1);
    while (speed >= 1.6 && leaf < LEAVES - 1) {
        speed /= 1.618;
        leaf++;
    }
}

struct task {
    struct run *run;
    bool meets; /* the others of the first wave */
    unsigned result;
    double used; /* real seconds of processor time */
};

struct run {
    int workers;
    int wave; /* how many are inside at once */
    demo_crowd inside;
    demo_rendezvous first_wave;
    struct task tasks[TASKS];
    double elapsed; /* real seconds */
    double used;
};

static void *compute(void *arg)
{
    struct task *task = arg;
    double before = demo_processor_seconds();
    demo_crowd_enter(&task->run->inside);
    if (task->meets)
        demo_rendezvous_meet(&task->run->first_wave);
    task->result = fib(NUMBER);
    demo_crowd_leave(&task->run->inside);
    task->used = demo_processor_seconds() - before;
    return task;
}

static void run_on_pool(struct run *run)
{
    weft_future *futures[TASKS];
    double start = weft_now();
    WEFT_WITH_EXECUTOR(pool, run->workers) {
        for (int i = 0; i < TASKS; i++) {
            run->tasks[i] = (struct task){.run = run, .meets = i < run->wave};
            futures[i] = demo_must(weft_executor_submit(pool, compute, &run->tasks[i]));
        }
        for (int i = 0; i < TASKS; i++)
            weft_future_result(futures[i], NULL);
    }
    run->elapsed = weft_now() - start;
    for (int i = 0; i < TASKS; i++)
        run->used += run->tasks[i].used;
    demo_free_futures(TASKS, futures);
}

static bool all_are_right(const struct run *run)
{
    bool right = true;
    for (int i = 0; i < TASKS; i++)
        right = right && run->tasks[i].result == 9227465;
    return right;
}

int main(void)
{
    const int factors[SIZES] = {0, 1, 2, 4};
    demo_begin("Twenty tasks that compute, on pools of 1, N, 2N and 4N workers");
    prepare();
    int processors = demo_processors();
    demo_say("N = %d processors; each pool computes fib(%d) %d times", processors, NUMBER, TASKS);
    demo_line("%10s %10s %10s   %s", "workers", "seconds", "speed-up",
              "processor seconds for each second");

    double alone = 0;
    bool right = true;
    bool as_many = true;
    bool possible = true;
    for (int i = 0; i < SIZES; i++) {
        int workers = i == 0 ? 1 : factors[i] * processors;
        int wave = workers < TASKS ? workers : TASKS;
        struct run run = {
            .workers = workers, .wave = wave, .first_wave = DEMO_RENDEZVOUS_INIT((uint32_t)wave)};
        run_on_pool(&run);
        if (i == 0)
            alone = run.elapsed;
        demo_line("%10d %10.3f %10.2f   %.2f", workers, run.elapsed, alone / run.elapsed,
                  run.used / run.elapsed);
        right = right && all_are_right(&run);
        as_many = as_many && run.inside.peak == wave;
        /* One in a hundred is for the clocks, which are not the same. */
        int share = workers < processors ? workers : processors;
        possible = possible && run.elapsed * share * 1.01 + 0.001 >= run.used;
    }
    demo_say("workers beyond the processors only take turns");
    CHECK(right, "each pool gave 20 results, all are fib(35) = 9227465");
    CHECK(as_many, "as many tasks were inside at once as the pool had workers, or 20");
    CHECK(possible, "no pool used more processors than it has workers, or than there are");
    return demo_end();
}
