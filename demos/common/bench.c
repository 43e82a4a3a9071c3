/* SPDX-License-Identifier: MIT */
/**
 * @file bench.c
 * @brief The median of some rounds: one that was disturbed does not count.
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_bench.h"

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

double demo_bench(void (*round)(void *arg, long count), void *arg, long count)
{
    double seconds[DEMO_BENCH_ROUNDS];
    round(arg, count);
    for (int i = 0; i < DEMO_BENCH_ROUNDS; i++) {
        double start = weft_now();
        round(arg, count);
        seconds[i] = weft_now() - start;
    }
    qsort(seconds, DEMO_BENCH_ROUNDS, sizeof *seconds, compare);
    return seconds[DEMO_BENCH_ROUNDS / 2];
}
