/* SPDX-License-Identifier: MIT */
/*
 * Rate limiters under load, on the real clock: threads try, wait, wait in vain and reserve, and are
 * interrupted at random. No more pass than the time allows, the numbers add up, and nobody waits for
 * ever: the watchdog tells.
 */
#include <stdatomic.h>

#include <weft/patterns/patterns.h>

#include "interrupt.h"

enum { WORKERS = 6, LIMIT = 50, BURST = 20 };

static const double period = 0.01;

struct load {
    weft_rate_limiter *limiter;
    atomic_ullong passed;  /* as their threads say */
    atomic_ullong gone;    /* places that were interrupted, and may have been taken */
    atomic_ullong refused; /* the same of those that were refused */
    int64_t end;
};

static void *work(void *arg)
{
    struct load *load = arg;
    uint64_t random = test_stress_random();
    while (test_clock() < load->end) {
        int n = 1 + (int)(test_random(&random) % 3);
        double seconds = (double)(test_random(&random) % 40) * 1e-4;
        weft_status status;
        switch (test_random(&random) % 3) {
        case 0:
            status = weft_rate_limiter_try_acquire_n(load->limiter, n);
            break;
        case 1:
            status = weft_rate_limiter_acquire_n_for(load->limiter, n, seconds);
            break;
        default:
            status = weft_rate_limiter_reserve(load->limiter, n, seconds, &seconds);
        }
        WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT || status == WEFT_FULL ||
                status == WEFT_INTERRUPTED);
        atomic_ullong *count = status == WEFT_OK            ? &load->passed
                               : status == WEFT_INTERRUPTED ? &load->gone
                                                            : &load->refused;
        atomic_fetch_add(count, (unsigned)n);
    }
    return NULL;
}

static void run(weft_rate_algorithm algorithm)
{
    bool bucket = algorithm >= WEFT_TOKEN_BUCKET;
    int64_t start = test_clock();
    struct load load = {.limiter = weft_rate_limiter_new(algorithm, LIMIT, .period = period,
                                                         .burst = bucket ? BURST : 0),
                        .end = start + test_stress_time() / 2};
    struct crew crew = crew_start(WORKERS, work, &load);
    (void)interrupt_at_random(&crew, load.end);
    crew_join(&crew);
    double elapsed = (double)(test_clock() - start) * 1e-9;
    weft_rate_limiter_stats stats;
    assert_int_equal(weft_rate_limiter_get_stats(load.limiter, &stats), WEFT_OK);
    unsigned long long passed = atomic_load(&load.passed);
    unsigned long long gone = atomic_load(&load.gone);
    print_message("%llu passed, %llu refused, %llu interrupted\n", passed,
                  atomic_load(&load.refused), gone);
    assert_true(stats.passed >= passed && stats.passed <= passed + gone);
    assert_true(stats.passed + stats.refused == passed + gone + atomic_load(&load.refused));
    /* A place is at most 4 ms ahead; a window may begin and end within the run. */
    assert_true((double)stats.passed <= (elapsed + 0.004) / period * LIMIT + 2.0 * LIMIT);
    assert_true(passed > LIMIT / 2);
    weft_rate_limiter_free(load.limiter);
}

TEST(windows_hold_under_load)
{
    run(WEFT_FIXED_WINDOW);
    run(WEFT_SLIDING_WINDOW);
}

TEST(buckets_hold_under_load)
{
    run(WEFT_TOKEN_BUCKET);
    run(WEFT_LEAKY_BUCKET);
}
