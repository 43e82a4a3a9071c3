/* SPDX-License-Identifier: MIT */
/* Executor: its numbers, and the histograms of what waited and ran. */
#include "test.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "executor_help.h"
#include "pool/executor.h"

static void *go_wrong(void *arg)
{
    (void)arg;
    return weft_raise(WEFT_USER, "wrong");
}

TEST(every_task_is_in_one_of_the_numbers)
{
    struct gate gate = {0};
    weft_future *futures[9];
    weft_executor *pool = weft_executor_new(2);
    occupy(pool, &gate, 2);
    for (int i = 0; i < 9; i++)
        futures[i] = weft_executor_submit(pool, i < 3 ? go_wrong : same, NULL);
    assert_int_equal(weft_future_cancel(futures[8]), WEFT_OK);
    weft_executor_stats stats = numbers(pool);
    assert_int_equal(stats.submitted, 11);
    assert_int_equal(stats.queued, 8);
    assert_int_equal(stats.running, 2);
    assert_int_equal(stats.cancelled, 1);
    assert_int_equal(stats.done, 0);
    assert_int_equal(stats.peak, 9);
    assert_int_equal(stats.workers, 2);
    assert_int_equal(stats.idle, 0);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    for (int i = 0; i < 9; i++) {
        (void)weft_future_result(futures[i], NULL);
        weft_future_free(futures[i]);
    }
    EVENTUALLY(numbers(pool).idle == 2);
    stats = numbers(pool);
    assert_int_equal(stats.submitted, 11);
    assert_int_equal(stats.queued, 0);
    assert_int_equal(stats.running, 0);
    assert_int_equal(stats.done, 7);
    assert_int_equal(stats.failed, 3);
    (void)value_of(weft_executor_submit(pool, same, NULL));
    assert_int_equal(numbers(pool).peak, 9);
    finish(pool);
}

TEST(a_task_is_counted_before_its_future_is_done)
{
    weft_executor *pool = weft_executor_new(2);
    for (uint64_t i = 1; i <= 200; i++) {
        (void)value_of(weft_executor_submit(pool, same, NULL));
        assert_int_equal(numbers(pool).done, i);
    }
    finish(pool);
}

static void *lend_and_obey(void *future)
{
    *(weft_future **)future = weft_future_ref(weft_future_current());
    return weft_raise(WEFT_CANCELLED, "before it was asked to");
}

static void ask_late(struct weft_thread *thread, const weft_error *error, void *future)
{
    (void)thread;
    (void)error;
    WITNESS(weft_future_request_cancel(*(weft_future **)future) == WEFT_OK);
}

/* The hook is called between the two. */
TEST(a_task_that_is_asked_to_end_as_it_ends_is_counted_as_what_its_future_says)
{
    weft_future *future = NULL;
    weft_set_excepthook(ask_late, &future);
    weft_executor *pool = weft_executor_new(1);
    assert_int_equal(weft_executor_post(pool, lend_and_obey, &future), WEFT_OK);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(numbers(pool).failed, !weft_future_cancelled(future));
    assert_int_equal(numbers(pool).cancelled, weft_future_cancelled(future));
    assert_int_equal(numbers(pool).done, 0);
    weft_future_free(future);
    weft_executor_free(pool);
}

TEST(the_peak_counts_what_is_queued_and_what_has_just_come)
{
    struct gate first = {0};
    struct gate second = {0};
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &first, 1);
    assert_int_equal(weft_executor_post(pool, pass, &second), WEFT_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(weft_executor_post(pool, same, NULL), WEFT_OK);
    assert_int_equal(weft_event_set(&first.open), WEFT_OK);
    EVENTUALLY(atomic_load(&second.inside) == 1); /* the worker has seen the other four */
    for (int i = 0; i < 10; i++)
        assert_int_equal(weft_executor_post(pool, same, NULL), WEFT_OK);
    assert_int_equal(weft_event_set(&second.open), WEFT_OK);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(numbers(pool).peak, 14);
    assert_int_equal(numbers(pool).submitted, 16);
    weft_executor_free(pool);
}

TEST(without_timing_no_time_is_measured)
{
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    assert_int_equal(weft_executor_post(pool, same, NULL), WEFT_OK);
    assert_true(numbers(pool).oldest == 0);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(numbers(pool).waits.count, 0);
    assert_int_equal(numbers(pool).runs.count, 0);
    weft_executor_free(pool);
}

static uint64_t sum(const weft_histogram *histogram)
{
    uint64_t total = 0;
    for (int i = 0; i < WEFT_HISTOGRAM_BUCKETS; i++)
        total += histogram->buckets[i];
    return total;
}

static void *sleep_2_ms(void *arg)
{
    WITNESS(weft_sleep(0.002) == WEFT_OK);
    return arg;
}

TEST(with_timing_waits_and_runs_are_measured)
{
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1, .timing = true);
    occupy(pool, &gate, 1);
    for (int i = 0; i < 4; i++)
        assert_int_equal(weft_executor_post(pool, sleep_2_ms, NULL), WEFT_OK);
    /* A task that is never started has no times. */
    weft_future *cancelled = weft_executor_submit(pool, same, NULL);
    assert_int_equal(weft_future_cancel(cancelled), WEFT_OK);
    weft_future_free(cancelled);
    assert_int_equal(weft_sleep(0.003), WEFT_OK);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    weft_executor_stats stats = numbers(pool);
    assert_int_equal(stats.runs.count, 5);
    assert_int_equal(stats.waits.count, 5);
    assert_int_equal(sum(&stats.runs), 5);
    assert_int_equal(sum(&stats.waits), 5);
    assert_true(stats.runs.total >= 4 * 0.002 + 0.003);
    assert_true(stats.runs.longest >= 0.003);
    assert_true(stats.waits.longest >= 0.003 + 3 * 0.002);
    assert_true(stats.waits.total >= 4 * 0.003 + 6 * 0.002);
    /* The bucket of 2^20 ns ends at 2.097 ms. */
    for (int i = 0; i < 20; i++)
        assert_int_equal(stats.runs.buckets[i], 0);
    weft_executor_free(pool);
}

TEST(the_age_of_the_oldest_queued_task_is_known)
{
    for (int order = 0; order < 2; order++) {
        struct gate gate = {0};
        weft_executor *pool = weft_executor_new(1, .timing = true, .order = (weft_order)order);
        occupy(pool, &gate, 1);
        assert_true(numbers(pool).oldest == 0);
        assert_int_equal(weft_executor_post(pool, same, NULL, .priority = order), WEFT_OK);
        assert_int_equal(weft_sleep(0.005), WEFT_OK);
        for (int i = -3; i < 3; i++)
            assert_int_equal(weft_executor_post(pool, same, NULL, .priority = i), WEFT_OK);
        assert_true(numbers(pool).oldest >= 0.005);
        assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
        finish(pool);
    }
}

/* ---- histograms ---------------------------------------------------------------------------- */

TEST(a_duration_is_in_the_bucket_of_its_power_of_two)
{
    struct wefti_times times = {0};
    wefti_tally_time(&times, -5);
    wefti_tally_time(&times, 0);
    wefti_tally_time(&times, 1);
    assert_int_equal(times.buckets[0], 3);
    wefti_tally_time(&times, 2);
    wefti_tally_time(&times, 3);
    assert_int_equal(times.buckets[1], 2);
    wefti_tally_time(&times, 1024);
    wefti_tally_time(&times, 2047);
    assert_int_equal(times.buckets[10], 2);
    wefti_tally_time(&times, INT64_MAX);
    assert_int_equal(times.buckets[WEFT_HISTOGRAM_BUCKETS - 1], 1);
    wefti_tally_time(&times, 5);
    assert_true(times.longest == INT64_MAX);
}

TEST(tallies_are_merged)
{
    struct wefti_tally one = {.done = 1, .failed = 2, .cancelled = 3};
    struct wefti_tally two = {.done = 10, .failed = 20, .cancelled = 30};
    wefti_tally_time(&one.waits, 100);
    wefti_tally_time(&two.waits, 120);
    wefti_tally_time(&two.runs, 7);
    wefti_tally_merge(&one, &two);
    assert_int_equal(one.done, 11);
    assert_int_equal(one.failed, 22);
    assert_int_equal(one.cancelled, 33);
    assert_int_equal(one.waits.buckets[6], 2);
    assert_int_equal(one.waits.total, 220);
    assert_int_equal(one.waits.longest, 120);
    assert_int_equal(one.runs.longest, 7);
    wefti_tally_merge(&one, &(struct wefti_tally){0});
    assert_int_equal(one.waits.longest, 120);
}

TEST(a_quantile_is_the_upper_end_of_its_bucket)
{
    weft_histogram histogram = {.count = 4, .longest = 1};
    histogram.buckets[10] = 3; /* up to 2.048 us */
    histogram.buckets[20] = 1; /* up to 2.097 ms */
    assert_true(fabs(weft_histogram_quantile(&histogram, 0.5) - 2.048e-6) < 1e-12);
    assert_true(fabs(weft_histogram_quantile(&histogram, 0.75) - 2.048e-6) < 1e-12);
    assert_true(fabs(weft_histogram_quantile(&histogram, 0) - 2.048e-6) < 1e-12);
    assert_true(fabs(weft_histogram_quantile(&histogram, 0.76) - 2.097152e-3) < 1e-9);
    histogram.longest = 1.5e-3;
    assert_true(weft_histogram_quantile(&histogram, 1) == histogram.longest);
    assert_true(weft_histogram_quantile(&histogram, 2) == histogram.longest);
    assert_true(weft_histogram_quantile(&histogram, -1) == 0);
    assert_true(weft_histogram_quantile(&histogram, NAN) == 0);
    assert_true(weft_histogram_quantile(NULL, 0.5) == 0);
    assert_true(weft_histogram_quantile(&(weft_histogram){0}, 0.5) == 0);
}

TEST(numbers_are_filled_in_as_far_as_the_caller_knows_them)
{
    struct {
        weft_executor_stats known;
        uint64_t unknown;
    } newer;
    weft_executor_stats older;
    weft_executor *pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, same, NULL));
    memset(&newer, 0xff, sizeof newer);
    memset(&older, 0xff, sizeof older);
    assert_int_equal(weft_executor_get_stats_with(pool, &newer.known, sizeof newer), WEFT_OK);
    assert_int_equal(newer.known.submitted, 1);
    assert_int_equal(newer.unknown, 0);
    assert_int_equal(weft_executor_get_stats_with(pool, &older, sizeof older.submitted), WEFT_OK);
    assert_int_equal(older.submitted, 1);
    assert_true(older.queued == UINT64_MAX);
    assert_int_equal(weft_executor_get_stats(NULL, &older), WEFT_VALUE_ERROR);
    assert_int_equal(weft_executor_get_stats(pool, NULL), WEFT_VALUE_ERROR);
    finish(pool);
}
