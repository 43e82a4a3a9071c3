/* SPDX-License-Identifier: MIT */
/* Executor: the order of what is queued, a queue with a limit, tasks that expire. */
#include "test.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "executor_help.h"
#include "interrupt.h"

/* ---- order --------------------------------------------------------------------------------- */

static atomic_int position;

static void *note_position(void *arg)
{
    *(int *)arg = atomic_fetch_add(&position, 1);
    return NULL;
}

enum { TASKS = 60 };

/* Runs tasks of these priorities on one worker; at[i] is when number i was run. */
static void run_in_order(weft_order order, const int *priorities, int *at)
{
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1, .order = order);
    occupy(pool, &gate, 1);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(weft_executor_post(pool, note_position, &at[i], .priority = priorities[i]),
                         WEFT_OK);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
}

TEST(tasks_are_run_in_the_order_of_their_submits)
{
    int priorities[TASKS] = {0};
    int at[TASKS];
    run_in_order(WEFT_ORDER_FIFO, priorities, at);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(at[i], i);
}

TEST(lifo_runs_the_last_one_first)
{
    int priorities[TASKS] = {0};
    int at[TASKS];
    run_in_order(WEFT_ORDER_LIFO, priorities, at);
    for (int i = 0; i < TASKS; i++)
        assert_int_equal(at[i], TASKS - 1 - i);
}

static void check_priorities(weft_order order)
{
    uint64_t random = 88172645463325252;
    int priorities[TASKS];
    int at[TASKS];
    for (int i = 0; i < TASKS; i++)
        priorities[i] = (int)(test_random(&random) % 5) - 2;
    run_in_order(order, priorities, at);
    for (int i = 0; i < TASKS; i++)
        for (int j = 0; j < i; j++) {
            bool first = priorities[j] != priorities[i] ? priorities[j] < priorities[i]
                                                        : order == WEFT_ORDER_FIFO;
            assert_true(first ? at[j] < at[i] : at[i] < at[j]);
        }
}

TEST(the_smallest_priority_is_first_and_equals_keep_their_order)
{
    check_priorities(WEFT_ORDER_FIFO);
}

TEST(lifo_is_among_equal_priorities)
{
    check_priorities(WEFT_ORDER_LIFO);
}

/* ---- cancelling what is queued ------------------------------------------------------------- */

TEST(what_is_cancelled_leaves_the_queue_at_once)
{
    atomic_int count = 0;
    struct gate gate = {0};
    weft_future *futures[9];
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    for (int i = 0; i < 9; i++)
        futures[i] = weft_executor_submit(pool, tick, &count, .priority = i % 3 - 1);
    for (int i = 0; i < 9; i += 2) {
        assert_int_equal(weft_future_cancel(futures[i]), WEFT_OK);
        assert_int_equal(weft_future_cancel(futures[i]), WEFT_OK);
        assert_int_equal(weft_future_result(futures[i], NULL), WEFT_CANCELLED);
        assert_int_equal(numbers(pool).queued, 9 - (i / 2 + 1));
    }
    assert_int_equal(numbers(pool).cancelled, 5);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    assert_int_equal(atomic_load(&count), 4);
    for (int i = 0; i < 9; i++) {
        assert_int_equal(weft_future_cancel(futures[i]), i % 2 == 0 ? WEFT_OK : WEFT_RUNTIME);
        weft_future_free(futures[i]);
    }
    weft_executor_free(pool);
}

/* ---- a limit ------------------------------------------------------------------------------- */

/* A pool of one busy worker, with a full queue. */
static weft_executor *make_full(struct gate *gate, weft_when_full when_full)
{
    weft_executor *pool = weft_executor_new(1, .queue_size = 2, .when_full = when_full);
    occupy(pool, gate, 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(weft_executor_post(pool, same, NULL), WEFT_OK);
    assert_int_equal(numbers(pool).queued, 2);
    return pool;
}

TEST(a_full_queue_fails_a_submit_that_wants_it_so)
{
    struct gate gate = {0};
    weft_executor *pool = make_full(&gate, WEFT_WHEN_FULL_FAIL);
    assert_null(weft_executor_submit(pool, same, NULL));
    assert_int_equal(weft_last_status(), WEFT_FULL);
    assert_int_equal(weft_executor_post(pool, same, NULL), WEFT_FULL);
    assert_int_equal(numbers(pool).queued, 2);
    assert_int_equal(numbers(pool).submitted, 3);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    EVENTUALLY(numbers(pool).queued == 0);
    assert_ptr_equal(value_of(weft_executor_submit(pool, same, pool)), pool);
    finish(pool);
}

static void *own_number(void *arg)
{
    *(uint32_t *)arg = weft_thread_ident(weft_thread_current());
    return arg;
}

TEST(a_full_queue_makes_the_submitter_run_the_task)
{
    struct gate gate = {0};
    uint32_t number = 0;
    weft_executor *pool = make_full(&gate, WEFT_WHEN_FULL_RUN);
    weft_future *future = weft_executor_submit(pool, own_number, &number);
    assert_true(weft_future_done(future));
    assert_int_equal(number, 1);
    assert_ptr_equal(value_of(future), &number);
    number = 0;
    assert_int_equal(weft_executor_post(pool, own_number, &number), WEFT_OK);
    assert_int_equal(number, 1);
    assert_null(weft_future_current());
    assert_int_equal(numbers(pool).done, 2);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(pool);
}

struct submitter {
    weft_executor *pool;
    double timeout;
    weft_status status;
    atomic_int returned;
};

static void *submit_one(void *arg)
{
    struct submitter *submitter = arg;
    weft_status status =
        weft_executor_post(submitter->pool, same, NULL, .timeout = submitter->timeout);
    WITNESS(status == submitter->status);
    atomic_fetch_add(&submitter->returned, 1);
    return NULL;
}

static size_t waiting(const struct crew *crew)
{
    size_t count = 0;
    for (size_t i = 0; i < crew->size; i++)
        count += test_waits_for(crew->threads[i], WEFTI_EXECUTOR);
    return count;
}

TEST(a_full_queue_makes_submits_wait_for_room)
{
    struct gate gate = {0};
    struct submitter submitter = {.pool = make_full(&gate, WEFT_WHEN_FULL_WAIT)};
    struct crew crew = crew_start(3, submit_one, &submitter);
    EVENTUALLY(waiting(&crew) == 3);
    assert_int_equal(atomic_load(&submitter.returned), 0);
    assert_int_equal(numbers(submitter.pool).queued, 2);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(weft_executor_shutdown(submitter.pool), WEFT_OK);
    assert_int_equal(numbers(submitter.pool).done, 6);
    assert_int_equal(numbers(submitter.pool).peak, 2);
    weft_executor_free(submitter.pool);
}

TEST(a_cancellation_makes_room)
{
    struct gate gate = {0};
    struct submitter submitter = {.pool = weft_executor_new(1, .queue_size = 1)};
    occupy(submitter.pool, &gate, 1);
    weft_future *future = weft_executor_submit(submitter.pool, same, NULL);
    struct crew crew = crew_start(1, submit_one, &submitter);
    EVENTUALLY(waiting(&crew) == 1);
    assert_int_equal(weft_future_cancel(future), WEFT_OK);
    weft_future_free(future);
    crew_join(&crew);
    assert_int_equal(numbers(submitter.pool).queued, 1);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(submitter.pool);
}

TEST(a_timed_submit_gives_up_on_a_full_queue_and_never_early)
{
    struct gate gate = {0};
    weft_executor *pool = make_full(&gate, WEFT_WHEN_FULL_WAIT);
    int64_t start = test_clock();
    assert_int_equal(weft_executor_post(pool, same, NULL, .timeout = 0.02), WEFT_FULL);
    assert_true(test_clock() - start >= 20000000);
    uint64_t parks = weft_park_count();
    assert_null(weft_executor_submit(pool, same, NULL, .timeout = -1));
    assert_int_equal(weft_last_status(), WEFT_FULL);
    assert_int_equal(weft_park_count(), parks);
    assert_int_equal(numbers(pool).submitted, 3);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_executor_post(pool, same, NULL, .timeout = 1e9), WEFT_OK);
    finish(pool);
}

TEST(a_submit_that_waits_for_room_can_be_interrupted)
{
    struct gate gate = {0};
    struct submitter submitter = {.pool = make_full(&gate, WEFT_WHEN_FULL_WAIT),
                                  .status = WEFT_INTERRUPTED};
    struct crew crew = crew_start(1, submit_one, &submitter);
    EVENTUALLY(waiting(&crew) == 1);
    assert_true(test_interrupt(crew.threads[0]));
    crew_join(&crew);
    assert_int_equal(numbers(submitter.pool).submitted, 3);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(submitter.pool);
}

TEST(a_shutdown_ends_the_wait_for_room)
{
    struct gate gate = {0};
    struct submitter submitter = {.pool = make_full(&gate, WEFT_WHEN_FULL_WAIT),
                                  .status = WEFT_SHUTDOWN};
    struct crew crew = crew_start(3, submit_one, &submitter);
    EVENTUALLY(waiting(&crew) == 3);
    assert_int_equal(weft_executor_shutdown(submitter.pool, .no_wait = true), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    finish(submitter.pool);
}

TEST(who_is_interrupted_passes_the_room_on)
{
    for (int i = 0; i < 50; i++) {
        struct gate gate = {0};
        struct submitter patient = {.pool = weft_executor_new(1, .queue_size = 1)};
        struct submitter hasty = patient;
        occupy(patient.pool, &gate, 1);
        weft_future *future = weft_executor_submit(patient.pool, same, NULL);
        hasty.status = WEFT_INTERRUPTED;
        hasty.pool = patient.pool;
        struct crew first = crew_start(1, submit_one, &hasty);
        EVENTUALLY(waiting(&first) == 1);
        struct crew second = crew_start(1, submit_one, &patient);
        EVENTUALLY(waiting(&second) == 1);
        /* Both at once: the interruption of the first, and room for one. */
        assert_true(test_interrupt(first.threads[0]));
        assert_int_equal(weft_future_cancel(future), WEFT_OK);
        weft_future_free(future);
        crew_join(&second);
        crew_join(&first);
        assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
        finish(patient.pool);
    }
}

static void *submit_more(void *arg)
{
    struct submitter *submitter = arg;
    uint32_t number = 0;
    weft_future *own = weft_future_current();
    WITNESS(weft_executor_post(submitter->pool, same, NULL) == WEFT_OK);
    WITNESS(numbers(submitter->pool).queued == 1);
    /* No room is left, and this is the only worker: it runs them itself. */
    weft_future *future = weft_executor_submit(submitter->pool, own_number, &number);
    WITNESS(weft_future_done(future));
    WITNESS(number == weft_thread_ident(weft_thread_current()));
    weft_future_free(future);
    WITNESS(weft_executor_post(submitter->pool, own_number, &number) == WEFT_OK);
    WITNESS(weft_future_current() == own);
    return NULL;
}

TEST(a_task_that_submits_to_its_own_full_queue_runs_the_new_one_itself)
{
    struct submitter submitter = {.pool = weft_executor_new(1, .queue_size = 1)};
    (void)value_of(weft_executor_submit(submitter.pool, submit_more, &submitter));
    assert_int_equal(weft_executor_shutdown(submitter.pool), WEFT_OK);
    assert_int_equal(numbers(submitter.pool).done, 4);
    weft_executor_free(submitter.pool);
}

/* ---- expiry -------------------------------------------------------------------------------- */

TEST(a_task_that_has_waited_too_long_is_not_started)
{
    atomic_int count = 0;
    struct gate gate = {0};
    weft_executor *pool = weft_executor_new(1);
    occupy(pool, &gate, 1);
    weft_future *late = weft_executor_submit(pool, tick, &count, .expires = 0.01);
    weft_future *past = weft_executor_submit(pool, tick, &count, .expires = -1);
    weft_future *early = weft_executor_submit(pool, tick, &count, .expires = 1000);
    weft_future *never = weft_executor_submit(pool, tick, &count, .expires = WEFT_FOREVER);
    assert_int_equal(weft_sleep(0.01), WEFT_OK);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_future_result(late, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_error(late)->code, WEFT_EXPIRED);
    assert_string_equal(weft_future_error(late)->message, weft_strerror(WEFT_EXPIRED));
    assert_int_equal(weft_future_result(past, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_result(early, NULL), WEFT_OK);
    assert_int_equal(weft_future_result(never, NULL), WEFT_OK);
    assert_int_equal(atomic_load(&count), 2);
    assert_int_equal(numbers(pool).failed, 2);
    weft_future_free(late);
    weft_future_free(past);
    weft_future_free(early);
    weft_future_free(never);
    finish(pool);
}

static atomic_int hooked;

static void note_hook(struct weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    WITNESS(error->code == WEFT_EXPIRED);
    WITNESS(arg == &hooked);
    atomic_fetch_add(&hooked, 1);
}

TEST(a_posted_task_that_expires_goes_to_the_excepthook)
{
    atomic_int count = 0;
    weft_set_excepthook(note_hook, &hooked);
    weft_executor *pool = weft_executor_new(1);
    assert_int_equal(weft_executor_post(pool, tick, &count, .expires = -1), WEFT_OK);
    finish(pool);
    assert_int_equal(atomic_load(&count), 0);
    assert_int_equal(atomic_load(&hooked), 1);
}

/* ---- context ------------------------------------------------------------------------------- */

static weft_local carried = WEFT_LOCAL_INIT(.copy = same);

static void *read_carried(void *arg)
{
    (void)arg;
    return weft_local_get(&carried);
}

TEST(a_task_runs_in_the_context_it_was_given)
{
    int value;
    weft_executor *pool = weft_executor_new(1);
    assert_int_equal(weft_local_set(&carried, &value), WEFT_OK);
    weft_context *context = weft_context_capture();
    weft_future *within = weft_executor_submit(pool, read_carried, NULL, .context = context);
    weft_context_free(context);
    assert_ptr_equal(value_of(within), &value);
    assert_null(value_of(weft_executor_submit(pool, read_carried, NULL)));
    finish(pool);
}
