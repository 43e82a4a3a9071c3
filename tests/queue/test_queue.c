/* SPDX-License-Identifier: MIT */
/* What Python's queues promise, in each order: order, bounds, task_done and join, misuse. */
#include "queue_help.h"

#include <math.h>

enum { SIZE = 5 };

/* ---- order and bounds -------------------------------------------------------------------- */

static const int *order_of(const weft_queue *queue)
{
    static const int fifo[] = {111, 333, 222};
    static const int lifo[] = {222, 333, 111};
    static const int priority[] = {111, 222, 333};
    weft_queue_state state;
    assert_int_equal(weft_queue_look((weft_queue *)(uintptr_t)queue, &state), WEFT_OK);
    assert_int_equal(state.qsize, 3);
    int *list = weft_queue_list((weft_queue *)(uintptr_t)queue, NULL);
    int first = list[0];
    int second = list[1];
    weft_queue_list_free(list);
    return first == 222 ? lifo : second == 333 ? fifo : priority;
}

static void fill_and_empty(weft_queue *queue)
{
    assert_true(weft_queue_empty(queue));
    assert_false(weft_queue_full(queue));
    put(queue, 111);
    put(queue, 333);
    put(queue, 222);
    const int *expected = order_of(queue);
    for (int i = 0; i < 3; i++)
        assert_int_equal(get(queue), expected[i]);

    for (int i = 0; i < SIZE - 1; i++) {
        put(queue, i);
        assert_int_equal(weft_queue_qsize(queue), i + 1);
        assert_false(weft_queue_empty(queue));
        assert_false(weft_queue_full(queue));
    }
    put(queue, 2 * SIZE);
    assert_true(weft_queue_full(queue));
    assert_int_equal(try_put(queue, 99), WEFT_FULL);
    int number = 99;
    assert_int_equal(weft_queue_put_for(queue, &number, 0.01), WEFT_FULL);
    assert_int_equal(weft_queue_qsize(queue), SIZE);

    struct call putter;
    start_putter(&putter, queue, 99);
    assert_int_equal(weft_queue_qsize(queue), SIZE);
    (void)get(queue);
    assert_int_equal(ended(&putter), WEFT_OK);
    assert_true(weft_queue_full(queue));

    for (int i = 0; i < SIZE; i++)
        (void)get(queue);
    assert_true(weft_queue_empty(queue));
    assert_int_equal(try_get(queue), WEFT_EMPTY);
    assert_int_equal(weft_queue_get_for(queue, &number, 0.01), WEFT_EMPTY);

    struct call getter;
    start_getter(&getter, queue);
    put(queue, 7);
    assert_int_equal(ended(&getter), WEFT_OK);
    assert_int_equal(getter.number, 7);
    assert_true(weft_queue_empty(queue));
}

static void fill_and_empty_twice(weft_queue *queue)
{
    fill_and_empty(queue);
    fill_and_empty(queue);
}

TEST(items_leave_in_order_and_a_full_queue_refuses_more)
{
    for_each_order(SIZE, fill_and_empty_twice);
}

TEST(each_order_is_what_its_name_says)
{
    static const int expected[][3] = {{2, 3, 1}, {1, 3, 2}, {1, 2, 3}, {2, 3, 1}};
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_SIMPLE; order++) {
        weft_queue queue;
        init(&queue, order, 0);
        put(&queue, 2);
        put(&queue, 3);
        put(&queue, 1);
        for (int i = 0; i < 3; i++)
            assert_int_equal(get(&queue), expected[order][i]);
        destroy(&queue);
    }
}

static void do_without_waiting(weft_queue *queue)
{
    uint64_t parks = weft_park_count();
    for (int i = 0; i < SIZE; i++)
        assert_int_equal(try_put(queue, i), WEFT_OK);
    assert_int_equal(try_put(queue, 1), WEFT_FULL);
    int number = 1;
    assert_int_equal(weft_queue_put_for(queue, &number, 0), WEFT_FULL);
    assert_int_equal(weft_queue_put_for(queue, &number, -1), WEFT_FULL);
    assert_int_equal(weft_queue_put_until(queue, &number, weft_now() - 1), WEFT_FULL);
    for (int i = 0; i < SIZE; i++)
        assert_int_equal(try_get(queue), WEFT_OK);
    assert_int_equal(try_get(queue), WEFT_EMPTY);
    assert_int_equal(weft_queue_get_for(queue, &number, 0), WEFT_EMPTY);
    assert_int_equal(weft_queue_get_for(queue, &number, -1), WEFT_EMPTY);
    assert_int_equal(weft_queue_get_until(queue, &number, weft_now() - 1), WEFT_EMPTY);
    assert_int_equal(number, 1);
    assert_true(weft_park_count() == parks);
}

TEST(who_tries_does_not_wait)
{
    for_each_order(SIZE, do_without_waiting);
}

static void shrink_and_grow(weft_queue *queue)
{
    for (int i = 0; i < 3; i++)
        put(queue, i);
    assert_int_equal(weft_queue_maxsize(queue), 3);
    assert_int_equal(weft_queue_set_maxsize(queue, 2), WEFT_OK);
    assert_int_equal(weft_queue_maxsize(queue), 2);
    assert_int_equal(weft_queue_qsize(queue), 3);
    assert_true(weft_queue_full(queue));
    assert_int_equal(try_put(queue, 4), WEFT_FULL);
    (void)get(queue);
    assert_int_equal(try_put(queue, 4), WEFT_FULL);

    struct call putters[3];
    for (int i = 0; i < 3; i++)
        start_putter(&putters[i], queue, 10 + i);
    assert_int_equal(weft_queue_set_maxsize(queue, 4), WEFT_OK);
    assert_int_equal(ended(&putters[0]), WEFT_OK);
    assert_int_equal(ended(&putters[1]), WEFT_OK);
    assert_int_equal(weft_queue_putters(queue), 1);
    assert_int_equal(weft_queue_qsize(queue), 4);
    assert_int_equal(weft_queue_set_maxsize(queue, 0), WEFT_OK);
    assert_int_equal(ended(&putters[2]), WEFT_OK);
    assert_int_equal(weft_queue_qsize(queue), 5);
    assert_false(weft_queue_full(queue));
    assert_int_equal(weft_queue_clear(queue), WEFT_OK);
}

TEST(maxsize_can_be_changed)
{
    for_each_order(3, shrink_and_grow);
}

TEST(maxsize_is_exact_for_any_number)
{
    for (size_t maxsize = 1; maxsize < 70; maxsize += 3) {
        weft_queue queue;
        init(&queue, WEFT_QUEUE_FIFO, maxsize);
        for (int round = 0; round < 5; round++) {
            size_t n = 0;
            while (try_put(&queue, (int)n) == WEFT_OK)
                n++;
            assert_int_equal(n, maxsize);
            for (size_t i = 0; i < maxsize; i++)
                assert_int_equal(get(&queue), i);
            put(&queue, 0); /* the next round begins at another place */
            assert_int_equal(get(&queue), 0);
        }
        destroy(&queue);
    }
}

/* ---- tasks ------------------------------------------------------------------------------- */

static void done_too_often(weft_queue *queue)
{
    assert_int_equal(weft_queue_task_done(queue), WEFT_VALUE_ERROR);
    put(queue, 1);
    assert_int_equal(weft_queue_task_done(queue), WEFT_OK); /* Python does not ask who got it */
    assert_int_equal(weft_queue_task_done(queue), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_join(queue), WEFT_OK);
}

TEST(task_done_too_often_is_an_error)
{
    for_each_order(0, done_too_often);
}

struct sums {
    weft_queue *queue;
    atomic_int sum;
};

static void *add_up(void *arg)
{
    struct sums *sums = arg;
    int number;
    while (weft_queue_get(sums->queue, &number) == WEFT_OK && number >= 0) {
        atomic_fetch_add(&sums->sum, number);
        WITNESS(weft_queue_task_done(sums->queue) == WEFT_OK);
    }
    WITNESS(weft_queue_task_done(sums->queue) == WEFT_OK);
    return NULL;
}

static void join_after_work(weft_queue *queue)
{
    for (int round = 0; round < 2; round++) {
        struct sums sums = {.queue = queue};
        struct crew crew = crew_start(2, add_up, &sums);
        for (int i = 0; i < 100; i++)
            put(queue, i);
        assert_int_equal(weft_queue_join(queue), WEFT_OK);
        assert_int_equal(atomic_load(&sums.sum), 4950);
        put(queue, -1);
        put(queue, -1);
        assert_int_equal(weft_queue_join(queue), WEFT_OK);
        crew_join(&crew);
        assert_int_equal(weft_queue_task_done(queue), WEFT_VALUE_ERROR);
    }
}

TEST(join_waits_until_all_is_done)
{
    for_each_order(0, join_after_work);
}

static void join_in_time(weft_queue *queue)
{
    struct call joiners[2];
    put(queue, 1);
    put(queue, 2);
    assert_int_equal(get(queue) + get(queue), 3);
    int64_t begin = test_clock();
    assert_int_equal(weft_queue_join_for(queue, 0.01), WEFT_TIMEOUT);
    assert_true(test_clock() - begin >= 10000000);
    assert_int_equal(weft_queue_join_for(queue, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_queue_join_until(queue, weft_now() + 0.001), WEFT_TIMEOUT);
    start_joiner(&joiners[0], queue);
    start_joiner(&joiners[1], queue);
    assert_int_equal(weft_queue_task_done(queue), WEFT_OK);
    assert_int_equal(weft_queue_joiners(queue), 2);
    assert_int_equal(weft_queue_task_done(queue), WEFT_OK);
    assert_int_equal(weft_queue_joiners(queue), 0);
    put(queue, 3); /* they are free all the same */
    assert_int_equal(ended(&joiners[0]), WEFT_OK);
    assert_int_equal(ended(&joiners[1]), WEFT_OK);
    assert_int_equal(weft_queue_join_for(queue, 0), WEFT_TIMEOUT);
    assert_int_equal(get(queue), 3);
    assert_int_equal(weft_queue_task_done(queue), WEFT_OK);
    assert_int_equal(weft_queue_join_for(queue, 0), WEFT_OK);
}

TEST(all_that_wait_for_the_end_are_freed_by_the_last_task)
{
    for_each_order(0, join_in_time);
}

TEST(an_item_that_goes_straight_to_a_getter_is_a_task_too)
{
    weft_queue queue;
    struct call getter;
    init(&queue, WEFT_QUEUE_FIFO, 1);
    start_getter(&getter, &queue);
    put(&queue, 1);
    assert_int_equal(ended(&getter), WEFT_OK);
    assert_int_equal(weft_queue_join_for(&queue, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_queue_task_done(&queue), WEFT_OK);
    put(&queue, 2);
    struct call putter;
    start_putter(&putter, &queue, 3);
    assert_int_equal(get(&queue), 2);
    assert_int_equal(ended(&putter), WEFT_OK);
    weft_queue_state state;
    assert_int_equal(weft_queue_look(&queue, &state), WEFT_OK);
    assert_int_equal(state.unfinished, 2);
    destroy(&queue);
}

/* ---- SimpleQueue ------------------------------------------------------------------------- */

TEST(a_simple_queue_has_what_pythons_has)
{
    weft_queue queue;
    assert_int_equal(weft_queue_init_simple(&queue, sizeof(int)), WEFT_OK);
    assert_true(weft_queue_empty(&queue));
    for (int i = 1; i <= 4; i++) {
        put(&queue, i);
        assert_int_equal(weft_queue_qsize(&queue), i);
    }
    int number;
    assert_int_equal(get(&queue), 1);
    assert_int_equal(weft_queue_try_get(&queue, &number), WEFT_OK);
    assert_int_equal(number, 2);
    assert_int_equal(weft_queue_get_for(&queue, &number, 0.1), WEFT_OK);
    assert_int_equal(number, 3);
    assert_int_equal(get(&queue), 4);
    assert_int_equal(try_get(&queue), WEFT_EMPTY);
    assert_int_equal(weft_queue_get_for(&queue, &number, 0.001), WEFT_EMPTY);
    assert_true(weft_queue_empty(&queue));
    destroy(&queue);
}

TEST(a_simple_queue_refuses_what_pythons_has_not)
{
    weft_queue queue;
    assert_int_equal(weft_queue_init_simple(&queue, sizeof(int), .maxsize = 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_init_simple(&queue, sizeof(int)), WEFT_OK);
    put(&queue, 1);
    assert_int_equal(weft_queue_task_done(&queue), WEFT_RUNTIME);
    assert_int_equal(weft_queue_join(&queue), WEFT_RUNTIME);
    assert_int_equal(weft_queue_join_for(&queue, 0), WEFT_RUNTIME);
    assert_int_equal(weft_queue_shutdown(&queue, false), WEFT_RUNTIME);
    assert_int_equal(weft_queue_shutdown(&queue, true), WEFT_RUNTIME);
    assert_int_equal(weft_queue_set_maxsize(&queue, 1), WEFT_RUNTIME);
    assert_int_equal(weft_queue_maxsize(&queue), 0);
    assert_false(weft_queue_full(&queue));
    assert_int_equal(get(&queue), 1);
    destroy(&queue);
}

/* ---- misuse ------------------------------------------------------------------------------ */

static void refuse_all(weft_queue *queue)
{
    int number = 1;
    size_t n = 9;
    weft_queue_state state;
    assert_int_equal(weft_queue_put(queue, &number), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_try_put(queue, &number), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_put_until(queue, &number, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_get(queue, &number), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_try_get(queue, &number), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_get_until(queue, &number, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_put_many(queue, &number, 1, &n), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_get_many(queue, &number, 1, &n), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_task_done(queue), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_join(queue), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_shutdown(queue, false), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_shutdown(queue, true), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_clear(queue), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_set_maxsize(queue, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_look(queue, &state), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_destroy(queue), WEFT_VALUE_ERROR);
    assert_null(weft_queue_list(queue, &n));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_qsize(queue), 0);
    assert_int_equal(weft_queue_maxsize(queue), 0);
    assert_int_equal(weft_queue_getters(queue), 0);
    assert_int_equal(weft_queue_putters(queue), 0);
    assert_int_equal(weft_queue_joiners(queue), 0);
    assert_true(weft_queue_empty(queue));
    assert_false(weft_queue_full(queue));
    assert_int_equal(n, 9);
}

TEST(zeroed_memory_refuses_every_call)
{
    weft_queue queue = {0};
    refuse_all(&queue);
    refuse_all(NULL);
    init(&queue, WEFT_QUEUE_FIFO, 0);
    put(&queue, 1);
    destroy(&queue);
    refuse_all(&queue); /* what is destroyed is as zeroed */
}

TEST(an_item_of_another_size_is_a_type_error)
{
    weft_queue queue;
    char small = 1;
    double large = 1;
    size_t n = 9;
    init(&queue, WEFT_QUEUE_FIFO, 0);
    put(&queue, 7);
    assert_int_equal(weft_queue_put(&queue, &small), WEFT_TYPE_ERROR);
    assert_int_equal(weft_queue_try_put(&queue, &large), WEFT_TYPE_ERROR);
    assert_int_equal(weft_queue_get(&queue, &small), WEFT_TYPE_ERROR);
    assert_int_equal(weft_queue_try_get(&queue, &large), WEFT_TYPE_ERROR);
    assert_int_equal(weft_queue_put_many(&queue, &large, 1, &n), WEFT_TYPE_ERROR);
    assert_int_equal(weft_queue_get_many(&queue, &large, 1, &n), WEFT_TYPE_ERROR);
    assert_int_equal(weft_queue_qsize(&queue), 1);
    assert_int_equal(get(&queue), 7);
    destroy(&queue);
}

TEST(wrong_arguments_are_refused_and_change_nothing)
{
    weft_queue queue;
    int number = 1;
    size_t n = 9;
    init(&queue, WEFT_QUEUE_FIFO, 1);
    assert_int_equal(weft_queue_put_for(&queue, &number, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_put_until(&queue, &number, NAN), WEFT_VALUE_ERROR);
    put(&queue, 1);
    assert_int_equal(weft_queue_get_for(&queue, &number, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_get_until(&queue, &number, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_join_for(&queue, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_put(&queue, (int *)NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_get(&queue, (int *)NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_put_many(&queue, &number, 0, &n), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_get_many(&queue, &number, 0, &n), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_get_many(&queue, &number, SIZE_MAX / 2, &n), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_look(&queue, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_qsize(&queue), 1);
    assert_int_equal(n, 9);
    destroy(&queue);
}

TEST(options_that_do_not_fit_together_are_refused)
{
    weft_queue queue = {0};
    weft_queue_options options = {.struct_size = sizeof options, .item_size = 4};
    assert_int_equal(weft_queue_init(&queue, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_init(&queue, SIZE_MAX), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_init(&queue, 4, .compare = compare_numbers), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_init_lifo(&queue, 4, .compare = compare_numbers), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_init_priority(&queue, 4), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_init(NULL, 4), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_init_with(&queue, WEFT_QUEUE_FIFO, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_init_with(&queue, (weft_queue_order)4, &options), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_init_with(&queue, (weft_queue_order)-1, &options),
                     WEFT_VALUE_ERROR);
    options.struct_size = 0;
    assert_int_equal(weft_queue_init_with(&queue, WEFT_QUEUE_FIFO, &options), WEFT_VALUE_ERROR);
    assert_null(weft_queue_new_with(WEFT_QUEUE_FIFO, &options));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    refuse_all(&queue);
}

TEST(options_of_an_older_and_a_newer_header_are_understood)
{
    struct {
        weft_queue_options options;
        char more[16];
    } newer = {.options = {.struct_size = sizeof newer, .item_size = 4, .maxsize = 1}};
    weft_queue queue;
    assert_int_equal(weft_queue_init_with(&queue, WEFT_QUEUE_LIFO, &newer.options), WEFT_OK);
    assert_int_equal(weft_queue_maxsize(&queue), 1);
    destroy(&queue);
    newer.options.struct_size = offsetof(weft_queue_options, maxsize);
    assert_int_equal(weft_queue_init_with(&queue, WEFT_QUEUE_LIFO, &newer.options), WEFT_OK);
    assert_int_equal(weft_queue_maxsize(&queue), 0);
    destroy(&queue);
}

TEST(a_queue_on_the_heap_is_one_like_another)
{
    const weft_queue_options options = {.struct_size = sizeof options, .item_size = sizeof(int)};
    weft_queue *queue = weft_queue_new_with(WEFT_QUEUE_LIFO, &options);
    assert_non_null(queue);
    put(queue, 1);
    put(queue, 2);
    assert_int_equal(get(queue), 2);
    weft_queue_free(queue);
    weft_queue_free(NULL);
}

TEST(a_queue_is_small)
{
    assert_true(sizeof(weft_queue) < 200);
    assert_int_equal(weft_sizeof(WEFT_KIND_QUEUE), sizeof(weft_queue));
}
