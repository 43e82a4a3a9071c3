/* SPDX-License-Identifier: MIT */
/*
 * Scopes: however a block is left, its lock is free afterwards. (C++: tests/install/cxx.)
 */
#include "test.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "cancel.h"
#include "interrupt.h"

static weft_lock lock = WEFT_LOCK_INIT;

static bool is_held(void)
{
    return weft_lock_locked(&lock);
}

/* ---- how a block is left ---------------------------------------------------------------------- */

TEST(a_block_holds_the_lock_to_its_end)
{
    int runs = 0;
    WEFT_WITH(&lock) {
        runs++;
        assert_true(is_held());
    }
    assert_int_equal(runs, 1);
    assert_false(is_held());
    {
        WEFT_HOLD(&lock);
        assert_true(is_held());
    }
    assert_false(is_held());
}

static bool return_from_with(void)
{
    WEFT_WITH(&lock) {
        return is_held(); /* the value is computed under the lock */
    }
    return false;
}

static bool return_from_hold(void)
{
    WEFT_HOLD(&lock);
    return is_held();
}

static bool return_from_with_for(void)
{
    weft_status status;
    WEFT_WITH_FOR(&lock, 1, status) {
        return is_held();
    }
    return false;
}

TEST(return_releases)
{
    assert_true(return_from_with());
    assert_false(is_held());
    assert_true(return_from_hold());
    assert_false(is_held());
    assert_true(return_from_with_for());
    assert_false(is_held());
}

TEST(goto_out_of_a_block_releases)
{
    WEFT_WITH(&lock) {
        if (is_held())
            goto after_with;
        fail();
    }
    fail();
after_with:
    assert_false(is_held());
    {
        WEFT_HOLD(&lock);
        if (is_held())
            goto after_hold;
        fail();
    }
    fail();
after_hold:
    assert_false(is_held());
}

TEST(goto_back_releases_and_takes_the_lock_again)
{
    volatile int rounds = 0;
again:
    WEFT_WITH(&lock) {
        if (++rounds < 3)
            goto again; /* a lock that was not released would not be got again */
    }
    assert_int_equal(rounds, 3);
    assert_false(is_held());
}

TEST(break_and_continue_leave_a_with_block_only)
{
    int blocks = 0;
    int loops = 0;
    for (int i = 0; i < 4; i++) {
        WEFT_WITH(&lock) {
            blocks++;
            if (i % 2 == 0)
                break;
            if (i % 2 == 1)
                continue;
            fail();
        }
        assert_false(is_held());
        loops++;
    }
    assert_int_equal(blocks, 4);
    assert_int_equal(loops, 4);
}

TEST(break_and_continue_in_a_loop_with_a_hold_mean_the_loop)
{
    int begun = 0;
    int ended = 0;
    for (;;) {
        WEFT_HOLD(&lock);
        assert_true(is_held());
        begun++;
        if (begun < 3)
            continue;
        if (begun == 5)
            break;
        ended++;
    }
    assert_false(is_held());
    assert_int_equal(begun, 5);
    assert_int_equal(ended, 2);
}

TEST(scopes_nest)
{
    weft_lock inner = WEFT_LOCK_INIT;
    WEFT_WITH(&lock) {
        WEFT_WITH(&inner) {
            assert_true(is_held());
            assert_true(weft_lock_locked(&inner));
        }
        assert_true(is_held());
        assert_false(weft_lock_locked(&inner));
        WEFT_HOLD(&inner);
        assert_true(weft_lock_locked(&inner));
    }
    assert_false(is_held());
    assert_false(weft_lock_locked(&inner));
    WEFT_WITH(&lock)
        WEFT_WITH(&inner) {
            assert_true(is_held());
            assert_true(weft_lock_locked(&inner));
        }
    assert_false(is_held());
    assert_false(weft_lock_locked(&inner));
}

TEST(a_block_may_release_its_lock_itself)
{
    WEFT_WITH(&lock) {
        assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    }
    assert_false(is_held());
    WEFT_HOLD(&lock);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
}

/* ---- the end of the thread inside -------------------------------------------------------------- */

static void *exit_inside(void *arg)
{
    weft_lock *inner = arg;
    WEFT_HOLD(&lock);
    WEFT_WITH(inner) {
        pthread_exit(arg);
    }
    return NULL;
}

TEST(pthread_exit_inside_releases)
{
    weft_lock inner = WEFT_LOCK_INIT;
    struct crew crew = crew_start(1, exit_inside, &inner);
    crew_join(&crew);
    assert_false(is_held());
    assert_false(weft_lock_locked(&inner));
}

struct victim {
    pthread_t thread;
    atomic_bool inside;
};

static void *be_cancelled_inside(void *arg)
{
    struct victim *victim = arg;
    victim->thread = pthread_self();
    WEFT_WITH(&lock) {
        atomic_store(&victim->inside, true);
        for (;;)
            test_cancel_here();
    }
    return NULL;
}

TEST(pthread_cancel_inside_releases)
{
    struct victim victim = {.inside = false};
    struct crew crew = crew_start(1, be_cancelled_inside, &victim);
    EVENTUALLY(atomic_load(&victim.inside));
    assert_true(is_held());
    assert_int_equal(pthread_cancel(victim.thread), 0);
    crew_join(&crew);
    assert_false(is_held());
}

/* ---- blocks that do not run -------------------------------------------------------------------- */

TEST(a_timeout_skips_the_block_and_says_why)
{
    weft_status status = WEFT_OK;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    int64_t start = test_clock();
    WEFT_WITH_FOR(&lock, 0.01, status) {
        fail();
    }
    assert_true(test_clock() - start >= 10000000);
    assert_int_equal(status, WEFT_TIMEOUT);
    assert_int_equal(weft_last_status(), WEFT_TIMEOUT);
    assert_true(is_held());
    uint64_t parks = weft_park_count();
    status = WEFT_OK;
    WEFT_WITH_FOR(&lock, 0, status) {
        fail();
    }
    assert_int_equal(status, WEFT_TIMEOUT);
    assert_true(weft_park_count() == parks);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    WEFT_WITH_FOR(&lock, 0.01, status) {
        assert_int_equal(status, WEFT_OK);
        assert_true(is_held());
    }
    assert_int_equal(status, WEFT_OK);
    assert_false(is_held());
}

TEST(a_timeout_that_is_no_number_skips_the_block)
{
    weft_status status = WEFT_OK;
    WEFT_WITH_FOR(&lock, NAN, status) {
        fail();
    }
    assert_int_equal(status, WEFT_VALUE_ERROR);
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_false(is_held());
}

TEST(without_a_lock_there_is_no_block)
{
    weft_lock *none = NULL;
    WEFT_WITH(none) {
        fail();
    }
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    {
        WEFT_HOLD(none); /* nothing to hold, nothing to release */
        assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    }
    weft_guard_leave(NULL);
    weft_guard empty = {0};
    weft_guard_leave(&empty);
}

static void *be_interrupted(void *arg)
{
    int *runs = arg;
    WEFT_WITH(&lock) {
        ++*runs;
    }
    WITNESS(weft_last_status() == WEFT_INTERRUPTED);
    return NULL;
}

TEST(an_interruption_skips_the_block_and_says_why)
{
    int runs = 0;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(1, be_interrupted, &runs);
    EVENTUALLY(weft_lock_waiters(&lock) == 1);
    assert_true(test_interrupt(crew.threads[0]));
    crew_join(&crew);
    assert_int_equal(runs, 0);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
}

static void *hold_through_an_interruption(void *arg)
{
    atomic_bool *inside = arg;
    {
        WEFT_HOLD(&lock);
        atomic_store(inside, true);
    }
    WITNESS(weft_sleep(WEFT_FOREVER) == WEFT_INTERRUPTED); /* it has stayed pending */
    WITNESS(weft_sleep(0.001) == WEFT_OK);
    return NULL;
}

TEST(a_hold_outlasts_an_interruption_which_stays_pending)
{
    atomic_bool inside = false;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(1, hold_through_an_interruption, &inside);
    EVENTUALLY(weft_lock_waiters(&lock) == 1);
    assert_true(test_interrupt(crew.threads[0]));
    for (int i = 0; i < 100; i++)
        test_yield();
    assert_int_equal(weft_lock_waiters(&lock), 1);
    assert_false(atomic_load(&inside));
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&crew);
    assert_true(atomic_load(&inside));
    assert_false(is_held());
}

/* ---- the arguments ------------------------------------------------------------------------------ */

static int evaluations;

static weft_lock *count_lock(void)
{
    evaluations++;
    return &lock;
}

static double count_seconds(void)
{
    evaluations++;
    return 1;
}

TEST(each_argument_is_evaluated_once)
{
    weft_status statuses[2] = {WEFT_RUNTIME, WEFT_RUNTIME};
    weft_status *next = statuses;
    WEFT_WITH(count_lock()) {
        assert_int_equal(evaluations, 1);
    }
    assert_int_equal(evaluations, 1);
    WEFT_WITH_FOR(count_lock(), count_seconds(), *next++) {
        assert_int_equal(evaluations, 3);
    }
    assert_int_equal(evaluations, 3);
    assert_true(next == statuses + 1);
    assert_int_equal(statuses[0], WEFT_OK);
    WEFT_HOLD(count_lock());
    assert_int_equal(evaluations, 4);
}
