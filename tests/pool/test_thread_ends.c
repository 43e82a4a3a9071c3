/* SPDX-License-Identifier: MIT */
/*
 * A program's code that futures call may end its thread (pthread_exit), wherever it is called: what it
 * was called for is done all the same, all others are told, and nothing is left in memory. Only once: in
 * a thread that ends already, POSIX does not define it.
 */
#include "faulty_memory.h"

#include <pthread.h>
#include <stdatomic.h>

#include "executor_help.h"

static atomic_int calls;

static void *leave(void *arg)
{
    pthread_exit(arg);
}

static void *leave_callback(weft_future *future, void *arg)
{
    (void)future;
    atomic_fetch_add(&calls, 1);
    pthread_exit(arg);
}

static void *count_call(weft_future *future, void *arg)
{
    WITNESS(weft_future_done(future));
    atomic_fetch_add(&calls, 1);
    return arg;
}

static void *raise_error(void *arg)
{
    (void)arg;
    return weft_raise(WEFT_USER, "no");
}

static void leave_hook(weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    WITNESS(error != NULL);
    atomic_fetch_add(&calls, 1);
    pthread_exit(arg);
}

static void hang_up(weft_future *future, weft_continuation *function)
{
    assert_int_equal(weft_future_add_done_callback(future, function, NULL), WEFT_OK);
}

/* In a thread of its own, which may end in there. */
static void in_a_thread(weft_target *target, void *arg)
{
    weft_thread *thread = weft_thread_spawn(target, arg);
    assert_non_null(thread);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
}

static void *set_result(void *future)
{
    (void)weft_future_set_result(future, &calls);
    WITNESS(false); /* its thread has ended */
    return NULL;
}

static void *cancel(void *future)
{
    (void)weft_future_cancel(future);
    WITNESS(false);
    return NULL;
}

static bool has_ended_its_thread(weft_future *future)
{
    return weft_future_result(future, NULL) == WEFT_FAILED &&
           weft_future_error(future)->code == WEFT_RUNTIME;
}

/* ---- callbacks and continuations ----------------------------------------------------------- */

TEST(callbacks_behind_those_that_end_their_thread_are_called)
{
    struct faulty_memory memory = {0};
    weft_target *const ways[] = {set_result, cancel};
    faulty_memory_begin(&memory);
    for (int i = 0; i < 2; i++) {
        weft_future *promise = weft_future_new();
        hang_up(promise, count_call);
        hang_up(promise, leave_callback);
        weft_future *follows = weft_future_then(promise, .always = count_call);
        hang_up(promise, count_call);
        atomic_store(&calls, 0);
        in_a_thread(ways[i], promise);
        assert_int_equal(atomic_load(&calls), 4);
        assert_int_equal(weft_future_result(follows, NULL), WEFT_OK);
        weft_future_free(follows);
        weft_future_free(promise);
    }
    faulty_memory_end(&memory);
}

TEST(a_step_that_ends_its_thread_has_failed_and_the_others_are_taken)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    weft_future *promise = weft_future_new();
    weft_future *first = weft_future_then(promise, same);
    weft_future *steps[] = {weft_future_then(first, leave), weft_future_then(first, same),
                            weft_future_then(first, same)};
    weft_future *any = weft_when_any(3, steps);
    weft_future *after = weft_future_then(steps[0], .always = count_call);
    in_a_thread(set_result, promise);
    assert_true(has_ended_its_thread(steps[0]));
    assert_int_equal(weft_future_result(steps[1], NULL), WEFT_OK);
    assert_true(has_ended_its_thread(any));
    assert_int_equal(weft_future_result(steps[2], NULL), WEFT_OK);
    assert_int_equal(weft_future_result(after, NULL), WEFT_OK);
    assert_int_equal(atomic_load(&calls), 1);
    for (int i = 0; i < 3; i++)
        weft_future_free(steps[i]);
    weft_future_free(any);
    weft_future_free(after);
    weft_future_free(first);
    weft_future_free(promise);
    faulty_memory_end(&memory);
}

static void *make_step(void *source)
{
    weft_future *future = weft_future_then(source, leave);
    WITNESS(future == NULL);
    return NULL;
}

TEST(who_ends_in_the_step_it_makes_leaves_nothing)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    weft_future *source = weft_future_new();
    assert_int_equal(weft_future_set_result(source, &calls), WEFT_OK);
    in_a_thread(make_step, source);
    weft_future_free(source);
    faulty_memory_end(&memory);
}

/* ---- values -------------------------------------------------------------------------------- */

static void leave_value(void *value)
{
    if (atomic_fetch_add((atomic_int *)value, 1) == 0)
        pthread_exit(NULL);
}

static void *free_future(void *future)
{
    weft_future_free(future);
    WITNESS(false);
    return NULL;
}

TEST(values_behind_one_whose_end_ends_the_thread_are_freed)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    weft_future *promises[2];
    for (int i = 0; i < 2; i++)
        promises[i] = weft_future_new(.free_value = leave_value);
    weft_future *all = weft_when_all(2, promises);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(weft_future_set_result(promises[i], &calls), WEFT_OK);
        weft_future_free(promises[i]);
    }
    in_a_thread(free_future, all);
    assert_int_equal(atomic_load(&calls), 2);
    faulty_memory_end(&memory);
}

/* ---- executors ----------------------------------------------------------------------------- */

TEST(a_worker_whose_callback_ends_its_thread_is_replaced)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1);
    weft_future *future = weft_executor_submit(pool, pass, &gate);
    hang_up(future, leave_callback);
    hang_up(future, count_call);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    weft_future_free(future);
    (void)value_of(weft_executor_submit(pool, same, NULL));
    finish(pool);
    assert_int_equal(atomic_load(&calls), 2);
    faulty_memory_end(&memory);
}

TEST(a_worker_that_the_excepthook_ends_is_replaced)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    weft_set_excepthook(leave_hook, NULL);
    weft_executor *pool = weft_executor_new(1);
    assert_int_equal(weft_executor_post(pool, raise_error, NULL), WEFT_OK);
    (void)value_of(weft_executor_submit(pool, same, NULL));
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(numbers(pool).failed, 1);
    assert_int_equal(numbers(pool).running, 0);
    weft_executor_free(pool);
    assert_int_equal(atomic_load(&calls), 1);
    weft_set_excepthook(NULL, NULL);
    faulty_memory_end(&memory);
}

static void *pass_and_fail(void *gate)
{
    return raise_error(pass(gate));
}

/* The excepthook ends it after the initializer. */
TEST(a_pool_that_breaks_is_broken_for_all)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    struct gate gate = {0};
    weft_future *futures[3];
    weft_set_excepthook(leave_hook, NULL);
    weft_executor *pool = weft_executor_new(1, .initializer = pass_and_fail, .init_arg = &gate);
    for (int i = 0; i < 3; i++) {
        futures[i] = weft_executor_submit(pool, same, NULL);
        hang_up(futures[i], count_call);
    }
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(weft_future_result(futures[i], NULL), WEFT_FAILED);
        assert_int_equal(weft_future_error(futures[i])->code, WEFT_BROKEN_POOL);
        weft_future_free(futures[i]);
    }
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(atomic_load(&calls), 4);
    assert_int_equal(numbers(pool).workers, 0);
    weft_executor_free(pool);
    weft_set_excepthook(NULL, NULL);
    faulty_memory_end(&memory);
}

static void *cancel_queue(void *pool)
{
    (void)weft_executor_shutdown(pool, .no_wait = true, .cancel_futures = true);
    WITNESS(false);
    return NULL;
}

TEST(a_shutdown_whose_thread_ends_cancels_all)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    weft_future *futures[3];
    for (int i = 0; i < 3; i++) {
        futures[i] = weft_executor_submit(pool, same, NULL);
        hang_up(futures[i], i == 0 ? leave_callback : count_call);
    }
    in_a_thread(cancel_queue, pool);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(weft_future_result(futures[i], NULL), WEFT_CANCELLED);
        weft_future_free(futures[i]);
    }
    assert_int_equal(atomic_load(&calls), 3);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
    faulty_memory_end(&memory);
}

/* ---- in place, under a wait for several ---------------------------------------------------- */

static weft_executor *of_task;
static weft_future *promise;

static void *wait_for_first(void *child)
{
    weft_future *both[] = {promise, child};
    WITNESS(weft_wait_futures(2, both, WEFT_FIRST_COMPLETED, NULL, WEFT_FOREVER) == WEFT_DEADLOCK);
    WITNESS(false); /* its thread has ended */
    return NULL;
}

static void *walk(void *child)
{
    weft_future *both[] = {promise, child};
    weft_future *future;
    weft_status status;
    WEFT_AS_COMPLETED(future, 2, both, WEFT_FOREVER, status)
        WITNESS(false);
    WITNESS(false);
    return NULL;
}

TEST(a_wait_for_several_under_which_the_thread_ends_leaves_no_hook)
{
    struct faulty_memory memory = {0};
    weft_target *const ways[] = {wait_for_first, walk};
    faulty_memory_begin(&memory);
    for (int i = 0; i < 2; i++) {
        struct gate gate = {0};
        promise = weft_future_new();
        of_task = weft_executor_new(1, .order = WEFT_ORDER_LIFO);
        occupy(of_task, &gate, 1);
        weft_future *child = weft_executor_submit(of_task, leave, NULL);
        weft_future *outer = weft_executor_submit(of_task, ways[i], child);
        assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
        assert_true(has_ended_its_thread(child));
        assert_true(has_ended_its_thread(outer));
        assert_int_equal(weft_future_waiters(promise), 0);
        assert_int_equal(weft_future_set_result(promise, NULL), WEFT_OK);
        weft_future_free(child);
        weft_future_free(outer);
        weft_future_free(promise);
        finish(of_task);
    }
    faulty_memory_end(&memory);
}
