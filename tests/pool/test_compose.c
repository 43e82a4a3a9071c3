/* SPDX-License-Identifier: MIT */
/* then, when_all, when_any: the table in compose.h, chains of any length, and who is let go when. */
#include "faulty_memory.h"
#include "future_help.h"

enum { CHAIN = 100000 };

static int runs;

static void *add_one(void *value)
{
    runs++;
    return (char *)value + 1;
}

static void *fail_too(void *value)
{
    (void)value;
    runs++;
    return weft_raise(WEFT_USER + 5, "too");
}

/* How a future has ended; what is not told is not asked. */
static void assert_ended(const weft_future *future, weft_status status, const void *value)
{
    void *got = NULL;
    assert_true(weft_future_done(future));
    assert_int_equal(weft_future_result((weft_future *)(uintptr_t)future, &got), status);
    if (status == WEFT_OK)
        assert_ptr_equal(got, value);
    if (status == WEFT_FAILED)
        assert_int_equal(weft_future_error(future)->code, NO_FILE);
}

static void end(weft_future *future, enum canned how)
{
    if (how == FINISHED)
        assert_int_equal(weft_future_set_result(future, &forty_two), WEFT_OK);
    else if (how == FAILED)
        assert_int_equal(weft_future_set_error(future, NO_FILE, "no"), WEFT_OK);
    else
        assert_int_equal(weft_future_cancel(future), WEFT_OK);
}

static weft_status status_of(enum canned how)
{
    return how == FINISHED ? WEFT_OK : how == FAILED ? WEFT_FAILED : WEFT_CANCELLED;
}

/* ---- then ---------------------------------------------------------------------------------- */

TEST(then_runs_on_the_value_or_passes_on_what_happened)
{
    static const enum canned ends[] = {FINISHED, FAILED, CANCELLED};
    for (size_t i = 0; i < 6; i++) {
        enum canned how = ends[i / 2];
        weft_future *source = i % 2 == 0 ? weft_future_new() : canned_future(how);
        runs = 0;
        weft_future *then = weft_future_then(source, add_one);
        if (i % 2 == 0) {
            assert_int_equal(weft_future_state(then), WEFT_TASK_PENDING);
            assert_int_equal(runs, 0);
            end(source, how);
        }
        assert_ended(then, status_of(how), (char *)&forty_two + 1);
        assert_int_equal(runs, how == FINISHED);
        assert_ptr_equal(weft_future_origin(then), how == FINISHED ? NULL : source);
        weft_future_free(source);
        weft_future_free(then);
    }
}

TEST(then_fails_if_its_target_does)
{
    weft_future *source = canned_future(FINISHED);
    weft_future *then = weft_future_then(source, fail_too);
    assert_int_equal(weft_future_result(then, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_error(then)->code, WEFT_USER + 5);
    assert_null(weft_future_origin(then));
    assert_int_equal(weft_future_result(source, NULL), WEFT_OK);
    weft_future_free(source);
    weft_future_free(then);
}

/* What `always` has seen. */
struct seen {
    weft_future *future;
    weft_status status;
};

static void *look(weft_future *future, void *arg)
{
    struct seen *seen = arg;
    seen->future = future;
    seen->status = weft_future_result_for(future, NULL, 0);
    return seen;
}

TEST(always_runs_however_it_ended)
{
    FOR_EACH_STATE({
        struct seen seen = {0};
        weft_future *then = weft_future_then(future, .always = look, .arg = &seen);
        if (state & DONE)
            assert_ended(then, WEFT_OK, &seen);
        else
            end(future, FAILED);
        assert_ended(then, WEFT_OK, &seen);
        assert_ptr_equal(seen.future, future);
        assert_int_equal(seen.status, weft_future_result(future, NULL));
        weft_future_free(then);
    });
}

static void *look_at_task(void *value)
{
    WITNESS(weft_future_running(weft_future_current()));
    *(weft_future **)value = weft_future_current();
    return NULL;
}

TEST(what_follows_is_a_task_too)
{
    weft_future *seen = NULL;
    weft_future *source = weft_future_new();
    weft_future *then = weft_future_then(source, look_at_task, .tag = &forty_two);
    assert_ptr_equal(weft_future_tag(then), &forty_two);
    assert_int_equal(weft_future_set_result(source, &seen), WEFT_OK);
    assert_ptr_equal(seen, then);
    assert_null(weft_future_current());
    weft_future_free(source);
    weft_future_free(then);
}

TEST(a_cancelled_then_is_not_run_and_its_source_goes_on)
{
    weft_future *source = weft_future_new();
    weft_future *then = weft_future_then(source, add_one);
    assert_int_equal(weft_future_cancel(then), WEFT_OK);
    assert_int_equal(weft_future_state(then), WEFT_TASK_CANCELLED_AND_NOTIFIED);
    assert_int_equal(weft_future_state(source), WEFT_TASK_PENDING);
    end(source, FINISHED);
    assert_int_equal(runs, 0);
    assert_null(weft_future_origin(then));
    weft_future_free(source);
    weft_future_free(then);
}

/* Nobody has its handle any more: it is run all the same. */
TEST(a_then_that_was_given_up_is_run)
{
    weft_future *source = weft_future_new();
    weft_future *then = weft_future_then(source, add_one);
    weft_future_free(then);
    end(source, FINISHED);
    assert_int_equal(runs, 1);
    weft_future_free(source);
}

TEST(who_is_given_up_cancels_what_follows)
{
    weft_future *source = weft_future_new();
    weft_future *then = weft_future_then(source, add_one);
    weft_future_free(source);
    assert_ended(then, WEFT_CANCELLED, NULL);
    weft_future_free(then);
}

static void *count_run(void *value)
{
    runs++;
    return value;
}

TEST(a_long_chain_needs_no_stack)
{
    static const enum canned ends[] = {FINISHED, FAILED, CANCELLED};
    for (size_t round = 0; round < 3; round++) {
        weft_future *first = weft_future_new();
        weft_future *last = weft_future_ref(first);
        runs = 0;
        for (int i = 0; i < CHAIN; i++) {
            weft_future *next = weft_future_then(last, count_run);
            weft_future_free(last);
            last = next;
        }
        end(first, ends[round]);
        assert_ended(last, status_of(ends[round]), &forty_two);
        assert_int_equal(runs, ends[round] == FINISHED ? CHAIN : 0);
        weft_future_free(first);
        weft_future_free(last); /* and with it all */
    }
}

/* ---- code that waits in the middle of it --------------------------------------------------- */

struct inside {
    weft_future *promise;
    weft_future *follows;
};

static void *complete_and_wait(void *value)
{
    struct inside *inside = value;
    assert_int_equal(weft_future_set_result(inside->promise, NULL), WEFT_OK);
    assert_int_equal(weft_future_result(inside->follows, NULL), WEFT_OK);
    return NULL;
}

static void *complete_and_wait_in_callback(weft_future *future, void *arg)
{
    (void)future;
    return complete_and_wait(arg);
}

TEST(a_target_may_wait_for_what_it_sets_off)
{
    for (int round = 0; round < 2; round++) {
        struct inside inside = {.promise = weft_future_new()};
        weft_future *source = weft_future_new();
        weft_future *then = NULL;
        if (round == 0) {
            then = weft_future_then(source, complete_and_wait);
        } else { /* a callback of one that is completed by a chain */
            then = weft_future_then(source, give_back);
            assert_int_equal(
                weft_future_add_done_callback(then, complete_and_wait_in_callback, &inside),
                WEFT_OK);
        }
        inside.follows = weft_future_then(inside.promise, give_back);
        assert_int_equal(weft_future_set_result(source, &inside), WEFT_OK);
        assert_true(weft_future_done(then));
        weft_future_free(source);
        weft_future_free(then);
        weft_future_free(inside.promise);
        weft_future_free(inside.follows);
    }
}

/* ---- with an executor ---------------------------------------------------------------------- */

static void *which_thread(void *value)
{
    *(uint32_t *)value = weft_thread_ident(weft_thread_current());
    return value;
}

TEST(an_executor_runs_what_follows)
{
    uint32_t thread = 0;
    struct pool pool;
    pool_open(&pool, 1);
    weft_future *source = weft_future_new();
    weft_future *then = weft_future_then(source, which_thread, .executor = pool_executor(&pool));
    assert_int_equal(weft_future_set_result(source, &thread), WEFT_OK);
    assert_int_equal(weft_future_result(then, NULL), WEFT_OK);
    assert_true(thread > 1);
    weft_future_free(source);
    weft_future_free(then);
    pool_close(&pool);
}

TEST(an_executor_does_not_see_what_is_not_run)
{
    struct pool pool;
    pool_open(&pool, 0);
    weft_future *source = weft_future_new();
    weft_future *passes = weft_future_then(source, add_one, .executor = pool_executor(&pool));
    weft_future *cancelled = weft_future_then(source, add_one, .executor = pool_executor(&pool));
    assert_int_equal(weft_future_cancel(cancelled), WEFT_OK);
    end(source, FAILED);
    assert_ended(passes, WEFT_FAILED, NULL);
    assert_null(pool.first);
    weft_future_free(source);
    weft_future_free(passes);
    weft_future_free(cancelled);
    pool_close(&pool);
}

TEST(an_executor_that_refuses_makes_it_fail)
{
    struct pool pool;
    pool_open(&pool, 0);
    weft_future *source = weft_future_new();
    weft_future *then = weft_future_then(source, add_one, .executor = pool_executor(&pool));
    WEFT_WITH(&pool.changed) {
        pool.closed = true;
    }
    end(source, FINISHED);
    assert_int_equal(weft_future_result(then, NULL), WEFT_FAILED);
    assert_int_equal(weft_future_error(then)->code, WEFT_SHUTDOWN);
    weft_future_free(source);
    weft_future_free(then);
    pool_close(&pool);
}

static void *wait_for_what_follows(void *arg)
{
    struct pool *pool = arg;
    weft_future *child = pool_submit(pool, give_back, &forty_two);
    weft_future *then = weft_future_then(child, add_one, .executor = pool_executor(pool));
    void *value = NULL;
    WITNESS(weft_future_result(then, &value) == WEFT_OK);
    WITNESS(value == (char *)&forty_two + 1);
    weft_future_free(child);
    weft_future_free(then);
    return NULL;
}

/* The only worker waits; neither the source nor what follows it has begun. */
TEST(a_task_runs_the_source_of_what_it_waits_for)
{
    struct pool pool;
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, wait_for_what_follows, &pool);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    weft_future_free(future);
    pool_close(&pool);
    assert_int_equal(atomic_load(&pool.ran_here), 2);
}

static void *wait_for_promise(void *arg)
{
    weft_future *then = arg;
    WITNESS(weft_future_result(then, NULL) == WEFT_OK);
    return NULL;
}

/* The only worker waits already when it is queued. */
TEST(a_task_that_waits_runs_what_is_queued_meanwhile)
{
    for (int i = 0; i < 20; i++) {
        struct pool pool;
        pool_open(&pool, 1);
        weft_future *source = weft_future_new();
        weft_future *then = weft_future_then(source, add_one, .executor = pool_executor(&pool));
        weft_future *future = pool_submit(&pool, wait_for_promise, then);
        if (i % 2 == 0)
            EVENTUALLY(weft_future_waiters(then) == 1);
        else
            EVENTUALLY(weft_future_running(future));
        assert_int_equal(weft_future_set_result(source, &forty_two), WEFT_OK);
        assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
        weft_future_free(source);
        weft_future_free(then);
        weft_future_free(future);
        pool_close(&pool);
    }
}

/* The same with the library's own. */
static void *wait_for_what_follows_there(void *arg)
{
    weft_executor *executor = arg;
    weft_future *child = weft_executor_submit(executor, give_back, &forty_two);
    weft_future *then = weft_future_then(child, add_one, .executor = executor);
    void *value = NULL;
    WITNESS(weft_future_result(then, &value) == WEFT_OK);
    WITNESS(value == (char *)&forty_two + 1);
    weft_future_free(child);
    weft_future_free(then);
    return NULL;
}

static void *wait_there(void *then)
{
    WITNESS(weft_future_result(then, NULL) == WEFT_OK);
    return NULL;
}

TEST(the_librarys_executor_runs_what_follows)
{
    weft_executor *executor = weft_executor_new(.max_workers = 1);
    weft_future *first = weft_executor_submit(executor, wait_for_what_follows_there, executor);
    assert_int_equal(weft_future_result(first, NULL), WEFT_OK);
    weft_future *source = weft_future_new();
    weft_future *then = weft_future_then(source, add_one, .executor = executor);
    weft_future *second = weft_executor_submit(executor, wait_there, then);
    EVENTUALLY(weft_future_waiters(then) == 1);
    assert_int_equal(weft_future_set_result(source, &forty_two), WEFT_OK);
    assert_int_equal(weft_future_result(second, NULL), WEFT_OK);
    weft_future_free(first);
    weft_future_free(second);
    weft_future_free(then);
    weft_future_free(source);
    weft_executor_free(executor);
}

/* ---- all ----------------------------------------------------------------------------------- */

TEST(all_have_an_array_of_their_values)
{
    weft_future *futures[] = {weft_future_new(), canned_future(FINISHED), weft_future_new()};
    weft_future *all = weft_when_all(3, futures);
    int other = 5;
    void *values = NULL;
    assert_int_equal(weft_future_set_result(futures[2], &other), WEFT_OK);
    assert_false(weft_future_done(all));
    assert_int_equal(weft_future_set_result(futures[0], NULL), WEFT_OK);
    assert_int_equal(weft_future_result(all, &values), WEFT_OK);
    assert_null(((void **)values)[0]);
    assert_ptr_equal(((void **)values)[1], &forty_two);
    assert_ptr_equal(((void **)values)[2], &other);
    assert_null(weft_future_origin(all));
    for (size_t i = 0; i < 3; i++)
        weft_future_free(futures[i]);
    weft_future_free(all);
}

TEST(all_wait_for_the_last_whatever_fails)
{
    weft_future *futures[] = {weft_future_new(), weft_future_new(), weft_future_new(),
                              weft_future_new()};
    weft_future *all = weft_when_all(4, futures);
    end(futures[0], CANCELLED);
    assert_int_equal(weft_future_set_error(futures[3], WEFT_USER + 9, "later in order"), WEFT_OK);
    end(futures[2], FAILED);
    assert_false(weft_future_done(all));
    end(futures[1], FINISHED);
    assert_ended(all, WEFT_FAILED, NULL);
    assert_ptr_equal(weft_future_origin(all), futures[2]); /* the first in order that failed */
    for (size_t i = 0; i < 4; i++)
        weft_future_free(futures[i]);
    assert_int_equal(weft_future_error(all)->code, NO_FILE); /* it is lent */
    weft_future_free(all);
}

TEST(all_are_cancelled_if_one_was_and_none_failed)
{
    weft_future *futures[] = {canned_future(FINISHED), canned_future(CANCELLED),
                              canned_future(NOTIFIED)};
    weft_future *all = weft_when_all(3, futures);
    assert_ended(all, WEFT_CANCELLED, NULL);
    assert_ptr_equal(weft_future_origin(all), futures[1]);
    for (size_t i = 0; i < 3; i++)
        weft_future_free(futures[i]);
    weft_future_free(all);
}

TEST(all_of_none_are_done)
{
    weft_future *all = weft_when_all(0, NULL);
    assert_int_equal(weft_future_result(all, NULL), WEFT_OK);
    weft_future_free(all);
}

TEST(cancelled_all_let_their_sources_go)
{
    weft_future *futures[] = {canned_future(FINISHED), weft_future_new()};
    weft_future *all = weft_when_all(2, futures);
    assert_int_equal(weft_future_cancel(all), WEFT_OK);
    assert_int_equal(weft_future_state(futures[1]), WEFT_TASK_PENDING);
    weft_future_free(all);
    end(futures[1], FINISHED);
    weft_future_free(futures[0]);
    weft_future_free(futures[1]);
}

/* ---- any ----------------------------------------------------------------------------------- */

TEST(any_is_what_the_first_one_is)
{
    static const enum canned ends[] = {FINISHED, FAILED, CANCELLED};
    for (size_t i = 0; i < 3; i++) {
        weft_future *futures[] = {weft_future_new(), weft_future_new(), weft_future_new()};
        weft_future *any = weft_when_any(3, futures);
        assert_false(weft_future_done(any));
        end(futures[1], ends[i]);
        assert_ended(any, status_of(ends[i]), &forty_two);
        assert_ptr_equal(weft_future_origin(any), futures[1]);
        end(futures[0], FINISHED);
        assert_ptr_equal(weft_future_origin(any), futures[1]);
        for (size_t k = 0; k < 3; k++)
            weft_future_free(futures[k]);
        assert_int_equal(weft_future_result(any, NULL), status_of(ends[i])); /* it is lent */
        weft_future_free(any);
    }
}

TEST(of_those_that_are_done_any_is_the_first_in_order)
{
    weft_future *futures[] = {weft_future_new(), canned_future(FINISHED), canned_future(FAILED),
                              weft_future_new()};
    weft_future *any = weft_when_any(4, futures);
    assert_ended(any, WEFT_OK, &forty_two);
    assert_ptr_equal(weft_future_origin(any), futures[1]);
    for (size_t i = 0; i < 4; i++)
        weft_future_free(futures[i]);
    weft_future_free(any);
}

TEST(any_of_none_is_refused)
{
    assert_null(weft_when_any(0, NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
}

/* A race that is run again and again against one that never ends: nothing piles up at that. */
TEST(who_has_not_come_first_is_let_go)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    weft_future *never = weft_future_new();
    for (int i = 0; i < 100; i++) {
        weft_future *futures[] = {never, weft_future_new()};
        weft_future *any = weft_when_any(2, futures);
        weft_future *then = weft_future_then(never, add_one);
        if (i % 2 == 0)
            end(futures[1], FINISHED);
        else
            assert_int_equal(weft_future_cancel(any), WEFT_OK);
        assert_int_equal(weft_future_cancel(then), WEFT_OK);
        weft_future_free(then);
        weft_future_free(any);
        weft_future_free(futures[1]);
        assert_int_equal(atomic_load(&memory.blocks), 1);
    }
    weft_future_free(never);
    faulty_memory_end(&memory);
}

/* ---- who owns what ------------------------------------------------------------------------- */

static int freed;

static void count_free(void *value)
{
    (void)value;
    freed++;
}

TEST(a_lent_value_is_freed_once_and_last)
{
    weft_future *source = weft_future_new(.free_value = count_free);
    weft_future *any = weft_when_any(1, &source);
    weft_future *then =
        weft_future_then(any, add_one, .free_value = count_free); /* has a value of its own */
    assert_int_equal(weft_future_set_result(source, &forty_two), WEFT_OK);
    weft_future_free(source);
    assert_int_equal(freed, 0);
    assert_ptr_equal(weft_future_value(any), &forty_two);
    weft_future_free(any);
    assert_int_equal(freed, 0); /* `then` still has it */
    weft_future_free(then);
    assert_int_equal(freed, 2);
}

TEST(misuse_is_refused)
{
    weft_future *future = canned_future(FINISHED);
    weft_future *futures[] = {future, NULL};
    assert_null(weft_future_then(NULL, add_one));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_null(weft_future_then(future, NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_null(weft_future_then(future, add_one, .always = look));
    assert_null(weft_future_then_with(NULL));
    assert_null(weft_future_then_with(&(weft_then_options){.struct_size = 8, .future = future}));
    assert_null(weft_when_all(2, futures));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_null(weft_when_any(2, futures));
    assert_null(weft_when_all(1, NULL));
    assert_null(weft_when_all(SIZE_MAX, NULL));
    assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
    weft_future_free(future);
}

TEST(without_memory_nothing_is_composed)
{
    for (size_t fail_at = 3; fail_at <= 4; fail_at++) {
        struct faulty_memory memory = {.fail_at = fail_at};
        faulty_memory_begin(&memory);
        weft_future *futures[] = {weft_future_new(), weft_future_new()};
        assert_null(weft_when_all(2, futures));
        assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
        end(futures[0], FINISHED);
        weft_future_free(futures[0]);
        weft_future_free(futures[1]);
        faulty_memory_end(&memory);
    }
}
