/* SPDX-License-Identifier: MIT */
/*
 * Futures that an executor runs: start, end and cancellation of tasks, what runs in place, and who may
 * not wait for whom. The executor is future_help.h's.
 */
#include "faulty_memory.h"
#include "future_help.h"

#include "pool/task.h"

TEST(a_task_runs_and_its_value_is_the_futures)
{
    struct pool pool;
    void *value = NULL;
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, give_back, &forty_two);
    assert_int_equal(weft_future_result(future, &value), WEFT_OK);
    assert_ptr_equal(value, &forty_two);
    weft_future_free(future);
    pool_close(&pool);
}

static void *fail_task(void *arg)
{
    return weft_raise(NO_FILE, "no %s", (const char *)arg);
}

TEST(a_task_that_fails_says_why)
{
    struct pool pool;
    char name[] = "file";
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, fail_task, name);
    assert_int_equal(weft_future_result(future, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_error(future)->code, NO_FILE);
    assert_string_equal(weft_future_error(future)->message, "no file");
    weft_future_free(future);
    pool_close(&pool);
}

static void *look_at_self(void *arg)
{
    WITNESS(weft_future_running(weft_future_current()));
    WITNESS(!weft_cancel_requested());
    *(weft_future **)arg = weft_future_current();
    return NULL;
}

TEST(a_task_knows_its_future)
{
    struct pool pool;
    weft_future *seen = NULL;
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, look_at_self, &seen);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    assert_ptr_equal(seen, future);
    weft_future_free(future);
    pool_close(&pool);
    assert_null(weft_future_current());
}

TEST(a_cancelled_task_leaves_the_queue_and_never_runs)
{
    struct gate gate = {0};
    struct pool pool;
    pool_open(&pool, 1);
    weft_future *first = pool_occupy(&pool, &gate);
    weft_future *second = pool_submit(&pool, look_at_self, NULL);
    assert_int_equal(weft_future_cancel(second), WEFT_OK);
    assert_int_equal(weft_future_state(second), WEFT_TASK_CANCELLED_AND_NOTIFIED);
    assert_null(pool.first);
    weft_future_free(second);
    assert_int_equal(atomic_load(&pool.futures), 1); /* nobody has it any more */
    assert_int_equal(weft_future_cancel(first), WEFT_RUNTIME);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_future_result(first, NULL), WEFT_OK);
    weft_future_free(first);
    pool_close(&pool);
}

/* A worker has taken it out of the queue, but not begun. */
TEST(a_task_that_is_cancelled_on_its_way_is_not_begun)
{
    struct pool pool;
    pool_open(&pool, 0);
    weft_future *future = wefti_future_new(&pool.owner, give_back, NULL, 2);
    assert_int_equal(weft_future_cancel(future), WEFT_OK);
    assert_false(wefti_task_begin(future));
    assert_null(weft_future_current());
    weft_future_free(future);
    weft_future_free(future);
    pool_close(&pool);
}

TEST(an_executor_can_refuse_what_it_has_not_begun)
{
    struct pool pool;
    pool_open(&pool, 0);
    weft_future *future = wefti_future_new(&pool.owner, give_back, NULL, 1);
    assert_true(wefti_future_fail(future, WEFT_BROKEN_POOL, "it is broken"));
    assert_int_equal(weft_future_result(future, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_error(future)->code, WEFT_BROKEN_POOL);
    assert_string_equal(weft_future_error(future)->message, "it is broken");
    assert_false(wefti_future_fail(future, WEFT_SHUTDOWN, NULL));
    weft_future_free(future);
    future = wefti_future_new(&pool.owner, give_back, NULL, 1);
    assert_int_equal(weft_future_cancel(future), WEFT_OK);
    assert_false(wefti_future_fail(future, WEFT_SHUTDOWN, NULL));
    assert_int_equal(weft_future_result(future, NULL), WEFT_CANCELLED);
    weft_future_free(future);
    pool_close(&pool);
}

/* ---- asking a task to end ------------------------------------------------------------------ */

struct patient {
    weft_event begun;
    weft_event never;
    weft_status obeys; /* what it returns as its error; WEFT_OK: it ends as if nothing had been */
    weft_status second;
    weft_future *inner;
    struct pool *pool;
};

static void *wait_in_vain(void *arg)
{
    struct patient *patient = arg;
    WITNESS(weft_event_set(&patient->begun) == WEFT_OK);
    WITNESS(weft_event_wait(&patient->never) == WEFT_INTERRUPTED);
    WITNESS(weft_cancel_requested());
    patient->second = weft_event_wait_for(&patient->never, 0.001);
    if (patient->obeys != WEFT_OK)
        return weft_raise_text(patient->obeys, NULL);
    return patient;
}

static void ask_patient_to_end(struct patient *patient, weft_status status, weft_task_state state)
{
    struct pool pool;
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, wait_in_vain, patient);
    assert_int_equal(weft_event_wait(&patient->begun), WEFT_OK);
    assert_int_equal(weft_future_request_cancel(future), WEFT_OK);
    assert_int_equal(weft_future_result(future, NULL), status);
    assert_int_equal(weft_future_state(future), state);
    assert_int_equal(weft_future_error(future) != NULL, status == WEFT_FAILED);
    assert_int_equal(patient->second, WEFT_TIMEOUT); /* once */
    assert_int_equal(weft_future_request_cancel(future),
                     status == WEFT_CANCELLED ? WEFT_OK : WEFT_RUNTIME);
    weft_future_free(future);
    pool_close(&pool);
}

TEST(a_task_that_obeys_is_cancelled)
{
    struct patient patient = {.obeys = WEFT_CANCELLED};
    ask_patient_to_end(&patient, WEFT_CANCELLED, WEFT_TASK_CANCELLED_AND_NOTIFIED);
}

TEST(a_task_that_fails_otherwise_has_failed)
{
    struct patient patient = {.obeys = NO_FILE};
    ask_patient_to_end(&patient, WEFT_FAILED, WEFT_TASK_FINISHED);
}

TEST(a_task_may_go_on_in_spite_of_it)
{
    struct patient patient = {.obeys = WEFT_OK};
    ask_patient_to_end(&patient, WEFT_OK, WEFT_TASK_FINISHED);
}

static void *raise_cancelled(void *arg)
{
    (void)arg;
    return weft_raise_text(WEFT_CANCELLED, NULL);
}

TEST(an_error_that_says_cancelled_is_one_unless_it_was_asked_for)
{
    struct pool pool;
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, raise_cancelled, NULL);
    assert_int_equal(weft_future_result(future, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_error(future)->code, WEFT_CANCELLED);
    weft_future_free(future);
    pool_close(&pool);
}

/* Asked, and never waits: what is pending for it is not for its worker's next task. */
static void *look_only(void *arg)
{
    struct patient *patient = arg;
    WITNESS(weft_event_set(&patient->begun) == WEFT_OK);
    EVENTUALLY(weft_cancel_requested());
    return NULL;
}

static void *wait_a_little(void *arg)
{
    struct patient *patient = arg;
    patient->second = weft_event_wait_for(&patient->never, 0.001);
    return NULL;
}

TEST(what_it_was_asked_does_not_reach_the_next_task)
{
    struct patient patient = {0};
    struct pool pool;
    pool_open(&pool, 1);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(weft_event_clear(&patient.begun), WEFT_OK);
        weft_future *first = pool_submit(&pool, look_only, &patient);
        weft_future *second = pool_submit(&pool, wait_a_little, &patient);
        assert_int_equal(weft_event_wait(&patient.begun), WEFT_OK);
        assert_int_equal(weft_future_request_cancel(first), WEFT_OK);
        (void)weft_future_request_cancel(first); /* a second time: nothing more */
        assert_int_equal(weft_future_result(second, NULL), WEFT_OK);
        assert_int_equal(patient.second, WEFT_TIMEOUT);
        weft_future_free(first);
        weft_future_free(second);
    }
    pool_close(&pool);
}

TEST(what_is_not_started_is_cancelled_when_it_is_asked_to_end)
{
    struct pool pool;
    pool_open(&pool, 0);
    weft_future *future = pool_submit(&pool, give_back, NULL);
    assert_int_equal(weft_future_request_cancel(future), WEFT_OK);
    assert_true(weft_future_cancelled(future));
    weft_future_free(future);
    pool_close(&pool);
}

/* ---- in place ------------------------------------------------------------------------------ */

static void *wait_for_child(void *arg)
{
    struct pool *pool = arg;
    void *value = NULL;
    weft_future *child = pool_submit(pool, give_back, &forty_two);
    WITNESS(weft_future_result(child, &value) == WEFT_OK);
    WITNESS(weft_future_current() != child);
    weft_future_free(child);
    return value;
}

TEST(a_task_runs_the_child_that_it_waits_for)
{
    struct pool pool;
    void *value = NULL;
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, wait_for_child, &pool);
    assert_int_equal(weft_future_result(future, &value), WEFT_OK);
    assert_ptr_equal(value, &forty_two);
    assert_int_equal(atomic_load(&pool.ran_here), 1);
    weft_future_free(future);
    pool_close(&pool);
}

struct family {
    struct pool *pool;
    int depth;
    weft_status status;
    weft_future *future; /* whom the innermost asks for */
    weft_future *others[3];
    atomic_int ran;
};

static void *count_run(void *arg)
{
    struct family *family = arg;
    atomic_fetch_add(&family->ran, 1);
    return arg;
}

/* Only the one it waits for; the others stay where they are. */
static void *wait_for_the_second(void *arg)
{
    struct family *family = arg;
    for (size_t i = 0; i < 3; i++)
        family->others[i] = pool_submit(family->pool, count_run, family);
    WITNESS(weft_future_result(family->others[1], NULL) == WEFT_OK);
    WITNESS(atomic_load(&family->ran) == 1);
    WITNESS(!weft_future_done(family->others[0]) && !weft_future_done(family->others[2]));
    WITNESS(weft_future_result_for(family->others[0], NULL, 0.001) == WEFT_TIMEOUT);
    return NULL;
}

TEST(exactly_the_one_that_it_waits_for_and_only_without_a_timeout)
{
    struct pool pool;
    struct family family = {.pool = &pool};
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, wait_for_the_second, &family);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    weft_future_free(future);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(weft_future_result(family.others[i], NULL), WEFT_OK);
        weft_future_free(family.others[i]);
    }
    pool_close(&pool);
    assert_int_equal(atomic_load(&pool.ran_here), 1);
}

static void *recurse(void *arg)
{
    struct family *family = arg;
    struct family next = {.pool = family->pool, .depth = family->depth - 1};
    if (family->depth == 0)
        return NULL;
    weft_future *child = pool_submit(family->pool, recurse, &next);
    WITNESS(weft_future_result(child, NULL) == WEFT_OK);
    weft_future_free(child);
    return NULL;
}

TEST(children_of_children_run_in_place_too)
{
    struct pool pool;
    struct family family = {.pool = &pool, .depth = 20};
    pool_open(&pool, 2);
    weft_future *future = pool_submit(&pool, recurse, &family);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    weft_future_free(future);
    pool_close(&pool);
}

static void *wait_for_given(void *arg)
{
    struct family *family = arg;
    family->status = weft_future_result(family->future, NULL);
    return NULL;
}

/* A thread that is no task, or a task of another executor's, waits. */
TEST(another_executors_task_is_not_run_in_place)
{
    struct pool busy;
    struct pool pool;
    struct gate gate = {0};
    struct family family = {.pool = &busy};
    pool_open(&busy, 1);
    pool_open(&pool, 1);
    weft_future *first = pool_occupy(&busy, &gate);
    family.future = pool_submit(&busy, give_back, NULL);
    weft_future *waits = pool_submit(&pool, wait_for_given, &family);
    EVENTUALLY(weft_future_waiters(family.future) == 1);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_future_result(waits, NULL), WEFT_OK);
    assert_int_equal(family.status, WEFT_OK);
    assert_int_equal(atomic_load(&busy.ran_here) + atomic_load(&pool.ran_here), 0);
    weft_future_free(family.future);
    weft_future_free(waits);
    weft_future_free(first);
    pool_close(&busy);
    pool_close(&pool);
}

/* ---- asking a task to end whose thread runs another ---------------------------------------- */

static void *inner_waits(void *arg)
{
    struct patient *patient = arg;
    WITNESS(weft_event_set(&patient->begun) == WEFT_OK);
    WITNESS(weft_event_wait(&patient->never) == WEFT_OK); /* the outer one is asked meanwhile */
    WITNESS(!weft_cancel_requested());
    return NULL;
}

static void *outer_waits(void *arg)
{
    struct patient *patient = arg;
    weft_event event = WEFT_EVENT_INIT;
    weft_future *inner = pool_submit(patient->pool, inner_waits, patient);
    WITNESS(weft_future_result(inner, NULL) == WEFT_OK);
    WITNESS(weft_cancel_requested());
    patient->second = weft_event_wait_for(&event, 1e6);
    WITNESS(weft_event_wait_for(&event, 0.001) == WEFT_TIMEOUT);
    weft_future_free(inner);
    return NULL;
}

TEST(who_is_asked_while_its_thread_runs_another_is_interrupted_later)
{
    struct pool pool;
    struct patient patient = {.pool = &pool};
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, outer_waits, &patient);
    EVENTUALLY(weft_event_waiters(&patient.never) == 1);
    assert_int_equal(weft_future_request_cancel(future), WEFT_OK);
    assert_int_equal(weft_event_set(&patient.never), WEFT_OK);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    assert_int_equal(patient.second, WEFT_INTERRUPTED);
    weft_future_free(future);
    pool_close(&pool);
}

/* An interruption that is pending when another task begins in place waits, too. */
static void *outer_is_interrupted_first(void *arg)
{
    struct patient *patient = arg;
    weft_event event = WEFT_EVENT_INIT;
    WITNESS(weft_event_set(&patient->begun) == WEFT_OK);
    EVENTUALLY(weft_cancel_requested());
    weft_future *inner = pool_submit(patient->pool, wait_a_little, patient);
    WITNESS(weft_future_result(inner, NULL) == WEFT_OK);
    WITNESS(patient->second == WEFT_TIMEOUT);
    WITNESS(weft_event_wait_for(&event, 1e6) == WEFT_INTERRUPTED);
    weft_future_free(inner);
    return NULL;
}

TEST(an_interruption_is_not_for_what_runs_in_place)
{
    struct pool pool;
    struct patient patient = {.pool = &pool};
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, outer_is_interrupted_first, &patient);
    assert_int_equal(weft_event_wait(&patient.begun), WEFT_OK);
    assert_int_equal(weft_future_request_cancel(future), WEFT_OK);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    weft_future_free(future);
    pool_close(&pool);
}

/* ---- who waits for whom -------------------------------------------------------------------- */

static void *wait_for_oneself(void *arg)
{
    struct family *family = arg;
    WITNESS(weft_future_result_for(weft_future_current(), NULL, 0.001) == WEFT_TIMEOUT);
    family->status = weft_future_result(weft_future_current(), NULL);
    return NULL;
}

TEST(a_task_does_not_wait_for_itself)
{
    struct pool pool;
    struct family family = {0};
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, wait_for_oneself, &family);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    assert_int_equal(family.status, WEFT_DEADLOCK);
    weft_future_free(future);
    pool_close(&pool);
}

/* A task submits the next one and waits for it; the last one waits for the first. */
enum { GENERATIONS = 4 };

struct generation {
    struct pool *pool;
    struct generation *child; /* NULL: the last */
    weft_future *ancestor;
    weft_status status;
};

static void *wait_for_the_next(void *arg)
{
    struct generation *own = arg;
    weft_future *awaited = weft_future_ref(own->ancestor);
    if (own->child != NULL) {
        weft_future_free(awaited);
        own->child->ancestor = own->ancestor;
        awaited = pool_submit(own->pool, wait_for_the_next, own->child);
    }
    own->status = weft_future_result(awaited, NULL);
    weft_future_free(awaited);
    return NULL;
}

static void *be_the_ancestor(void *arg)
{
    struct generation *own = arg;
    own->ancestor = weft_future_current();
    return wait_for_the_next(arg);
}

/* One worker runs them in place, and the last one closes the circle; of two the slower one does. */
TEST(a_task_does_not_wait_for_an_ancestor)
{
    for (size_t workers = 1; workers <= 2; workers++) {
        struct pool pool;
        struct generation generations[GENERATIONS] = {{.pool = &pool}};
        pool_open(&pool, workers);
        for (size_t i = 1; i < GENERATIONS; i++) {
            generations[i].pool = &pool;
            generations[i - 1].child = &generations[i];
        }
        weft_future *future = pool_submit(&pool, be_the_ancestor, generations);
        assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
        weft_future_free(future);
        pool_close(&pool);
        int deadlocks = 0;
        for (size_t i = 0; i < GENERATIONS; i++) {
            assert_true(generations[i].status == WEFT_OK || generations[i].status == WEFT_DEADLOCK);
            deadlocks += generations[i].status == WEFT_DEADLOCK;
        }
        assert_int_equal(deadlocks, 1);
        if (workers == 1)
            assert_int_equal(generations[GENERATIONS - 1].status, WEFT_DEADLOCK);
    }
}

struct pair {
    weft_future *futures[2];
    weft_latch both;
    atomic_int deadlocks;
};

static void *wait_for_the_other(void *arg)
{
    struct pair *pair = arg;
    WITNESS(weft_latch_arrive_and_wait(&pair->both) == WEFT_OK);
    weft_future *other = pair->futures[weft_future_current() == pair->futures[0]];
    weft_status status = weft_future_result(other, NULL);
    WITNESS(status == WEFT_OK || status == WEFT_DEADLOCK);
    atomic_fetch_add(&pair->deadlocks, status == WEFT_DEADLOCK);
    return NULL;
}

TEST(of_two_that_wait_for_each_other_one_is_told)
{
    struct pool pool;
    pool_open(&pool, 2);
    for (int i = 0; i < 20; i++) {
        struct pair pair = {.both = WEFT_LATCH_INIT(3)};
        for (size_t k = 0; k < 2; k++)
            pair.futures[k] = pool_submit(&pool, wait_for_the_other, &pair);
        assert_int_equal(weft_latch_count_down(&pair.both), WEFT_OK);
        for (size_t k = 0; k < 2; k++)
            assert_int_equal(weft_future_result(pair.futures[k], NULL), WEFT_OK);
        assert_int_equal(atomic_load(&pair.deadlocks), 1);
        weft_future_free(pair.futures[0]);
        weft_future_free(pair.futures[1]);
    }
    pool_close(&pool);
}

/* It has ended by then: nobody waits in a circle. */
static void *wait_for_given_twice(void *arg)
{
    struct family *family = arg;
    family->status = weft_future_result(family->future, NULL);
    WITNESS(weft_future_result(family->future, NULL) == family->status);
    return NULL;
}

TEST(a_task_may_wait_for_who_submitted_it)
{
    struct pool pool;
    struct gate gate = {0};
    pool_open(&pool, 2);
    struct family family = {.future = pool_occupy(&pool, &gate)};
    weft_future *waits = pool_submit(&pool, wait_for_given_twice, &family);
    EVENTUALLY(weft_future_waiters(family.future) == 1);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    assert_int_equal(weft_future_result(waits, NULL), WEFT_OK);
    assert_int_equal(family.status, WEFT_OK);
    weft_future_free(waits);
    weft_future_free(family.future);
    pool_close(&pool);
}

TEST(without_memory_an_owner_makes_none)
{
    struct pool pool;
    struct faulty_memory memory = {.fail_at = 1};
    faulty_memory_begin(&memory);
    pool_open(&pool, 0);
    assert_null(pool_submit(&pool, give_back, NULL));
    pool_close(&pool);
    faulty_memory_end(&memory);
}
