/* SPDX-License-Identifier: MIT */
/*
 * When a worker steps aside and for how long; and that no task waits for it for ever. The first are
 * about times that are made up.
 */
#include "pool/executor.h"

#include "executor_help.h"

enum { MICROSECOND = 1000, MILLISECOND = 1000000 };

static struct wefti_pace at(int64_t time, uint64_t begun)
{
    return (struct wefti_pace){time, begun};
}

TEST(short_turns_lead_to_a_trial)
{
    struct wefti_aside aside = {0};
    struct wefti_turns turns = {.count = WEFTI_TURNS, .before = at(5, 7)};
    struct wefti_pace with;
    assert_true(wefti_aside_tries(&aside, &turns, at(5 + 20 * MICROSECOND, 107), &with));
    assert_int_equal(with.time, 20 * MICROSECOND);
    assert_int_equal(with.begun, 100);
    assert_int_equal(turns.count, 0);
    assert_false(wefti_aside_tries(&aside, &turns, at(MILLISECOND, 300), &with));
}

/* Somebody stands by from 0 on, and all had begun 100 tasks in 10 us. */
static struct wefti_aside stand(void)
{
    static struct wefti_worker worker;
    struct wefti_aside aside = {0};
    wefti_aside_begin(&aside, &worker, at(10 * MICROSECOND, 100), at(0, 0));
    assert_true(wefti_aside_sees(&aside));
    assert_int_equal(aside.since.time + aside.span, 50 * MICROSECOND);
    return aside;
}

TEST(who_is_not_missed_stands_by_for_twice_as_long_up_to_a_millisecond)
{
    struct wefti_aside aside = stand();
    int64_t now = 0;
    for (int64_t span = 50; span < 4000; span *= 2) {
        now += aside.span;
        assert_true(wefti_aside_goes_on(&aside, at(now, (uint64_t)now / 100)));
        assert_int_equal(aside.span, span < 500 ? 2 * span * MICROSECOND : (int64_t)MILLISECOND);
        assert_int_equal(aside.since.time, now);
    }
}

TEST(a_quarter_less_is_the_most_that_one_may_be_missed)
{
    struct wefti_aside aside = stand();
    assert_true(wefti_aside_goes_on(&aside, at(100 * MICROSECOND, 800)));
    assert_false(wefti_aside_goes_on(&aside, at(200 * MICROSECOND, 800 + 799)));
}

TEST(who_is_missed_tries_again_after_twice_as_long)
{
    struct wefti_aside aside = stand();
    struct wefti_turns turns = {0};
    struct wefti_pace with;
    int64_t now = 50 * MICROSECOND;
    for (int64_t distance = 1; distance < 64; distance *= 2) {
        int64_t next = (distance < 16 ? distance : 16) * MILLISECOND;
        assert_false(wefti_aside_goes_on(&aside, at(now, 1)));
        wefti_aside_end(&aside, true, now);
        assert_false(wefti_aside_sees(&aside));
        turns.before.time = now + next - 2;
        assert_false(wefti_aside_tries(&aside, &turns, at(now + next - 1, 200), &with));
        assert_true(wefti_aside_tries(&aside, &turns, at(now + next, 201), &with));
        now += next;
        struct wefti_worker worker;
        wefti_aside_begin(&aside, &worker, with, at(now, 0));
        now += aside.span;
    }
    assert_true(wefti_aside_goes_on(&aside, at(now, 1000000))); /* a success: */
    wefti_aside_end(&aside, true, now);
    assert_int_equal(aside.next, now + MILLISECOND);
}

TEST(without_tasks_nobody_is_missed)
{
    struct wefti_aside aside = stand();
    aside.apart = true;
    assert_false(wefti_aside_sees(&aside));
    assert_false(wefti_aside_goes_on(&aside, at(50 * MICROSECOND, 5000)));
    wefti_aside_end(&aside, false, 50 * MICROSECOND);
    assert_int_equal(aside.next, 0);
}

TEST(from_when_tasks_come_again_it_is_told_anew_whether_one_is_missed)
{
    struct wefti_aside aside = stand();
    aside.apart = true;
    wefti_aside_resume(&aside, at(40 * MICROSECOND, 0));
    assert_true(wefti_aside_sees(&aside));
    assert_true(wefti_aside_goes_on(&aside, at(50 * MICROSECOND, 0)));
    assert_int_equal(aside.since.time + aside.span, 90 * MICROSECOND);
    assert_false(wefti_aside_goes_on(&aside, at(90 * MICROSECOND, 1)));
}

/* ---- in an executor ------------------------------------------------------------------------ */

static void *set(void *event)
{
    WITNESS(weft_event_set(event) == WEFT_OK);
    return NULL;
}

static void *wait(void *event)
{
    WITNESS(weft_event_wait(event) == WEFT_OK);
    return NULL;
}

/* Tasks so short that a worker stands by, at least now and then. */
static void post_short_ones(weft_executor *pool, atomic_int *count)
{
    for (int i = 0; i < 3000; i++)
        assert_int_equal(weft_executor_post(pool, tick, count), WEFT_OK);
}

TEST(a_long_task_behind_short_ones_keeps_no_other_waiting)
{
    enum { ROUNDS = 30 };
    atomic_int count = 0;
    weft_executor *pool = weft_executor_new(2);
    for (int i = 0; i < ROUNDS; i++) {
        weft_event event = WEFT_EVENT_INIT;
        post_short_ones(pool, &count);
        weft_future *waits = weft_executor_submit(pool, wait, &event);
        assert_int_equal(weft_executor_post(pool, set, &event), WEFT_OK);
        assert_int_equal(weft_future_result(waits, NULL), WEFT_OK);
        weft_future_free(waits);
    }
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(atomic_load(&count), ROUNDS * 3000);
    weft_executor_free(pool);
}

TEST(who_stands_by_ends_with_the_executor)
{
    for (int i = 0; i < 30; i++) {
        atomic_int count = 0;
        weft_executor *pool = weft_executor_new(4);
        post_short_ones(pool, &count);
        assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
        assert_int_equal(atomic_load(&count), 3000);
        weft_executor_free(pool);
    }
}
