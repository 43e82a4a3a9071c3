/* SPDX-License-Identifier: MIT */
/* Scopes of what has an owner: RLock, Condition. However a block is left, it releases once. */
#include "test.h"

#include "interrupt.h"

static weft_rlock rlock;
static weft_lock lock;
static weft_condition own;
static weft_condition shared = WEFT_CONDITION_INIT_ON(&lock);

static void assert_all_free(void)
{
    assert_false(weft_rlock_locked(&rlock));
    assert_false(weft_lock_locked(&lock));
    assert_false(weft_condition_locked(&own));
    assert_false(weft_condition_locked(&shared));
}

TEST(with_takes_and_releases)
{
    int blocks = 0;
    WEFT_WITH(&rlock) {
        assert_int_equal(weft_rlock_depth(&rlock), 1);
        WEFT_WITH(&rlock) {
            assert_int_equal(weft_rlock_depth(&rlock), 2);
            blocks++;
        }
        assert_int_equal(weft_rlock_depth(&rlock), 1);
    }
    WEFT_WITH(&own) {
        assert_true(weft_rlock_is_owned(&own.own));
        assert_int_equal(weft_condition_notify_all(&own), WEFT_OK);
        blocks++;
    }
    WEFT_WITH(&shared) {
        assert_true(weft_lock_locked(&lock));
        blocks++;
    }
    assert_int_equal(blocks, 3);
    assert_all_free();
}

static int leave_by_return(void)
{
    WEFT_WITH(&rlock) {
        WEFT_WITH(&shared) {
            return 7;
        }
    }
    return 0;
}

TEST(with_releases_however_it_is_left)
{
    assert_int_equal(leave_by_return(), 7);
    assert_all_free();
    WEFT_WITH(&rlock) {
        break;
    }
    WEFT_WITH(&own) {
        goto out;
    }
out:
    assert_all_free();
}

TEST(hold_lasts_to_the_end_of_the_braces)
{
    for (int i = 0; i < 3; i++) {
        WEFT_HOLD(&rlock);
        WEFT_HOLD(&own);
        WEFT_HOLD(&shared);
        assert_int_equal(weft_rlock_depth(&rlock), 1);
        assert_true(weft_condition_locked(&own));
        assert_true(weft_lock_locked(&lock));
        if (i == 1)
            continue;
        if (i == 2)
            break;
    }
    assert_all_free();
}

static void *find_them_held(void *arg)
{
    weft_status status = WEFT_OK;
    int blocks = 0;
    WEFT_WITH_FOR(&rlock, 0.001, status) {
        blocks++;
    }
    WITNESS(status == WEFT_TIMEOUT);
    WITNESS(weft_last_status() == WEFT_TIMEOUT);
    WEFT_WITH_FOR(&own, 0, status) {
        blocks++;
    }
    WITNESS(status == WEFT_TIMEOUT);
    WEFT_WITH_FOR(&shared, 0.001, status) {
        blocks++;
    }
    WITNESS(status == WEFT_TIMEOUT);
    WITNESS(blocks == 0);
    return arg;
}

TEST(with_for_skips_the_block_if_time_runs_out)
{
    weft_status status = WEFT_TIMEOUT;
    int blocks = 0;
    WEFT_WITH_FOR(&rlock, 0, status) {
        WEFT_WITH(&own) {
            WEFT_WITH(&shared) {
                struct crew crew = crew_start(1, find_them_held, NULL);
                crew_join(&crew);
                blocks++;
            }
        }
    }
    assert_int_equal(status, WEFT_OK);
    assert_int_equal(blocks, 1);
    assert_all_free();
}

static void *hold_firmly(void *arg)
{
    WITNESS(test_interrupt(weft_thread_current()));
    {
        WEFT_HOLD(&rlock);
        WEFT_HOLD(&own);
        WITNESS(weft_rlock_is_owned(&rlock) && weft_rlock_is_owned(&own.own));
    }
    WITNESS(weft_sleep(1e6) == WEFT_INTERRUPTED); /* it has stayed pending */
    return arg;
}

TEST(hold_takes_it_whoever_interrupts)
{
    struct crew crew = {.size = 0};
    WEFT_WITH(&rlock) {
        crew = crew_start(1, hold_firmly, NULL);
        EVENTUALLY(weft_rlock_waiters(&rlock) == 1);
    }
    crew_join(&crew);
    assert_all_free();
}

TEST(a_scope_of_nothing_says_so)
{
    weft_rlock *no_rlock = NULL;
    weft_condition *no_condition = NULL;
    weft_semaphore *no_semaphore = NULL;
    weft_bounded_semaphore *no_bounded = NULL;
    WEFT_WITH(no_rlock) {
        fail();
    }
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    weft_guard guard = weft_rlock_guard_hold(no_rlock);
    assert_null(guard.object);
    guard = weft_condition_guard_hold(no_condition);
    assert_null(guard.object);
    guard = weft_semaphore_guard_hold(no_semaphore);
    assert_null(guard.object);
    guard = weft_bounded_semaphore_guard_hold(no_bounded);
    assert_null(guard.object);
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    weft_guard_leave(&guard);
    weft_guard_leave(NULL);
}
