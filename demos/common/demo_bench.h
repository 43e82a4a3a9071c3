/* SPDX-License-Identifier: MIT */
/**
 * @file demo_bench.h
 * @brief A stop watch for demos that measure: a round to warm up, then the median of some more.
 *
 * A measurement is for reading, never for a fact: it says something about this machine, now.
 * @code
 *     static void pairs(void *lock, long count) { ... }
 *
 *     double seconds = demo_bench(pairs, &lock, 200000);
 *     demo_line("%.1f ns a pair", seconds / 200000 * 1e9);
 * @endcode
 */
#ifndef DEMO_BENCH_H
#define DEMO_BENCH_H

/** How many rounds demo_bench() measures. */
enum { DEMO_BENCH_ROUNDS = 5 };

/**
 * Calls `round(arg, count)` once to warm up and DEMO_BENCH_ROUNDS times with the monotonic clock at
 * hand. Returns the median of the real seconds that a round took.
 */
double demo_bench(void (*round)(void *arg, long count), void *arg, long count);

#endif
