/* SPDX-License-Identifier: MIT */
/* Condition and its lock: own or the caller's, misuse, depth, ends and forks. */
#include "test.h"

#include <sys/wait.h>
#include <unistd.h>

/* ---- the lock ------------------------------------------------------------------------------ */

TEST(a_condition_is_24_bytes_and_zero_bytes_are_one_with_an_rlock)
{
    static weft_condition zeroed;
    if (sizeof(void *) == 8)
        assert_int_equal(sizeof(weft_condition), 24);
    assert_int_equal(weft_sizeof(WEFT_KIND_CONDITION), sizeof(weft_condition));
    const weft_condition initialised = WEFT_CONDITION_INIT;
    assert_memory_equal(&zeroed, &initialised, sizeof zeroed);
    assert_int_equal(weft_condition_acquire(&zeroed), WEFT_OK);
    assert_int_equal(weft_condition_acquire(&zeroed), WEFT_OK);
    assert_int_equal(weft_condition_release(&zeroed), WEFT_OK);
    assert_true(weft_condition_locked(&zeroed));
    assert_int_equal(weft_condition_release(&zeroed), WEFT_OK);
    assert_false(weft_condition_locked(&zeroed));
    assert_int_equal(weft_condition_release(&zeroed), WEFT_NOT_OWNER);
}

TEST(a_condition_on_a_lock_is_that_lock)
{
    static weft_lock lock = WEFT_LOCK_INIT;
    static weft_condition condition = WEFT_CONDITION_INIT_ON(&lock);
    assert_int_equal(weft_condition_acquire(&condition), WEFT_OK);
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_TIMEOUT);
    assert_int_equal(weft_condition_release(&condition), WEFT_OK);
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_condition_try_acquire(&condition), WEFT_TIMEOUT);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_int_equal(weft_condition_release(&condition), WEFT_NOT_LOCKED);
}

TEST(a_condition_on_an_rlock_is_that_rlock)
{
    static weft_rlock lock = WEFT_RLOCK_INIT;
    static weft_condition condition = WEFT_CONDITION_INIT_ON(&lock);
    assert_int_equal(weft_condition_acquire(&condition), WEFT_OK);
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_condition_acquire_for(&condition, 0), WEFT_OK);
    assert_int_equal(weft_rlock_depth(&lock), 3);
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_condition_release(&condition), WEFT_OK);
    assert_false(weft_rlock_locked(&lock));
}

/* ---- misuse -------------------------------------------------------------------------------- */

static bool yes(void *arg)
{
    ++*(int *)arg;
    return true;
}

static void assert_refused(weft_condition *condition, weft_status status)
{
    int calls = 0;
    assert_int_equal(weft_condition_wait(condition), status);
    assert_int_equal(weft_condition_wait_for(condition, 1), status);
    assert_int_equal(weft_condition_wait_until(condition, weft_now() + 1), status);
    assert_int_equal(weft_condition_wait_pred(condition, yes, &calls), status);
    assert_int_equal(weft_condition_wait_pred_for(condition, yes, &calls, 1), status);
    assert_int_equal(weft_condition_wait_pred_until(condition, yes, &calls, 1), status);
    assert_int_equal(weft_condition_notify(condition, 0), status);
    assert_int_equal(weft_condition_notify(condition, 1), status);
    assert_int_equal(weft_condition_notify_all(condition), status);
    assert_int_equal(calls, 0);
}

TEST(without_the_lock_nobody_waits_and_nobody_notifies)
{
    weft_lock lock = WEFT_LOCK_INIT;
    weft_rlock rlock = WEFT_RLOCK_INIT;
    weft_condition own = WEFT_CONDITION_INIT;
    weft_condition on_lock = WEFT_CONDITION_INIT_ON(&lock);
    weft_condition on_rlock = WEFT_CONDITION_INIT_ON(&rlock);
    uint64_t parks = weft_park_count();
    assert_refused(&own, WEFT_NOT_OWNER);
    assert_refused(&on_rlock, WEFT_NOT_OWNER);
    assert_refused(&on_lock, WEFT_NOT_LOCKED);
    assert_true(weft_park_count() == parks);
}

static void *try_it(void *condition)
{
    WITNESS(weft_condition_wait(condition) == WEFT_NOT_OWNER);
    WITNESS(weft_condition_notify(condition, 1) == WEFT_NOT_OWNER);
    WITNESS(weft_condition_notify_all(condition) == WEFT_NOT_OWNER);
    return NULL;
}

TEST(another_threads_rlock_is_not_enough)
{
    weft_condition condition = WEFT_CONDITION_INIT;
    assert_int_equal(weft_condition_acquire(&condition), WEFT_OK);
    struct crew crew = crew_start(1, try_it, &condition);
    crew_join(&crew);
    assert_int_equal(weft_condition_release(&condition), WEFT_OK);
}

TEST(a_condition_over_nothing_is_a_value_error)
{
    /* What WEFT_CONDITION_INIT_ON makes of a NULL that no compiler has seen coming. */
    weft_condition condition = {.lock = (char *)(uintptr_t)1};
    assert_refused(NULL, WEFT_VALUE_ERROR);
    assert_refused(&condition, WEFT_VALUE_ERROR);
    assert_int_equal(weft_condition_acquire(&condition), WEFT_VALUE_ERROR);
    assert_int_equal(weft_condition_acquire(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_condition_try_acquire(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_condition_acquire_for(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_condition_acquire_until(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_condition_release(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_condition_done(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_condition_waiters(NULL), 0);
    assert_false(weft_condition_locked(NULL));
    assert_null(weft_condition_new_on_lock(NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_null(weft_condition_new_on_rlock(NULL));
    weft_condition_free(NULL);
}

/* ---- heap, end, fork ----------------------------------------------------------------------- */

TEST(conditions_on_the_heap_are_over_what_they_are_told)
{
    weft_lock lock = WEFT_LOCK_INIT;
    weft_rlock rlock = WEFT_RLOCK_INIT;
    weft_condition *own = weft_condition_new();
    weft_condition *on_lock = weft_condition_new_on_lock(&lock);
    weft_condition *on_rlock = weft_condition_new_on_rlock(&rlock);
    assert_int_equal(weft_condition_acquire(own), WEFT_OK);
    assert_int_equal(weft_condition_done(own), WEFT_BUSY);
    assert_int_equal(weft_condition_acquire(on_lock), WEFT_OK);
    assert_true(weft_lock_locked(&lock));
    assert_int_equal(weft_condition_done(on_lock), WEFT_OK);
    assert_int_equal(weft_condition_acquire(on_rlock), WEFT_OK);
    assert_int_equal(weft_rlock_depth(&rlock), 1);
    assert_int_equal(weft_condition_release(own), WEFT_OK);
    assert_int_equal(weft_condition_done(own), WEFT_OK);
    weft_condition_free(own);
    weft_condition_free(on_lock);
    weft_condition_free(on_rlock);
}

static void *wait_for_notify(void *condition)
{
    WITNESS(weft_condition_acquire(condition) == WEFT_OK);
    WITNESS(weft_condition_wait(condition) == WEFT_OK);
    WITNESS(weft_condition_release(condition) == WEFT_OK);
    return NULL;
}

TEST(one_that_is_waited_for_is_not_done)
{
    weft_lock lock = WEFT_LOCK_INIT;
    weft_condition condition = WEFT_CONDITION_INIT_ON(&lock);
    assert_int_equal(weft_condition_done(&condition), WEFT_OK);
    struct crew crew = crew_start(1, wait_for_notify, &condition);
    EVENTUALLY(weft_condition_waiters(&condition) == 1);
    assert_int_equal(weft_condition_done(&condition), WEFT_BUSY);
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_condition_notify(&condition, 1), WEFT_OK);
    assert_int_equal(weft_condition_done(&condition), WEFT_OK);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&crew);
}

TEST(in_the_child_of_a_fork_nobody_waits)
{
    weft_condition condition = WEFT_CONDITION_INIT;
    struct crew crew = crew_start(2, wait_for_notify, &condition);
    EVENTUALLY(weft_condition_waiters(&condition) == 2);
    assert_int_equal(weft_condition_acquire(&condition), WEFT_OK);
    pid_t child = fork();
    if (child == 0) {
        bool good = weft_condition_waiters(&condition) == 0 &&
                    weft_condition_notify_all(&condition) == WEFT_OK &&
                    weft_condition_wait_for(&condition, 0.001) == WEFT_TIMEOUT &&
                    weft_condition_release(&condition) == WEFT_OK &&
                    weft_condition_done(&condition) == WEFT_OK;
        _exit(good ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(weft_condition_waiters(&condition), 2);
    assert_int_equal(weft_condition_notify_all(&condition), WEFT_OK);
    assert_int_equal(weft_condition_release(&condition), WEFT_OK);
    crew_join(&crew);
}
