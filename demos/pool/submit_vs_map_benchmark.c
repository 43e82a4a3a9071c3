/* SPDX-License-Identifier: MIT */
/**
 * @file submit_vs_map_benchmark.c
 * @brief submit against map: the same work, and what a task costs
 *
 * The same tasks are run in two ways, by submitting each and asking for the results in order, and
 * by a map: 10, 50 and 100 tasks of 10 ms on 2, 4 and 8 workers. Both take as many rounds as there
 * are tasks for each worker. Who of the two is a few per cent faster in one run says nothing: the
 * tasks sleep, and map is made of submits. What can be compared is what a task costs that does
 * nothing; that comes second, as the median of several rounds.
 *
 * Source: threads, section 3.2, lines 1163-1227, where single runs of sleeping tasks give a winner.
 *
 * Look for: the times in the table are those of the sleeps. The last lines are the cost of the
 * pool: some millionths of a second for each task.
 *
 * Facts:
 * - 18 runs give all results, in the order of the tasks, from the first to the last
 * - none is faster than its sleeps: ceil(tasks / workers) * 10 ms at least
 * - each empty task was run once, by submit and by map
 */
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_bench.h"
#include "demo_future.h"

enum { MOST = 100 };

static int numbers[MOST];

static void *sleep_briefly(void *arg)
{
    demo_sleep(0.01);
    return demo_text("Task %d completed", *(int *)arg);
}

static bool is_result(void *value, int number)
{
    return value != NULL && strcmp(value, demo_name("Task %d completed", number)) == 0;
}

/* Each returns how many results came, in their order. */

static int run_submits(weft_executor *pool, int count)
{
    weft_future *futures[MOST];
    void *value;
    int right = 0;
    for (int i = 0; i < count; i++)
        futures[i] =
            demo_must(weft_executor_submit(pool, sleep_briefly, &numbers[i], .free_value = free));
    for (int i = 0; i < count; i++)
        right += weft_future_result(futures[i], &value) == WEFT_OK && is_result(value, i);
    demo_free_futures((size_t)count, futures);
    return right;
}

static int run_map(weft_executor *pool, int count)
{
    void *value;
    int right = 0;
    weft_map *map =
        demo_must(weft_executor_map(pool, sleep_briefly, numbers, (size_t)count,
                                    .item_size = sizeof numbers[0], .free_value = free));
    while (weft_map_next(map, &value) == WEFT_OK)
        right += is_result(value, right);
    weft_map_free(map);
    return right;
}

/* Somebody runs so many tasks. */
static int rounds_of(int count, int workers)
{
    return (count + workers - 1) / workers;
}

struct sums {
    int runs;
    int complete;
    int long_enough;
};

static double measure(int (*run)(weft_executor *pool, int count), int count, int workers,
                      struct sums *sums)
{
    int right = 0;
    double start = demo_now();
    WEFT_WITH_EXECUTOR(pool, workers) {
        right = run(pool, count);
    }
    double elapsed = demo_now() - start;
    sums->runs++;
    sums->complete += right == count;
    sums->long_enough += demo_at_least(elapsed, rounds_of(count, workers) * 0.01);
    return elapsed;
}

/* ---- empty tasks ---- */

static atomic_long ran;

static void *do_nothing(void *arg)
{
    atomic_fetch_add_explicit(&ran, 1, memory_order_relaxed);
    return arg;
}

static void submit_nothings(void *pool, long count)
{
    weft_future **futures = demo_must(calloc((size_t)count, sizeof(weft_future *)));
    for (long i = 0; i < count; i++)
        futures[i] = demo_must(weft_executor_submit(pool, do_nothing, NULL));
    for (long i = 0; i < count; i++)
        weft_future_result(futures[i], NULL);
    demo_free_futures((size_t)count, futures);
    free(futures);
}

static void map_nothings(void *pool, long count)
{
    char *items = demo_must(calloc((size_t)count, 1));
    weft_map *map =
        demo_must(weft_executor_map(pool, do_nothing, items, (size_t)count, .item_size = 1));
    while (weft_map_next(map, NULL) == WEFT_OK)
        continue;
    weft_map_free(map);
    free(items);
}

static void measure_nothings(weft_executor *pool)
{
    long count = (long)demo_seconds(20000);
    count = count < 200 ? 200 : count;
    long expected = 2L * (DEMO_BENCH_ROUNDS + 1) * count;
    double by_submit = demo_bench(submit_nothings, pool, count);
    double by_map = demo_bench(map_nothings, pool, count);
    demo_line("%ld empty tasks on 2 workers, the median of %d rounds:", count, DEMO_BENCH_ROUNDS);
    demo_line("    submit %8.0f ns a task", by_submit / (double)count * 1e9);
    demo_line("    map    %8.0f ns a task", by_map / (double)count * 1e9);
    CHECK(ran == expected, "each of %ld empty tasks was run once", expected);
}

int main(void)
{
    const int counts[3] = {10, 50, 100};
    const int workers[3] = {2, 4, 8};
    struct sums sums = {0, 0, 0};
    demo_begin("submit against map: the same work, and what a task costs");
    for (int i = 0; i < MOST; i++)
        numbers[i] = i;

    demo_part("Tasks of 10 ms");
    demo_line("%8s %8s %10s %10s %10s", "tasks", "workers", "sleeps", "submit", "map");
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            double by_submit = measure(run_submits, counts[i], workers[j], &sums);
            double by_map = measure(run_map, counts[i], workers[j], &sums);
            demo_line("%8d %8d %8.2f s %8.2f s %8.2f s", counts[i], workers[j],
                      rounds_of(counts[i], workers[j]) * 0.01, by_submit, by_map);
        }
    CHECK(sums.runs == 18 && sums.complete == sums.runs,
          "18 runs gave all results in their order, \"Task 0 completed\" first");
    CHECK(sums.long_enough == sums.runs,
          "none was faster than its sleeps: tasks for each worker times 10 ms");

    demo_part("Tasks that do nothing");
    WEFT_WITH_EXECUTOR(pool, 2) {
        measure_nothings(pool);
    }
    return demo_end();
}
