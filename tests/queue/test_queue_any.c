/* SPDX-License-Identifier: MIT */
/* Queues among other things to wait for: what is claimed is got, or put, and nothing else is. */
#include "queue_help.h"

#include "faulty_memory.h"

/* A thread that waits for an item of one queue, room in another, or an event. */
struct chooser {
    weft_queue *from;
    weft_queue *to;
    weft_event *stop;
    int got;
    int given;
    size_t index;
    weft_status status;
    weft_thread *thread;
};

static void *choose(void *arg)
{
    struct chooser *chooser = arg;
    const weft_waitable any[] = {weft_queue_get_waitable(chooser->from, &chooser->got),
                                 weft_queue_put_waitable(chooser->to, &chooser->given),
                                 weft_event_waitable(chooser->stop)};
    chooser->status = weft_wait_any(3, any, &chooser->index, WEFT_FOREVER);
    return NULL;
}

static weft_queue from;
static weft_queue to;
static weft_event stop;

static void begin(struct chooser *chooser)
{
    size_t waiting = weft_event_waiters(&stop);
    *chooser = (struct chooser){&from, &to, &stop, -1, 42, 99, -1, NULL};
    chooser->thread = weft_thread_spawn(choose, chooser);
    assert_non_null(chooser->thread);
    EVENTUALLY(weft_event_waiters(&stop) == waiting + 1);
}

static void end(struct chooser *chooser, weft_status status, size_t index)
{
    assert_int_equal(weft_thread_join(chooser->thread), WEFT_OK);
    weft_thread_free(chooser->thread);
    assert_int_equal(chooser->status, status);
    assert_int_equal(chooser->index, index);
}

/* `from` is empty, `to` is full. */
static void make(weft_queue_order order)
{
    init(&from, order, 1);
    init(&to, order, 1);
    put(&to, 1);
}

static void destroy_both(void)
{
    weft_queue_state state;
    assert_int_equal(weft_queue_look(&from, &state), WEFT_OK);
    assert_int_equal(state.getters + state.putters, 0);
    assert_int_equal(weft_queue_look(&to, &state), WEFT_OK);
    assert_int_equal(state.getters + state.putters, 0);
    destroy(&from);
    destroy(&to);
}

TEST(an_item_that_is_put_is_taken_and_nothing_else_is)
{
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_PRIORITY; order++) {
        struct chooser chooser;
        make(order);
        begin(&chooser);
        assert_int_equal(weft_queue_getters(&from), 1);
        assert_int_equal(weft_queue_putters(&to), 1);
        put(&from, 7);
        end(&chooser, WEFT_OK, 0);
        assert_int_equal(chooser.got, 7);
        assert_true(weft_queue_empty(&from));
        assert_int_equal(get(&to), 1); /* its own item is not in */
        assert_true(weft_queue_empty(&to));
        destroy_both();
    }
}

TEST(room_that_is_made_is_filled_and_nothing_else_is_done)
{
    for (weft_queue_order order = WEFT_QUEUE_FIFO; order <= WEFT_QUEUE_PRIORITY; order++) {
        struct chooser chooser;
        make(order);
        begin(&chooser);
        assert_int_equal(get(&to), 1);
        end(&chooser, WEFT_OK, 1);
        assert_int_equal(chooser.got, -1);
        assert_int_equal(get(&to), 42);
        put(&from, 7); /* nobody waits for it any more */
        assert_int_equal(get(&from), 7);
        destroy_both();
    }
}

TEST(another_thing_ends_the_wait_and_no_item_is_lost)
{
    struct chooser chooser;
    make(WEFT_QUEUE_FIFO);
    begin(&chooser);
    assert_int_equal(weft_event_set(&stop), WEFT_OK);
    end(&chooser, WEFT_OK, 2);
    put(&from, 7);
    assert_int_equal(get(&from), 7);
    assert_int_equal(get(&to), 1);
    assert_int_equal(try_get(&to), WEFT_EMPTY);
    destroy_both();
}

TEST(what_is_there_is_claimed_at_once_the_first_in_the_array_first)
{
    int number = -1;
    int given = 5;
    size_t index = 99;
    uint64_t parks = weft_park_count();
    init(&from, WEFT_QUEUE_FIFO, 1);
    init(&to, WEFT_QUEUE_FIFO, 1);
    const weft_waitable any[] = {weft_queue_get_waitable(&from, &number),
                                 weft_queue_put_waitable(&to, &given)};
    put(&from, 7);
    assert_int_equal(weft_wait_any(2, any, &index, WEFT_FOREVER), WEFT_OK);
    assert_int_equal(index, 0);
    assert_int_equal(number, 7);
    assert_true(weft_queue_empty(&to));
    assert_int_equal(weft_wait_any(2, any, &index, 0), WEFT_OK);
    assert_int_equal(index, 1);
    assert_int_equal(get(&to), 5);
    put(&to, 1);
    assert_int_equal(weft_wait_any(2, any, &index, 0), WEFT_TIMEOUT);
    assert_true(weft_park_count() == parks);
    assert_int_equal(weft_wait_any(2, any, &index, 0.01), WEFT_TIMEOUT);
    destroy_both();
}

TEST(a_shutdown_ends_the_wait_and_says_whose)
{
    struct chooser chooser;
    size_t index = 99;
    int number = -1;
    make(WEFT_QUEUE_FIFO);
    begin(&chooser);
    assert_int_equal(weft_queue_shutdown(&from, false), WEFT_OK);
    end(&chooser, WEFT_SHUTDOWN, 0);
    destroy_both();
    make(WEFT_QUEUE_FIFO);
    begin(&chooser);
    assert_int_equal(weft_queue_shutdown(&to, true), WEFT_OK);
    end(&chooser, WEFT_SHUTDOWN, 1);
    const weft_waitable one = weft_queue_put_waitable(&to, &number);
    assert_int_equal(weft_wait_any(1, &one, &index, WEFT_FOREVER), WEFT_SHUTDOWN);
    assert_int_equal(index, 0);
    destroy_both();
}

TEST(choosers_and_getters_are_served_in_turn)
{
    struct chooser first;
    struct chooser third;
    struct call second;
    make(WEFT_QUEUE_FIFO);
    begin(&first);
    start_getter(&second, &from);
    begin(&third);
    put(&from, 1);
    end(&first, WEFT_OK, 0);
    assert_int_equal(weft_queue_getters(&from), 2);
    put(&from, 2);
    assert_int_equal(ended(&second), WEFT_OK);
    assert_int_equal(weft_queue_getters(&from), 1);
    put(&from, 3);
    end(&third, WEFT_OK, 0);
    assert_int_equal(first.got, 1);
    assert_int_equal(second.number, 2);
    assert_int_equal(third.got, 3);
    destroy_both();
}

TEST(who_chooses_another_leaves_its_turn_to_the_next)
{
    struct chooser first;
    struct call second;
    make(WEFT_QUEUE_FIFO);
    begin(&first);
    start_getter(&second, &from);
    assert_int_equal(get(&to), 1);
    end(&first, WEFT_OK, 1);
    put(&from, 3);
    assert_int_equal(ended(&second), WEFT_OK);
    assert_int_equal(second.number, 3);
    destroy_both();
}

TEST(an_interruption_ends_the_wait_for_queues)
{
    struct chooser chooser;
    make(WEFT_QUEUE_FIFO);
    begin(&chooser);
    assert_true(test_interrupt(chooser.thread));
    end(&chooser, WEFT_INTERRUPTED, 99);
    destroy_both();
}

TEST(a_queue_that_a_chooser_waits_for_is_not_destroyed)
{
    struct chooser chooser;
    make(WEFT_QUEUE_FIFO);
    begin(&chooser);
    assert_int_equal(weft_queue_destroy(&from), WEFT_BUSY);
    assert_int_equal(weft_queue_destroy(&to), WEFT_BUSY);
    put(&from, 1);
    end(&chooser, WEFT_OK, 0);
    destroy_both();
}

TEST(what_is_no_queue_or_of_another_size_is_refused)
{
    weft_queue none = {0};
    int number = 1;
    char small = 1;
    init(&from, WEFT_QUEUE_FIFO, 1);
    const weft_waitable wrong[] = {
        weft_queue_get_waitable(&none, &number),     weft_queue_put_waitable(NULL, &number),
        weft_queue_get_waitable(&from, &small),      weft_queue_put_waitable(&from, &small),
        weft_queue_get_waitable(&from, (int *)NULL), weft_queue_put_waitable(&from, (int *)NULL),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(weft_wait_any(1, &wrong[i], NULL, 0), WEFT_VALUE_ERROR);
    destroy(&from);
    const weft_waitable late = weft_queue_get_waitable(&to, &number);
    assert_int_equal(weft_wait_any(1, &late, NULL, 0), WEFT_VALUE_ERROR);
}

TEST(a_put_that_finds_no_memory_ends_the_wait)
{
    struct faulty_memory memory = {.fail_at = 1};
    int number = 1;
    size_t index = 99;
    faulty_memory_begin(&memory);
    init(&to, WEFT_QUEUE_FIFO, 1);
    const weft_waitable one = weft_queue_put_waitable(&to, &number);
    assert_int_equal(weft_wait_any(1, &one, &index, WEFT_FOREVER), WEFT_NO_MEMORY);
    assert_int_equal(index, 0);
    assert_int_equal(weft_wait_any(1, &one, NULL, WEFT_FOREVER), WEFT_OK);
    assert_int_equal(get(&to), 1);
    destroy(&to);
    faulty_memory_end(&memory);
}
