/* SPDX-License-Identifier: MIT */
/* Executor: tasks that wait for tasks of their own executor. */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "executor_help.h"
#include "interrupt.h"
#include "pool/future.h"

static weft_executor *pool;

static void *thread_number(void *arg)
{
    *(uint32_t *)arg = weft_thread_ident(weft_thread_current());
    return arg;
}

static void *wait_for_child(void *arg)
{
    uint32_t number = 0;
    weft_future *child = weft_executor_submit(pool, thread_number, &number);
    WITNESS(weft_future_result(child, NULL) == WEFT_OK);
    WITNESS(number == weft_thread_ident(weft_thread_current()));
    weft_future_free(child);
    return arg;
}

TEST(the_only_worker_runs_the_child_it_waits_for)
{
    pool = weft_executor_new(1);
    assert_ptr_equal(value_of(weft_executor_submit(pool, wait_for_child, &pool)), &pool);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(numbers(pool).done, 2);
    assert_int_equal(numbers(pool).workers, 0);
    weft_executor_free(pool);
}

static atomic_int others;
static int others_seen = -1;

static void *note_others(void *arg)
{
    others_seen = atomic_load(&others);
    return arg;
}

static void *wait_for_the_last(void *arg)
{
    weft_future *child = NULL;
    for (int i = 0; i < 10; i++)
        WITNESS(weft_executor_post(pool, tick, &others) == WEFT_OK);
    child = weft_executor_submit(pool, note_others, NULL);
    for (int i = 0; i < 10; i++)
        WITNESS(weft_executor_post(pool, tick, &others, .priority = -1) == WEFT_OK);
    WITNESS(weft_future_result(child, NULL) == WEFT_OK);
    weft_future_free(child);
    return arg;
}

TEST(it_runs_exactly_that_child_and_no_other)
{
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, wait_for_the_last, NULL));
    assert_int_equal(others_seen, 0);
    finish(pool);
    assert_int_equal(atomic_load(&others), 20);
}

struct fib {
    int n;
    int value;
};

static void *fibonacci(void *arg)
{
    struct fib *fib = arg;
    if (fib->n < 2) {
        fib->value = fib->n;
        return fib;
    }
    struct fib a = {fib->n - 1, 0};
    struct fib b = {fib->n - 2, 0};
    weft_future *one = weft_executor_submit(pool, fibonacci, &a);
    weft_future *two = weft_executor_submit(pool, fibonacci, &b);
    WITNESS(weft_future_result(one, NULL) == WEFT_OK);
    WITNESS(weft_future_result(two, NULL) == WEFT_OK);
    weft_future_free(one);
    weft_future_free(two);
    fib->value = a.value + b.value;
    return fib;
}

static void check_fibonacci(int workers)
{
    struct fib fib = {12, 0};
    pool = weft_executor_new(workers);
    (void)value_of(weft_executor_submit(pool, fibonacci, &fib));
    assert_int_equal(fib.value, 144);
    finish(pool);
}

TEST(a_recursion_deep_in_the_pool_ends_with_one_worker)
{
    check_fibonacci(1);
}

TEST(a_recursion_deep_in_the_pool_ends_with_three_workers)
{
    check_fibonacci(3);
}

static weft_future *promise;

static void *keep_promise(weft_future *future, void *arg)
{
    (void)future;
    WITNESS(weft_future_set_result(promise, arg) == WEFT_OK);
    return NULL;
}

static void *wait_for_all(void *arg)
{
    weft_future *both[] = {promise, weft_executor_submit(pool, same, NULL)};
    weft_future *child = both[1];
    WITNESS(weft_future_add_done_callback(child, keep_promise, NULL) == WEFT_OK);
    WITNESS(weft_wait_futures(2, both, WEFT_ALL_COMPLETED, NULL, WEFT_FOREVER) == WEFT_OK);
    weft_future_free(child);
    return arg;
}

TEST(a_task_that_waits_for_all_runs_its_children_before_it_waits_for_others)
{
    promise = weft_future_new();
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, wait_for_all, NULL));
    weft_future_free(promise);
    finish(pool);
}

static void *wait_for_both(void *arg)
{
    weft_future *child = weft_executor_submit(pool, same, NULL);
    weft_future *both[] = {child, promise};
    WITNESS(weft_future_add_done_callback(child, keep_promise, NULL) == WEFT_OK);
    weft_future *all = weft_when_all(2, both);
    WITNESS(weft_future_result(all, NULL) == WEFT_OK);
    weft_future_free(all);
    weft_future_free(child);
    return arg;
}

TEST(a_task_that_waits_for_what_is_made_of_its_child_and_a_promise_runs_the_child)
{
    promise = weft_future_new();
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, wait_for_both, NULL));
    weft_future_free(promise);
    finish(pool);
}

static void *wait_for_itself_first(void *arg)
{
    weft_future *own = weft_future_current();
    weft_future *job;
    weft_status status;
    WITNESS(weft_wait_futures(1, &own, WEFT_FIRST_COMPLETED, NULL, WEFT_FOREVER) == WEFT_DEADLOCK);
    WITNESS(weft_wait_futures(1, &own, WEFT_FIRST_EXCEPTION, NULL, WEFT_FOREVER) == WEFT_DEADLOCK);
    WEFT_AS_COMPLETED(job, 1, &own, WEFT_FOREVER, status)
        WITNESS(job == NULL);
    WITNESS(status == WEFT_DEADLOCK);
    return arg;
}

TEST(a_task_that_waits_for_the_first_of_itself_is_told)
{
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, wait_for_itself_first, NULL));
    finish(pool);
}

static void *wait_for_itself(void *arg)
{
    WITNESS(weft_future_result(weft_future_current(), NULL) == WEFT_DEADLOCK);
    return arg;
}

TEST(a_task_that_waits_for_itself_is_told)
{
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, wait_for_itself, NULL));
    finish(pool);
}

static atomic_int child_was;
static atomic_int ancestor_was;

static void *wait_for_ancestor(void *ancestor)
{
    atomic_store(&child_was, weft_future_result(ancestor, NULL));
    weft_future_free(ancestor);
    return NULL;
}

static void *have_child_wait(void *arg)
{
    weft_future *own = weft_future_ref(weft_future_current());
    weft_future *child = weft_executor_submit(pool, wait_for_ancestor, own);
    atomic_store(&ancestor_was, weft_future_result(child, NULL));
    weft_future_free(child);
    return arg;
}

TEST(of_a_child_and_an_ancestor_that_wait_for_each_other_one_is_told)
{
    for (int workers = 1; workers < 3; workers++) {
        pool = weft_executor_new(workers);
        (void)value_of(weft_executor_submit(pool, have_child_wait, NULL));
        finish(pool);
        bool told = atomic_load(&child_was) == WEFT_DEADLOCK;
        assert_int_equal(atomic_load(told ? &ancestor_was : &child_was), WEFT_OK);
        assert_true(told || atomic_load(&ancestor_was) == WEFT_DEADLOCK);
        assert_true(told || workers > 1); /* alone, the worker runs the child in place */
    }
}

static weft_future *pair[2];
static weft_event both_made;
static weft_latch both_run = WEFT_LATCH_INIT(2);
static atomic_int deadlocks;

static void *wait_for_the_other(void *index)
{
    WITNESS(weft_event_wait(&both_made) == WEFT_OK);
    WITNESS(weft_latch_arrive_and_wait(&both_run) == WEFT_OK);
    weft_status status = weft_future_result(pair[*(int *)index], NULL);
    WITNESS(status == WEFT_OK || status == WEFT_DEADLOCK);
    atomic_fetch_add(&deadlocks, status == WEFT_DEADLOCK);
    return NULL;
}

TEST(of_two_running_tasks_that_wait_for_each_other_one_is_told)
{
    int indices[] = {1, 0};
    pool = weft_executor_new(2);
    for (int i = 0; i < 2; i++)
        pair[i] = weft_executor_submit(pool, wait_for_the_other, &indices[i]);
    assert_int_equal(weft_event_set(&both_made), WEFT_OK);
    for (int i = 0; i < 2; i++)
        (void)weft_future_result(pair[i], NULL);
    finish(pool);
    for (int i = 0; i < 2; i++)
        weft_future_free(pair[i]);
    assert_int_equal(atomic_load(&deadlocks), 1);
}

static void *child_of_other_pool(void *arg)
{
    weft_executor *other = arg;
    return value_of(weft_executor_submit(other, same, other));
}

TEST(a_task_waits_for_a_task_of_another_executor_in_the_usual_way)
{
    pool = weft_executor_new(1);
    weft_executor *other = weft_executor_new(1);
    assert_ptr_equal(value_of(weft_executor_submit(pool, child_of_other_pool, other)), other);
    assert_int_equal(numbers(other).workers, 1);
    finish(other);
    finish(pool);
}

static void *wait_with_a_deadline(void *arg)
{
    weft_future *child = weft_executor_submit(pool, same, arg);
    WITNESS(weft_future_result_for(child, NULL, 0.001) == WEFT_TIMEOUT);
    weft_future_free(child);
    return arg;
}

TEST(a_task_that_waits_with_a_deadline_runs_nothing_in_place)
{
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, wait_with_a_deadline, NULL));
    finish(pool);
}

static void *expire_in_place(void *arg)
{
    weft_future *child = weft_executor_submit(pool, same, arg, .expires = -1);
    WITNESS(weft_future_result(child, NULL) == WEFT_FAILED);
    WITNESS(weft_future_error(child)->code == WEFT_EXPIRED);
    weft_future_free(child);
    return arg;
}

TEST(a_child_that_has_expired_is_not_run_in_place_either)
{
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, expire_in_place, NULL));
    finish(pool);
}

static void *outer_is_kept(void *arg)
{
    weft_future *own = weft_future_current();
    weft_future *child = weft_executor_submit(pool, same, NULL);
    WITNESS(weft_thread_interrupt(weft_thread_current()) == WEFT_OK);
    weft_status status = weft_future_result(child, NULL);
    if (status ==
        WEFT_OK) /* it was run in place, without a wait: the interruption is still there */
        WITNESS(weft_sleep(WEFT_FOREVER) == WEFT_INTERRUPTED);
    else
        WITNESS(status == WEFT_INTERRUPTED);
    WITNESS(weft_future_current() == own);
    weft_future_free(child);
    return arg;
}

TEST(an_interruption_outlives_a_child_run_in_place)
{
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, outer_is_kept, NULL));
    finish(pool);
}

static void *end_thread(void *arg)
{
    pthread_exit(arg);
}

static atomic_int looks;

static void look_around(void *own)
{
    WITNESS(weft_future_current() == own);
    WITNESS(((weft_future *)own)->waits_for == NULL);
    atomic_fetch_add(&looks, 1);
}

static void *have_child_end_thread(void *child)
{
    pthread_cleanup_push(look_around, weft_future_current());
    (void)weft_future_result(child, NULL);
    pthread_cleanup_pop(0);
    return child;
}

TEST(a_child_run_in_place_that_ends_its_thread_leaves_the_outer_task_as_it_was)
{
    struct gate gate = {0};
    pool = weft_executor_new(1, .order = WEFT_ORDER_LIFO);
    occupy(pool, &gate, 1);
    weft_future *child = weft_executor_submit(pool, end_thread, NULL);
    weft_future *outer = weft_executor_submit(pool, have_child_end_thread, child);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_future_result(child, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_result(outer, NULL), WEFT_FAILED);
    assert_int_equal(atomic_load(&looks), 1);
    weft_future_free(child);
    weft_future_free(outer);
    finish(pool);
}

static void *cancel_child(void *arg)
{
    weft_future *own = weft_future_current();
    weft_future *child = weft_executor_submit(pool, tick, arg);
    WITNESS(weft_future_cancel(child) == WEFT_OK);
    WITNESS(weft_future_current() == own);
    WITNESS(weft_future_result(child, NULL) == WEFT_CANCELLED);
    weft_future_free(child);
    WITNESS(weft_executor_post(pool, tick, arg) == WEFT_OK);
    WITNESS(weft_executor_shutdown(pool, .no_wait = true, .cancel_futures = true) == WEFT_OK);
    WITNESS(weft_future_current() == own);
    return NULL;
}

TEST(a_task_may_cancel_its_children)
{
    atomic_int count = 0;
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, cancel_child, &count));
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(numbers(pool).cancelled, 2);
    weft_executor_free(pool);
    assert_int_equal(atomic_load(&count), 0);
}

/* ---- compositions -------------------------------------------------------------------------- */

static void *next_char(void *text)
{
    return (char *)text + 1;
}

TEST(a_continuation_runs_on_the_executor_it_was_given)
{
    static char text[] = "abc";
    pool = weft_executor_new(2);
    weft_future *first = weft_executor_submit(pool, same, text);
    weft_future *second = weft_future_then(first, next_char, .executor = pool);
    assert_ptr_equal(value_of(second), text + 1);
    weft_future_free(first);
    assert_int_equal(numbers(pool).submitted, 2);
    finish(pool);
}

TEST(a_continuation_is_refused_by_an_executor_that_is_shut_down)
{
    struct gate gate = {0};
    static char text[] = "abc";
    pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    weft_future *first = weft_executor_submit(pool, same, text);
    weft_future *second = weft_future_then(first, next_char, .executor = pool);
    assert_int_equal(weft_executor_shutdown(pool, .no_wait = true), WEFT_OK);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_future_result(second, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_error(second)->code, WEFT_SHUTDOWN);
    weft_future_free(first);
    weft_future_free(second);
    finish(pool);
}
