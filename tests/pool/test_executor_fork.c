/* SPDX-License-Identifier: MIT */
/* In the child of a fork an executor is as after a shutdown, and what was queued is cancelled. */
#include "test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor_help.h"
#include "in_child.h"
#include "pool/executor.h"
#include "under_tsan.h"

struct busy {
    weft_executor *pool;
    struct gate gate;
    weft_future *running;
    weft_future *queued[3];
    weft_future *done;
};

static void make_busy(struct busy *busy)
{
    *busy = (struct busy){.pool = weft_executor_new(2, .queue_size = 3)};
    busy->done = weft_executor_submit(busy->pool, same, busy);
    assert_int_equal(weft_future_result(busy->done, NULL), WEFT_OK);
    busy->running = weft_executor_submit(busy->pool, pass, &busy->gate);
    assert_int_equal(weft_executor_post(busy->pool, pass, &busy->gate), WEFT_OK);
    EVENTUALLY(atomic_load(&busy->gate.inside) == 2);
    for (int i = 0; i < 3; i++)
        busy->queued[i] = weft_executor_submit(busy->pool, same, busy, .priority = i - 1);
}

static void end_busy(struct busy *busy)
{
    assert_int_equal(weft_event_set(&busy->gate.open), WEFT_OK);
    assert_ptr_equal(value_of(busy->running), &busy->gate);
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(value_of(busy->queued[i]), busy);
    weft_future_free(busy->done);
    finish(busy->pool);
}

static void be_as_after_shutdown(void *arg)
{
    struct busy *busy = arg;
    WITNESS(weft_executor_submit(busy->pool, same, NULL) == NULL);
    WITNESS(weft_last_status() == WEFT_SHUTDOWN);
    for (int i = 0; i < 3; i++) {
        WITNESS(weft_future_cancelled(busy->queued[i]));
        WITNESS(weft_future_result(busy->queued[i], NULL) == WEFT_CANCELLED);
    }
    WITNESS(weft_future_result(busy->done, NULL) == WEFT_OK);
    WITNESS(weft_future_result(busy->running, NULL) == WEFT_FAILED); /* its thread is not here */
    WITNESS(weft_future_error(busy->running)->code == WEFT_RUNTIME);
    weft_executor_stats stats = numbers(busy->pool);
    WITNESS(stats.queued == 0 && stats.workers == 0 && stats.cancelled == 3 && stats.done == 1);
    WITNESS(weft_executor_shutdown(busy->pool) == WEFT_OK);
    weft_executor_free(busy->pool);
    for (int i = 0; i < 3; i++)
        weft_future_free(busy->queued[i]);
}

TEST(in_the_child_an_executor_is_as_after_a_shutdown)
{
    struct busy busy;
    make_busy(&busy);
    assert_true(holds_in_child_to_exit(be_as_after_shutdown, &busy));
    end_busy(&busy);
}

static void leave_it_alone(void *arg)
{
    (void)arg;
}

TEST(the_child_does_not_wait_at_exit_for_the_parents_tasks)
{
    struct busy busy;
    make_busy(&busy);
    assert_true(holds_in_child_to_exit(leave_it_alone, &busy));
    end_busy(&busy);
}

static void use_a_new_one(void *arg)
{
    (void)arg;
    weft_executor *pool = weft_executor_new(2);
    weft_future *future = weft_executor_submit(pool, same, pool);
    WITNESS(weft_future_result(future, NULL) == WEFT_OK);
    weft_future_free(future);
    WITNESS(weft_executor_shutdown(pool) == WEFT_OK);
    weft_executor_free(pool);
}

TEST(the_child_may_have_executors_of_its_own)
{
    struct busy busy;
    if (UNDER_TSAN) /* it ends a child that starts threads if its parent had several */
        skip();
    make_busy(&busy);
    assert_true(holds_in_child_to_exit(use_a_new_one, NULL));
    end_busy(&busy);
}

static weft_executor *of_task;

static void count_as_coming(void *arg)
{
    const struct weft_executor *pool = arg;
    WITNESS(pool->live == 1 && pool->coming == 1);
}

static void *fork_first(void *arg)
{
    WITNESS(holds_in_child_to_exit(count_as_coming, *(weft_executor **)arg));
    return NULL;
}

TEST(an_initializer_may_fork)
{
    of_task = weft_executor_new(1, .initializer = fork_first, .init_arg = &of_task);
    assert_ptr_equal(value_of(weft_executor_submit(of_task, same, &of_task)), &of_task);
    finish(of_task);
}

static void end_in_child(void *arg)
{
    WITNESS(weft_executor_post(of_task, same, NULL) == WEFT_SHUTDOWN);
    WITNESS(weft_future_current() == arg);
    WITNESS(weft_thread_current() == weft_thread_main());
}

static void *fork_here(void *arg)
{
    WITNESS(holds_in_child_to_exit(end_in_child, weft_future_current()));
    return arg;
}

TEST(a_task_may_fork)
{
    of_task = weft_executor_new(1);
    assert_ptr_equal(value_of(weft_executor_submit(of_task, fork_here, &of_task)), &of_task);
    finish(of_task);
}

static void *return_in_child(void *arg)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        return arg; /* its thread ends as a worker does, and the child with it */
    WITNESS(child > 0 && waitpid(child, &status, 0) == child);
    WITNESS(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return arg;
}

TEST(a_task_that_returns_in_the_child_ends_it)
{
    if (UNDER_TSAN) /* the process exits in a thread that has ended to it */
        skip();
    of_task = weft_executor_new(1);
    assert_ptr_equal(value_of(weft_executor_submit(of_task, return_in_child, &of_task)), &of_task);
    finish(of_task);
}

struct forker {
    weft_executor *pool;
    atomic_bool end;
};

static void *submit_again(void *arg)
{
    struct forker *forker = arg;
    if (atomic_load(&forker->end))
        return NULL;
    weft_status status = weft_executor_post(forker->pool, submit_again, forker);
    WITNESS(status == WEFT_OK || status == WEFT_SHUTDOWN);
    return NULL;
}

static void witness_closed(void *arg)
{
    struct forker *forker = arg;
    WITNESS(weft_executor_post(forker->pool, same, NULL) == WEFT_SHUTDOWN);
    WITNESS(numbers(forker->pool).queued == 0);
}

TEST(a_fork_may_come_at_any_moment)
{
    struct forker forker = {.pool = weft_executor_new(2)};
    for (int i = 0; i < 4; i++)
        assert_int_equal(weft_executor_post(forker.pool, submit_again, &forker), WEFT_OK);
    for (int i = 0; i < 50; i++)
        assert_true(holds_in_child_to_exit(witness_closed, &forker));
    atomic_store(&forker.end, true);
    finish(forker.pool);
}

static void *note_cancelled(weft_future *future, void *arg)
{
    WITNESS(weft_future_cancelled(future));
    atomic_fetch_add((atomic_int *)arg, 1);
    return NULL;
}

static void witness_callback(void *count)
{
    WITNESS(atomic_load((atomic_int *)count) == 1);
}

TEST(callbacks_of_what_was_queued_are_called_in_the_child)
{
    atomic_int count = 0;
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    weft_future *future = weft_executor_submit(pool, same, NULL);
    assert_int_equal(weft_future_add_done_callback(future, note_cancelled, &count), WEFT_OK);
    assert_true(holds_in_child_to_exit(witness_callback, &count));
    assert_int_equal(weft_future_cancel(future), WEFT_OK);
    weft_future_free(future);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
}
