/* SPDX-License-Identifier: MIT */
/* Cycles that are no deadlocks, and Locks that are signals. */
#include "watch_help.h"

static struct actor third;

TEST(a_wait_with_a_deadline_that_would_close_a_cycle_does_not)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    watch();
    enter_two();
    half_cycle(&a, &b);
    waits(&right, acquire_timed, &a);
    assert_no_reports();
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(ends(&right), WEFT_OK);
    does(&right, release, &b);
    assert_int_equal(ends(&left), WEFT_OK);
    leave_two();
}

TEST(a_wait_with_a_deadline_inside_keeps_a_cycle_open)
{
    struct owned a = {0};
    struct owned b = {.timed = true};
    watch();
    enter_two();
    does(&left, owned_acquire, &a);
    does(&right, owned_acquire, &b);
    waits_for_owned(&left, owned_acquire, &b);
    waits_for_owned(&right, owned_acquire, &a);
    assert_no_reports();
    give_up_owned(&a, &b);
    leave_two();
}

TEST(a_join_with_a_deadline_closes_no_cycle)
{
    watch();
    enter_two();
    waits(&left, join, right.thread);
    waits(&right, join_timed, left.thread);
    assert_no_reports();
}

TEST(who_has_given_up_waits_for_nobody)
{
    struct owned a = {0};
    struct owned b = {0};
    watch();
    enter_two();
    does(&left, owned_acquire, &a);
    does(&right, owned_acquire, &b);
    waits_for_owned(&left, owned_acquire, &b);
    abandon();
    assert_int_equal(ends(&left), WEFT_INTERRUPTED);
    wefti_store(&abandoned, 0, RELEASE);
    waits_for_owned(&right, owned_acquire, &a);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 0);
    does(&left, owned_release, &a);
    assert_int_equal(ends(&right), WEFT_OK);
    leave_two();
}

TEST(what_was_released_is_held_no_longer)
{
    struct owned a = {0};
    struct owned b = {0};
    watch();
    enter_two();
    actor_enters(&third, "third");
    does(&left, owned_acquire, &a);
    does(&left, owned_release, &a);
    does(&third, owned_acquire, &a);
    does(&right, owned_acquire, &b);
    waits_for_owned(&left, owned_acquire, &b);
    waits_for_owned(&right, owned_acquire, &a); /* third holds it, not left */
    assert_no_reports();
    does(&third, owned_release, &a);
    assert_int_equal(ends(&right), WEFT_OK);
    does(&right, owned_release, &b);
    assert_int_equal(ends(&left), WEFT_OK);
    actor_leaves(&third);
    leave_two();
}

TEST(a_lock_once_released_by_another_leaves_the_cycles)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    watch();
    enter_two();
    does(&left, acquire, &a);
    does(&right, release, &a);
    half_cycle(&a, &b);
    waits(&right, acquire, &a);
    assert_no_reports();
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(ends(&right), WEFT_OK);
    does(&right, release, &b);
    assert_int_equal(ends(&left), WEFT_OK);
    leave_two();
}

TEST(a_lock_that_outlives_its_holder_leaves_the_cycles)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    watch();
    actor_enters(&left, "left");
    does(&left, acquire, &a);
    actor_leaves(&left);
    assert_int_equal(weft_lock_release(&a), WEFT_OK); /* somebody has to do it for the dead */
    enter_two();
    half_cycle(&a, &b);
    waits(&right, acquire, &a);
    assert_no_reports();
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(ends(&right), WEFT_OK);
    does(&right, release, &b);
    assert_int_equal(ends(&left), WEFT_OK);
    leave_two();
}

/* ---- the race that a hand-over can win ------------------------------------------------------ */

static const struct wefti_want *want_of(weft_lock *lock, bool held)
{
    static struct wefti_want want;
    want = (struct wefti_want){.object = lock, .kind = WEFTI_LOCK, .held = held};
    return &want;
}

TEST(a_release_that_overtakes_the_word_of_the_taker_counts)
{
    /* This thread has taken the lock, and another releases it before the first can say so. */
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    watch();
    actor_enters(&left, "left");
    wefti_watch_asks(want_of(&a, false));
    does(&left, acquire, &b); /* something of its own */
    wefti_watch_releasing(&a);
    begins(&left, release, &a);
    assert_int_equal(ends(&left), WEFT_NOT_LOCKED);
    wefti_watch_took(want_of(&a, false));
    bool sure;
    assert_int_equal(wefti_watch_holder(&a, &sure), 0);
    does(&left, release, &b);
    actor_leaves(&left);
}

TEST(a_release_by_who_took_it_unwatched_does_not_count)
{
    weft_lock a = WEFT_LOCK_INIT;
    bool sure;
    assert_int_equal(weft_lock_acquire(&a), WEFT_OK);
    watch();
    actor_enters(&left, "left");
    waits(&left, acquire, &a);
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(ends(&left), WEFT_OK);
    assert_true(wefti_watch_holder(&a, &sure) == weft_thread_ident(left.thread));
    assert_false(sure);
    does(&left, release, &a);
    actor_leaves(&left);
}
