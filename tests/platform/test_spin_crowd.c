/* SPDX-License-Identifier: MIT */
/* Spinning in a crowd: who waits for threads that share its processor lets them run. */
// LINK: -Wl,--wrap=sched_yield
#include "test.h"

#include "platform/clock.h"
#include "platform/spin.h"

enum { OLD = 1, NEW = 2 };
enum { LEAST = 1000, MOST = 50000 }; /* nanoseconds for each of the others */

static uint32_t word = OLD;
static int yields;
static int changes_after;  /* so many yields; 0: it does not */
static int64_t others_run; /* for so long, each time */

/* The linker's name. NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __wrap_sched_yield(void);
int __wrap_sched_yield(void)
{
    int64_t end = wefti_clock() + others_run;
    while (wefti_clock() < end) {
        /* others run */
    }
    if (++yields == changes_after)
        word = NEW;
    return 0;
}

static bool wait_in(struct wefti_spinner *spinner)
{
    word = OLD;
    yields = 0;
    return wefti_spin_while(spinner, &word, OLD, WEFTI_NEVER);
}

TEST(a_crowd_of_two_yields_until_it_changes)
{
    struct wefti_spinner spinner = {.crowd = 2, .budget = MOST};
    changes_after = 3;
    assert_true(wait_in(&spinner));
    assert_int_equal(yields, 3);
}

TEST(who_shares_its_processor_with_nobody_does_not_yield)
{
    for (uint32_t crowd = 0; crowd < 2; crowd++) {
        struct wefti_spinner spinner = {.crowd = crowd, .budget = LEAST};
        changes_after = 1;
        assert_false(wait_in(&spinner));
        assert_int_equal(yields, 0);
    }
}

TEST(who_waits_in_a_crowd_a_few_times_sleeps)
{
    struct wefti_spinner spinner = {.crowd = 2};
    changes_after = 1;
    for (int i = 0; i < 8; i++) {
        assert_false(wait_in(&spinner));
        assert_int_equal(yields, 0);
    }
    assert_true(wait_in(&spinner));
    assert_true(wait_in(&spinner)); /* from then on always */
}

TEST(a_deadline_ends_it)
{
    struct wefti_spinner spinner = {.crowd = 2, .budget = MOST};
    assert_false(wefti_spin_while(&spinner, &word, OLD, 1));
    assert_int_equal(yields, 1);
}

TEST(each_of_the_others_has_time)
{
    const uint32_t crowds[] = {2, 3, 5, UINT32_MAX};
    const uint32_t others[] = {1, 2, 4, 8};
    for (size_t i = 0; i < 4; i++) {
        struct wefti_spinner spinner = {.crowd = crowds[i], .budget = MOST};
        changes_after = 0;
        int64_t begin = test_clock();
        assert_false(wait_in(&spinner));
        assert_true(test_clock() - begin >= MOST * others[i]);
    }
}

TEST(a_crowd_in_which_nothing_changes_hardly_ever_yields)
{
    struct wefti_spinner spinner = {.crowd = 2};
    size_t tries = 0;
    changes_after = 0;
    for (size_t i = 0; i < 10000; i++) {
        assert_false(wait_in(&spinner));
        tries += yields > 0;
    }
    assert_in_range(tries, 5, 20);
}

TEST(a_crowd_that_is_slow_has_not_paid)
{
    struct wefti_spinner spinner = {.crowd = 2, .budget = 2 * LEAST};
    others_run = 2 * LEAST + 1;
    changes_after = 1;
    assert_true(wait_in(&spinner)); /* though late */
    assert_in_range(spinner.budget, 0, LEAST);
}

TEST(who_got_the_processor_back_late_sleeps_for_as_long)
{
    struct wefti_spinner spinner = {.crowd = 2, .budget = MOST};
    others_run = MOST + WEFTI_MILLISECOND;
    changes_after = 1;
    assert_true(wait_in(&spinner));
    size_t waits = 0;
    for (; !wait_in(&spinner); waits++)
        assert_int_equal(yields, 0);
    assert_in_range(waits, 200, 1024); /* of five microseconds */
}
