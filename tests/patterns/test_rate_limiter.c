/* SPDX-License-Identifier: MIT */
/*
 * The four rate limiters on a clock that the test moves. What holds of any sequence of requests is in
 * test_rate_law.c.
 */
#include <math.h>

#include <weft/patterns/patterns.h>

#include "faulty_memory.h"
#include "tests/patterns/clock_help.h"

#define ON(clock) .now = clock_now, .sleep = clock_sleep, .arg = &(clock)

/* How many of so many pass now. */
static int pass(weft_rate_limiter *limiter, int tries)
{
    int passed = 0;
    for (int i = 0; i < tries; i++)
        passed += weft_rate_limiter_try_acquire(limiter) == WEFT_OK;
    return passed;
}

/* ---- the algorithms -------------------------------------------------------------------------- */

TEST(a_fixed_window_begins_at_a_multiple_of_its_period)
{
    struct clock clock = {.now = 10.7};
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_FIXED_WINDOW, 5, ON(clock));
    assert_int_equal(pass(limiter, 7), 5);
    clock.now = 10.999999999;
    assert_int_equal(pass(limiter, 7), 0);
    clock.now = 11.0; /* five more, within a third of a second: its weakness */
    assert_int_equal(pass(limiter, 7), 5);
    clock.now = 20.5;
    assert_int_equal(pass(limiter, 7), 5);
    weft_rate_limiter_free(limiter);
}

TEST(a_sliding_window_has_no_boundary)
{
    struct clock clock = {.now = 10.7};
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_SLIDING_WINDOW, 3, ON(clock));
    assert_int_equal(pass(limiter, 2), 2);
    clock.now = 11.2;
    assert_int_equal(pass(limiter, 2), 1);
    clock.now = 11.699999999;
    assert_int_equal(pass(limiter, 2), 0);
    clock.now = 11.7; /* the first two are a period ago */
    assert_int_equal(pass(limiter, 3), 2);
    clock.now = 12.2;
    assert_int_equal(pass(limiter, 3), 1);
    weft_rate_limiter_free(limiter);
}

TEST(a_token_bucket_begins_full_and_fills_at_its_rate)
{
    struct clock clock = {.now = 5};
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_TOKEN_BUCKET, 3, .burst = 6, ON(clock));
    assert_int_equal(pass(limiter, 10), 6);
    clock.now = 5.333333333; /* a third of a second is no whole number of nanoseconds */
    assert_int_equal(pass(limiter, 10), 0);
    clock.now = 5.333333334;
    assert_int_equal(pass(limiter, 10), 1);
    clock.now = 6; /* nothing has been lost by rounding */
    assert_int_equal(pass(limiter, 10), 2);
    clock.now = 1000; /* it does not overflow */
    assert_int_equal(pass(limiter, 10), 6);
    weft_rate_limiter_free(limiter);
}

TEST(a_leaky_bucket_lets_pass_at_even_distances)
{
    struct clock clock = {.now = 5};
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_LEAKY_BUCKET, 4, ON(clock));
    assert_int_equal(pass(limiter, 10), 1);
    clock.now = 5.249999999;
    assert_int_equal(pass(limiter, 10), 0);
    clock.now = 5.25;
    assert_int_equal(pass(limiter, 10), 1);
    clock.now = 9; /* however long it was idle */
    assert_int_equal(pass(limiter, 10), 1);
    weft_rate_limiter_free(limiter);
}

TEST(a_leaky_bucket_refuses_what_it_cannot_hold)
{
    struct clock clock = {.now = 5};
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_LEAKY_BUCKET, 4, .burst = 3, ON(clock));
    double wait = -1;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(weft_rate_limiter_reserve(limiter, 1, WEFT_FOREVER, &wait), WEFT_OK);
        assert_true(wait == i * 0.25);
    }
    assert_int_equal(weft_rate_limiter_reserve(limiter, 1, WEFT_FOREVER, &wait), WEFT_FULL);
    assert_int_equal(weft_rate_limiter_acquire(limiter), WEFT_FULL);
    assert_int_equal(weft_rate_limiter_acquire_for(limiter, 9), WEFT_FULL);
    assert_int_equal(weft_rate_limiter_delay(limiter, 1, &wait), WEFT_FULL);
    assert_int_equal(weft_rate_limiter_try_acquire(limiter), WEFT_TIMEOUT);
    assert_true(clock.slept == 0);
    clock.now = 5.25;
    assert_int_equal(weft_rate_limiter_acquire(limiter), WEFT_OK);
    assert_true(clock.slept == 0.5);
    weft_rate_limiter_free(limiter);
}

/* ---- waiting --------------------------------------------------------------------------------- */

TEST(who_waits_waits_until_its_place_and_no_longer)
{
    static const double expected[] = {1, 1, 0.5, 1}; /* by algorithm */
    for (int i = WEFT_FIXED_WINDOW; i <= WEFT_LEAKY_BUCKET; i++) {
        struct clock clock = {.now = 8};
        weft_rate_limiter *limiter = weft_rate_limiter_new((weft_rate_algorithm)i, 2, ON(clock));
        assert_int_equal(weft_rate_limiter_acquire(limiter), WEFT_OK);
        assert_true(clock.slept == 0);
        assert_int_equal(weft_rate_limiter_acquire(limiter), WEFT_OK);
        assert_int_equal(weft_rate_limiter_acquire_for(limiter, 1), WEFT_OK);
        assert_true(clock.slept == expected[i]);
        weft_rate_limiter_free(limiter);
    }
}

TEST(places_are_given_in_the_order_of_arrival)
{
    struct clock clock = {.now = 8};
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_TOKEN_BUCKET, 4, ON(clock));
    double wait;
    assert_int_equal(pass(limiter, 4), 4);
    assert_int_equal(weft_rate_limiter_reserve(limiter, 4, WEFT_FOREVER, &wait), WEFT_OK);
    assert_true(wait == 1);
    assert_int_equal(weft_rate_limiter_reserve(limiter, 1, WEFT_FOREVER, &wait), WEFT_OK);
    assert_true(wait == 1.25);
    clock.now = 8.75; /* three tokens are there: they are the first one's */
    assert_int_equal(pass(limiter, 1), 0);
    clock.now = 9.5;
    assert_int_equal(pass(limiter, 2), 1);
    weft_rate_limiter_free(limiter);
}

TEST(who_has_no_place_in_time_waits_for_its_deadline_and_takes_none)
{
    for (int i = WEFT_FIXED_WINDOW; i <= WEFT_LEAKY_BUCKET; i++) {
        struct clock clock = {.now = 8};
        weft_rate_limiter *limiter = weft_rate_limiter_new((weft_rate_algorithm)i, 1, ON(clock));
        assert_int_equal(pass(limiter, 1), 1);
        /* A leaky bucket of one place is full. */
        bool leaky = i == WEFT_LEAKY_BUCKET;
        assert_int_equal(weft_rate_limiter_acquire_for(limiter, 0.75),
                         leaky ? WEFT_FULL : WEFT_TIMEOUT);
        assert_true(clock.slept == (leaky ? 0 : 0.75));
        clock.now = 9;
        assert_int_equal(pass(limiter, 1), 1);
        weft_rate_limiter_free(limiter);
    }
}

TEST(a_reservation_beyond_the_most_is_refused_at_once)
{
    struct clock clock = {.now = 8};
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_SLIDING_WINDOW, 1, ON(clock));
    double wait = -1;
    assert_int_equal(pass(limiter, 1), 1);
    assert_int_equal(weft_rate_limiter_reserve(limiter, 1, 0.999, &wait), WEFT_TIMEOUT);
    assert_true(wait == -1);
    assert_int_equal(weft_rate_limiter_delay(limiter, 1, &wait), WEFT_OK);
    assert_true(wait == 1);
    assert_int_equal(weft_rate_limiter_reserve(limiter, 1, 1, &wait), WEFT_OK);
    assert_true(wait == 1);
    assert_int_equal(weft_rate_limiter_delay(limiter, 1, &wait), WEFT_OK);
    assert_true(wait == 2);
    assert_true(clock.slept == 0);
    weft_rate_limiter_free(limiter);
}

TEST(a_sleep_that_fails_ends_the_acquire)
{
    struct clock clock = {.now = 8, .answer = WEFT_USER + 7};
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_TOKEN_BUCKET, 1, ON(clock));
    assert_int_equal(weft_rate_limiter_acquire(limiter), WEFT_OK);
    assert_int_equal(weft_rate_limiter_acquire(limiter), WEFT_USER + 7);
    assert_int_equal(weft_rate_limiter_acquire_for(limiter, 0.5), WEFT_USER + 7);
    clock.now = 9; /* the place that nobody came to passes unused */
    assert_int_equal(pass(limiter, 1), 0);
    clock.now = 10;
    assert_int_equal(pass(limiter, 1), 1);
    weft_rate_limiter_free(limiter);
}

TEST(an_interruption_ends_a_wait)
{
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_TOKEN_BUCKET, 1, .period = 1000);
    assert_int_equal(weft_rate_limiter_acquire(limiter), WEFT_OK);
    assert_int_equal(weft_thread_interrupt(weft_thread_current()), WEFT_OK);
    assert_int_equal(weft_rate_limiter_acquire(limiter), WEFT_INTERRUPTED);
    weft_rate_limiter_free(limiter);
}

TEST(on_the_real_clock_nobody_passes_early)
{
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_LEAKY_BUCKET, 50);
    int64_t start = test_clock();
    for (int i = 0; i < 4; i++)
        assert_int_equal(weft_rate_limiter_acquire(limiter), WEFT_OK);
    assert_true(test_clock() - start >= 60000000 - 2); /* two roundings of double seconds */
    start = test_clock();
    weft_rate_limiter *slow = weft_rate_limiter_new(WEFT_FIXED_WINDOW, 1, .period = 1e6);
    assert_int_equal(weft_rate_limiter_try_acquire(slow), WEFT_OK);
    assert_int_equal(weft_rate_limiter_acquire_for(slow, 0.01), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 10000000 - 2);
    weft_rate_limiter_free(limiter);
    weft_rate_limiter_free(slow);
}

TEST(a_clock_that_goes_back_stands_still)
{
    for (int i = WEFT_FIXED_WINDOW; i <= WEFT_LEAKY_BUCKET; i++) {
        struct clock clock = {.now = 8};
        weft_rate_limiter *limiter = weft_rate_limiter_new((weft_rate_algorithm)i, 1, ON(clock));
        assert_int_equal(pass(limiter, 1), 1);
        clock.now = 2;
        assert_int_equal(pass(limiter, 1), 0);
        clock.now = 9;
        assert_int_equal(pass(limiter, 1), 1);
        clock.now = NAN;
        assert_int_equal(pass(limiter, 1), 0);
        clock.now = 20;
        double wait = -1;
        assert_int_equal(weft_rate_limiter_delay(limiter, 1, &wait), WEFT_OK);
        clock.now = 15; /* it is 20 still, and nobody sleeps for that */
        assert_int_equal(pass(limiter, 2), 1);
        clock.now = 20.5; /* that was at 20 */
        assert_int_equal(pass(limiter, 1), 0);
        assert_true(clock.slept == 0);
        weft_rate_limiter_free(limiter);
    }
}

/* ---- several, and many ----------------------------------------------------------------------- */

TEST(several_pass_together_or_not_at_all)
{
    for (int i = WEFT_FIXED_WINDOW; i <= WEFT_TOKEN_BUCKET; i++) {
        struct clock clock = {.now = 8};
        weft_rate_limiter *limiter = weft_rate_limiter_new((weft_rate_algorithm)i, 5, ON(clock));
        assert_int_equal(weft_rate_limiter_try_acquire_n(limiter, 3), WEFT_OK);
        assert_int_equal(weft_rate_limiter_try_acquire_n(limiter, 3), WEFT_TIMEOUT);
        assert_int_equal(weft_rate_limiter_try_acquire_n(limiter, 2), WEFT_OK);
        assert_int_equal(pass(limiter, 1), 0);
        assert_int_equal(weft_rate_limiter_acquire_n(limiter, 5), WEFT_OK);
        assert_true(clock.slept == 1);
        assert_int_equal(weft_rate_limiter_acquire_n_for(limiter, 5, 2), WEFT_OK);
        assert_true(clock.slept == 2);
        weft_rate_limiter_free(limiter);
    }
}

TEST(several_take_a_leaky_buckets_time_afterwards)
{
    struct clock clock = {.now = 8};
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_LEAKY_BUCKET, 4, ON(clock));
    double wait;
    assert_int_equal(weft_rate_limiter_try_acquire_n(limiter, 3), WEFT_OK);
    assert_int_equal(weft_rate_limiter_reserve(limiter, 2, WEFT_FOREVER, &wait), WEFT_FULL);
    assert_int_equal(weft_rate_limiter_reserve(limiter, 1, WEFT_FOREVER, &wait), WEFT_OK);
    assert_true(wait == 0.75);
    weft_rate_limiter_free(limiter);
}

enum { CROWD = 8, TRIES = 2000, LIMIT = 1000 };

struct crush {
    weft_rate_limiter *limiter;
    atomic_int passed;
};

static void *crush(void *arg)
{
    struct crush *all = arg;
    for (int i = 0; i < TRIES; i++) {
        weft_status status = weft_rate_limiter_try_acquire(all->limiter);
        WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT);
        atomic_fetch_add(&all->passed, status == WEFT_OK);
    }
    return NULL;
}

TEST(many_threads_pass_exactly_as_often_as_one)
{
    for (int i = WEFT_FIXED_WINDOW; i <= WEFT_TOKEN_BUCKET; i++) {
        struct clock clock = {.now = 8};
        struct crush all = {.limiter =
                                weft_rate_limiter_new((weft_rate_algorithm)i, LIMIT, ON(clock))};
        struct crew crew = crew_start(CROWD, crush, &all);
        crew_join(&crew);
        assert_int_equal(atomic_load(&all.passed), LIMIT);
        weft_rate_limiter_stats stats;
        assert_int_equal(weft_rate_limiter_get_stats(all.limiter, &stats), WEFT_OK);
        assert_int_equal(stats.passed, LIMIT);
        assert_int_equal(stats.refused, CROWD * TRIES - LIMIT);
        assert_int_equal(stats.waited, 0);
        weft_rate_limiter_free(all.limiter);
    }
}

TEST(who_waited_is_counted)
{
    struct clock clock = {.now = 8};
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_TOKEN_BUCKET, 2, ON(clock));
    weft_rate_limiter_stats stats;
    assert_int_equal(weft_rate_limiter_acquire_n(limiter, 2), WEFT_OK);
    assert_int_equal(weft_rate_limiter_acquire_n(limiter, 2), WEFT_OK);
    assert_int_equal(weft_rate_limiter_acquire_for(limiter, 0.25), WEFT_TIMEOUT);
    assert_int_equal(weft_rate_limiter_get_stats(limiter, &stats), WEFT_OK);
    assert_int_equal(stats.passed, 4);
    assert_int_equal(stats.waited, 2);
    assert_int_equal(stats.refused, 1);
    weft_rate_limiter_free(limiter);
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static void refused(const weft_rate_limiter_options *options)
{
    weft_set_last_status(WEFT_OK);
    assert_null(weft_rate_limiter_new_with(options));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
}

TEST(numbers_out_of_range_are_refused)
{
    refused(NULL);
    refused(&(weft_rate_limiter_options){.limit = 0});
    refused(&(weft_rate_limiter_options){.limit = -1});
    refused(&(weft_rate_limiter_options){.limit = 1, .period = -1});
    refused(&(weft_rate_limiter_options){.limit = 1, .period = NAN});
    refused(&(weft_rate_limiter_options){.limit = 1, .period = 1e-10});
    refused(&(weft_rate_limiter_options){.limit = 1, .period = 1e7});
    refused(&(weft_rate_limiter_options){.limit = 1, .burst = 2});
    refused(&(weft_rate_limiter_options){.algorithm = (weft_rate_algorithm)4, .limit = 1});
    refused(&(weft_rate_limiter_options){.algorithm = WEFT_TOKEN_BUCKET, .limit = 1, .burst = -1});
    refused(&(weft_rate_limiter_options){
        .algorithm = WEFT_LEAKY_BUCKET, .limit = 1, .period = 1e6, .burst = 1 << 30});
    assert_int_equal(weft_rate_limiter_acquire(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rate_limiter_get_stats(NULL, NULL), WEFT_VALUE_ERROR);
    weft_rate_limiter_free(NULL);
}

TEST(requests_out_of_range_are_refused)
{
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_TOKEN_BUCKET, 5, .burst = 3);
    double wait;
    assert_int_equal(weft_rate_limiter_acquire_for(limiter, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rate_limiter_acquire_n(limiter, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rate_limiter_acquire_n(limiter, -1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rate_limiter_acquire_n(limiter, 4), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rate_limiter_reserve(limiter, 4, 1, &wait), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rate_limiter_reserve(limiter, 1, NAN, &wait), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rate_limiter_reserve(limiter, 1, 1, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rate_limiter_delay(limiter, 1, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rate_limiter_get_stats(limiter, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rate_limiter_try_acquire_n(limiter, 3), WEFT_OK);
    weft_rate_limiter_free(limiter);
}

TEST(without_memory_there_is_no_limiter)
{
    for (size_t fail_at = 1; fail_at <= 2; fail_at++) {
        struct faulty_memory memory = {.fail_at = fail_at};
        faulty_memory_begin(&memory);
        assert_null(weft_rate_limiter_new(WEFT_SLIDING_WINDOW, 5));
        assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
        weft_rate_limiter_free(weft_rate_limiter_new(WEFT_SLIDING_WINDOW, 5));
        faulty_memory_end(&memory);
    }
}
