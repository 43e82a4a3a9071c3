/* SPDX-License-Identifier: MIT */
/* Executor: what a submit gives, who runs it, under which name. */
#include "test.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executor_help.h"
#include "platform/processor.h"
#include "primitives/error.h"

/* ---- submit -------------------------------------------------------------------------------- */

static void *power(void *arg)
{
    int *number = arg;
    *number = 1 << *number;
    return number;
}

TEST(a_submitted_task_is_run_and_its_value_lent)
{
    int number = 8;
    void *value = NULL;
    weft_executor *pool = weft_executor_new(2);
    weft_future *future = weft_executor_submit(pool, power, &number);
    assert_non_null(future);
    assert_int_equal(weft_future_result(future, &value), WEFT_OK);
    assert_ptr_equal(value, &number);
    assert_int_equal(number, 256);
    assert_true(weft_future_done(future));
    assert_int_equal(weft_future_result(future, &value), WEFT_OK);
    weft_future_free(future);
    finish(pool);
}

static void *go_wrong(void *arg)
{
    return weft_raise(WEFT_USER + 7, "no %s", (const char *)arg);
}

TEST(a_failed_task_fails_its_future_and_not_the_pool)
{
    static char luck[] = "luck";
    weft_executor *pool = weft_executor_new(1);
    weft_future *future = weft_executor_submit(pool, go_wrong, luck);
    assert_int_equal(weft_future_result(future, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_error(future)->code, WEFT_USER + 7);
    assert_string_equal(weft_future_error(future)->message, "no luck");
    weft_future_free(future);
    assert_ptr_equal(value_of(weft_executor_submit(pool, same, pool)), pool);
    finish(pool);
}

TEST(a_future_may_be_freed_before_its_task_runs)
{
    atomic_int count = 0;
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    for (int i = 0; i < 10; i++)
        weft_future_free(weft_executor_submit(pool, tick, &count));
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
    assert_int_equal(atomic_load(&count), 10);
}

TEST(a_future_may_outlive_its_executor)
{
    weft_future *futures[20];
    weft_executor *pool = weft_executor_new(2);
    for (int i = 0; i < 20; i++)
        futures[i] = weft_executor_submit(pool, same, &futures[i]);
    finish(pool);
    for (int i = 0; i < 20; i++)
        assert_ptr_equal(value_of(futures[i]), &futures[i]);
}

static void count_free(void *value)
{
    atomic_fetch_add((atomic_int *)value, 1);
}

TEST(a_value_with_free_value_is_its_futures)
{
    atomic_int freed = 0;
    weft_executor *pool = weft_executor_new(1);
    weft_future *future = weft_executor_submit(pool, same, &freed, .free_value = count_free);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    assert_int_equal(atomic_load(&freed), 0);
    weft_future_free(future);
    EVENTUALLY(atomic_load(&freed) == 1); /* the worker may have the last reference */
    finish(pool);
    assert_int_equal(atomic_load(&freed), 1);
}

TEST(a_future_has_the_tag_it_was_given)
{
    int tag;
    weft_executor *pool = weft_executor_new(1);
    weft_future *future = weft_executor_submit(pool, same, NULL, .tag = &tag);
    assert_ptr_equal(weft_future_tag(future), &tag);
    weft_future_free(future);
    finish(pool);
}

static void *find_tag(void *arg)
{
    (void)arg;
    return weft_future_tag(weft_future_current());
}

TEST(a_task_knows_its_future)
{
    int tag;
    weft_executor *pool = weft_executor_new(1);
    assert_ptr_equal(value_of(weft_executor_submit(pool, find_tag, NULL, .tag = &tag)), &tag);
    assert_null(weft_future_current());
    finish(pool);
}

/* ---- post ---------------------------------------------------------------------------------- */

TEST(a_posted_task_is_run)
{
    atomic_int count = 0;
    weft_executor *pool = weft_executor_new(2);
    for (int i = 0; i < 100; i++)
        assert_int_equal(weft_executor_post(pool, tick, &count), WEFT_OK);
    finish(pool);
    assert_int_equal(atomic_load(&count), 100);
}

TEST(a_posted_tasks_value_is_freed)
{
    atomic_int freed = 0;
    weft_executor *pool = weft_executor_new(1);
    assert_int_equal(weft_executor_post(pool, same, &freed, .free_value = count_free), WEFT_OK);
    finish(pool);
    assert_int_equal(atomic_load(&freed), 1);
}

static atomic_int hooked;

static void note_hook(struct weft_thread *thread, const weft_error *error, void *arg)
{
    WITNESS(thread == weft_thread_current());
    WITNESS(error->code == *(int *)arg);
    atomic_fetch_add(&hooked, 1);
}

TEST(a_posted_task_that_fails_goes_to_the_excepthook)
{
    static char hope[] = "hope";
    int code = WEFT_USER + 7;
    weft_set_excepthook(note_hook, &code);
    weft_executor *pool = weft_executor_new(1);
    assert_int_equal(weft_executor_post(pool, go_wrong, hope), WEFT_OK);
    weft_future_free(weft_executor_submit(pool, go_wrong, hope)); /* a future's error does not */
    finish(pool);
    assert_int_equal(atomic_load(&hooked), 1);
}

/* ---- workers ------------------------------------------------------------------------------- */

TEST(no_worker_is_started_before_there_is_a_task)
{
    weft_executor *pool = weft_executor_new(4);
    assert_int_equal(numbers(pool).workers, 0);
    assert_int_equal(weft_thread_active_count(), 1);
    finish(pool);
}

TEST(an_idle_worker_serves_again)
{
    weft_executor *pool = weft_executor_new(0);
    for (int i = 0; i < 3; i++) {
        (void)value_of(weft_executor_submit(pool, same, NULL));
        EVENTUALLY(numbers(pool).idle == 1);
    }
    assert_int_equal(numbers(pool).workers, 1);
    finish(pool);
}

TEST(a_saturated_pool_has_max_workers)
{
    enum { WORKERS = 4, TASKS = 15 * WORKERS };
    weft_executor *pool = weft_executor_new(WORKERS);
    struct gate gate = {0};
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(weft_executor_post(pool, pass, &gate), WEFT_OK);
    EVENTUALLY(atomic_load(&gate.inside) == WORKERS);
    assert_int_equal(numbers(pool).workers, WORKERS);
    assert_int_equal(numbers(pool).queued, TASKS - WORKERS);
    assert_int_equal(weft_thread_active_count(), 1 + WORKERS);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
    assert_int_equal(atomic_load(&gate.inside), TASKS);
}

TEST(the_default_is_the_processors_and_four_but_not_more_than_32)
{
    int expected = wefti_processors() + 4 < 32 ? wefti_processors() + 4 : 32;
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new();
    for (int i = 0; i < expected + 3; i++)
        assert_int_equal(weft_executor_post(pool, pass, &gate), WEFT_OK);
    EVENTUALLY(atomic_load(&gate.inside) == expected);
    assert_int_equal(numbers(pool).workers, expected);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
}

static void *copy_name(void *arg)
{
    (void)arg;
    return strdup(weft_thread_name(weft_thread_current()));
}

/* The names of all workers while each runs a task, sorted into their places by their number. */
static void check_names(weft_executor *pool, const char *prefix, int workers)
{
    struct gate gate = {0};
    bool seen[8] = {false};
    size_t count = 0;
    occupy(pool, &gate, workers);
    weft_thread **list = weft_thread_enumerate(&count);
    assert_int_equal(count, 1 + workers);
    for (size_t i = 1; i < count; i++) {
        const char *name = weft_thread_name(list[i]);
        size_t length = strlen(prefix);
        assert_memory_equal(name, prefix, length);
        assert_int_equal(name[length], '_');
        int number = name[length + 1] - '0';
        assert_true(number >= 0 && number < workers && name[length + 2] == '\0');
        assert_false(seen[number]);
        seen[number] = true;
        assert_false(weft_thread_is_daemon(list[i]));
    }
    weft_thread_list_free(list);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
}

TEST(workers_have_the_names_prefix_0_to_n)
{
    char prefix[] = "SpecialPool";
    weft_executor *pool = weft_executor_new(5, .thread_name_prefix = prefix);
    prefix[0] = 'X'; /* it is copied */
    check_names(pool, "SpecialPool", 5);
    finish(pool);
}

TEST(without_a_prefix_one_is_generated)
{
    weft_executor *first = weft_executor_new(2);
    weft_executor *second = weft_executor_new(2, .thread_name_prefix = "");
    char *name = value_of(weft_executor_submit(first, copy_name, NULL));
    assert_string_equal(name, "ThreadPoolExecutor-0_0");
    free(name);
    name = value_of(weft_executor_submit(second, copy_name, NULL));
    assert_string_equal(name, "ThreadPoolExecutor-1_0");
    free(name);
    finish(first);
    finish(second);
}

static void *leave_worker_behind(void *pool)
{
    (void)value_of(weft_executor_submit(pool, same, NULL));
    return NULL;
}

static void *is_daemon(void *arg)
{
    return weft_thread_is_daemon(weft_thread_current()) ? arg : NULL;
}

TEST(workers_are_no_daemons_even_if_one_submits)
{
    weft_executor *pool = weft_executor_new(1);
    weft_thread *daemon = weft_thread_spawn(leave_worker_behind, pool, .daemon = true);
    assert_int_equal(weft_thread_join(daemon), WEFT_OK);
    weft_thread_free(daemon);
    assert_null(value_of(weft_executor_submit(pool, is_daemon, pool)));
    finish(pool);
}

static void *measure_stack(void *size)
{
    pthread_attr_t attributes;
    WITNESS(pthread_getattr_np(pthread_self(), &attributes) == 0);
    WITNESS(pthread_attr_getstacksize(&attributes, size) == 0);
    WITNESS(pthread_attr_destroy(&attributes) == 0);
    return NULL;
}

TEST(a_worker_has_the_stack_it_was_asked_for)
{
    enum { SIZE = 1024 * 1024 };
    size_t size = 0;
    weft_executor *pool = weft_executor_new(1, .stack_size = SIZE);
    (void)value_of(weft_executor_submit(pool, measure_stack, &size));
    assert_in_range(size, SIZE / 2, 2 * SIZE); /* the system may keep some of it for itself */
    finish(pool);
}

/* ---- misuse -------------------------------------------------------------------------------- */

#define ASSERT_REFUSED(call)                                                                       \
    do {                                                                                           \
        assert_null(call);                                                                         \
        assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);                                    \
    } while (0)

TEST(options_out_of_range_are_refused)
{
    const weft_executor_options small = {.struct_size = sizeof(size_t)};
    ASSERT_REFUSED(weft_executor_new_with(NULL));
    ASSERT_REFUSED(weft_executor_new_with(&small));
    ASSERT_REFUSED(weft_executor_new(-1));
    ASSERT_REFUSED(weft_executor_new(INT_MIN));
    ASSERT_REFUSED(weft_executor_new(2, .min_workers = -1));
    ASSERT_REFUSED(weft_executor_new(2, .min_workers = 3));
    ASSERT_REFUSED(weft_executor_new(0, .min_workers = 1000));
    ASSERT_REFUSED(weft_executor_new(2, .keep_alive = NAN));
    ASSERT_REFUSED(weft_executor_new(2, .when_full = (weft_when_full)3));
    ASSERT_REFUSED(weft_executor_new(2, .order = (weft_order)2));
}

TEST(a_submit_that_makes_no_sense_is_refused)
{
    weft_executor *pool = weft_executor_new(1);
    const weft_submit_options small = {.struct_size = sizeof(size_t), .executor = pool};
    ASSERT_REFUSED(weft_executor_submit_with(NULL));
    ASSERT_REFUSED(weft_executor_submit_with(&small));
    ASSERT_REFUSED(weft_executor_submit(NULL, same, NULL));
    ASSERT_REFUSED(weft_executor_submit(pool, NULL, NULL));
    ASSERT_REFUSED(weft_executor_submit(pool, same, NULL, .expires = NAN));
    ASSERT_REFUSED(weft_executor_submit(pool, same, NULL, .timeout = NAN));
    assert_int_equal(weft_executor_post(NULL, same, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_executor_post(pool, NULL, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_executor_post_with(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(numbers(pool).submitted, 0);
    finish(pool);
}

TEST(an_executor_of_null_is_refused)
{
    const weft_shutdown_options small = {.struct_size = sizeof(size_t)};
    assert_null(weft_executor_ref(NULL));
    weft_executor_free(NULL);
    assert_int_equal(weft_executor_shutdown(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_executor_shutdown_with(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_executor_shutdown_with(&small), WEFT_VALUE_ERROR);
}

TEST(options_of_an_older_and_of_a_newer_caller_are_read)
{
    struct {
        weft_executor_options known;
        int unknown;
    } newer = {.known = {.struct_size = sizeof newer, .max_workers = 1}, .unknown = 1};
    weft_executor_options older = {.struct_size = offsetof(weft_executor_options, initializer),
                                   .max_workers = 1,
                                   .min_workers = -1}; /* not read */
    weft_executor *pool = weft_executor_new_with(&newer.known);
    assert_ptr_equal(value_of(weft_executor_submit(pool, same, pool)), pool);
    finish(pool);
    pool = weft_executor_new_with(&older);
    weft_submit_options task = {.struct_size = offsetof(weft_submit_options, priority),
                                .executor = pool,
                                .target = same,
                                .arg = pool,
                                .timeout = NAN}; /* not read */
    assert_ptr_equal(value_of(weft_executor_submit_with(&task)), pool);
    finish(pool);
}
