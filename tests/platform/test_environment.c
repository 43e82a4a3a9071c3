/* SPDX-License-Identifier: MIT */
/* What the library learns from its surroundings: variables, processors, the time. */
#include "test.h"

#include <sched.h>
#include <stdlib.h>

#include "platform/clock.h"
#include "platform/environment.h"
#include "platform/processor.h"

TEST(a_variable_that_is_set_is_read)
{
    assert_int_equal(setenv("WEFT_OF_THE_TEST", "warp", 1), 0);
    assert_string_equal(wefti_environment("WEFT_OF_THE_TEST"), "warp");
    assert_int_equal(setenv("WEFT_OF_THE_TEST", "", 1), 0);
    assert_string_equal(wefti_environment("WEFT_OF_THE_TEST"), "");
}

TEST(a_variable_that_is_not_set_is_null)
{
    assert_int_equal(unsetenv("WEFT_OF_THE_TEST"), 0);
    assert_null(wefti_environment("WEFT_OF_THE_TEST"));
}

TEST(only_processors_that_may_be_used_are_counted)
{
    cpu_set_t usable;
    cpu_set_t one;
    size_t last = 0;
    assert_int_equal(sched_getaffinity(0, sizeof usable, &usable), 0);
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &usable))
            last = i;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(wefti_processors(), 1);
    /* Counted once. */
    assert_int_equal(sched_setaffinity(0, sizeof usable, &usable), 0);
    assert_int_equal(wefti_processors(), 1);
}

TEST(there_is_a_processor)
{
    cpu_set_t usable;
    assert_int_equal(sched_getaffinity(0, sizeof usable, &usable), 0);
    assert_true(wefti_processors() >= 1);
    assert_int_equal(wefti_processors(), CPU_COUNT(&usable));
}

TEST(the_clock_is_the_monotonic_one)
{
    for (int i = 0; i < 10000; i++) {
        int64_t before = test_clock();
        int64_t now = wefti_clock();
        assert_true(before <= now);
        assert_true(now <= test_clock());
    }
}

TEST(the_clock_does_not_stand_still)
{
    int64_t start = wefti_clock();
    EVENTUALLY(wefti_clock() >= start + 10 * WEFTI_MILLISECOND);
}
