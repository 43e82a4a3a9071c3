/* SPDX-License-Identifier: MIT */
/* Map: results in order, one timeout, what a failure cancels, a window. */
#include "test.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "executor_help.h"
#include "interrupt.h"

static void *square(void *arg)
{
    int *number = arg;
    *number *= *number;
    return number;
}

TEST(results_come_in_the_order_of_the_items)
{
    int items[10];
    void *value;
    int i = 0;
    for (int n = 0; n < 10; n++)
        items[n] = n;
    weft_executor *pool = weft_executor_new(3);
    weft_map *map = weft_executor_map(pool, square, items, 10, .item_size = sizeof *items);
    while (weft_map_next(map, &value) == WEFT_OK) {
        assert_ptr_equal(value, &items[i]);
        assert_int_equal(*(int *)value, i * i);
        i++;
    }
    assert_int_equal(i, 10);
    assert_int_equal(weft_map_next(map, &value), WEFT_EMPTY);
    assert_null(weft_map_error(map));
    weft_map_free(map);
    finish(pool);
}

TEST(items_without_a_size_are_pointers)
{
    static char a[] = "a";
    static char b[] = "b";
    char *items[] = {a, b};
    void *value;
    weft_executor *pool = weft_executor_new(1);
    weft_map *map = weft_executor_map(pool, same, items, 2);
    assert_int_equal(weft_map_next(map, &value), WEFT_OK);
    assert_ptr_equal(value, a);
    assert_int_equal(weft_map_next(map, &value), WEFT_OK);
    assert_ptr_equal(value, b);
    assert_int_equal(weft_map_next(map, NULL), WEFT_EMPTY);
    weft_map_free(map);
    finish(pool);
}

TEST(all_tasks_are_submitted_before_the_first_result_is_asked_for)
{
    atomic_int counts[10] = {0};
    weft_executor *pool = weft_executor_new(2);
    weft_map *map = weft_executor_map(pool, tick, counts, 10, .item_size = sizeof *counts);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    for (int i = 0; i < 10; i++)
        assert_int_equal(atomic_load(&counts[i]), 1);
    weft_map_free(map);
    weft_executor_free(pool);
}

TEST(a_map_of_nothing_is_at_its_end)
{
    weft_executor *pool = weft_executor_new(1);
    weft_map *map = weft_executor_map(pool, same, NULL, 0);
    assert_non_null(map);
    assert_int_equal(weft_map_next(map, NULL), WEFT_EMPTY);
    assert_int_equal(weft_map_join(map), WEFT_OK);
    weft_map_free(map);
    finish(pool);
}

/* ---- failing ------------------------------------------------------------------------------- */

struct item {
    struct gate *gate; /* NULL: it fails */
    atomic_int runs;
};

static void *pass_or_fail(void *arg)
{
    struct item *item = arg;
    atomic_fetch_add(&item->runs, 1);
    if (item->gate == NULL)
        return weft_raise(WEFT_USER + 3, "division by zero");
    return pass(item->gate);
}

TEST(the_first_failure_is_reported_once_and_cancels_the_rest)
{
    struct gate open = {0};
    struct gate closed = {0};
    struct item items[] = {{.gate = &open},   {.gate = &open}, {0},
                           {.gate = &closed}, {.gate = &open}, {.gate = &open}};
    weft_executor *pool = weft_executor_new(1);
    assert_int_equal(weft_event_set(&open.open), WEFT_OK);
    weft_map *map = weft_executor_map(pool, pass_or_fail, items, 6, .item_size = sizeof *items);
    assert_int_equal(weft_map_next(map, NULL), WEFT_OK);
    assert_int_equal(weft_map_next(map, NULL), WEFT_OK);
    assert_null(weft_map_error(map));
    assert_int_equal(weft_map_next(map, NULL), WEFT_FAILED);
    assert_int_equal(weft_map_error(map)->code, WEFT_USER + 3);
    assert_int_equal(weft_map_next(map, NULL), WEFT_EMPTY);
    assert_int_equal(weft_map_error(map)->code, WEFT_USER + 3);
    weft_map_free(map);
    assert_int_equal(weft_event_set(&closed.open), WEFT_OK);
    finish(pool);
    assert_int_equal(atomic_load(&items[4].runs), 0);
    assert_int_equal(atomic_load(&items[5].runs), 0);
}

TEST(one_timeout_is_for_all_results_and_cancels_the_rest)
{
    struct gate open = {0};
    struct gate closed = {0};
    struct item items[] = {
        {.gate = &open}, {.gate = &open}, {.gate = &closed}, {.gate = &open}, {.gate = &open}};
    weft_executor *pool = weft_executor_new(1);
    assert_int_equal(weft_event_set(&open.open), WEFT_OK);
    int64_t start = test_clock();
    weft_map *map = weft_executor_map(pool, pass_or_fail, items, 5, .item_size = sizeof *items,
                                      .timeout = 0.05);
    weft_status status;
    int results = 0;
    EVENTUALLY(atomic_load(&items[2].runs) == 1); /* the two before have ended, in time or not */
    while ((status = weft_map_next(map, NULL)) == WEFT_OK)
        results++;
    assert_int_equal(status, WEFT_TIMEOUT);
    assert_int_equal(results, 2);
    assert_true(test_clock() - start >= 50000000);
    assert_int_equal(weft_map_next(map, NULL), WEFT_EMPTY);
    assert_int_equal(weft_event_set(&closed.open), WEFT_OK);
    assert_int_equal(weft_map_join(map), WEFT_OK);
    weft_map_free(map);
    finish(pool);
    assert_int_equal(atomic_load(&items[3].runs) + atomic_load(&items[4].runs), 0);
}

TEST(a_timeout_below_zero_asks_for_what_is_there_already)
{
    struct gate gate = {0};
    struct item items[] = {{.gate = &gate}, {.gate = &gate}};
    weft_executor *pool = weft_executor_new(1);
    weft_map *map =
        weft_executor_map(pool, pass_or_fail, items, 2, .item_size = sizeof *items, .timeout = -1);
    assert_int_equal(weft_map_next(map, NULL), WEFT_TIMEOUT);
    weft_map_free(map);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
}

TEST(freeing_a_map_early_cancels_the_rest)
{
    struct gate gate = {0};
    atomic_int counts[10] = {0};
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    weft_map *map = weft_executor_map(pool, tick, counts, 10, .item_size = sizeof *counts);
    weft_map_free(map);
    assert_int_equal(numbers(pool).cancelled, 10);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
    for (int i = 0; i < 10; i++)
        assert_int_equal(atomic_load(&counts[i]), 0);
}

TEST(a_shutdown_with_cancel_futures_is_seen_by_a_map)
{
    struct gate gate = {0};
    int items[3] = {0};
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    weft_map *map = weft_executor_map(pool, same, items, 3, .item_size = sizeof *items);
    assert_int_equal(weft_executor_shutdown(pool, .no_wait = true, .cancel_futures = true),
                     WEFT_OK);
    assert_int_equal(weft_map_next(map, NULL), WEFT_CANCELLED);
    assert_int_equal(weft_map_next(map, NULL), WEFT_EMPTY);
    weft_map_free(map);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
}

/* ---- a window ------------------------------------------------------------------------------ */

TEST(a_window_limits_how_many_are_submitted)
{
    int items[20] = {0};
    weft_executor *pool = weft_executor_new(2);
    weft_map *map =
        weft_executor_map(pool, same, items, 20, .item_size = sizeof *items, .window = 4);
    assert_int_equal(numbers(pool).submitted, 4);
    for (int i = 0; i < 20; i++) {
        void *value;
        assert_int_equal(weft_map_next(map, &value), WEFT_OK);
        assert_ptr_equal(value, &items[i]);
        assert_int_equal(numbers(pool).submitted, i + 5 < 20 ? i + 5 : 20);
    }
    assert_int_equal(weft_map_next(map, NULL), WEFT_EMPTY);
    weft_map_free(map);
    finish(pool);
}

TEST(a_window_larger_than_the_items_is_all)
{
    int items[3] = {0};
    weft_executor *pool = weft_executor_new(2);
    weft_map *map =
        weft_executor_map(pool, same, items, 3, .item_size = sizeof *items, .window = 100);
    assert_int_equal(numbers(pool).submitted, 3);
    weft_map_free(map);
    finish(pool);
}

TEST(a_submit_that_is_refused_later_is_reported_after_the_results_that_are_there)
{
    int items[5] = {0};
    weft_executor *pool = weft_executor_new(1);
    weft_map *map =
        weft_executor_map(pool, same, items, 5, .item_size = sizeof *items, .window = 2);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(weft_map_next(map, NULL), WEFT_OK);
    assert_int_equal(weft_map_next(map, NULL), WEFT_OK);
    assert_int_equal(weft_map_next(map, NULL), WEFT_SHUTDOWN);
    assert_int_equal(weft_map_next(map, NULL), WEFT_EMPTY);
    weft_map_free(map);
    weft_executor_free(pool);
}

/* ---- values -------------------------------------------------------------------------------- */

static atomic_int freed;

static void count_free(void *value)
{
    atomic_fetch_add(&freed, 1);
    free(value);
}

static void *make_value(void *arg)
{
    (void)arg;
    return malloc(8);
}

TEST(a_value_is_lent_until_the_next_call)
{
    int items[10] = {0};
    weft_executor *pool = weft_executor_new(1);
    weft_map *map = weft_executor_map(pool, make_value, items, 10, .item_size = sizeof *items,
                                      .free_value = count_free);
    EVENTUALLY(numbers(pool).idle == 1); /* the worker has no reference any more */
    for (int i = 0; i < 5; i++) {
        void *value = NULL;
        assert_int_equal(weft_map_next(map, &value), WEFT_OK);
        assert_non_null(value);
        assert_int_equal(atomic_load(&freed), i);
    }
    weft_map_free(map);
    assert_int_equal(atomic_load(&freed), 10);
    finish(pool);
}

/* ---- interruption, misuse ------------------------------------------------------------------ */

static void *ask_twice(void *map)
{
    WITNESS(weft_map_next(map, NULL) == WEFT_INTERRUPTED);
    WITNESS(weft_map_next(map, NULL) == WEFT_OK);
    return NULL;
}

TEST(an_interrupted_call_may_be_made_again)
{
    struct gate gate = {0};
    struct item item = {.gate = &gate};
    weft_executor *pool = weft_executor_new(1);
    weft_map *map = weft_executor_map(pool, pass_or_fail, &item, 1, .item_size = sizeof item);
    struct crew crew = crew_start(1, ask_twice, map);
    EVENTUALLY(test_waits_for(crew.threads[0], WEFTI_FUTURE));
    assert_true(test_interrupt(crew.threads[0]));
    EVENTUALLY(test_waits_for(crew.threads[0], WEFTI_FUTURE));
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    crew_join(&crew);
    weft_map_free(map);
    finish(pool);
}

static void *ask_three_times(void *map)
{
    WITNESS(weft_map_next(map, NULL) == WEFT_OK);          /* and then submits, interrupted */
    WITNESS(weft_map_next(map, NULL) == WEFT_INTERRUPTED); /* which is said now */
    WITNESS(weft_map_next(map, NULL) == WEFT_OK);
    WITNESS(weft_map_next(map, NULL) == WEFT_EMPTY);
    return NULL;
}

TEST(an_interruption_while_a_window_is_filled_loses_nothing)
{
    struct gate gate = {0};
    int items[2] = {1, 2};
    weft_executor *pool = weft_executor_new(1, .queue_size = 1);
    weft_map *map =
        weft_executor_map(pool, same, items, 2, .item_size = sizeof *items, .window = 1);
    EVENTUALLY(numbers(pool).done == 1);
    occupy(pool, &gate, 1);
    assert_int_equal(weft_executor_post(pool, same, NULL), WEFT_OK); /* the queue is full */
    struct crew crew = crew_start(1, ask_three_times, map);
    EVENTUALLY(test_waits_for(crew.threads[0], WEFTI_EXECUTOR));
    assert_true(test_interrupt(crew.threads[0]));
    EVENTUALLY(test_waits_for(crew.threads[0], WEFTI_EXECUTOR));
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    crew_join(&crew);
    weft_map_free(map);
    finish(pool);
}

static void *join_it(void *map)
{
    WITNESS(weft_map_join(map) == WEFT_INTERRUPTED);
    WITNESS(weft_map_join(map) == WEFT_OK);
    return NULL;
}

TEST(join_waits_for_the_tasks_that_run)
{
    struct gate gate = {0};
    struct item items[] = {{.gate = &gate}, {.gate = &gate}};
    weft_executor *pool = weft_executor_new(1);
    weft_map *map = weft_executor_map(pool, pass_or_fail, items, 2, .item_size = sizeof *items);
    EVENTUALLY(atomic_load(&gate.inside) == 1);
    struct crew crew = crew_start(1, join_it, map);
    EVENTUALLY(test_waits_for(crew.threads[0], WEFTI_FUTURE));
    assert_true(test_interrupt(crew.threads[0]));
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(weft_map_next(map, NULL), WEFT_EMPTY);
    weft_map_free(map);
    assert_int_equal(atomic_load(&items[1].runs), 0);
    finish(pool);
}

static weft_executor *own_pool;

static void *map_in_task(void *arg)
{
    int items[5] = {1, 2, 3, 4, 5};
    int sum = 0;
    void *value;
    weft_map *map = weft_executor_map(own_pool, square, items, 5, .item_size = sizeof *items);
    while (weft_map_next(map, &value) == WEFT_OK)
        sum += *(int *)value;
    weft_map_free(map);
    WITNESS(sum == 55);
    return arg;
}

TEST(a_task_may_map_on_its_own_executor)
{
    own_pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(own_pool, map_in_task, NULL));
    finish(own_pool);
}

#define ASSERT_REFUSED(status, call)                                                               \
    do {                                                                                           \
        assert_null(call);                                                                         \
        assert_int_equal(weft_last_status(), status);                                              \
    } while (0)

TEST(a_map_that_makes_no_sense_is_refused)
{
    int items[2] = {0};
    const weft_map_options small = {.struct_size = sizeof(size_t)};
    weft_executor *pool = weft_executor_new(1);
    ASSERT_REFUSED(WEFT_VALUE_ERROR, weft_executor_map_with(NULL));
    ASSERT_REFUSED(WEFT_VALUE_ERROR, weft_executor_map_with(&small));
    ASSERT_REFUSED(WEFT_VALUE_ERROR, weft_executor_map(NULL, same, items, 2));
    ASSERT_REFUSED(WEFT_VALUE_ERROR, weft_executor_map(pool, NULL, items, 2));
    ASSERT_REFUSED(WEFT_VALUE_ERROR, weft_executor_map(pool, same, NULL, 2));
    ASSERT_REFUSED(WEFT_VALUE_ERROR, weft_executor_map(pool, same, items, 2, .timeout = NAN));
    ASSERT_REFUSED(WEFT_NO_MEMORY, weft_executor_map(pool, same, items, SIZE_MAX));
    ASSERT_REFUSED(WEFT_NO_MEMORY, weft_executor_map(pool, same, items, SIZE_MAX / 8 - 1));
    assert_int_equal(weft_map_next(NULL, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_map_join(NULL), WEFT_VALUE_ERROR);
    assert_null(weft_map_error(NULL));
    weft_map_free(NULL);
    finish(pool);
}

TEST(a_map_on_an_executor_that_is_shut_down_or_full_is_refused)
{
    struct gate gate = {0};
    int items[5] = {0};
    weft_executor *pool = weft_executor_new(1, .queue_size = 3, .when_full = WEFT_WHEN_FULL_FAIL);
    occupy(pool, &gate, 1);
    ASSERT_REFUSED(WEFT_FULL, weft_executor_map(pool, same, items, 5, .item_size = sizeof *items));
    assert_int_equal(numbers(pool).cancelled, 3); /* what was submitted before */
    assert_int_equal(numbers(pool).queued, 0);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    ASSERT_REFUSED(WEFT_SHUTDOWN,
                   weft_executor_map(pool, same, items, 5, .item_size = sizeof *items));
    weft_executor_free(pool);
}
