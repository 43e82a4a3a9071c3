/* SPDX-License-Identifier: MIT */
/* Time: seconds in, deadlines inside, and sleeps that are never short. */
#include "test.h"

#include <math.h>

#include "primitives/deadline.h"

TEST(now_never_goes_back)
{
    double before = weft_now();
    for (int i = 0; i < 1000; i++) {
        double now = weft_now();
        assert_true(now >= before);
        before = now;
    }
}

TEST(a_timeout_of_zero_or_less_tries_once)
{
    int64_t deadline = 0;
    assert_int_equal(wefti_deadline_for(0.0, &deadline), WEFT_OK);
    assert_true(deadline == WEFTI_TRY);
    assert_int_equal(wefti_deadline_for(-1.0, &deadline), WEFT_OK);
    assert_true(deadline == WEFTI_TRY);
    assert_int_equal(wefti_deadline_for(-HUGE_VAL, &deadline), WEFT_OK);
    assert_true(deadline == WEFTI_TRY);
    assert_int_equal(wefti_deadline_until(weft_now(), &deadline), WEFT_OK);
    assert_true(deadline == WEFTI_TRY);
}

TEST(a_billion_seconds_are_for_ever)
{
    int64_t deadline = 0;
    assert_int_equal(wefti_deadline_for(1e9, &deadline), WEFT_OK);
    assert_true(deadline == WEFTI_NEVER);
    assert_int_equal(wefti_deadline_for(WEFT_FOREVER, &deadline), WEFT_OK);
    assert_true(deadline == WEFTI_NEVER);
    assert_int_equal(wefti_deadline_for(HUGE_VAL, &deadline), WEFT_OK);
    assert_true(deadline == WEFTI_NEVER);
    assert_int_equal(wefti_deadline_until(weft_now() + 1e9 + 1, &deadline), WEFT_OK);
    assert_true(deadline == WEFTI_NEVER);
    assert_int_equal(wefti_deadline_for(9.99e8, &deadline), WEFT_OK);
    assert_true(deadline != WEFTI_NEVER);
}

TEST(not_a_number_is_a_value_error)
{
    int64_t deadline = 0;
    assert_int_equal(wefti_deadline_for(NAN, &deadline), WEFT_VALUE_ERROR);
    assert_int_equal(wefti_deadline_until(NAN, &deadline), WEFT_VALUE_ERROR);
    assert_int_equal(weft_sleep(NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_sleep_until(NAN), WEFT_VALUE_ERROR);
}

TEST(deadlines_are_rounded_up)
{
    int64_t deadline = 0;
    int64_t before = wefti_clock();
    assert_int_equal(wefti_deadline_for(1e-10, &deadline), WEFT_OK);
    assert_true(deadline > before);
}

TEST(a_sleep_is_never_short)
{
    const double lengths[] = {0.0001, 0.003, 0.02};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int64_t start = test_clock();
        assert_int_equal(weft_sleep(lengths[i]), WEFT_OK);
        assert_true(test_clock() - start >= (int64_t)(lengths[i] * 1e9));
    }
    double deadline = weft_now() + 0.01;
    assert_int_equal(weft_sleep_until(deadline), WEFT_OK);
    assert_true(weft_now() >= deadline);
}

TEST(a_sleep_of_no_time_does_not_wait)
{
    uint64_t parks = weft_park_count();
    assert_int_equal(weft_sleep(0), WEFT_OK);
    assert_int_equal(weft_sleep(-5), WEFT_OK);
    assert_int_equal(weft_sleep_until(weft_now() - 1), WEFT_OK);
    assert_true(weft_park_count() == parks);
}
