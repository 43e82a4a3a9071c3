/* SPDX-License-Identifier: MIT */
/* Deadlines in the waiting room: never early, and gone without a trace. */
#include "park_help.h"

static char place;
static const struct wefti_key key = {&place, WEFTI_LOCK};

TEST(a_wait_is_never_short)
{
    for (int64_t length = 1000; length < 30 * WEFTI_MILLISECOND; length *= 3) {
        int64_t start = test_clock();
        const struct wefti_patience patience = {.deadline = wefti_clock() + length};
        assert_int_equal(wefti_park(key, &patience).outcome, WEFTI_TIMED_OUT);
        assert_true(test_clock() - start >= length);
        assert_int_equal(wefti_waiters(key), 0);
        assert_int_equal(unpark(key, 0, 1), 0);
    }
}

TEST(a_deadline_in_the_past_has_come)
{
    const int64_t past[] = {INT64_MIN, -1, 1, wefti_clock() - 1, wefti_clock()};
    for (size_t i = 0; i < sizeof past / sizeof past[0]; i++) {
        const struct wefti_patience patience = {.deadline = past[i]};
        assert_int_equal(wefti_park(key, &patience).outcome, WEFTI_TIMED_OUT);
        assert_int_equal(wefti_waiters(key), 0);
        assert_int_equal(unpark(key, 0, 1), 0);
    }
}

TEST(a_timed_out_waiter_leaves_its_queue)
{
    /* One in front of those who stay, one between them and one behind. */
    struct sleeper patient[2];
    struct sleeper hasty[3];
    for (size_t i = 0; i < 3; i++) {
        hasty[i] = (struct sleeper){.key = key,
                                    .patience.deadline = wefti_clock() + 20 * WEFTI_MILLISECOND};
        sleeper_enters(&hasty[i]);
        if (i < 2)
            sleepers_enter(&patient[i], 1, key);
    }
    for (size_t i = 0; i < 3; i++)
        assert_home(&hasty[i], WEFTI_TIMED_OUT, 0);
    assert_int_equal(wefti_waiters(key), 2);
    assert_int_equal(unpark(key, 1, 1), 1);
    assert_int_equal(unpark(key, 1, 2), 1);
    assert_int_equal(unpark(key, 1, 3), 0);
    assert_home(&patient[0], WEFTI_UNPARKED, 1);
    assert_home(&patient[1], WEFTI_UNPARKED, 2);
}

TEST(an_unpark_before_the_deadline_is_in_time)
{
    struct sleeper sleeper = {.key = key, .patience.deadline = wefti_clock() + 1000 * WEFTI_SECOND};
    sleeper_enters(&sleeper);
    assert_int_equal(unpark(key, 0, 3), 1);
    assert_home(&sleeper, WEFTI_UNPARKED, 3);
}

/* ---- an unpark and a deadline at the same time ---------------------------------------------- */

enum { ROUNDS = 3000 };

static uint32_t rounds_begun; /* by main */
static uint32_t rounds_ended; /* by the waiter */

static void *park_hastily(void *arg)
{
    uint64_t random = 88172645463325252U;
    size_t unparked = 0;
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        EVENTUALLY(wefti_load(&rounds_begun, ACQUIRE) == round);
        const struct wefti_patience patience = {
            .deadline = wefti_clock() + (int64_t)(test_random(&random) % 40000)};
        struct wefti_parked parked = wefti_park(key, &patience);
        if (parked.outcome == WEFTI_UNPARKED) {
            unparked++;
            WITNESS(parked.token == round);
        } else {
            WITNESS(parked.outcome == WEFTI_TIMED_OUT);
            WITNESS(wefti_clock() >= patience.deadline);
        }
        wefti_store(&rounds_ended, round, RELEASE);
    }
    *(size_t *)arg = unparked;
    return NULL;
}

TEST(an_unpark_counts_a_waiter_or_its_deadline_does)
{
    size_t claimed = 0;
    size_t unparked = 0;
    struct crew crew = crew_start(1, park_hastily, &unparked);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        wefti_store(&rounds_begun, round, RELEASE);
        do
            claimed += unpark(key, 1, round);
        while (wefti_load(&rounds_ended, ACQUIRE) != round && test_yield());
    }
    crew_join(&crew);
    assert_int_equal(claimed, unparked);
    assert_int_equal(wefti_waiters(key), 0);
}

TEST(who_rises_ends_its_wait_itself_firm_or_not)
{
    for (int firm = 0; firm < 2; firm++) {
        int64_t rises = wefti_clock() + 2 * WEFTI_MILLISECOND;
        const struct wefti_patience patience = {.firm = firm != 0, .rises = rises};
        assert_int_equal(wefti_park(key, &patience).outcome, WEFTI_TIMED_OUT);
        assert_true(wefti_clock() >= rises);
        assert_int_equal(wefti_waiters(key), 0);
        assert_int_equal(unpark(key, 0, 1), 0);
    }
}

TEST(an_unpark_before_it_rises_is_in_time)
{
    struct sleeper sleeper = {
        .key = key, .patience = {.firm = true, .rises = wefti_clock() + 1000 * WEFTI_SECOND}};
    sleeper_enters(&sleeper);
    assert_int_equal(unpark(key, 0, 3), 1);
    assert_home(&sleeper, WEFTI_UNPARKED, 3);
}

TEST(a_deadline_before_it_rises_has_come)
{
    const struct wefti_patience patience = {.deadline = wefti_clock() + WEFTI_MILLISECOND,
                                            .rises = wefti_clock() + 1000 * WEFTI_SECOND};
    assert_int_equal(wefti_park(key, &patience).outcome, WEFTI_TIMED_OUT);
    assert_true(wefti_clock() >= patience.deadline);
}
