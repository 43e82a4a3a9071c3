/* SPDX-License-Identifier: MIT */
/**
 * @file bounded_semaphore_overhead_bench.c
 * @brief Benchmark: what the limit of a BoundedSemaphore costs
 *
 * A bounded semaphore compares the value with its limit before it adds to it. That is all the
 * difference: the same word, the same compare-and-swap. Both kinds are measured alone and with four
 * threads, and then a release that is refused.
 *
 * Source: locks, section 4.2.
 *
 * Look for: how close the two kinds are. The comparison reads one number more, in the same cache
 * line.
 *
 * Facts:
 * - neither kind has lost or made a permit, alone or under contention
 * - every one of the releases too many is refused, and changes nothing
 * - a plain semaphore has accepted as many
 */
#include "demo.h"
#include "demo_bench.h"
#include "demo_thread.h"

enum { PAIRS = 200000, THREADS = 4, REFUSED = 100000 };

static weft_semaphore plain = WEFT_SEMAPHORE_INIT(1);
static weft_bounded_semaphore bounded = WEFT_BOUNDED_SEMAPHORE_INIT(1);
static long refused;
static long each; /* pairs of a contender */

static void plain_pairs(void *arg, long count)
{
    (void)arg;
    for (long i = 0; i < count; i++) {
        weft_semaphore_acquire(&plain);
        weft_semaphore_release(&plain);
    }
}

static void bounded_pairs(void *arg, long count)
{
    (void)arg;
    for (long i = 0; i < count; i++) {
        weft_bounded_semaphore_acquire(&bounded);
        weft_bounded_semaphore_release(&bounded);
    }
}

static void refused_releases(void *arg, long count)
{
    (void)arg;
    for (long i = 0; i < count; i++)
        refused += weft_bounded_semaphore_release(&bounded) == WEFT_VALUE_ERROR;
}

static void *contend_for_plain(void *arg)
{
    plain_pairs(arg, each);
    return arg;
}

static void *contend_for_bounded(void *arg)
{
    bounded_pairs(arg, each);
    return arg;
}

static double contended(weft_target *contend)
{
    weft_thread *threads[THREADS];
    double start = weft_now();
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(contend, NULL, "contender-%d", i);
    demo_join_all(THREADS, threads);
    return (weft_now() - start) / THREADS / (double)each;
}

int main(void)
{
    demo_begin("Benchmark: what the limit of a BoundedSemaphore costs");
    demo_line("    %-28s %10s %10s", "ns a pair", "plain", "bounded");
    double alone = demo_bench(plain_pairs, NULL, PAIRS) / PAIRS;
    double alone_bounded = demo_bench(bounded_pairs, NULL, PAIRS) / PAIRS;
    demo_line("    %-28s %10.1f %10.1f", "alone", alone * 1e9, alone_bounded * 1e9);
    each = (long)demo_seconds(100000) + 1000;
    double four = contended(contend_for_plain);
    double four_bounded = contended(contend_for_bounded);
    demo_line("    %-28s %10.1f %10.1f", "four threads, one permit", four * 1e9,
              four_bounded * 1e9);
    bool whole = weft_semaphore_value(&plain) == 1 && weft_bounded_semaphore_value(&bounded) == 1;
    double refusal = demo_bench(refused_releases, NULL, REFUSED) / REFUSED;
    demo_line("    %-28s %10s %10.1f", "a release that is refused", "-", refusal * 1e9);
    CHECK(whole, "neither kind has lost or made a permit");
    long rounds = DEMO_BENCH_ROUNDS + 1L; /* and one to warm up */
    CHECK(refused == rounds * REFUSED && weft_bounded_semaphore_value(&bounded) == 1,
          "every release too many was refused, and changed nothing");
    for (int i = 0; i < REFUSED; i++)
        weft_semaphore_release(&plain);
    CHECK(weft_semaphore_value(&plain) == 1 + REFUSED, "a plain semaphore has accepted as many");
    return demo_end();
}
