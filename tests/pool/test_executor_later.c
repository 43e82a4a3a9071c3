/* SPDX-License-Identifier: MIT */
/* Executor: what is queued only while the workers wait for it is run by who waits, and nothing else. */
#include "test.h"

#include <stdatomic.h>

#include "executor_help.h"
#include "waits_help.h"

enum { LONG = 100000, WIDE = 20000, SHORT = 200 };

static weft_executor *pool;
static weft_future *promise;

/* What a task waits for, and how. */
struct wait {
    enum way way;
    size_t count;
    weft_future *futures[2];
    weft_status status;
    atomic_int *others; /* that must not have run when the wait ends */
    int seen;
};

static void *wait_in_task(void *arg)
{
    struct wait *wait = arg;
    wait->status = wait_in(wait->way, wait->count, wait->futures);
    wait->seen = wait->others != NULL ? atomic_load(wait->others) : 0;
    return NULL;
}

static weft_future *after(weft_future *source)
{
    return weft_future_then(source, same, .executor = pool);
}

static void keep_promise(void *value)
{
    assert_int_equal(weft_future_set_result(promise, value), WEFT_OK);
}

static void open_all(int workers)
{
    pool = weft_executor_new(workers);
    promise = weft_future_new();
}

static void close_all(void)
{
    weft_future_free(promise);
    finish(pool);
}

/* Whether its worker waits for it, in whatever way. */
static bool is_waited_for(const struct wait *wait)
{
    size_t waiters = 0;
    for (size_t i = 0; i < wait->count; i++)
        waiters += weft_future_waiters(wait->futures[i]);
    return waiters != 0;
}

/* ---- in every way -------------------------------------------------------------------------- */

TEST(a_task_that_waits_runs_what_is_queued_later_below_what_it_waits_for)
{
    for (enum way way = RESULT; way < WAYS; way++) {
        open_all(1);
        weft_future *step = after(promise);
        weft_future *inner = weft_when_any(1, &step);
        struct wait wait = {.way = way, .count = 1, .futures = {weft_when_all(1, &inner)}};
        weft_future *task = weft_executor_submit(pool, wait_in_task, &wait);
        if (way > EXCEPTION) /* which ask what is composed of it */
            EVENTUALLY(is_waited_for(&wait));
        else
            EVENTUALLY(weft_future_running(task));
        keep_promise(NULL);
        (void)value_of(task);
        assert_int_equal(wait.status, WEFT_OK);
        weft_future_free(wait.futures[0]);
        weft_future_free(inner);
        weft_future_free(step);
        close_all();
    }
}

/* The promise is waited for first; what follows it is queued by then. */
TEST(a_task_that_waits_for_several_runs_the_one_that_follows_another)
{
    for (enum way way = RESULT; way < WAYS; way++) {
        for (size_t first = 0; first < 2; first++) {
            open_all(1);
            weft_future *step = after(promise);
            struct wait wait = {.way = way, .count = 2};
            wait.futures[first] = promise;
            wait.futures[1 - first] = step;
            weft_future *task = weft_executor_submit(pool, wait_in_task, &wait);
            if (way > EXCEPTION)
                EVENTUALLY(is_waited_for(&wait));
            keep_promise(NULL);
            (void)value_of(task);
            assert_int_equal(wait.status, WEFT_OK);
            weft_future_free(step);
            close_all();
        }
    }
}

TEST(a_task_that_waits_runs_each_of_several_branches_as_they_are_queued)
{
    for (int i = 0; i < 2 * WAYS; i++) {
        weft_future *promises[] = {weft_future_new(), weft_future_new()};
        struct wait wait = {.way = (enum way)(i / 2), .count = 2};
        open_all(1);
        for (int j = 0; j < 2; j++) {
            weft_future *step = after(promises[j]);
            wait.futures[j] = weft_when_all(1, &step);
            weft_future_free(step);
        }
        weft_future *branches[] = {wait.futures[0], wait.futures[1]};
        weft_future *task = weft_executor_submit(pool, wait_in_task, &wait);
        for (int j = 0; j < 2; j++) {
            assert_int_equal(weft_future_set_result(promises[(i + j) % 2], NULL), WEFT_OK);
            assert_int_equal(weft_future_result(branches[(i + j) % 2], NULL), WEFT_OK);
        }
        (void)value_of(task);
        assert_int_equal(wait.status, WEFT_OK);
        for (int j = 0; j < 2; j++) {
            weft_future_free(branches[j]);
            weft_future_free(promises[j]);
        }
        close_all();
    }
}

static void *map_again(void *arg)
{
    static char things[3];
    char *items[] = {&things[0], &things[1], &things[2]};
    weft_map *map = weft_executor_map(pool, same, items, 3, .window = 2);
    void *value;
    int count = 0;
    for (; weft_map_next(map, &value) == WEFT_OK; count++)
        WITNESS(value == items[count]);
    WITNESS(count == 3);
    WITNESS(weft_map_join(map) == WEFT_OK);
    weft_map_free(map);
    return arg;
}

TEST(a_task_that_asks_a_map_for_its_results_runs_it)
{
    open_all(1);
    (void)value_of(weft_executor_submit(pool, map_again, NULL));
    close_all();
}

/* A continuation without an executor, and a callback, are run by a worker, too. */
static void *have_child(weft_future *future, void *arg)
{
    weft_future *child = weft_executor_submit(pool, same, NULL);
    weft_future *step = after(child);
    WITNESS(weft_future_result(step, NULL) == WEFT_OK);
    WITNESS(weft_future_result(child, NULL) == WEFT_OK);
    WITNESS(weft_event_set(arg) == WEFT_OK);
    weft_future_free(step);
    weft_future_free(child);
    return weft_future_value(future);
}

TEST(what_a_worker_runs_beside_its_tasks_may_wait_for_others)
{
    weft_event events[2] = {0};
    struct gate gate = {0};
    open_all(1);
    occupy(pool, &gate, 1);
    weft_future *task = weft_executor_submit(pool, same, NULL);
    weft_future *then = weft_future_then(task, .always = have_child, .arg = &events[0]);
    assert_int_equal(weft_future_add_done_callback(task, have_child, &events[1]), WEFT_OK);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(weft_event_wait(&events[i]), WEFT_OK);
    (void)value_of(then);
    weft_future_free(task);
    close_all();
}

/* ---- nothing else -------------------------------------------------------------------------- */

static atomic_int others;

static void *count_other(void *value)
{
    (void)tick(&others);
    return value;
}

/* Beside it, and behind it: it is queued as soon as the one that is needed has run. */
TEST(what_is_queued_meanwhile_and_not_needed_is_left_to_a_worker)
{
    for (enum way way = RESULT; way < WAYS; way++) {
        open_all(1);
        atomic_store(&others, 0);
        weft_future *beside = weft_future_then(promise, count_other, .executor = pool);
        struct wait wait = {.way = way, .count = 1, .futures = {after(promise)}, .others = &others};
        weft_future *behind = weft_future_then(wait.futures[0], count_other, .executor = pool);
        weft_future *task = weft_executor_submit(pool, wait_in_task, &wait);
        EVENTUALLY(weft_future_running(task));
        keep_promise(NULL);
        (void)value_of(task);
        assert_int_equal(wait.status, WEFT_OK);
        assert_int_equal(wait.seen, 0);
        weft_future_free(wait.futures[0]);
        weft_future_free(beside);
        weft_future_free(behind);
        close_all();
        assert_int_equal(atomic_load(&others), 2);
    }
}

/* Both are queued by the same promise; the first one to run makes the other needless. */
static void race_for_any(void)
{
    weft_future *last = weft_future_new();
    open_all(1);
    atomic_store(&others, 0);
    weft_future *either[] = {after(promise),
                             weft_future_then(promise, count_other, .executor = pool)};
    weft_future *any = weft_when_any(2, either);
    struct wait wait = {.way = RESULT, .count = 2, .futures = {any, last}, .others = &others};
    weft_future *task = weft_executor_submit(pool, wait_in_task, &wait);
    EVENTUALLY(weft_future_running(task));
    keep_promise(NULL);
    assert_int_equal(weft_future_result(any, NULL), WEFT_OK);
    assert_int_equal(weft_future_set_result(last, NULL), WEFT_OK);
    (void)value_of(task);
    assert_int_equal(wait.seen, 0);
    weft_future_free(either[0]);
    weft_future_free(either[1]);
    weft_future_free(any);
    weft_future_free(last);
    close_all();
    assert_int_equal(atomic_load(&others), 1);
}

TEST(who_has_come_second_is_needed_no_more)
{
    for (int i = 0; i < 20; i++)
        race_for_any();
}

static void *wait_for_any(void *arg)
{
    size_t index;
    weft_future *child = weft_executor_submit(pool, count_other, NULL);
    weft_waitable waitable = weft_future_waitable(child);
    WITNESS(weft_wait_any(1, &waitable, &index, arg != NULL ? WEFT_FOREVER : 0.001) ==
            (arg != NULL ? WEFT_OK : WEFT_TIMEOUT));
    WITNESS(atomic_load(&others) == (arg != NULL));
    weft_future_free(child);
    return arg;
}

TEST(who_waits_for_any_of_several_objects_runs_nothing)
{
    open_all(1);
    (void)value_of(weft_executor_submit(pool, wait_for_any, NULL));
    close_all();
    atomic_store(&others, 0);
    open_all(2);
    (void)value_of(weft_executor_submit(pool, wait_for_any, pool));
    close_all();
}

/* ---- much of it ---------------------------------------------------------------------------- */

/* A search for each step, or for each source, would take hours. */
TEST(a_task_that_waits_for_a_long_chain_runs_it_step_by_step)
{
    open_all(1);
    weft_future *last = weft_future_ref(promise);
    for (int i = 0; i < LONG; i++) {
        weft_future *next = after(last);
        weft_future_free(last);
        last = next;
    }
    struct wait wait = {.way = ALL_COMPLETED, .count = 1, .futures = {last}};
    weft_future *task = weft_executor_submit(pool, wait_in_task, &wait);
    EVENTUALLY(weft_future_waiters(last) == 1);
    keep_promise(&wait);
    (void)value_of(task);
    assert_ptr_equal(value_of(last), &wait);
    assert_int_equal(numbers(pool).done, LONG + 1);
    close_all();
}

TEST(a_task_that_waits_for_two_long_chains_runs_both)
{
    open_all(1);
    struct wait wait = {.way = RESULT, .count = 2};
    for (size_t i = 0; i < 2; i++) {
        weft_future *last = weft_future_ref(promise);
        for (int k = 0; k < LONG / 4; k++) {
            weft_future *next = after(last);
            weft_future_free(last);
            last = next;
        }
        wait.futures[i] = last;
    }
    weft_future *task = weft_executor_submit(pool, wait_in_task, &wait);
    EVENTUALLY(weft_future_running(task));
    keep_promise(NULL);
    (void)value_of(task);
    for (size_t i = 0; i < 2; i++)
        (void)value_of(wait.futures[i]);
    close_all();
}

static weft_future *many[WIDE];

/* Half of them stand in the queue when the wait begins, the others come later. */
TEST(a_task_that_waits_for_very_many_runs_them_all)
{
    for (enum way way = RESULT; way < WAYS; way++) {
        struct gate gate = {0};
        open_all(1);
        occupy(pool, &gate, 1);
        struct wait wait = {.way = way, .count = 1};
        weft_future *task = weft_executor_submit(pool, wait_in_task, &wait);
        for (size_t i = 0; i < WIDE; i++)
            many[i] = i % 2 == 0 ? weft_executor_submit(pool, same, NULL) : after(promise);
        wait.futures[0] = weft_when_all(WIDE, many);
        assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
        EVENTUALLY(weft_future_done(many[0]));
        keep_promise(NULL);
        (void)value_of(task);
        assert_int_equal(wait.status, WEFT_OK);
        weft_future_free(wait.futures[0]);
        for (size_t i = 0; i < WIDE; i++)
            weft_future_free(many[i]);
        close_all();
    }
}

/* All workers wait for the same, or for a part of it, and nobody knows who will run what. */
TEST(several_tasks_that_wait_for_the_same_run_it_together)
{
    weft_future *chain[SHORT + 1];
    struct wait waits[4];
    weft_future *tasks[4];
    open_all(4);
    chain[0] = weft_future_ref(promise);
    for (int i = 0; i < SHORT; i++)
        chain[i + 1] = after(chain[i]);
    for (size_t i = 0; i < 4; i++) {
        waits[i] = (struct wait){.way = (enum way)(i % 3),
                                 .count = 2,
                                 .futures = {chain[SHORT - i], chain[SHORT / (i + 1)]}};
        tasks[i] = weft_executor_submit(pool, wait_in_task, &waits[i]);
    }
    EVENTUALLY(numbers(pool).running == 4);
    keep_promise(NULL);
    for (size_t i = 0; i < 4; i++) {
        (void)value_of(tasks[i]);
        assert_int_equal(waits[i].status, WEFT_OK);
    }
    for (int i = 0; i <= SHORT; i++)
        weft_future_free(chain[i]);
    close_all();
}
