/* SPDX-License-Identifier: MIT */
/* Executor: the initializer, and a pool that it breaks. */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "executor_help.h"
#include "primitives/self.h"

static _Thread_local const char *status = "uninitialized";
static atomic_int runs;

static void *initialize(void *arg)
{
    status = arg;
    atomic_fetch_add(&runs, 1);
    return NULL;
}

static void *copy_status(void *arg)
{
    *(const char **)arg = status;
    return NULL;
}

static void no_hook(struct weft_thread *thread, const weft_error *error, void *arg)
{
    WITNESS(thread == weft_thread_current());
    WITNESS(error->code == WEFT_USER);
    atomic_fetch_add((atomic_int *)arg, 1);
}

TEST(each_worker_runs_the_initializer_once_and_first)
{
    static char initialized[] = "initialized";
    const char *seen[40];
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(2, .initializer = initialize, .init_arg = initialized);
    occupy(pool, &gate, 2);
    for (int i = 0; i < 40; i++)
        assert_int_equal(weft_executor_post(pool, copy_status, &seen[i]), WEFT_OK);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
    for (int i = 0; i < 40; i++)
        assert_string_equal(seen[i], "initialized");
    assert_int_equal(atomic_load(&runs), 2);
}

static struct gate init_gate;

static void *fail_behind_the_gate(void *arg)
{
    (void)pass(&init_gate);
    (void)arg;
    return weft_raise(WEFT_USER, "error in initializer");
}

static void *leave_behind_the_gate(void *arg)
{
    (void)pass(&init_gate);
    pthread_exit(arg);
}

static void check_broken(weft_target *initializer)
{
    weft_future *futures[5];
    atomic_int count = 0;
    weft_executor *pool = weft_executor_new(2, .initializer = initializer);
    for (int i = 0; i < 5; i++)
        futures[i] = weft_executor_submit(pool, tick, &count, .priority = i - 2);
    assert_int_equal(weft_event_set(&init_gate.open), WEFT_OK);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(weft_future_result(futures[i], NULL), WEFT_FAILED);
        assert_int_equal(weft_future_error(futures[i])->code, WEFT_BROKEN_POOL);
        weft_future_free(futures[i]);
    }
    assert_null(weft_executor_submit(pool, tick, &count));
    assert_int_equal(weft_last_status(), WEFT_BROKEN_POOL);
    assert_int_equal(weft_executor_post(pool, tick, &count), WEFT_BROKEN_POOL);
    assert_int_equal(numbers(pool).failed, 5);
    EVENTUALLY(numbers(pool).workers == 0);
    finish(pool);
    assert_int_equal(atomic_load(&count), 0);
    assert_int_equal(weft_thread_active_count(), 1);
}

TEST(a_failing_initializer_breaks_the_pool)
{
    atomic_int hooked = 0;
    weft_set_excepthook(no_hook, &hooked);
    check_broken(fail_behind_the_gate);
    assert_true(atomic_load(&hooked) >= 1 && atomic_load(&hooked) <= 2);
}

TEST(an_initializer_that_ends_its_thread_breaks_the_pool)
{
    check_broken(leave_behind_the_gate);
}

static atomic_int attempts;

static void *fail_the_second_time(void *arg)
{
    if (atomic_fetch_add(&attempts, 1) == 0)
        return arg;
    return weft_raise(WEFT_USER, "enough");
}

TEST(a_worker_that_runs_a_task_when_the_pool_breaks_ends_it)
{
    atomic_int hooked = 0;
    struct gate gate = {0};
    weft_set_excepthook(no_hook, &hooked);
    weft_executor *pool = weft_executor_new(2, .initializer = fail_the_second_time);
    weft_future *future = weft_executor_submit(pool, pass, &gate);
    EVENTUALLY(atomic_load(&gate.inside) == 1);
    weft_future *second = weft_executor_submit(pool, same, NULL);
    assert_int_equal(weft_future_result(second, NULL), WEFT_FAILED);
    weft_future_free(second);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_ptr_equal(value_of(future), &gate);
    finish(pool);
    assert_int_equal(atomic_load(&hooked), 1);
}

static void broken_hook(struct weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    if (error->code == WEFT_BROKEN_POOL)
        atomic_fetch_add((atomic_int *)arg, 1);
}

TEST(what_was_posted_to_a_pool_that_breaks_goes_to_the_excepthook)
{
    atomic_int hooked = 0;
    weft_set_excepthook(broken_hook, &hooked);
    weft_executor *pool = weft_executor_new(1, .initializer = fail_behind_the_gate);
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_executor_post(pool, same, NULL), WEFT_OK);
    assert_int_equal(weft_event_set(&init_gate.open), WEFT_OK);
    finish(pool);
    assert_int_equal(atomic_load(&hooked), 3);
}

static void *interrupt_itself(void *arg)
{
    WITNESS(weft_thread_interrupt(weft_thread_current()) == WEFT_OK);
    return arg;
}

static void *sleep_a_little(void *arg)
{
    WITNESS(weft_sleep(0.001) == WEFT_OK);
    return arg;
}

TEST(an_interruption_of_the_initializer_is_not_left_to_the_first_task)
{
    weft_executor *pool = weft_executor_new(1, .initializer = interrupt_itself);
    (void)value_of(weft_executor_submit(pool, sleep_a_little, NULL));
    finish(pool);
}
