/* SPDX-License-Identifier: MIT */
/* A fork: the child's queue holds what it held, and nobody waits for it there. */
#include "in_child.h"
#include "queue_help.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "primitives/self.h"
#include "under_tsan.h"

static void witness_usable(void *queue)
{
    int number = 3;
    weft_queue_state state;
    WITNESS(weft_queue_getters(queue) == 0);
    WITNESS(weft_queue_putters(queue) == 0);
    WITNESS(weft_queue_joiners(queue) == 0);
    WITNESS(weft_queue_look(queue, &state) == WEFT_OK);
    WITNESS(state.getters == 0 && state.putters == 0 && state.joiners == 0);
    WITNESS(weft_queue_clear(queue) == WEFT_OK);
    WITNESS(weft_queue_put(queue, &number) == WEFT_OK);
    WITNESS(weft_queue_qsize(queue) == 1);
    number = 0;
    WITNESS(weft_queue_get_for(queue, &number, 0.001) == WEFT_OK);
    WITNESS(number == 3);
    WITNESS(weft_queue_get_for(queue, &number, 0.001) == WEFT_EMPTY);
    WITNESS(weft_queue_destroy(queue) == WEFT_OK);
}

TEST(a_childs_queue_has_no_getters)
{
    weft_queue queue;
    struct call getter;
    init(&queue, WEFT_QUEUE_FIFO, 1);
    start_getter(&getter, &queue);
    assert_true(holds_in_child(witness_usable, &queue));
    assert_int_equal(weft_queue_getters(&queue), 1);
    put(&queue, 1);
    assert_int_equal(ended(&getter), WEFT_OK);
    destroy(&queue);
}

static void witness_items(void *queue)
{
    int number = 0;
    WITNESS(weft_queue_qsize(queue) == 2);
    WITNESS(weft_queue_full(queue));
    WITNESS(weft_queue_try_put(queue, &number) == WEFT_FULL);
    WITNESS(weft_queue_get(queue, &number) == WEFT_OK && number == 1);
    WITNESS(weft_queue_get(queue, &number) == WEFT_OK && number == 2);
    WITNESS(weft_queue_try_get(queue, &number) == WEFT_EMPTY); /* no putter has come in */
    WITNESS(weft_queue_task_done(queue) == WEFT_OK);
    WITNESS(weft_queue_task_done(queue) == WEFT_OK);
    witness_usable(queue);
}

TEST(a_childs_queue_has_its_items_and_neither_putters_nor_joiners)
{
    weft_queue queue;
    struct call putter;
    struct call joiner;
    init(&queue, WEFT_QUEUE_FIFO, 2);
    put(&queue, 1);
    put(&queue, 2);
    start_putter(&putter, &queue, 3);
    start_joiner(&joiner, &queue);
    assert_true(holds_in_child(witness_items, &queue));
    assert_int_equal(get(&queue), 1);
    assert_int_equal(ended(&putter), WEFT_OK);
    assert_int_equal(weft_queue_clear(&queue), WEFT_OK);
    assert_int_equal(weft_queue_task_done(&queue), WEFT_OK);
    assert_int_equal(ended(&joiner), WEFT_OK);
    destroy(&queue);
}

/* ---- in the middle of a change ----------------------------------------------------------- */

static atomic_bool compares;
static atomic_bool go_on;

static int compare_slowly(const void *a, const void *b)
{
    atomic_store(&compares, true);
    EVENTUALLY(atomic_load(&go_on));
    return compare_numbers(a, b);
}

static void be_refused(void *queue)
{
    int number = 1;
    size_t n = 0;
    weft_queue_state state;
    for (int round = 0; round < 2; round++) {
        WITNESS(weft_queue_put(queue, &number) == WEFT_RUNTIME);
        WITNESS(weft_queue_try_get(queue, &number) == WEFT_RUNTIME);
        WITNESS(weft_queue_join(queue) == WEFT_RUNTIME);
        WITNESS(weft_queue_task_done(queue) == WEFT_RUNTIME);
        WITNESS(weft_queue_shutdown(queue, false) == WEFT_RUNTIME);
        WITNESS(weft_queue_shutdown(queue, true) == WEFT_RUNTIME);
        WITNESS(weft_queue_clear(queue) == WEFT_RUNTIME);
        WITNESS(weft_queue_set_maxsize(queue, 3) == WEFT_RUNTIME);
        WITNESS(weft_queue_look(queue, &state) == WEFT_RUNTIME);
        WITNESS(weft_queue_list(queue, &n) == NULL && weft_last_status() == WEFT_RUNTIME);
        WITNESS(weft_queue_destroy(queue) == WEFT_RUNTIME);
        const weft_waitable one = weft_queue_get_waitable(queue, &number);
        WITNESS(weft_wait_any(1, &one, NULL, WEFT_FOREVER) == WEFT_RUNTIME);
    }
    WITNESS(weft_queue_init(queue, sizeof(int)) == WEFT_OK);
    witness_usable(queue);
}

TEST(a_queue_that_was_being_changed_is_refused_in_the_child)
{
    weft_queue queue;
    struct call putter;
    assert_int_equal(weft_queue_init_priority(&queue, sizeof(int), .compare = compare_slowly),
                     WEFT_OK);
    put(&queue, 2);
    start(&putter, call_put, &queue, 1);
    EVENTUALLY(atomic_load(&compares));
    bool refused = holds_in_child(be_refused, &queue);
    atomic_store(&go_on, true);
    assert_true(refused);
    assert_int_equal(ended(&putter), WEFT_OK);
    assert_int_equal(get(&queue), 1);
    assert_int_equal(get(&queue), 2);
    destroy(&queue);
}

/* ---- while another thread drops ---------------------------------------------------------- */

static atomic_int drops;

static void drop_slowly(void *item)
{
    (void)item;
    atomic_fetch_add(&drops, 1);
    EVENTUALLY(atomic_load(&go_on));
}

static void *call_clear(void *arg)
{
    WITNESS(weft_queue_clear(arg) == WEFT_OK);
    return NULL;
}

static void join_at_once(void *queue)
{
    weft_queue_state state;
    WITNESS(weft_queue_look(queue, &state) == WEFT_OK);
    WITNESS(state.qsize == 1 && state.unfinished == 1); /* what was put meanwhile */
    WITNESS(weft_queue_task_done(queue) == WEFT_OK);
    WITNESS(weft_queue_join(queue) == WEFT_OK);
    WITNESS(weft_queue_task_done(queue) == WEFT_VALUE_ERROR);
}

TEST(what_another_thread_drops_is_done_in_the_child)
{
    weft_queue queue;
    assert_int_equal(weft_queue_init(&queue, sizeof(int), .drop = drop_slowly), WEFT_OK);
    put(&queue, 1);
    put(&queue, 2);
    weft_thread *thread = weft_thread_spawn(call_clear, &queue);
    EVENTUALLY(atomic_load(&drops) == 1);
    put(&queue, 3);
    bool joined = holds_in_child(join_at_once, &queue);
    assert_int_equal(weft_queue_join_for(&queue, 0), WEFT_TIMEOUT); /* here it is not */
    atomic_store(&go_on, true);
    assert_true(joined);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
    assert_int_equal(weft_queue_task_done(&queue), WEFT_OK);
    assert_int_equal(weft_queue_join(&queue), WEFT_OK);
    destroy(&queue);
}

static weft_queue *forking;
static pid_t forked = -1;

/* The first of two items: it puts another one, and forks. */
static void drop_and_fork(void *item)
{
    if (*(int *)item != 1)
        return;
    put(forking, 3);
    fflush(stdout);
    forked = fork();
    if (forked == 0) {
        alarm(20);
        int number = 4;
        WITNESS(weft_queue_put(forking, &number) == WEFT_OK);
    }
}

static void clear_and_fork(weft_queue *queue)
{
    int status = 0;
    weft_queue_state state;
    forking = queue;
    WITNESS(weft_queue_clear(queue) == WEFT_OK);
    WITNESS(weft_queue_look(queue, &state) == WEFT_OK);
    WITNESS(state.unfinished == state.qsize); /* the two are done, and no other */
    WITNESS(state.qsize == (forked == 0 ? 2 : 1));
    if (forked == 0)
        _exit(test_witness_failures() != 0);
    WITNESS(forked > 0 && waitpid(forked, &status, 0) == forked && WIFEXITED(status) &&
            WEXITSTATUS(status) == 0);
}

TEST(what_is_dropped_is_done_once_in_a_drop_that_forks)
{
    weft_queue queue;
    assert_int_equal(weft_queue_init(&queue, sizeof(int), .drop = drop_and_fork), WEFT_OK);
    put(&queue, 1);
    put(&queue, 2);
    clear_and_fork(&queue);
    destroy(&queue);
}

/* ---- at any time ------------------------------------------------------------------------- */

static atomic_bool over;

static void *keep_busy(void *arg)
{
    weft_queue *queue = arg;
    int number = 1;
    while (!atomic_load(&over)) {
        WITNESS(weft_queue_put(queue, &number) == WEFT_OK);
        WITNESS(weft_queue_get(queue, &number) == WEFT_OK);
        WITNESS(weft_queue_task_done(queue) == WEFT_OK);
        WITNESS(weft_queue_get_for(queue, &number, 1e-6) == WEFT_EMPTY);
    }
    return NULL;
}

static void use_or_be_refused(void *queue)
{
    weft_queue_state state;
    if (weft_queue_look(queue, &state) == WEFT_RUNTIME)
        WITNESS(weft_queue_init(queue, sizeof(int)) == WEFT_OK);
    witness_usable(queue);
}

TEST(a_fork_may_come_at_any_time)
{
    weft_queue queue;
    if (UNDER_TSAN) /* whose own locks the child finds held if the other thread is in its runtime */
        skip();
    init(&queue, WEFT_QUEUE_FIFO, 2);
    struct crew crew = crew_start(1, keep_busy, &queue);
    for (int round = 0; round < 40; round++)
        assert_true(holds_in_child(use_or_be_refused, &queue));
    atomic_store(&over, true);
    crew_join(&crew);
    destroy(&queue);
}

static void fork_again(void *queue)
{
    weft_queue_state state;
    int number = 9;
    WITNESS(weft_queue_look(queue, &state) == WEFT_OK);
    WITNESS(weft_queue_put(queue, &number) == WEFT_OK);
    WITNESS(holds_in_child(witness_usable, queue));
    WITNESS(weft_queue_qsize(queue) == 1);
    witness_usable(queue);
}

TEST(a_child_of_a_child_may_use_the_queue)
{
    weft_queue queue;
    init(&queue, WEFT_QUEUE_LIFO, 0);
    assert_true(holds_in_child(fork_again, &queue));
    destroy(&queue);
}

/* As lock.c stores it while a thread of this process makes the queue its own. */
static uint32_t renewing(void)
{
    return UINT32_C(1) << 31 | wefti_forks();
}

TEST(a_fork_may_come_while_a_queue_is_made_the_childs)
{
    weft_queue queue;
    init(&queue, WEFT_QUEUE_FIFO, 0);
    queue.epoch = renewing(); /* by a thread that the fork does not take along */
    assert_true(holds_in_child(witness_usable, &queue));
    queue.epoch = wefti_forks();
    destroy(&queue);
}
