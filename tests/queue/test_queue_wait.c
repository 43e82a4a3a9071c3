/* SPDX-License-Identifier: MIT */
/* Who waits for an item or for room: in which order they are served, and how else a wait ends. */
#include "queue_help.h"

#include <string.h>
#include <unistd.h>

#include "primitives/word_lock.h"

enum { WAITERS = 6 };

/* ---- order ------------------------------------------------------------------------------- */

static void serve_getters_in_turn(weft_queue *queue)
{
    struct call getters[WAITERS];
    for (int i = 0; i < WAITERS; i++)
        start_getter(&getters[i], queue);
    for (int i = 0; i < WAITERS; i++) {
        put(queue, 100 - i);
        assert_int_equal(weft_queue_getters(queue), WAITERS - 1 - i); /* it was one, and */
        assert_int_equal(weft_queue_qsize(queue), 0);                 /* its item is its own */
        assert_int_equal(try_get(queue), WEFT_EMPTY);
        assert_int_equal(ended(&getters[i]), WEFT_OK);
        assert_int_equal(getters[i].number, 100 - i);
    }
}

TEST(getters_are_served_in_the_order_in_which_they_came)
{
    for_each_order(0, serve_getters_in_turn);
}

TEST(putters_are_served_in_the_order_in_which_they_came)
{
    weft_queue queue;
    struct call putters[WAITERS];
    init(&queue, WEFT_QUEUE_FIFO, 2);
    put(&queue, 0);
    put(&queue, 1);
    for (int i = 0; i < WAITERS; i++)
        start_putter(&putters[i], &queue, 2 + i);
    for (int i = 0; i < WAITERS; i++) {
        assert_int_equal(get(&queue), i);
        assert_int_equal(weft_queue_putters(&queue), WAITERS - 1 - i);
        assert_true(weft_queue_full(&queue)); /* nobody else can come between */
        assert_int_equal(try_put(&queue, 99), WEFT_FULL);
        assert_int_equal(ended(&putters[i]), WEFT_OK);
    }
    assert_int_equal(get(&queue), WAITERS);
    assert_int_equal(get(&queue), WAITERS + 1);
    destroy(&queue);
}

static void serve_one_putter(weft_queue *queue)
{
    struct call putters[2];
    put(queue, 5);
    start_putter(&putters[0], queue, 3);
    start_putter(&putters[1], queue, 4);
    assert_int_equal(get(queue), 5);
    assert_int_equal(weft_queue_putters(queue), 1);
    assert_int_equal(get(queue), 3);
    assert_int_equal(weft_queue_putters(queue), 0);
    assert_int_equal(get(queue), 4);
    assert_int_equal(ended(&putters[0]), WEFT_OK);
    assert_int_equal(ended(&putters[1]), WEFT_OK);
}

TEST(a_slot_is_for_one_putter)
{
    for_each_order(1, serve_one_putter);
}

/* ---- deadlines --------------------------------------------------------------------------- */

static void wait_in_vain(weft_queue *queue)
{
    int number = 1;
    int64_t begin = test_clock();
    uint64_t parks = weft_park_count();
    assert_int_equal(weft_queue_get_for(queue, &number, 0.02), WEFT_EMPTY);
    assert_true(test_clock() - begin >= 20000000);
    assert_true(weft_park_count() > parks);
    begin = test_clock();
    assert_int_equal(weft_queue_get_until(queue, &number, weft_now() + 0.02), WEFT_EMPTY);
    assert_true(test_clock() - begin >= 20000000);
    put(queue, 2);
    begin = test_clock();
    assert_int_equal(weft_queue_put_for(queue, &number, 0.02), WEFT_FULL);
    assert_true(test_clock() - begin >= 20000000);
    begin = test_clock();
    assert_int_equal(weft_queue_put_until(queue, &number, weft_now() + 0.02), WEFT_FULL);
    assert_true(test_clock() - begin >= 20000000);
    assert_int_equal(weft_queue_qsize(queue), 1);
    assert_int_equal(get(queue), 2);
    put(queue, 3); /* those who gave up are not waited for */
    assert_int_equal(weft_queue_qsize(queue), 1);
    assert_int_equal(get(queue), 3);
}

TEST(a_timeout_is_never_early_and_leaves_no_trace)
{
    for_each_order(1, wait_in_vain);
}

TEST(who_gives_up_leaves_its_turn_to_the_next)
{
    weft_queue queue;
    struct call first;
    struct call second;
    init(&queue, WEFT_QUEUE_FIFO, 1);
    start_getter(&first, &queue);
    start_getter(&second, &queue);
    assert_true(test_interrupt(first.thread));
    assert_int_equal(ended(&first), WEFT_INTERRUPTED);
    put(&queue, 1);
    assert_int_equal(ended(&second), WEFT_OK);
    assert_int_equal(second.number, 1);

    put(&queue, 2);
    start_putter(&first, &queue, 3);
    start_putter(&second, &queue, 4);
    assert_true(test_interrupt(first.thread));
    assert_int_equal(ended(&first), WEFT_INTERRUPTED);
    assert_int_equal(get(&queue), 2);
    assert_int_equal(ended(&second), WEFT_OK);
    assert_int_equal(get(&queue), 4); /* and its item is not in */
    assert_int_equal(try_get(&queue), WEFT_EMPTY);
    destroy(&queue);
}

/* ---- interruptions ----------------------------------------------------------------------- */

static void *call_get_many(void *arg)
{
    struct call *call = arg;
    int numbers[4];
    size_t n;
    atomic_store(&call->status, weft_queue_get_many(call->queue, numbers, 4, &n));
    return NULL;
}

static void *call_put_many(void *arg)
{
    struct call *call = arg;
    int numbers[4] = {0};
    size_t n;
    atomic_store(&call->status, weft_queue_put_many(call->queue, numbers, 4, &n));
    return NULL;
}

static void interrupt_each(weft_queue *queue)
{
    struct call call;
    start_getter(&call, queue);
    assert_true(test_interrupt(call.thread));
    assert_int_equal(ended(&call), WEFT_INTERRUPTED);
    assert_int_equal(call.number, -1);
    start(&call, call_get_many, queue, 0);
    EVENTUALLY(weft_queue_getters(queue) == 1);
    assert_true(test_interrupt(call.thread));
    assert_int_equal(ended(&call), WEFT_INTERRUPTED);

    put(queue, 1);
    start_putter(&call, queue, 2);
    assert_true(test_interrupt(call.thread));
    assert_int_equal(ended(&call), WEFT_INTERRUPTED);
    start(&call, call_put_many, queue, 0);
    EVENTUALLY(weft_queue_putters(queue) == 1);
    assert_true(test_interrupt(call.thread));
    assert_int_equal(ended(&call), WEFT_INTERRUPTED);
    start_joiner(&call, queue);
    assert_true(test_interrupt(call.thread));
    assert_int_equal(ended(&call), WEFT_INTERRUPTED);

    assert_int_equal(get(queue), 1);
    assert_int_equal(weft_queue_task_done(queue), WEFT_OK);
}

TEST(an_interruption_ends_each_wait)
{
    for_each_order(1, interrupt_each);
}

TEST(who_need_not_wait_is_not_interrupted)
{
    weft_queue queue;
    int number;
    init(&queue, WEFT_QUEUE_FIFO, 1);
    assert_int_equal(weft_thread_interrupt(weft_thread_current()), WEFT_OK);
    put(&queue, 1);
    assert_int_equal(get(&queue), 1);
    assert_int_equal(try_get(&queue), WEFT_EMPTY);
    assert_int_equal(weft_queue_get(&queue, &number), WEFT_INTERRUPTED);
    put(&queue, 2);
    assert_int_equal(weft_thread_interrupt(weft_thread_current()), WEFT_OK);
    assert_int_equal(weft_queue_put(&queue, &number), WEFT_INTERRUPTED);
    assert_int_equal(weft_thread_interrupt(weft_thread_current()), WEFT_OK);
    assert_int_equal(weft_queue_join(&queue), WEFT_INTERRUPTED);
    weft_queue_state state;
    assert_int_equal(weft_queue_look(&queue, &state), WEFT_OK);
    assert_int_equal(state.getters + state.putters + state.joiners, 0);
    destroy(&queue);
}

/* ---- looking inside ---------------------------------------------------------------------- */

static bool dump_says(const char *text)
{
    static char dump[8192];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(weft_dump(ends[1]), WEFT_OK);
    close(ends[1]);
    size_t length = 0;
    for (ssize_t n; (n = read(ends[0], dump + length, sizeof dump - 1 - length)) > 0;)
        length += (size_t)n;
    close(ends[0]);
    dump[length] = '\0';
    return strstr(dump, text) != NULL;
}

TEST(a_dump_says_who_waits_for_what_of_a_queue)
{
    weft_queue queue;
    struct call call;
    init(&queue, WEFT_QUEUE_FIFO, 1);
    assert_int_equal(weft_name(&queue, "jobs"), WEFT_OK);
    start_getter(&call, &queue);
    assert_true(dump_says("for an item of a queue jobs at "));
    put(&queue, 1);
    assert_int_equal(ended(&call), WEFT_OK);
    put(&queue, 2);
    start_putter(&call, &queue, 3);
    assert_true(dump_says("for room in a queue jobs at "));
    (void)get(&queue);
    assert_int_equal(ended(&call), WEFT_OK);
    start_joiner(&call, &queue);
    assert_true(dump_says("for the tasks of a queue jobs at "));
    assert_int_equal(weft_queue_clear(&queue), WEFT_OK);
    assert_int_equal(weft_queue_task_done(&queue), WEFT_OK);
    assert_int_equal(weft_queue_task_done(&queue), WEFT_OK);
    assert_int_equal(ended(&call), WEFT_OK);
    destroy(&queue);
}

TEST(a_look_shows_all_at_one_moment)
{
    weft_queue queue;
    weft_queue_state state;
    struct call putter;
    struct call joiner;
    init(&queue, WEFT_QUEUE_PRIORITY, 2);
    put(&queue, 1);
    put(&queue, 2);
    put(&queue, get(&queue));
    start_putter(&putter, &queue, 3);
    start_joiner(&joiner, &queue);
    assert_int_equal(weft_queue_look(&queue, &state), WEFT_OK);
    assert_int_equal(state.qsize, 2);
    assert_int_equal(state.unfinished, 3);
    assert_int_equal(state.getters, 0);
    assert_int_equal(state.putters, 1);
    assert_int_equal(state.joiners, 1);
    assert_false(state.is_shutdown);
    assert_int_equal(weft_queue_destroy(&queue), WEFT_BUSY);
    assert_int_equal(weft_queue_shutdown(&queue, true), WEFT_OK);
    assert_int_equal(ended(&putter), WEFT_SHUTDOWN);
    assert_int_equal(weft_queue_joiners(&queue), 1); /* one was got and is not done */
    assert_int_equal(weft_queue_task_done(&queue), WEFT_OK);
    assert_int_equal(ended(&joiner), WEFT_OK);
    assert_int_equal(weft_queue_look(&queue, &state), WEFT_OK);
    assert_true(state.is_shutdown);
    destroy(&queue);
}

/* ---- the last task at the deadline ------------------------------------------------------- */

static atomic_bool compares;
static atomic_bool go_on;

static int compare_slowly(const void *a, const void *b)
{
    atomic_store(&compares, true);
    EVENTUALLY(atomic_load(&go_on));
    return compare_numbers(a, b);
}

static void *call_task_done(void *arg)
{
    WITNESS(weft_queue_task_done(arg) == WEFT_OK);
    return NULL;
}

static bool wait_for_lock(const weft_queue *queue, size_t threads)
{
    return wefti_word_waiters(&queue->lock, WEFTI_QUEUE) == threads;
}

/*
 * A getter holds the lock. The last task is done by a thread that waits for it, and behind that one
 * waits a joiner whose deadline has come. False: the deadline was too early for that.
 */
static bool join_at_the_deadline(double seconds)
{
    weft_queue queue;
    struct call getter;
    struct call joiner;
    atomic_store(&go_on, true);
    assert_int_equal(weft_queue_init_priority(&queue, sizeof(int), .compare = compare_slowly),
                     WEFT_OK);
    for (int i = 0; i < 3; i++)
        put(&queue, i);
    for (int i = 0; i < 2; i++)
        assert_int_equal(weft_queue_task_done(&queue), WEFT_OK);
    atomic_store(&go_on, false);
    atomic_store(&compares, false);
    joiner = (struct call){.queue = &queue, .seconds = seconds};
    atomic_store(&joiner.status, -1);
    joiner.thread = weft_thread_spawn(call_join, &joiner);
    EVENTUALLY(weft_queue_joiners(&queue) == 1 || atomic_load(&joiner.status) >= 0);
    start(&getter, call_get, &queue, -1);
    EVENTUALLY(atomic_load(&compares));
    weft_thread *last = weft_thread_spawn(call_task_done, &queue);
    EVENTUALLY(wait_for_lock(&queue, 1));
    bool behind = weft_queue_joiners(&queue) == 1;
    EVENTUALLY(wait_for_lock(&queue, 2) || atomic_load(&joiner.status) >= 0);
    atomic_store(&go_on, true);
    assert_int_equal(ended(&getter), WEFT_OK);
    assert_int_equal(weft_thread_join(last), WEFT_OK);
    weft_thread_free(last);
    weft_status status = ended(&joiner);
    if (behind)
        assert_int_equal(status, WEFT_OK);
    destroy(&queue);
    return behind;
}

TEST(a_joiner_whose_deadline_comes_with_the_last_task_has_joined)
{
    double seconds = 0.05;
    while (!join_at_the_deadline(seconds))
        seconds *= 2; /* a slow machine */
}

TEST(a_queue_that_is_waited_for_is_not_destroyed)
{
    weft_queue queue;
    struct call call;
    init(&queue, WEFT_QUEUE_FIFO, 1);
    start_getter(&call, &queue);
    assert_int_equal(weft_queue_destroy(&queue), WEFT_BUSY);
    put(&queue, 1); /* it works as before */
    assert_int_equal(ended(&call), WEFT_OK);
    put(&queue, 2);
    start_putter(&call, &queue, 3);
    assert_int_equal(weft_queue_destroy(&queue), WEFT_BUSY);
    assert_int_equal(get(&queue), 2);
    assert_int_equal(ended(&call), WEFT_OK);
    start_joiner(&call, &queue);
    assert_int_equal(weft_queue_destroy(&queue), WEFT_BUSY);
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_queue_task_done(&queue), WEFT_OK);
    assert_int_equal(ended(&call), WEFT_OK);
    assert_int_equal(get(&queue), 3);
    destroy(&queue);
}
