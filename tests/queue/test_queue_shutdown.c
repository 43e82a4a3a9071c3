/* SPDX-License-Identifier: MIT */
/* How a queue ends: shutdown as Python 3.13 has it, clear, drop, destroy. */
#include "queue_help.h"

#include <string.h>

enum { WAITERS = 3 };

/* ---- in one thread ----------------------------------------------------------------------- */

static void shut_empty(weft_queue *queue)
{
    int number;
    weft_queue_state state;
    assert_int_equal(weft_queue_look(queue, &state), WEFT_OK);
    assert_false(state.is_shutdown);
    assert_int_equal(weft_queue_shutdown(queue, false), WEFT_OK);
    assert_int_equal(try_put(queue, 1), WEFT_SHUTDOWN);
    assert_int_equal(weft_queue_put(queue, &number), WEFT_SHUTDOWN);
    assert_int_equal(weft_queue_get(queue, &number), WEFT_SHUTDOWN);
    assert_int_equal(try_get(queue), WEFT_SHUTDOWN);
    assert_int_equal(weft_queue_get_for(queue, &number, 1), WEFT_SHUTDOWN);
    assert_int_equal(weft_queue_look(queue, &state), WEFT_OK);
    assert_true(state.is_shutdown);
}

TEST(an_empty_queue_that_is_shut_down_refuses_all)
{
    for_each_order(0, shut_empty);
}

static void shut_with_items(weft_queue *queue)
{
    put(queue, 1);
    put(queue, 2);
    assert_int_equal(weft_queue_shutdown(queue, false), WEFT_OK);
    assert_int_equal(try_put(queue, 3), WEFT_SHUTDOWN);
    assert_int_equal(weft_queue_qsize(queue), 2);
    assert_int_equal(get(queue) + get(queue), 3);
    assert_int_equal(weft_queue_task_done(queue), WEFT_OK);
    assert_int_equal(weft_queue_join_for(queue, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_queue_task_done(queue), WEFT_OK);
    assert_int_equal(weft_queue_join(queue), WEFT_OK);
    assert_int_equal(try_get(queue), WEFT_SHUTDOWN);
}

TEST(what_is_in_a_queue_that_is_shut_down_can_be_got)
{
    for_each_order(2, shut_with_items);
}

static void shut_at_once(weft_queue *queue)
{
    put(queue, 1);
    put(queue, 2);
    assert_int_equal(weft_queue_shutdown(queue, true), WEFT_OK);
    assert_true(weft_queue_empty(queue));
    assert_int_equal(try_put(queue, 3), WEFT_SHUTDOWN);
    assert_int_equal(try_get(queue), WEFT_SHUTDOWN);
    assert_int_equal(weft_queue_task_done(queue), WEFT_VALUE_ERROR);
    assert_int_equal(weft_queue_join(queue), WEFT_OK);
}

TEST(an_immediate_shutdown_drops_what_is_left_and_marks_it_done)
{
    for_each_order(2, shut_at_once);
}

static void shut_again(weft_queue *queue)
{
    put(queue, 1);
    assert_int_equal(weft_queue_shutdown(queue, false), WEFT_OK);
    assert_int_equal(weft_queue_shutdown(queue, false), WEFT_OK);
    assert_int_equal(weft_queue_qsize(queue), 1);
    assert_int_equal(weft_queue_shutdown(queue, true), WEFT_OK);
    assert_int_equal(weft_queue_qsize(queue), 0);
    assert_int_equal(weft_queue_shutdown(queue, false), WEFT_OK);
    assert_int_equal(weft_queue_shutdown(queue, true), WEFT_OK);
    assert_int_equal(try_put(queue, 1), WEFT_SHUTDOWN);
}

TEST(shutdown_may_be_called_again)
{
    for_each_order(0, shut_again);
}

/* ---- while others wait ------------------------------------------------------------------- */

static bool immediate;

static void free_getters(weft_queue *queue)
{
    struct call getters[WAITERS];
    for (int i = 0; i < WAITERS; i++)
        start_getter(&getters[i], queue);
    assert_int_equal(weft_queue_shutdown(queue, immediate), WEFT_OK);
    for (int i = 0; i < WAITERS; i++) {
        assert_int_equal(ended(&getters[i]), WEFT_SHUTDOWN);
        assert_int_equal(getters[i].number, -1);
    }
}

TEST(getters_that_wait_are_told_of_a_shutdown)
{
    for (int i = 0; i < 2; i++, immediate = !immediate)
        for_each_order(2, free_getters);
}

static void free_putters(weft_queue *queue)
{
    struct call putters[WAITERS];
    put(queue, 1);
    put(queue, 2);
    for (int i = 0; i < WAITERS; i++)
        start_putter(&putters[i], queue, 10 + i);
    assert_int_equal(weft_queue_shutdown(queue, immediate), WEFT_OK);
    for (int i = 0; i < WAITERS; i++)
        assert_int_equal(ended(&putters[i]), WEFT_SHUTDOWN);
    if (!immediate)
        assert_int_equal(get(queue) + get(queue), 3); /* theirs are not in */
    assert_int_equal(try_get(queue), WEFT_SHUTDOWN);
}

TEST(putters_that_wait_are_told_of_a_shutdown)
{
    for (int i = 0; i < 2; i++, immediate = !immediate)
        for_each_order(2, free_putters);
}

static void join_through_a_shutdown(weft_queue *queue)
{
    struct call joiners[2];
    put(queue, 1);
    start_joiner(&joiners[0], queue);
    start_joiner(&joiners[1], queue);
    assert_int_equal(weft_queue_shutdown(queue, false), WEFT_OK);
    assert_int_equal(weft_queue_joiners(queue), 2);
    assert_int_equal(get(queue), 1);
    assert_int_equal(weft_queue_joiners(queue), 2);
    assert_int_equal(weft_queue_task_done(queue), WEFT_OK);
    assert_int_equal(ended(&joiners[0]), WEFT_OK);
    assert_int_equal(ended(&joiners[1]), WEFT_OK);
    assert_int_equal(weft_queue_join(queue), WEFT_OK);
}

TEST(a_shutdown_leaves_those_who_join_to_the_tasks)
{
    for_each_order(0, join_through_a_shutdown);
}

static void refuse_a_putter_and_join(weft_queue *queue)
{
    struct call putter;
    struct call joiner;
    put(queue, 1);
    start_putter(&putter, queue, 2);
    start_joiner(&joiner, queue);
    assert_int_equal(weft_queue_shutdown(queue, immediate), WEFT_OK);
    assert_int_equal(ended(&putter), WEFT_SHUTDOWN);
    if (!immediate) {
        assert_int_equal(get(queue), 1);
        assert_int_equal(weft_queue_task_done(queue), WEFT_OK);
    }
    assert_int_equal(ended(&joiner), WEFT_OK); /* not for what has not been put */
    assert_int_equal(weft_queue_task_done(queue), WEFT_VALUE_ERROR);
}

TEST(what_a_shutdown_refuses_is_no_task)
{
    for (int i = 0; i < 2; i++, immediate = !immediate)
        for_each_order(1, refuse_a_putter_and_join);
}

static void join_through_an_immediate_shutdown(weft_queue *queue)
{
    struct call joiners[2];
    put(queue, 1);
    put(queue, 2);
    start_joiner(&joiners[0], queue);
    start_joiner(&joiners[1], queue);
    assert_int_equal(weft_queue_shutdown(queue, true), WEFT_OK);
    assert_int_equal(ended(&joiners[0]), WEFT_OK);
    assert_int_equal(ended(&joiners[1]), WEFT_OK);
}

TEST(an_immediate_shutdown_frees_those_who_join)
{
    for_each_order(0, join_through_an_immediate_shutdown);
}

TEST(an_immediate_shutdown_does_not_mark_done_what_was_got)
{
    weft_queue queue;
    init(&queue, WEFT_QUEUE_FIFO, 0);
    put(&queue, 1);
    put(&queue, 2);
    assert_int_equal(get(&queue), 1);
    assert_int_equal(weft_queue_shutdown(&queue, true), WEFT_OK);
    assert_int_equal(weft_queue_join_for(&queue, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_queue_task_done(&queue), WEFT_OK);
    assert_int_equal(weft_queue_join_for(&queue, 0), WEFT_OK);
    destroy(&queue);
}

/* ---- many threads ------------------------------------------------------------------------ */

enum { WRITERS = 4, READERS = 6, MESSAGES = 4000 };

struct traffic {
    weft_queue *queue;
    weft_barrier start;
    atomic_int written;
    atomic_int refused;
    atomic_int read;
    atomic_int ended;
};

static void *write_messages(void *arg)
{
    struct traffic *traffic = arg;
    WITNESS(weft_barrier_wait(&traffic->start, NULL) == WEFT_OK);
    for (int i = 0; i < MESSAGES; i++) {
        if (weft_queue_put(traffic->queue, &i) != WEFT_OK) {
            atomic_fetch_add(&traffic->refused, 1);
            return NULL;
        }
        if (atomic_fetch_add(&traffic->written, 1) == MESSAGES)
            WITNESS(weft_queue_shutdown(traffic->queue, immediate) == WEFT_OK);
    }
    return NULL;
}

static void *read_messages(void *arg)
{
    struct traffic *traffic = arg;
    weft_status status;
    int number;
    WITNESS(weft_barrier_wait(&traffic->start, NULL) == WEFT_OK);
    while ((status = weft_queue_try_get(traffic->queue, &number)) != WEFT_SHUTDOWN) {
        if (status == WEFT_EMPTY)
            continue;
        WITNESS(status == WEFT_OK);
        atomic_fetch_add(&traffic->read, 1);
        WITNESS(weft_queue_task_done(traffic->queue) == WEFT_OK);
    }
    atomic_fetch_add(&traffic->ended, 1);
    return NULL;
}

static void shut_in_the_middle(weft_queue *queue)
{
    struct traffic traffic = {.queue = queue, .start = WEFT_BARRIER_INIT(WRITERS + READERS)};
    struct call joiner;
    start(&joiner, call_join, queue, 0);
    struct crew writers = crew_start(WRITERS, write_messages, &traffic);
    struct crew readers = crew_start(READERS, read_messages, &traffic);
    crew_join(&writers);
    crew_join(&readers);
    assert_int_equal(ended(&joiner), WEFT_OK);
    assert_int_equal(atomic_load(&traffic.ended), READERS);
    assert_true(atomic_load(&traffic.refused) > 0);
    assert_true(weft_queue_empty(queue));
    if (!immediate)
        assert_int_equal(atomic_load(&traffic.read), atomic_load(&traffic.written));
    assert_int_equal(weft_queue_join(queue), WEFT_OK);
}

TEST(a_shutdown_in_the_middle_of_traffic_ends_all)
{
    for (int i = 0; i < 2; i++, immediate = !immediate)
        for_each_order(0, shut_in_the_middle);
}

/* ---- drop -------------------------------------------------------------------------------- */

static int dropped[16];
static int drops;

static void note(void *item)
{
    memcpy(&dropped[drops++], item, sizeof(int));
}

static void init_with_drop(weft_queue *queue, weft_queue_order order)
{
    const weft_queue_options options = {
        .struct_size = sizeof options,
        .item_size = sizeof(int),
        .drop = note,
        .compare = order == WEFT_QUEUE_PRIORITY ? compare_numbers : NULL,
    };
    assert_int_equal(weft_queue_init_with(queue, order, &options), WEFT_OK);
    drops = 0;
    put(queue, 4);
    put(queue, 2);
    put(queue, 3);
    put(queue, 1);
}

static const int leaving[][4] = {{4, 2, 3, 1}, {1, 3, 2, 4}, {1, 2, 3, 4}, {4, 2, 3, 1}};

TEST(drop_is_called_for_each_item_that_is_left_in_order)
{
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_SIMPLE; order++) {
        weft_queue queue;
        for (int way = order == WEFT_QUEUE_SIMPLE ? 1 : 0; way < 3; way++) {
            init_with_drop(&queue, order);
            assert_int_equal(get(&queue), leaving[order][0]); /* who is got is not dropped */
            if (way == 0)
                assert_int_equal(weft_queue_shutdown(&queue, true), WEFT_OK);
            if (way == 1)
                assert_int_equal(weft_queue_clear(&queue), WEFT_OK);
            destroy(&queue);
            assert_int_equal(drops, 3);
            assert_memory_equal(dropped, leaving[order] + 1, 3 * sizeof(int));
        }
    }
}

static weft_queue reused;

static void put_back(void *item)
{
    int number = *(int *)item;
    drops++;
    assert_int_equal(weft_queue_join_for(&reused, 0), WEFT_TIMEOUT); /* it is not done yet */
    if (number < 10)
        put(&reused, number + 10);
}

TEST(drop_may_use_the_queue)
{
    assert_int_equal(weft_queue_init(&reused, sizeof(int), .drop = put_back), WEFT_OK);
    drops = 0;
    put(&reused, 1);
    put(&reused, 2);
    assert_int_equal(weft_queue_clear(&reused), WEFT_OK);
    assert_int_equal(drops, 2);
    assert_int_equal(get(&reused), 11);
    assert_int_equal(get(&reused), 12);
    assert_int_equal(weft_queue_task_done(&reused), WEFT_OK);
    assert_int_equal(weft_queue_task_done(&reused), WEFT_OK);
    assert_int_equal(weft_queue_task_done(&reused), WEFT_VALUE_ERROR);
    destroy(&reused);
}

/* ---- clear ------------------------------------------------------------------------------- */

static void clear_a_full_one(weft_queue *queue)
{
    struct call putters[3];
    struct call joiner;
    put(queue, 1);
    put(queue, 2);
    for (int i = 0; i < 3; i++)
        start_putter(&putters[i], queue, 10 + i);
    assert_int_equal(weft_queue_clear(queue), WEFT_OK);
    assert_int_equal(ended(&putters[0]), WEFT_OK);
    assert_int_equal(ended(&putters[1]), WEFT_OK);
    assert_int_equal(weft_queue_putters(queue), 1);
    assert_int_equal(weft_queue_qsize(queue), 2);
    start_joiner(&joiner, queue);
    assert_int_equal(weft_queue_clear(queue), WEFT_OK);
    assert_int_equal(ended(&putters[2]), WEFT_OK);
    assert_int_equal(weft_queue_qsize(queue), 1);
    assert_int_equal(weft_queue_joiners(queue), 1);
    assert_int_equal(weft_queue_clear(queue), WEFT_OK);
    assert_int_equal(ended(&joiner), WEFT_OK);
    assert_int_equal(weft_queue_clear(queue), WEFT_OK);
    assert_int_equal(weft_queue_task_done(queue), WEFT_VALUE_ERROR);
    put(queue, 7);
    assert_int_equal(get(queue), 7);
}

TEST(clear_makes_room_and_marks_done)
{
    for_each_order(2, clear_a_full_one);
}
