/* SPDX-License-Identifier: MIT */
/* Batches: up to n, at least one, in order, and whoever waits for them. */
#include "queue_help.h"

enum { MANY = 1000 };

static int numbers[MANY];
static int got[MANY];

static void number_all(void)
{
    for (int i = 0; i < MANY; i++)
        numbers[i] = i;
}

TEST(an_unbounded_queue_takes_the_whole_batch)
{
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_SIMPLE; order++) {
        weft_queue queue;
        size_t n = 0;
        number_all();
        init(&queue, order, 0);
        assert_int_equal(weft_queue_put_many(&queue, numbers, MANY, &n), WEFT_OK);
        assert_int_equal(n, MANY);
        assert_int_equal(weft_queue_qsize(&queue), MANY);
        assert_int_equal(weft_queue_get_many(&queue, got, 10, &n), WEFT_OK);
        assert_int_equal(n, 10);
        for (int i = 0; i < 10; i++)
            assert_int_equal(got[i], order == WEFT_QUEUE_LIFO ? MANY - 1 - i : i);
        assert_int_equal(weft_queue_get_many(&queue, got, MANY, &n), WEFT_OK);
        assert_int_equal(n, MANY - 10);
        for (int i = 0; i < MANY - 10; i++)
            assert_int_equal(got[i], order == WEFT_QUEUE_LIFO ? MANY - 11 - i : i + 10);
        assert_int_equal(weft_queue_try_get_many(&queue, got, MANY, &n), WEFT_EMPTY);
        assert_int_equal(n, MANY - 10);
        destroy(&queue);
    }
}

static void put_what_fits(weft_queue *queue)
{
    size_t n = 0;
    put(queue, 0);
    assert_int_equal(weft_queue_put_many(queue, numbers + 1, 10, &n), WEFT_OK);
    assert_int_equal(n, 4);
    assert_int_equal(weft_queue_qsize(queue), 5);
    n = 99;
    assert_int_equal(weft_queue_try_put_many(queue, numbers, 10, &n), WEFT_FULL);
    assert_int_equal(weft_queue_put_many_for(queue, numbers, 10, &n, 0.001), WEFT_FULL);
    assert_int_equal(weft_queue_put_many_until(queue, numbers, 10, &n, weft_now()), WEFT_FULL);
    assert_int_equal(n, 99);
    assert_int_equal(weft_queue_get_many(queue, got, 2, NULL), WEFT_OK);
    assert_int_equal(weft_queue_try_put_many(queue, numbers, 2, &n), WEFT_OK);
    assert_int_equal(n, 2);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(weft_queue_task_done(queue), WEFT_OK);
        assert_int_equal(weft_queue_get_many_for(queue, got, 1, &n, 1), WEFT_OK);
        assert_int_equal(n, 1);
    }
    assert_int_equal(weft_queue_get_many_for(queue, got, 9, &n, 0), WEFT_EMPTY);
    assert_int_equal(weft_queue_get_many_until(queue, got, 9, &n, weft_now()), WEFT_EMPTY);
    assert_int_equal(weft_queue_task_done(queue), WEFT_OK);
    assert_int_equal(weft_queue_task_done(queue), WEFT_OK);
    assert_int_equal(weft_queue_task_done(queue), WEFT_VALUE_ERROR);
}

TEST(a_bounded_queue_takes_what_fits)
{
    number_all();
    for_each_order(5, put_what_fits);
}

/* ---- waiting ----------------------------------------------------------------------------- */

struct batch {
    weft_queue *queue;
    int numbers[8];
    size_t n;
    size_t count;
    weft_status status;
    weft_thread *thread;
};

static void *get_batch(void *arg)
{
    struct batch *batch = arg;
    batch->status = weft_queue_get_many(batch->queue, batch->numbers, batch->n, &batch->count);
    return NULL;
}

static void *put_batch(void *arg)
{
    struct batch *batch = arg;
    batch->status = weft_queue_put_many(batch->queue, batch->numbers, batch->n, &batch->count);
    return NULL;
}

static void start_batch(struct batch *batch, weft_target *target, weft_queue *queue, size_t n)
{
    *batch = (struct batch){.queue = queue, .n = n};
    for (int i = 0; i < 8; i++)
        batch->numbers[i] = 100 + i;
    size_t waiting = weft_queue_getters(queue) + weft_queue_putters(queue);
    batch->thread = weft_thread_spawn(target, batch);
    assert_non_null(batch->thread);
    EVENTUALLY(weft_queue_getters(queue) + weft_queue_putters(queue) == waiting + 1);
}

static void end_batch(struct batch *batch, size_t count)
{
    assert_int_equal(weft_thread_join(batch->thread), WEFT_OK);
    weft_thread_free(batch->thread);
    assert_int_equal(batch->status, WEFT_OK);
    assert_int_equal(batch->count, count);
}

TEST(one_item_is_enough_for_a_batch_that_waits)
{
    weft_queue queue;
    struct batch batch;
    init(&queue, WEFT_QUEUE_FIFO, 2);
    start_batch(&batch, get_batch, &queue, 8);
    put(&queue, 7);
    end_batch(&batch, 1);
    assert_int_equal(batch.numbers[0], 7);
    assert_int_equal(batch.numbers[1], 101);

    put(&queue, 1);
    put(&queue, 2);
    start_batch(&batch, put_batch, &queue, 8);
    assert_int_equal(get(&queue), 1);
    end_batch(&batch, 1);
    assert_int_equal(get(&queue), 2);
    assert_int_equal(get(&queue), 100);
    assert_true(weft_queue_empty(&queue));
    destroy(&queue);
}

TEST(a_batch_serves_those_who_wait_in_turn)
{
    weft_queue queue;
    struct batch first;
    struct batch second;
    struct call third;
    size_t n;
    number_all();
    init(&queue, WEFT_QUEUE_FIFO, 0);
    start_batch(&first, get_batch, &queue, 3);
    start_batch(&second, get_batch, &queue, 8);
    start_getter(&third, &queue);
    assert_int_equal(weft_queue_put_many(&queue, numbers, 5, &n), WEFT_OK);
    assert_int_equal(n, 5);
    end_batch(&first, 3);
    end_batch(&second, 2);
    assert_int_equal(first.numbers[2], 2);
    assert_int_equal(second.numbers[0], 3);
    assert_int_equal(second.numbers[1], 4);
    assert_int_equal(weft_queue_getters(&queue), 1);
    assert_int_equal(weft_queue_put_many(&queue, numbers + 5, 2, &n), WEFT_OK);
    assert_int_equal(ended(&third), WEFT_OK);
    assert_int_equal(third.number, 5);
    assert_int_equal(get(&queue), 6);
    destroy(&queue);
}

TEST(a_batch_lets_those_who_wait_for_room_in)
{
    weft_queue queue;
    struct batch first;
    struct batch second;
    struct call third;
    size_t n;
    number_all();
    init(&queue, WEFT_QUEUE_FIFO, 6);
    assert_int_equal(weft_queue_put_many(&queue, numbers, 6, &n), WEFT_OK);
    start_batch(&first, put_batch, &queue, 2);
    start_batch(&second, put_batch, &queue, 8);
    start_putter(&third, &queue, 55);
    assert_int_equal(weft_queue_get_many(&queue, got, 5, &n), WEFT_OK);
    assert_int_equal(n, 5);
    end_batch(&first, 2);
    end_batch(&second, 3);
    assert_int_equal(weft_queue_putters(&queue), 1);
    assert_int_equal(weft_queue_qsize(&queue), 6);
    assert_int_equal(weft_queue_get_many(&queue, got, 9, &n), WEFT_OK);
    assert_int_equal(n, 6);
    static const int expected[] = {5, 100, 101, 100, 101, 102};
    assert_memory_equal(got, expected, sizeof expected);
    assert_int_equal(ended(&third), WEFT_OK);
    assert_int_equal(get(&queue), 55);
    weft_queue_state state;
    assert_int_equal(weft_queue_look(&queue, &state), WEFT_OK);
    assert_int_equal(state.unfinished, 12);
    destroy(&queue);
}

TEST(a_batch_is_in_one_piece)
{
    weft_queue queue;
    struct batch batch;
    size_t n;
    number_all();
    init(&queue, WEFT_QUEUE_PRIORITY, 0);
    start_batch(&batch, get_batch, &queue, 2);
    int unordered[] = {5, 3, 9, 1};
    assert_int_equal(weft_queue_put_many(&queue, unordered, 4, &n), WEFT_OK);
    end_batch(&batch, 2);
    assert_int_equal(batch.numbers[0], 1); /* all four were there when the getter was served */
    assert_int_equal(batch.numbers[1], 3);
    assert_int_equal(get(&queue), 5);
    destroy(&queue);
}

TEST(a_shutdown_ends_batches)
{
    weft_queue queue;
    struct batch batch;
    size_t n = 9;
    init(&queue, WEFT_QUEUE_FIFO, 0);
    start_batch(&batch, get_batch, &queue, 8);
    assert_int_equal(weft_queue_shutdown(&queue, false), WEFT_OK);
    assert_int_equal(weft_thread_join(batch.thread), WEFT_OK);
    weft_thread_free(batch.thread);
    assert_int_equal(batch.status, WEFT_SHUTDOWN);
    assert_int_equal(weft_queue_put_many(&queue, numbers, 2, &n), WEFT_SHUTDOWN);
    assert_int_equal(weft_queue_get_many(&queue, numbers, 2, &n), WEFT_SHUTDOWN);
    assert_int_equal(n, 9);
    destroy(&queue);
}

/* ---- a batch is one change: who only looks sees none or all of it ----------------------- */

static weft_queue *seen; /* by the comparison, which is called in the middle of a change */
static size_t expected;
static bool torn;

static int compare_and_look(const void *a, const void *b)
{
    if (weft_queue_qsize(seen) != expected)
        torn = true;
    return compare_numbers(a, b);
}

TEST(qsize_never_tells_of_half_a_batch)
{
    weft_queue queue;
    size_t n = 0;
    assert_int_equal(weft_queue_init_priority(&queue, sizeof(int), .compare = compare_and_look),
                     WEFT_OK);
    number_all();
    seen = &queue;
    expected = 0;
    assert_int_equal(weft_queue_put_many(&queue, numbers, 100, &n), WEFT_OK);
    assert_false(torn);
    expected = 100;
    assert_int_equal(weft_queue_get_many(&queue, got, 60, &n), WEFT_OK);
    assert_false(torn);
    assert_int_equal(weft_queue_qsize(&queue), 40);
    destroy(&queue);
}
