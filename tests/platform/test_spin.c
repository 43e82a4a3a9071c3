/* SPDX-License-Identifier: MIT */
/* Spinning before a sleep: it goes on where it pays and ends where it does not. */
#include "test.h"

#include <sched.h>

#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/processor.h"
#include "platform/spin.h"

enum { OLD = 1, NEW = 2 };

static bool wait_for_change(struct wefti_spinner *spinner, const uint32_t *word)
{
    return wefti_spin_while(spinner, word, OLD, WEFTI_NEVER);
}

static void need_two_processors(void)
{
    if (wefti_processors() < 2)
        skip();
}

TEST(what_has_changed_is_seen)
{
    need_two_processors();
    struct wefti_spinner spinner = {0};
    uint32_t word = NEW;
    for (int i = 0; i < 100; i++)
        assert_true(wait_for_change(&spinner, &word));
    assert_true(spinner.budget > 0);
}

TEST(what_does_not_change_is_given_up)
{
    need_two_processors();
    struct wefti_spinner spinner = {0};
    uint32_t word = OLD;
    assert_false(wait_for_change(&spinner, &word));
    assert_int_equal(spinner.budget, 0);
    assert_true(spinner.countdown > 0);
}

TEST(a_deadline_ends_it)
{
    need_two_processors();
    struct wefti_spinner spinner = {0};
    uint32_t word = OLD;
    assert_false(wefti_spin_while(&spinner, &word, OLD, 1));
}

static size_t tries_of(struct wefti_spinner *spinner, const uint32_t *word, size_t waits)
{
    size_t tries = 0;
    for (size_t i = 0; i < waits; i++) {
        tries += spinner->countdown == 0;
        assert_false(wait_for_change(spinner, word));
    }
    return tries;
}

TEST(what_never_pays_is_hardly_tried)
{
    need_two_processors();
    struct wefti_spinner spinner = {0};
    uint32_t word = OLD;
    assert_in_range(tries_of(&spinner, &word, 10000), 8, 20);
    assert_in_range(tries_of(&spinner, &word, 10000), 5, 15); /* it is not forgotten either */
}

TEST(what_pays_again_is_done_again)
{
    need_two_processors();
    struct wefti_spinner spinner = {0};
    uint32_t word = OLD;
    (void)tries_of(&spinner, &word, 10000);
    word = NEW;
    size_t waits = 0;
    while (!wait_for_change(&spinner, &word))
        assert_true(++waits < 5000);
    assert_true(wait_for_change(&spinner, &word)); /* from then on always */
}

TEST(what_paid_once_is_tried_for_less_and_less_time)
{
    need_two_processors();
    struct wefti_spinner spinner = {0};
    uint32_t word = NEW;
    assert_true(wait_for_change(&spinner, &word));
    word = OLD;
    for (uint32_t budget = spinner.budget; budget > 0; budget = spinner.budget) {
        assert_false(wait_for_change(&spinner, &word));
        assert_true(spinner.budget <= budget / 2);
    }
}

static uint32_t crowded = OLD;

static void *crowd(void *arg)
{
    struct wefti_spinner spinner = {.budget = 50000};
    while (wefti_load(&crowded, RELAXED) == OLD) {
        uint32_t budget = spinner.budget;
        (void)wait_for_change(&spinner, arg);
        if (budget == spinner.budget &&
            budget != 0) /* it was one too many, and has learnt nothing */
            wefti_store(&crowded, NEW, RELAXED);
        spinner = (struct wefti_spinner){.budget = 50000};
    }
    return NULL;
}

TEST(no_more_threads_spin_than_there_are_processors)
{
    need_two_processors();
    uint32_t word = OLD;
    struct crew crew = crew_start((size_t)wefti_processors() + 1, crowd, &word);
    crew_join(&crew); /* it ends because one of them did not spin */
}

static void need_one_processor(void)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    if (wefti_processors() > 1) /* they have been counted before */
        skip();
}

TEST(a_crowd_on_one_processor_takes_turns)
{
    need_one_processor();
    struct wefti_spinner spinner = {.crowd = 2, .budget = 1000};
    uint32_t word = NEW;
    assert_true(wait_for_change(&spinner, &word));
}

TEST(there_is_no_spinning_on_one_processor)
{
    need_one_processor();
    struct wefti_spinner spinner = {0};
    uint32_t word = NEW;
    assert_false(wait_for_change(&spinner, &word));
}

enum { ALLOWED = 5000, ONE_SPIN = 300, ONE_WORK = 100 };

TEST(a_thread_spins_for_a_lock_a_quarter_as_long_as_it_works)
{
    struct wefti_allowance allowance = {0};
    int64_t now = WEFTI_SECOND;
    int64_t spun = 0;
    int64_t worked = 0;
    for (int i = 0; i < 10000; i++) {
        if (wefti_spin_allowed(&allowance, now)) {
            now += ONE_SPIN;
            wefti_spin_ended(&allowance, now);
            spun += ONE_SPIN;
        }
        now += ONE_WORK;
        worked += ONE_WORK;
        assert_true(spun <= worked / 4 + ALLOWED + ONE_SPIN);
    }
    assert_true(spun > worked / 8); /* and nearly as long */
}

TEST(work_is_not_saved_up_for_spinning)
{
    struct wefti_allowance allowance = {0};
    int64_t now = WEFTI_SECOND;
    int64_t spun = 0;
    for (int round = 0; round < 3; round++, now += WEFTI_SECOND, spun = 0) {
        while (wefti_spin_allowed(&allowance, now)) {
            now += ONE_SPIN;
            wefti_spin_ended(&allowance, now);
            spun += ONE_SPIN;
        }
        assert_true(spun >= ALLOWED);
        assert_true(spun < ALLOWED + ONE_SPIN);
    }
}
