/* SPDX-License-Identifier: MIT */
/**
 * @file map_ordered_results.c
 * @brief map gives the results in the order of the items, until its time is over
 *
 * A map runs one function on each of many items and hands the results out in the order of the
 * items, whoever finishes first. It may be given a time-out: one deadline for all results, from the
 * call on. When that has passed, what is there already is still handed out; then comes a time-out,
 * and what has not been started never will be.
 *
 * Source: threads, section 3.1, lines 684-729.
 *
 * Look for: item 0 is the slowest of the third part. The others are done long before, and wait for
 * it to be asked for. In the fourth part the results that were in time are not lost with the rest.
 *
 * Facts:
 * - 1! to 10! come in this order, after three waves of 0.1 s at least
 * - with a time-out that is long enough five files come in order, after two waves of 0.2 s
 * - with the first item last to be done, the results still come in the order of the items
 * - a time-out ends a map after the three results that were in time, and not before 0.3 s
 * - the two files that had not been started never are; the three that run end undisturbed
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_future.h"

enum { NUMBERS = 10, FILES = 8, MOST = 10 };

struct results {
    int count;
    char text[MOST][64];
    weft_status status; /* after the last one */
};

/* Takes what a map gives until it ends. */
static struct results take_all(weft_map *map)
{
    struct results results = {.count = 0};
    void *value;
    while ((results.status = weft_map_next(map, &value)) == WEFT_OK && results.count < MOST) {
        demo_say("gets: %s", (const char *)value);
        snprintf(results.text[results.count++], sizeof results.text[0], "%s", (const char *)value);
    }
    return results;
}

/* ---- numbers ---- */

static void *factorial(void *arg)
{
    uint64_t product = 1;
    int n = *(int *)arg;
    for (int i = 2; i <= n % 20; i++)
        product *= (uint64_t)i;
    demo_sleep(0.1);
    return demo_text("%d! = %llu", n, (unsigned long long)product);
}

static bool are_factorials(const struct results *results)
{
    static const char *const expected[NUMBERS] = {
        "1! = 1",   "2! = 2",    "3! = 6",     "4! = 24",     "5! = 120",
        "6! = 720", "7! = 5040", "8! = 40320", "9! = 362880", "10! = 3628800"};
    bool same = results->count == NUMBERS;
    for (int i = 0; i < NUMBERS; i++)
        same = same && strcmp(results->text[i], expected[i]) == 0;
    return same;
}

static struct results map_numbers(weft_target *target)
{
    struct results results = {.count = 0};
    int numbers[NUMBERS];
    for (int i = 0; i < NUMBERS; i++)
        numbers[i] = i + 1;
    WEFT_WITH_EXECUTOR(pool, 4, .thread_name_prefix = "worker") {
        weft_map *map = demo_must(weft_executor_map(pool, target, numbers, NUMBERS,
                                                    .item_size = sizeof(int), .free_value = free));
        results = take_all(map);
        weft_map_free(map);
    }
    return results;
}

static atomic_int finished;

/* The first item is the last to be done. */
static void *factorial_slow_first(void *arg)
{
    int n = *(int *)arg;
    if (n == 1)
        DEMO_AWAIT(finished == NUMBERS - 1);
    void *value = factorial(arg);
    demo_say("has computed item %d", n);
    finished++;
    return value;
}

/* ---- files ---- */

static const char *const files[FILES] = {"data_1.txt", "data_2.txt", "data_3.txt", "data_4.txt",
                                         "data_5.txt", "data_6.txt", "data_7.txt", "data_8.txt"};

static void *process_file(void *arg)
{
    const char *const *name = arg;
    demo_sleep(0.2);
    return demo_text("%s processed", *name);
}

static atomic_bool time_is_over;

/* The second three go on until the time is over. */
static void *process_file_slowly(void *arg)
{
    const char *const *name = arg;
    demo_say("begins %s", *name);
    if (name - files >= 3)
        DEMO_AWAIT(time_is_over);
    void *value = process_file(arg);
    demo_say("ends %s", *name);
    return value;
}

/* The array is not written to; a map's items need not be const. */
static weft_map *map_files(weft_executor *pool, weft_target *target, size_t count, double timeout)
{
    return demo_must(weft_executor_map(pool, target, (void *)(uintptr_t)files, count,
                                       .item_size = sizeof files[0], .timeout = timeout,
                                       .free_value = free));
}

static bool are_files(const struct results *results, int count)
{
    bool same = results->count == count;
    for (int i = 0; i < count; i++)
        same = same && strncmp(results->text[i], files[i], strlen(files[i])) == 0;
    return same;
}

static void files_in_time(void)
{
    struct results results = {.count = 0};
    double start = demo_now();
    WEFT_WITH_EXECUTOR(pool, 3) {
        weft_map *map = map_files(pool, process_file, 5, DEMO_PATIENCE);
        results = take_all(map);
        weft_map_free(map);
    }
    CHECK(are_files(&results, 5) && results.status == WEFT_EMPTY,
          "five files came in their order, and no time-out");
    CHECK(demo_at_least(demo_now() - start, 0.4), "two waves of 0.2 s: 0.4 s at least");
}

/* Three are done and the next three run. */
static bool first_wave_is_done(weft_executor *pool)
{
    weft_executor_stats stats = demo_stats(pool);
    return stats.done == 3 && stats.running == 3;
}

static void files_too_late(void)
{
    struct results results = {.count = 0};
    WEFT_WITH_EXECUTOR(pool, 3, .thread_name_prefix = "worker") {
        double start = demo_now();
        weft_map *map = map_files(pool, process_file_slowly, FILES, demo_seconds(0.3));
        DEMO_AWAIT(first_wave_is_done(pool));
        results = take_all(map);
        double elapsed = demo_now() - start;
        demo_say("gets no more: %s", weft_strerror(results.status));
        CHECK(are_files(&results, 3) && results.status == WEFT_TIMEOUT,
              "the three results that were in time came, then a time-out");
        CHECK(demo_at_least(elapsed, 0.3), "not before the 0.3 s were over");
        CHECK(demo_stats(pool).cancelled == 2 && demo_stats(pool).running == 3,
              "two were cancelled, three run on");
        time_is_over = true;
        weft_map_free(map);
    }
    CHECK(demo_count("worker_? begins *") == 6 && demo_count("worker_? ends *") == 6,
          "these three ended undisturbed, data_7.txt and data_8.txt were never begun");
}

int main(void)
{
    demo_begin("map gives the results in the order of the items, until its time is over");

    demo_part("Ten numbers, four workers");
    double start = demo_now();
    struct results results = map_numbers(factorial);
    CHECK(are_factorials(&results) && results.status == WEFT_EMPTY, "1! to 10! came in this order");
    CHECK(demo_at_least(demo_now() - start, 0.3), "three waves of 0.1 s: 0.3 s at least");

    demo_part("Five files, three workers, time enough");
    files_in_time();

    demo_part("Ten numbers, the first is done last");
    results = map_numbers(factorial_slow_first);
    CHECK(demo_in_order("* has computed item 10", "* has computed item 1"),
          "the others were done before the first one");
    CHECK(are_factorials(&results), "1! to 10! came in this order all the same");

    demo_part("Eight files, three workers, time for three");
    files_too_late();
    return demo_end();
}
