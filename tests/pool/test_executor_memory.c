/* SPDX-License-Identifier: MIT */
/* Executor: memory that runs out, is used again, and is given back. */
// LINK: -Wl,--wrap=weft_thread_new_with
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "executor_help.h"
#include "faulty_memory.h"

/* An executor's whole life; whether all calls found memory. */
static bool live(void)
{
    atomic_int count = 0;
    int expected = 0;
    weft_executor *pool = weft_executor_new(2, .thread_name_prefix = "p");
    if (pool == NULL) {
        assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
        return false;
    }
    bool whole = true;
    for (int i = 0; i < 3; i++) {
        weft_future *future = weft_executor_submit(pool, tick, &count);
        weft_status status = weft_executor_post(pool, tick, &count);
        assert_true(future != NULL || weft_last_status() == WEFT_NO_MEMORY);
        assert_true(status == WEFT_OK || status == WEFT_NO_MEMORY);
        expected += (future != NULL) + (status == WEFT_OK);
        whole = whole && future != NULL && status == WEFT_OK;
        weft_future_free(future);
    }
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(atomic_load(&count), expected);
    assert_int_equal(numbers(pool).submitted, expected);
    weft_executor_free(pool);
    return whole;
}

TEST(each_allocation_may_fail_and_nothing_is_lost)
{
    bool whole = false;
    for (size_t at = 1; at < 40; at++) {
        struct faulty_memory memory = {.fail_at = at};
        faulty_memory_begin(&memory);
        whole = live();
        faulty_memory_end(&memory);
    }
    assert_true(whole); /* the last ones were beyond all allocations */
}

static bool map_live(void)
{
    int items[5] = {0};
    weft_executor *pool = weft_executor_new(1);
    if (pool == NULL)
        return false;
    weft_map *map = weft_executor_map(pool, same, items, 5, .item_size = sizeof *items);
    bool whole = map != NULL;
    if (map == NULL)
        assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
    for (int i = 0; map != NULL && i < 5; i++) {
        void *value = NULL;
        assert_int_equal(weft_map_next(map, &value), WEFT_OK);
        assert_ptr_equal(value, &items[i]);
    }
    weft_map_free(map);
    finish(pool);
    return whole;
}

TEST(a_map_that_finds_no_memory_leaves_nothing)
{
    bool whole = false;
    for (size_t at = 1; at < 30; at++) {
        struct faulty_memory memory = {.fail_at = at};
        faulty_memory_begin(&memory);
        whole = map_live();
        faulty_memory_end(&memory);
    }
    assert_true(whole);
}

TEST(a_failed_task_whose_error_finds_no_memory_has_failed_all_the_same)
{
    for (size_t at = 1; at < 30; at++) {
        struct faulty_memory memory = {.fail_at = at};
        faulty_memory_begin(&memory);
        weft_executor *pool = weft_executor_new(1);
        weft_future *future =
            pool != NULL ? weft_executor_submit(pool, same, NULL, .expires = -1) : NULL;
        if (future != NULL) {
            assert_int_equal(weft_future_result(future, NULL), WEFT_FAILED);
            weft_status code = weft_future_error(future)->code;
            assert_true(code == WEFT_EXPIRED || code == WEFT_NO_MEMORY);
        }
        weft_future_free(future);
        if (pool != NULL)
            finish(pool);
        faulty_memory_end(&memory);
    }
}

enum { TOGETHER = 32 }; /* a worker gives back so many at once */

TEST(a_tight_loop_of_submits_allocates_nothing_in_the_steady_state)
{
    enum { BATCH = 500, ROUNDS = 50 };
    struct faulty_memory memory = {.fail_at = 0};
    weft_future *futures[BATCH];
    size_t calls = 0;
    faulty_memory_begin(&memory);
    weft_executor *pool = weft_executor_new(2);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BATCH; i++)
            futures[i] = weft_executor_submit(pool, same, NULL);
        for (int i = 0; i < BATCH; i++)
            (void)value_of(futures[i]);
        if (round == 0) {
            /* The workers may still have references, and may both have been needed just now. */
            EVENTUALLY(numbers(pool).idle == numbers(pool).workers);
            struct gate gate = {0};
            occupy(pool, &gate, 2);
            assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
            EVENTUALLY(numbers(pool).idle == 2);
            calls = atomic_load(&memory.calls);
        }
    }
    /* Each of the two workers may have some that it gives back later, however long the loop is. */
    assert_in_range(atomic_load(&memory.calls) - calls, 0, 2 * TOGETHER);
    finish(pool);
    faulty_memory_end(&memory);
}

TEST(a_tight_loop_of_posts_allocates_no_more_than_are_queued_at_once)
{
    enum { POSTS = 20000 };
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    weft_executor *pool = weft_executor_new(1, .queue_size = 10);
    for (int i = 0; i < POSTS; i++)
        assert_int_equal(weft_executor_post(pool, same, NULL), WEFT_OK);
    assert_in_range(atomic_load(&memory.calls), 1, 10 + 1 + 1 + TOGETHER + 10); /* and the rest */
    finish(pool);
    faulty_memory_end(&memory);
}

TEST(after_a_burst_most_memory_is_given_back)
{
    enum { BURST = 40000, KEPT = 16384 };
    struct faulty_memory memory = {.fail_at = 0};
    struct gate gate = {0};
    faulty_memory_begin(&memory);
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    for (int i = 0; i < BURST; i++)
        assert_int_equal(weft_executor_post(pool, same, NULL), WEFT_OK);
    assert_true(atomic_load(&memory.blocks) >= BURST);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    EVENTUALLY(numbers(pool).idle == 1);
    assert_true(atomic_load(&memory.blocks) <= KEPT + 16);
    finish(pool);
    faulty_memory_end(&memory);
}

TEST(futures_that_outlive_their_executor_give_their_memory_back_too)
{
    struct faulty_memory memory = {.fail_at = 0};
    weft_future *futures[10];
    faulty_memory_begin(&memory);
    weft_executor *pool = weft_executor_new(2);
    for (int i = 0; i < 10; i++)
        futures[i] = weft_executor_submit(pool, same, NULL);
    finish(pool);
    for (int i = 0; i < 10; i++)
        (void)value_of(futures[i]);
    faulty_memory_end(&memory);
}

static void *end_thread(void *arg)
{
    pthread_exit(arg);
}

static void *submit_its_end(void *pool)
{
    return weft_executor_submit(pool, end_thread, NULL);
}

static void *post_its_end(void *pool)
{
    WITNESS(weft_executor_post(pool, end_thread, NULL) == WEFT_OK);
    return pool;
}

static void keep_quiet(struct weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    (void)error;
    (void)arg;
}

static void run_to_its_end(weft_target *target, weft_executor *pool)
{
    weft_thread *thread = weft_thread_spawn(target, pool);
    assert_non_null(thread);
    (void)weft_thread_join(thread);
    weft_thread_free(thread);
}

TEST(a_submitter_whose_thread_ends_in_the_task_leaves_nothing_behind)
{
    struct faulty_memory memory = {.fail_at = 0};
    struct gate gate = {0};
    weft_set_excepthook(keep_quiet, NULL);
    faulty_memory_begin(&memory);
    weft_executor *pool = weft_executor_new(1, .queue_size = 1, .when_full = WEFT_WHEN_FULL_RUN);
    occupy(pool, &gate, 1);
    assert_int_equal(weft_executor_post(pool, same, NULL), WEFT_OK);
    run_to_its_end(submit_its_end, pool);
    run_to_its_end(post_its_end, pool);
    assert_int_equal(numbers(pool).failed, 2);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
    faulty_memory_end(&memory);
}

TEST(workers_that_come_and_go_leave_nothing_behind)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    weft_executor *pool = weft_executor_new(1, .keep_alive = -1);
    size_t most = 0;
    for (int i = 0; i < 50; i++) {
        (void)value_of(weft_executor_submit(pool, same, NULL));
        EVENTUALLY(numbers(pool).workers == 0);
        if (i < 5 && atomic_load(&memory.blocks) > most)
            most = atomic_load(&memory.blocks);
    }
    assert_true(atomic_load(&memory.blocks) <= most + 2);
    finish(pool);
    faulty_memory_end(&memory);
}

weft_thread *__real_weft_thread_new_with(const weft_thread_options *options);
weft_thread *__wrap_weft_thread_new_with(const weft_thread_options *options);

static weft_executor *freed_meanwhile; /* its last handle is given up while a worker is made */

weft_thread *__wrap_weft_thread_new_with(const weft_thread_options *options)
{
    weft_executor *pool = freed_meanwhile;
    freed_meanwhile = NULL;
    weft_executor_free(pool);
    return __real_weft_thread_new_with(options);
}

TEST(an_executor_that_ends_while_a_worker_is_made_for_it_leaves_nothing_behind)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    weft_future *promise = weft_future_new();
    weft_executor *pool = weft_executor_new(1);
    weft_future *next = weft_future_then(promise, same, .executor = pool);
    freed_meanwhile = pool;
    assert_int_equal(weft_future_set_result(promise, NULL), WEFT_OK);
    assert_null(freed_meanwhile);
    assert_int_equal(weft_future_result(next, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_error(next)->code, WEFT_SHUTDOWN);
    weft_future_free(next);
    weft_future_free(promise);
    faulty_memory_end(&memory);
}
