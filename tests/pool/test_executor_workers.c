/* SPDX-License-Identifier: MIT */
/* Executor: workers that come and go, are refused by the system, end themselves, are interrupted. */
// LINK: -Wl,--wrap=wefti_os_thread_create
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "executor_help.h"
#include "interrupt.h"
#include "platform/thread.h"

weft_status __real_wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size);
weft_status __wrap_wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size);

static atomic_int starts;
static atomic_int most = 1000; /* the system has room for so many starts */

weft_status __wrap_wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size)
{
    if (atomic_load(&starts) >= atomic_load(&most))
        return WEFT_NO_THREAD;
    atomic_fetch_add(&starts, 1);
    return __real_wefti_os_thread_create(run, arg, stack_size);
}

/* The worker that serves a pool of one. */
static void *lend_thread(void *arg)
{
    (void)arg;
    return weft_thread_ref(weft_thread_current());
}

/* ---- no room for a thread ------------------------------------------------------------------ */

TEST(without_room_for_the_first_worker_a_submit_fails_and_loses_nothing)
{
    atomic_int count = 0;
    weft_executor *pool = weft_executor_new(3);
    atomic_store(&most, 0);
    for (int i = 0; i < 3; i++) {
        assert_null(weft_executor_submit(pool, tick, &count));
        assert_int_equal(weft_last_status(), WEFT_NO_THREAD);
        assert_int_equal(weft_executor_post(pool, tick, &count), WEFT_NO_THREAD);
    }
    assert_int_equal(numbers(pool).queued, 0);
    assert_int_equal(numbers(pool).submitted, 0);
    assert_int_equal(weft_thread_active_count(), 1);
    atomic_store(&most, 1);
    assert_int_equal(weft_executor_post(pool, tick, &count), WEFT_OK);
    finish(pool);
    assert_int_equal(atomic_load(&count), 1);
}

TEST(with_a_worker_the_failed_start_of_another_is_survived)
{
    atomic_int count = 0;
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(3);
    atomic_store(&most, 1);
    occupy(pool, &gate, 1);
    for (int i = 0; i < 10; i++)
        assert_int_equal(weft_executor_post(pool, tick, &count), WEFT_OK);
    assert_int_equal(numbers(pool).workers, 1);
    atomic_store(&most, 1000); /* and tried again with the next task */
    assert_int_equal(weft_executor_post(pool, tick, &count), WEFT_OK);
    EVENTUALLY(atomic_load(&count) == 11);
    assert_int_equal(numbers(pool).workers, 2);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
}

TEST(names_are_not_skipped_by_failed_starts)
{
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(2, .thread_name_prefix = "p");
    atomic_store(&most, 0);
    assert_int_equal(weft_executor_post(pool, same, NULL), WEFT_NO_THREAD);
    atomic_store(&most, 1000);
    occupy(pool, &gate, 1);
    weft_thread **list = weft_thread_enumerate(NULL);
    assert_string_equal(weft_thread_name(list[1]), "p_0");
    weft_thread_list_free(list);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
}

/* ---- coming and going ---------------------------------------------------------------------- */

TEST(idle_workers_end_after_keep_alive_but_min_workers_stay)
{
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(4, .min_workers = 2, .keep_alive = 0.01);
    occupy(pool, &gate, 4);
    int64_t start = test_clock();
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    EVENTUALLY(numbers(pool).workers == 2);
    assert_true(test_clock() - start >= 10000000);
    EVENTUALLY(numbers(pool).idle == 2);
    EVENTUALLY(weft_thread_active_count() == 3);
    assert_int_equal(weft_sleep(0.03), WEFT_OK);
    assert_int_equal(numbers(pool).workers, 2);
    assert_int_equal(numbers(pool).done, 4); /* those of workers that have gone count */
    finish(pool);
}

TEST(all_workers_may_go_and_come_again)
{
    weft_executor *pool = weft_executor_new(2, .keep_alive = 0.001);
    for (int i = 0; i < 5; i++) {
        (void)value_of(weft_executor_submit(pool, same, NULL));
        EVENTUALLY(numbers(pool).workers == 0);
    }
    assert_int_equal(atomic_load(&starts), 5);
    assert_int_equal(numbers(pool).done, 5);
    finish(pool);
    assert_int_equal(weft_thread_active_count(), 1);
}

static void *end_thread(void *arg)
{
    (void)arg;
    pthread_exit(NULL);
}

static void *stop_at_gate(weft_future *future, void *gate)
{
    (void)future;
    return pass(gate);
}

/* The first has left and is still on its way out, in a callback, when the second one goes. */
TEST(workers_that_go_at_the_same_time_do_not_wait_for_each_other)
{
    struct gate busy = {0};
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1, .keep_alive = -1);
    atomic_store(&most, 1);
    occupy(pool, &busy, 1);
    assert_int_equal(weft_executor_post(pool, end_thread, NULL), WEFT_OK);
    weft_future *last = weft_executor_submit(pool, same, NULL);
    assert_int_equal(weft_future_add_done_callback(last, stop_at_gate, &gate), WEFT_OK);
    assert_int_equal(weft_event_set(&busy.open), WEFT_OK);
    EVENTUALLY(atomic_load(&gate.inside) == 1);
    atomic_store(&most, 1000);
    weft_thread *second = value_of(weft_executor_submit(pool, lend_thread, NULL));
    EVENTUALLY(numbers(pool).workers == 0);
    assert_int_equal(weft_thread_join(second), WEFT_OK); /* though the first is still there */
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    weft_thread_free(second);
    weft_future_free(last);
    finish(pool);
    EVENTUALLY(weft_thread_active_count() == 1);
}

static weft_executor *other_pool;
static atomic_int shut;

static void shut_other(void *value)
{
    (void)value;
    WITNESS(weft_executor_shutdown(other_pool) == WEFT_OK);
    atomic_store(&shut, 1);
}

static weft_local at_end = WEFT_LOCAL_INIT(.destructor = shut_other);

static void *set_at_end(void *arg)
{
    WITNESS(weft_local_set(&at_end, arg) == WEFT_OK);
    return arg;
}

/* By then the last worker of an executor without a handle has ended that. */
TEST(what_runs_at_the_end_of_a_workers_thread_may_use_executors)
{
    weft_executor *pool = weft_executor_new(1);
    other_pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(other_pool, same, NULL));
    assert_int_equal(weft_executor_post(pool, set_at_end, &shut), WEFT_OK);
    weft_executor_free(pool);
    EVENTUALLY(atomic_load(&shut) == 1);
    weft_executor_free(other_pool);
    EVENTUALLY(weft_thread_active_count() == 1);
}

TEST(a_negative_keep_alive_ends_a_worker_with_nothing_to_do_at_once)
{
    weft_executor *pool = weft_executor_new(1, .keep_alive = -1);
    (void)value_of(weft_executor_submit(pool, same, NULL));
    EVENTUALLY(numbers(pool).workers == 0);
    finish(pool);
}

TEST(workers_stay_without_keep_alive)
{
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(3);
    occupy(pool, &gate, 3);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    EVENTUALLY(numbers(pool).idle == 3);
    assert_int_equal(weft_sleep(0.02), WEFT_OK);
    assert_int_equal(numbers(pool).workers, 3);
    finish(pool);
}

static void *park_count(void *arg)
{
    *(uint64_t *)arg = weft_park_count();
    return NULL;
}

TEST(an_idle_worker_sleeps_and_is_woken_once)
{
    uint64_t before = 0;
    uint64_t after = 0;
    weft_executor *pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, park_count, &before));
    EVENTUALLY(numbers(pool).idle == 1);
    assert_int_equal(weft_sleep(0.05), WEFT_OK);
    (void)value_of(weft_executor_submit(pool, park_count, &after));
    assert_int_equal(after - before, 1);
    finish(pool);
}

TEST(one_task_wakes_one_worker)
{
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(3);
    occupy(pool, &gate, 3);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    EVENTUALLY(numbers(pool).idle == 3);
    assert_int_equal(weft_event_clear(&gate.open), WEFT_OK);
    atomic_store(&gate.inside, 0);
    occupy(pool, &gate, 1);
    assert_int_equal(numbers(pool).idle, 2);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
}

TEST(each_of_several_tasks_has_an_idle_worker)
{
    enum { WORKERS = 4, TIMES = 20 };
    struct gate gates[TIMES] = {0}; /* who has gone through one is not known to have left it */
    weft_executor *pool = weft_executor_new(WORKERS);
    for (int i = 0; i < TIMES; i++) {
        occupy(pool, &gates[i], 1 + i % WORKERS); /* all get to the gate, though none goes on */
        assert_int_equal(weft_event_set(&gates[i].open), WEFT_OK);
        EVENTUALLY(numbers(pool).running == 0);
        if (i % 2 == 0)
            EVENTUALLY(numbers(pool).idle == numbers(pool).workers);
    }
    assert_int_equal(numbers(pool).workers, WORKERS);
    finish(pool);
}

/* ---- a task that ends its thread ----------------------------------------------------------- */

static void *leave_thread(void *arg)
{
    pthread_exit(arg);
}

TEST(a_task_that_ends_its_thread_fails_and_the_worker_is_replaced)
{
    atomic_int count = 0;
    weft_executor *pool = weft_executor_new(1);
    weft_future *lost = weft_executor_submit(pool, leave_thread, NULL);
    weft_future *next = weft_executor_submit(pool, tick, &count);
    assert_int_equal(weft_future_result(lost, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_error(lost)->code, WEFT_RUNTIME);
    assert_int_equal(weft_future_result(next, NULL), WEFT_OK);
    assert_int_equal(numbers(pool).failed, 1);
    assert_int_equal(numbers(pool).done, 1);
    weft_future_free(lost);
    weft_future_free(next);
    finish(pool);
    assert_int_equal(atomic_load(&count), 1);
}

TEST(if_it_cannot_be_replaced_what_is_queued_fails)
{
    atomic_int count = 0;
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1);
    atomic_store(&most, 1);
    occupy(pool, &gate, 1);
    weft_future *lost = weft_executor_submit(pool, leave_thread, NULL);
    weft_future *next = weft_executor_submit(pool, tick, &count);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_future_result(next, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_error(next)->code, WEFT_NO_THREAD);
    atomic_store(&most, 1000);
    assert_int_equal(weft_executor_post(pool, tick, &count), WEFT_OK);
    weft_future_free(lost);
    weft_future_free(next);
    finish(pool);
    assert_int_equal(atomic_load(&count), 1);
}

static weft_future *child;

static void *leave_in_place(void *pool)
{
    child = weft_executor_submit(pool, leave_thread, NULL);
    (void)weft_future_result(child, NULL); /* in place: the thread ends in it */
    WITNESS(!"reached");
    return NULL;
}

TEST(a_thread_that_ends_in_a_task_in_place_fails_both)
{
    weft_executor *pool = weft_executor_new(1);
    weft_future *future = weft_executor_submit(pool, leave_in_place, pool);
    assert_int_equal(weft_future_result(future, NULL), WEFT_FAILED);
    weft_future_free(future);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(numbers(pool).failed, 2);
    assert_int_equal(weft_future_error(child)->code, WEFT_RUNTIME);
    weft_future_free(child);
    weft_executor_free(pool);
}

/* ---- interruptions ------------------------------------------------------------------------- */

static void *interrupt_itself(void *arg)
{
    WITNESS(weft_thread_interrupt(weft_thread_current()) == WEFT_OK);
    return arg;
}

static void *sleep_briefly(void *arg)
{
    *(weft_status *)arg = weft_sleep(0.001);
    return NULL;
}

TEST(an_interruption_is_not_left_to_the_next_task)
{
    weft_status status = WEFT_FAILED;
    weft_executor *pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, interrupt_itself, NULL));
    (void)value_of(weft_executor_submit(pool, sleep_briefly, &status));
    assert_int_equal(status, WEFT_OK);
    finish(pool);
}

static void check_idle_interruption(weft_executor *pool)
{
    weft_status status = WEFT_FAILED;
    weft_thread *worker = value_of(weft_executor_submit(pool, lend_thread, NULL));
    EVENTUALLY(test_waits_for(worker, WEFTI_WORKER));
    assert_int_equal(weft_thread_interrupt(worker), WEFT_OK);
    weft_thread_free(worker);
    (void)value_of(weft_executor_submit(pool, sleep_briefly, &status));
    assert_int_equal(status, WEFT_INTERRUPTED);
    (void)value_of(weft_executor_submit(pool, sleep_briefly, &status));
    assert_int_equal(status, WEFT_OK); /* once */
    assert_int_equal(atomic_load(&starts), 1);
    finish(pool);
}

TEST(an_interruption_of_an_idle_worker_is_for_the_next_task)
{
    check_idle_interruption(weft_executor_new(1));
}

TEST(it_is_kept_too_if_the_worker_waits_with_a_deadline)
{
    check_idle_interruption(weft_executor_new(1, .keep_alive = 1000));
}

static void *sleep_for_ever(void *arg)
{
    *(weft_status *)arg = weft_sleep(WEFT_FOREVER);
    return NULL;
}

TEST(an_interruption_ends_the_wait_of_the_task_that_runs)
{
    weft_status status = WEFT_FAILED;
    weft_executor *pool = weft_executor_new(1);
    weft_thread *worker = value_of(weft_executor_submit(pool, lend_thread, NULL));
    weft_future *future = weft_executor_submit(pool, sleep_for_ever, &status);
    EVENTUALLY(test_waits_for(worker, WEFTI_SLEEP));
    assert_int_equal(weft_thread_interrupt(worker), WEFT_OK);
    (void)value_of(future);
    assert_int_equal(status, WEFT_INTERRUPTED);
    weft_thread_free(worker);
    finish(pool);
}

static void *sleep_till_asked(void *arg)
{
    while (!weft_cancel_requested())
        if (weft_sleep(WEFT_FOREVER) == WEFT_INTERRUPTED)
            atomic_fetch_add((atomic_int *)arg, 1);
    return weft_raise(WEFT_CANCELLED, "as asked");
}

TEST(a_running_task_that_is_asked_to_end_may_end_as_cancelled)
{
    atomic_int interruptions = 0;
    weft_status status = WEFT_FAILED;
    weft_executor *pool = weft_executor_new(1);
    weft_future *future = weft_executor_submit(pool, sleep_till_asked, &interruptions);
    EVENTUALLY(weft_future_running(future));
    assert_int_equal(weft_future_cancel(future), WEFT_RUNTIME);
    assert_int_equal(weft_future_request_cancel(future), WEFT_OK);
    assert_int_equal(weft_future_result(future, NULL), WEFT_CANCELLED);
    weft_future_free(future);
    assert_true(atomic_load(&interruptions) <= 1);
    (void)value_of(weft_executor_submit(pool, sleep_briefly, &status));
    assert_int_equal(status, WEFT_OK);
    assert_int_equal(numbers(pool).cancelled, 1);
    assert_int_equal(numbers(pool).failed, 0);
    finish(pool);
}

/* ---- looking inside ------------------------------------------------------------------------ */

TEST(a_dump_says_that_a_worker_waits_for_a_task)
{
    char text[4096] = "";
    FILE *file = tmpfile();
    weft_executor *pool = weft_executor_new(1, .thread_name_prefix = "pool");
    weft_thread *worker = value_of(weft_executor_submit(pool, lend_thread, NULL));
    EVENTUALLY(test_waits_for(worker, WEFTI_WORKER));
    weft_thread_free(worker);
    assert_int_equal(weft_dump(fileno(file)), WEFT_OK);
    rewind(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    const char *line = strstr(text, "pool_0");
    assert_non_null(line);
    assert_non_null(strstr(line, "for a task\n"));
    finish(pool);
}
