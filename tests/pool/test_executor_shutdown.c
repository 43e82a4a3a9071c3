/* SPDX-License-Identifier: MIT */
/* Executor: how it is shut down, and what becomes of what is queued. */
#include "test.h"

#include <math.h>
#include <stdatomic.h>

#include "executor_help.h"
#include "interrupt.h"
#include "primitives/park.h"

TEST(after_a_shutdown_submit_is_refused)
{
    weft_executor *pool = weft_executor_new(2);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_null(weft_executor_submit(pool, same, NULL));
    assert_int_equal(weft_last_status(), WEFT_SHUTDOWN);
    assert_int_equal(weft_executor_post(pool, same, NULL), WEFT_SHUTDOWN);
    assert_int_equal(numbers(pool).submitted, 0);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    weft_executor_free(pool);
}

TEST(a_shutdown_waits_for_all_that_is_queued_and_for_the_workers)
{
    enum { TASKS = 50 };
    atomic_int count = 0;
    weft_future *futures[TASKS];
    weft_executor *pool = weft_executor_new(3);
    for (int i = 0; i < TASKS; i++)
        futures[i] = weft_executor_submit(pool, tick, &count);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(atomic_load(&count), TASKS);
    assert_int_equal(weft_thread_active_count(), 1);
    for (int i = 0; i < TASKS; i++) {
        assert_true(weft_future_done(futures[i]));
        weft_future_free(futures[i]);
    }
    weft_executor_free(pool);
}

TEST(a_shutdown_with_cancel_futures_cancels_what_is_queued)
{
    enum { WORKERS = 3, TASKS = 50 };
    struct gate gate = {0};
    weft_future *futures[TASKS];
    weft_executor *pool = weft_executor_new(WORKERS);
    for (int i = 0; i < TASKS; i++)
        futures[i] = weft_executor_submit(pool, pass, &gate, .priority = i % 3 - 1);
    EVENTUALLY(atomic_load(&gate.inside) == WORKERS);
    assert_int_equal(weft_executor_shutdown(pool, .cancel_futures = true, .no_wait = true),
                     WEFT_OK);
    int cancelled = 0;
    for (int i = 0; i < TASKS; i++)
        cancelled += weft_future_cancelled(futures[i]);
    assert_int_equal(cancelled, TASKS - WORKERS);
    assert_int_equal(numbers(pool).queued, 0);
    assert_int_equal(numbers(pool).cancelled, TASKS - WORKERS);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    for (int i = 0; i < TASKS; i++) {
        weft_status status = weft_future_result(futures[i], NULL);
        assert_int_equal(status, weft_future_cancelled(futures[i]) ? WEFT_CANCELLED : WEFT_OK);
        weft_future_free(futures[i]);
    }
    weft_executor_free(pool);
    assert_int_equal(atomic_load(&gate.inside), WORKERS);
}

TEST(a_second_shutdown_may_cancel_what_the_first_left)
{
    atomic_int count = 0;
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    weft_future *future = weft_executor_submit(pool, tick, &count);
    assert_int_equal(weft_executor_shutdown(pool, .no_wait = true), WEFT_OK);
    assert_false(weft_future_done(future));
    assert_int_equal(weft_executor_shutdown(pool, .no_wait = true, .cancel_futures = true),
                     WEFT_OK);
    assert_true(weft_future_cancelled(future));
    weft_future_free(future);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
    assert_int_equal(atomic_load(&count), 0);
}

TEST(without_waiting_what_is_queued_is_run_all_the_same)
{
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    weft_future *future = weft_executor_submit(pool, same, pool);
    assert_int_equal(weft_executor_shutdown(pool, .no_wait = true), WEFT_OK);
    assert_false(weft_future_done(future));
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_ptr_equal(value_of(future), pool);
    weft_executor_free(pool);
    EVENTUALLY(weft_thread_active_count() == 1);
}

TEST(giving_up_the_last_handle_shuts_down_without_waiting)
{
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    assert_ptr_equal(weft_executor_ref(pool), pool);
    weft_future *first = weft_executor_submit(pool, same, &gate);
    weft_executor_free(pool);
    weft_future *second = weft_executor_submit(pool, same, &gate); /* it is still open */
    assert_non_null(second);
    weft_executor_free(pool);
    assert_false(weft_future_done(second));
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_ptr_equal(value_of(first), &gate);
    assert_ptr_equal(value_of(second), &gate);
    EVENTUALLY(weft_thread_active_count() == 1);
}

TEST(idle_workers_end_when_the_last_handle_goes)
{
    weft_executor *pool = weft_executor_new(3);
    struct gate gate = {0};
    occupy(pool, &gate, 3);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    EVENTUALLY(numbers(pool).idle == 3);
    weft_executor_free(pool);
    EVENTUALLY(weft_thread_active_count() == 1);
}

static void *free_it(void *pool)
{
    weft_executor_free(pool);
    return NULL;
}

TEST(a_task_may_free_the_last_handle_of_its_own_executor)
{
    weft_executor *pool = weft_executor_new(1);
    weft_future *future = weft_executor_submit(pool, free_it, pool);
    assert_null(value_of(future));
    EVENTUALLY(weft_thread_active_count() == 1);
}

TEST(one_cancelled_right_before_the_shutdown_does_not_hold_it_up)
{
    weft_executor *pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, same, NULL));
    weft_future *future = weft_executor_submit(pool, same, NULL);
    (void)weft_future_cancel(future);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_true(weft_future_done(future));
    weft_future_free(future);
    weft_executor_free(pool);
}

/* ---- the wait ------------------------------------------------------------------------------ */

TEST(a_shutdown_that_waits_long_enough_times_out_and_has_shut_down)
{
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    int64_t start = test_clock();
    assert_int_equal(weft_executor_shutdown(pool, .timeout = 0.02), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 20000000);
    assert_int_equal(weft_executor_shutdown(pool, .timeout = -1), WEFT_TIMEOUT);
    assert_null(weft_executor_submit(pool, same, NULL));
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_executor_shutdown(pool, .timeout = 1e9), WEFT_OK);
    weft_executor_free(pool);
}

TEST(a_timeout_that_is_no_number_is_refused_and_shuts_nothing_down)
{
    weft_executor *pool = weft_executor_new(1);
    assert_int_equal(weft_executor_shutdown(pool, .timeout = NAN), WEFT_VALUE_ERROR);
    assert_ptr_equal(value_of(weft_executor_submit(pool, same, pool)), pool);
    finish(pool);
}

struct shutter {
    weft_executor *pool;
    atomic_int ended;
    weft_status status;
};

static void *shut_down(void *arg)
{
    struct shutter *shutter = arg;
    weft_status status = weft_executor_shutdown(shutter->pool);
    WITNESS(status == shutter->status);
    atomic_fetch_add(&shutter->ended, 1);
    return NULL;
}

TEST(several_threads_may_wait_for_the_shutdown)
{
    struct gate gate = {0};
    struct shutter shutter = {.pool = weft_executor_new(2), .status = WEFT_OK};
    occupy(shutter.pool, &gate, 2);
    struct crew crew = crew_start(4, shut_down, &shutter);
    EVENTUALLY(weft_executor_post(shutter.pool, same, NULL) == WEFT_SHUTDOWN);
    assert_int_equal(atomic_load(&shutter.ended), 0);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    crew_join(&crew);
    weft_executor_free(shutter.pool);
}

TEST(an_interrupted_shutdown_has_shut_down)
{
    struct gate gate = {0};
    struct shutter shutter = {.pool = weft_executor_new(1), .status = WEFT_INTERRUPTED};
    occupy(shutter.pool, &gate, 1);
    struct crew crew = crew_start(1, shut_down, &shutter);
    EVENTUALLY(test_interrupt(crew.threads[0])); /* its present wait, or the next */
    crew_join(&crew);
    assert_int_equal(weft_executor_post(shutter.pool, same, NULL), WEFT_SHUTDOWN);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(shutter.pool);
}

static void *shut_itself_down(void *pool)
{
    WITNESS(weft_executor_shutdown(pool) == WEFT_DEADLOCK);
    WITNESS(weft_executor_post(pool, same, NULL) == WEFT_SHUTDOWN);
    WITNESS(weft_executor_shutdown(pool, .no_wait = true) == WEFT_OK);
    return pool;
}

TEST(a_task_that_shuts_its_own_executor_down_does_not_wait)
{
    weft_executor *pool = weft_executor_new(1);
    assert_ptr_equal(value_of(weft_executor_submit(pool, shut_itself_down, pool)), pool);
    finish(pool);
}

static void *shut_other_down(void *pool)
{
    WITNESS(weft_executor_shutdown(pool) == WEFT_OK);
    return pool;
}

TEST(a_task_may_wait_for_another_executor)
{
    atomic_int count = 0;
    weft_executor *pool = weft_executor_new(1);
    weft_executor *other = weft_executor_new(1);
    assert_int_equal(weft_executor_post(other, tick, &count), WEFT_OK);
    assert_ptr_equal(value_of(weft_executor_submit(pool, shut_other_down, other)), other);
    assert_int_equal(atomic_load(&count), 1);
    weft_executor_free(other);
    finish(pool);
}

/* ---- the scope ----------------------------------------------------------------------------- */

static int leave_early(atomic_int *count)
{
    WEFT_WITH_EXECUTOR(pool, 2) {
        for (int i = 0; i < 20; i++)
            assert_int_equal(weft_executor_post(pool, tick, count), WEFT_OK);
        return 5;
    }
    return 0;
}

TEST(a_scope_ends_with_a_shutdown_that_waits)
{
    atomic_int count = 0;
    WEFT_WITH_EXECUTOR(pool, 5, .thread_name_prefix = "scope") {
        for (int i = 0; i < 20; i++)
            assert_int_equal(weft_executor_post(pool, tick, &count), WEFT_OK);
    }
    assert_int_equal(atomic_load(&count), 20);
    assert_int_equal(weft_thread_active_count(), 1);
    assert_int_equal(leave_early(&count), 5);
    assert_int_equal(atomic_load(&count), 40);
    WEFT_WITH_EXECUTOR(pool, 1) {
        assert_int_equal(weft_executor_post(pool, tick, &count), WEFT_OK);
        break;
    }
    assert_int_equal(atomic_load(&count), 41);
    assert_int_equal(weft_thread_active_count(), 1);
}

TEST(a_scope_that_cannot_be_entered_is_skipped)
{
    WEFT_WITH_EXECUTOR(pool, -1) {
        assert_null(pool); /* not reached */
        fail();
    }
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
}

static void *interrupted_scope(void *arg)
{
    struct gate *gate = arg;
    WEFT_WITH_EXECUTOR(pool, 1) {
        WITNESS(weft_executor_post(pool, pass, gate) == WEFT_OK);
        EVENTUALLY(atomic_load(&gate->inside) == 1);
        WITNESS(weft_thread_interrupt(weft_thread_current()) == WEFT_OK);
        atomic_fetch_add(&gate->inside, 1);
    }
    WITNESS(weft_event_is_set(&gate->open)); /* it has waited */
    WITNESS(weft_sleep(10) == WEFT_INTERRUPTED);
    return NULL;
}

TEST(an_interruption_does_not_end_a_scopes_wait_and_is_kept)
{
    struct gate gate = {0};
    struct crew crew = crew_start(1, interrupted_scope, &gate);
    EVENTUALLY(atomic_load(&gate.inside) == 2);
    /* It waits for the worker's end, having heard of the interruption or not. */
    uint64_t waits = 0;
    EVENTUALLY(++waits > 1000);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    crew_join(&crew);
}

static void *scope_in_a_task(void *arg)
{
    atomic_int *count = arg;
    WEFT_WITH_EXECUTOR(pool, 1) {
        WITNESS(weft_executor_post(pool, tick, count) == WEFT_OK);
    }
    return count;
}

TEST(a_task_may_have_a_scope_of_its_own)
{
    atomic_int count = 0;
    WEFT_WITH_EXECUTOR(pool, 1) {
        assert_ptr_equal(value_of(weft_executor_submit(pool, scope_in_a_task, &count)), &count);
        assert_int_equal(atomic_load(&count), 1);
    }
}
