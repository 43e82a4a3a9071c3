/* SPDX-License-Identifier: MIT */
/* A wait that an interruption ends closes no cycle, however late its thread wakes up. */
#include "watch_help.h"

static void waits_for_rlock(struct actor *actor, step *next, weft_rlock *lock)
{
    begins(actor, next, lock);
    EVENTUALLY(weft_rlock_waiters(lock) == 1);
}

TEST(to_interrupt_and_join_with_the_lock_in_hand_is_no_deadlock)
{
    enum { ROUNDS = 200 };
    weft_rlock lock = WEFT_RLOCK_INIT;
    watch();
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    for (int i = 0; i < ROUNDS; i++) {
        actor_enters(&left, "left");
        waits_for_rlock(&left, acquire_rlock, &lock);
        leaves_then(&left);
        assert_int_equal(weft_thread_interrupt(left.thread), WEFT_OK);
        assert_int_equal(weft_thread_join(left.thread), WEFT_OK);
        assert_int_equal(left.status, WEFT_INTERRUPTED);
        weft_thread_free(left.thread);
    }
    assert_no_reports();
}

static weft_status wait_and_acquire(void *lock)
{
    EVENTUALLY(wefti_load(&abandoned, ACQUIRE));
    return weft_rlock_acquire(lock);
}

TEST(a_wait_that_ends_by_a_pending_interruption_is_no_deadlock)
{
    enum { ROUNDS = 200 };
    weft_rlock lock = WEFT_RLOCK_INIT;
    watch();
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    for (int i = 0; i < ROUNDS; i++) {
        actor_enters(&left, "left");
        wefti_store(&abandoned, 0, RELEASE);
        begins(&left, wait_and_acquire, &lock);
        leaves_then(&left);
        assert_int_equal(weft_thread_interrupt(left.thread), WEFT_OK);
        abandon();
        assert_int_equal(weft_thread_join(left.thread), WEFT_OK);
        assert_int_equal(left.status, WEFT_INTERRUPTED);
        weft_thread_free(left.thread);
    }
    assert_no_reports();
}

static weft_status hold_firmly(void *lock)
{
    WEFT_HOLD((weft_rlock *)lock);
    return WEFT_OK;
}

TEST(a_firm_wait_goes_on_when_it_is_interrupted)
{
    static weft_rlock a = WEFT_RLOCK_INIT;
    static weft_rlock b = WEFT_RLOCK_INIT;
    watch();
    enter_two();
    does(&left, acquire_rlock, &a);
    does(&right, acquire_rlock, &b);
    waits_for_rlock(&left, hold_firmly, &b);
    assert_int_equal(weft_thread_interrupt(left.thread), WEFT_OK);
    begins(&right, acquire_rlock, &a);
    EVENTUALLY(count(WEFT_REPORT_DEADLOCK) == 1);
}

TEST(a_join_that_was_interrupted_closes_no_cycle)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    watch();
    enter_two();
    does(&left, acquire_rlock, &lock);
    waits(&left, join, right.thread);
    assert_int_equal(weft_thread_interrupt(left.thread), WEFT_OK);
    begins(&right, acquire_rlock, &lock);
    EVENTUALLY(weft_rlock_waiters(&lock) == 1);
    assert_no_reports();
    assert_int_equal(ends(&left), WEFT_INTERRUPTED);
}
