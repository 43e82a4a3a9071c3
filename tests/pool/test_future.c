/* SPDX-License-Identifier: MIT */
/*
 * One future in each state, every call on each; the cases of CPython's test_future.py. Callbacks have
 * a file of their own, and so have waits.
 */
#include "faulty_memory.h"
#include "future_help.h"

#include <math.h>

#include "platform/atomic.h"

TEST(each_query_knows_each_state)
{
    static const weft_task_state states[] = {
        [PENDING] = WEFT_TASK_PENDING,     [RUNNING] = WEFT_TASK_RUNNING,
        [CANCELLED] = WEFT_TASK_CANCELLED, [NOTIFIED] = WEFT_TASK_CANCELLED_AND_NOTIFIED,
        [FAILED] = WEFT_TASK_FINISHED,     [FINISHED] = WEFT_TASK_FINISHED};
    FOR_EACH_STATE({
        assert_int_equal(weft_future_state(future), states[state]);
        assert_int_equal(weft_future_done(future), (state & DONE) != 0);
        assert_int_equal(weft_future_running(future), state == RUNNING);
        assert_int_equal(weft_future_cancelled(future), (state & (CANCELLED | NOTIFIED)) != 0);
        assert_ptr_equal(weft_future_value(future), state == FINISHED ? &forty_two : NULL);
        assert_int_equal(weft_future_error(future) != NULL, state == FAILED);
        assert_ptr_equal(weft_future_tag(future), &forty_two);
        assert_int_equal(weft_future_waiters(future), 0);
        assert_null(weft_future_origin(future));
    });
}

TEST(the_states_have_pythons_words)
{
    assert_string_equal(weft_task_state_name(WEFT_TASK_PENDING), "pending");
    assert_string_equal(weft_task_state_name(WEFT_TASK_RUNNING), "running");
    assert_string_equal(weft_task_state_name(WEFT_TASK_CANCELLED), "cancelled");
    assert_string_equal(weft_task_state_name(WEFT_TASK_CANCELLED_AND_NOTIFIED), "cancelled");
    assert_string_equal(weft_task_state_name(WEFT_TASK_FINISHED), "finished");
    assert_string_equal(weft_task_state_name((weft_task_state)5), "unknown");
}

TEST(what_has_not_been_started_is_cancelled)
{
    FOR_EACH_STATE({
        bool stays = (state & (RUNNING | FAILED | FINISHED)) != 0;
        weft_task_state before = weft_future_state(future);
        assert_int_equal(weft_future_cancel(future), stays ? WEFT_RUNTIME : WEFT_OK);
        assert_int_equal(weft_future_state(future),
                         state == PENDING ? WEFT_TASK_CANCELLED : before);
        assert_int_equal(weft_future_cancelled(future), !stays);
    });
}

/* The program runs this one: it would have to ask itself. */
TEST(what_the_program_runs_is_not_asked_to_end)
{
    FOR_EACH_STATE({
        bool stays = (state & (RUNNING | FAILED | FINISHED)) != 0;
        assert_int_equal(weft_future_request_cancel(future), stays ? WEFT_RUNTIME : WEFT_OK);
    });
    assert_false(weft_cancel_requested());
    assert_null(weft_future_current());
}

TEST(a_result_is_asked_without_waiting)
{
    static const weft_status expected[] = {
        [PENDING] = WEFT_TIMEOUT,    [RUNNING] = WEFT_TIMEOUT, [CANCELLED] = WEFT_CANCELLED,
        [NOTIFIED] = WEFT_CANCELLED, [FAILED] = WEFT_FAILED,   [FINISHED] = WEFT_OK};
    uint64_t parks = weft_park_count();
    FOR_EACH_STATE({
        void *value = NULL;
        assert_int_equal(weft_future_result_for(future, &value, 0), expected[state]);
        assert_ptr_equal(value, state == FINISHED ? &forty_two : NULL);
        assert_int_equal(weft_future_result_until(future, NULL, weft_now() - 1), expected[state]);
        if (state & DONE)
            assert_int_equal(weft_future_result(future, &value), expected[state]);
    });
    assert_int_equal(weft_park_count(), parks);
}

TEST(an_exception_is_asked_without_waiting)
{
    static const weft_status expected[] = {
        [PENDING] = WEFT_TIMEOUT,    [RUNNING] = WEFT_TIMEOUT, [CANCELLED] = WEFT_CANCELLED,
        [NOTIFIED] = WEFT_CANCELLED, [FAILED] = WEFT_OK,       [FINISHED] = WEFT_OK};
    FOR_EACH_STATE({
        const weft_error untouched = {0};
        const weft_error *error = &untouched;
        assert_int_equal(weft_future_exception_for(future, &error, 0), expected[state]);
        if (expected[state] != WEFT_OK)
            assert_ptr_equal(error, &untouched);
        else
            assert_ptr_equal(error, weft_future_error(future));
        if (state & DONE)
            assert_int_equal(weft_future_exception(future, NULL), expected[state]);
    });
}

TEST(an_error_says_what_and_where)
{
    weft_future *future = weft_future_new();
    assert_int_equal(weft_future_set_error(future, NO_FILE, "no %s", "file"), WEFT_OK);
    int line = __LINE__ - 1;
    const weft_error *error = weft_future_error(future);
    assert_int_equal(error->code, NO_FILE);
    assert_string_equal(error->message, "no file");
    assert_int_equal(error->line, line);
    assert_non_null(strstr(error->file, "test_future.c"));
    assert_null(weft_last_error()); /* it is the future's now */
    weft_future_free(future);
}

TEST(a_value_is_lent_as_often_as_asked)
{
    weft_future *future = canned_future(FINISHED);
    for (int i = 0; i < 3; i++) {
        void *value = NULL;
        assert_int_equal(weft_future_result(future, &value), WEFT_OK);
        assert_ptr_equal(value, &forty_two);
    }
    weft_future_free(future);
}

TEST(a_result_is_set_once)
{
    FOR_EACH_STATE({
        bool open = (state & (PENDING | RUNNING)) != 0;
        int other = 5;
        assert_int_equal(weft_future_set_result(future, &other),
                         open ? WEFT_OK : WEFT_INVALID_STATE);
        assert_ptr_equal(weft_future_value(future), open                ? &other
                                                    : state == FINISHED ? &forty_two
                                                                        : NULL);
        assert_int_equal(weft_future_error(future) != NULL, state == FAILED);
    });
}

TEST(an_error_is_set_once)
{
    FOR_EACH_STATE({
        bool open = (state & (PENDING | RUNNING)) != 0;
        assert_int_equal(weft_future_set_error(future, WEFT_USER + 9, "late"),
                         open ? WEFT_OK : WEFT_INVALID_STATE);
        if (open)
            assert_int_equal(weft_future_error(future)->code, WEFT_USER + 9);
        else if (state == FAILED)
            assert_int_equal(weft_future_error(future)->code, NO_FILE);
        else
            assert_null(weft_future_error(future));
        assert_null(weft_last_error()); /* what was refused is dropped */
    });
}

TEST(work_is_begun_once)
{
    static const weft_status expected[] = {
        [PENDING] = WEFT_OK,       [RUNNING] = WEFT_RUNTIME, [CANCELLED] = WEFT_CANCELLED,
        [NOTIFIED] = WEFT_RUNTIME, [FAILED] = WEFT_RUNTIME,  [FINISHED] = WEFT_RUNTIME};
    FOR_EACH_STATE({
        assert_int_equal(weft_future_set_running_or_notify_cancel(future), expected[state]);
        if (state == PENDING)
            assert_true(weft_future_running(future));
        if (state == CANCELLED)
            assert_int_equal(weft_future_state(future), WEFT_TASK_CANCELLED_AND_NOTIFIED);
    });
}

TEST(an_executors_future_is_not_the_programs_to_complete)
{
    struct pool pool;
    pool_open(&pool, 0);
    weft_future *future = pool_submit(&pool, give_back, &forty_two);
    assert_int_equal(weft_future_set_result(future, NULL), WEFT_RUNTIME);
    assert_int_equal(weft_future_set_error(future, WEFT_USER, "no"), WEFT_RUNTIME);
    assert_int_equal(weft_future_set_running_or_notify_cancel(future), WEFT_RUNTIME);
    assert_int_equal(weft_future_state(future), WEFT_TASK_PENDING);
    weft_future *after = weft_future_then(future, give_back);
    assert_int_equal(weft_future_set_result(after, NULL), WEFT_RUNTIME);
    weft_future_free(after);
    assert_int_equal(weft_future_cancel(future), WEFT_OK);
    assert_int_equal(weft_future_state(future), WEFT_TASK_CANCELLED_AND_NOTIFIED);
    weft_future_free(future);
    pool_close(&pool);
}

TEST(the_tag_is_the_programs)
{
    weft_future *future = weft_future_new();
    assert_null(weft_future_tag(future));
    assert_int_equal(weft_future_set_tag(future, &forty_two), WEFT_OK);
    assert_ptr_equal(weft_future_tag(future), &forty_two);
    weft_future_free(future);
}

TEST(nobody_is_a_value_error)
{
    weft_future_free(NULL);
    assert_null(weft_future_ref(NULL));
    assert_null(weft_future_new_with(NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_null(weft_future_new_with(&(weft_future_options){.struct_size = 1}));
    assert_int_equal(weft_future_cancel(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_future_request_cancel(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_future_result(NULL, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_future_exception(NULL, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_future_set_result(NULL, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_future_set_error(NULL, WEFT_USER, "lost"), WEFT_VALUE_ERROR);
    assert_null(weft_last_error());
    assert_int_equal(weft_future_set_running_or_notify_cancel(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_future_set_tag(NULL, NULL), WEFT_VALUE_ERROR);
    assert_null(weft_future_tag(NULL));
    assert_null(weft_future_value(NULL));
    assert_null(weft_future_error(NULL));
    assert_null(weft_future_origin(NULL));
    assert_false(weft_future_done(NULL));
    assert_int_equal(weft_future_state(NULL), WEFT_TASK_PENDING);
    assert_int_equal(weft_future_waiters(NULL), 0);
}

TEST(a_timeout_that_is_no_number_is_refused)
{
    FOR_EACH_STATE({
        assert_int_equal(weft_future_result_for(future, NULL, NAN), WEFT_VALUE_ERROR);
        assert_int_equal(weft_future_result_until(future, NULL, NAN), WEFT_VALUE_ERROR);
        assert_int_equal(weft_future_exception_for(future, NULL, NAN), WEFT_VALUE_ERROR);
    });
}

/* An older program knows fewer options, a newer one more. */
TEST(options_of_another_version_are_understood)
{
    const weft_future_options old = {.struct_size = offsetof(weft_future_options, tag),
                                     .tag = &forty_two};
    weft_future *future = weft_future_new_with(&old);
    assert_null(weft_future_tag(future));
    weft_future_free(future);
    const struct {
        weft_future_options options;
        int more;
    } new = {{.struct_size = sizeof new, .tag = &forty_two}, 5};
    future = weft_future_new_with(&new.options);
    assert_ptr_equal(weft_future_tag(future), &forty_two);
    weft_future_free(future);
}

/* ---- who owns what ------------------------------------------------------------------------- */

static int freed;

static void count_free(void *value)
{
    assert_ptr_equal(value, &forty_two);
    freed++;
}

TEST(a_value_of_the_futures_is_freed_with_the_last_handle)
{
    weft_future *future = weft_future_new(.free_value = count_free);
    assert_int_equal(weft_future_set_result(future, &forty_two), WEFT_OK);
    assert_ptr_equal(weft_future_ref(future), future);
    weft_future_free(future);
    assert_int_equal(freed, 0);
    assert_ptr_equal(weft_future_value(future), &forty_two);
    weft_future_free(future);
    assert_int_equal(freed, 1);
}

TEST(only_a_value_that_is_there_is_freed)
{
    weft_future *none = weft_future_new(.free_value = count_free);
    assert_int_equal(weft_future_set_result(none, NULL), WEFT_OK);
    weft_future_free(none);
    weft_future *cancelled = weft_future_new(.free_value = count_free);
    assert_int_equal(weft_future_cancel(cancelled), WEFT_OK);
    assert_int_equal(weft_future_set_result(cancelled, &forty_two), WEFT_INVALID_STATE);
    weft_future_free(cancelled);
    weft_future *failed = weft_future_new(.free_value = count_free);
    assert_int_equal(weft_future_set_error(failed, WEFT_USER, "no"), WEFT_OK);
    weft_future_free(failed);
    assert_int_equal(freed, 0);
}

TEST(nothing_is_left_of_any_state)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    FOR_EACH_STATE(assert_int_equal(atomic_load(&memory.blocks), state == FAILED ? 2 : 1));
    faulty_memory_end(&memory);
}

TEST(without_memory_there_is_no_future)
{
    struct faulty_memory memory = {.fail_at = 1};
    faulty_memory_begin(&memory);
    assert_null(weft_future_new());
    assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
    faulty_memory_end(&memory);
}

TEST(without_memory_an_error_says_so)
{
    struct faulty_memory memory = {.fail_at = 2};
    faulty_memory_begin(&memory);
    weft_future *future = weft_future_new();
    assert_int_equal(weft_future_set_error(future, NO_FILE, "no file"), WEFT_OK);
    assert_int_equal(weft_future_error(future)->code, WEFT_NO_MEMORY);
    weft_future_free(future);
    faulty_memory_end(&memory);
}

/* Its taker may free it as soon as it is seen done; the other thread is still inside. */
static void *take_and_free(void *arg)
{
    weft_future *future = arg;
    WITNESS(weft_future_result(future, NULL) == WEFT_OK);
    weft_future_free(future);
    return NULL;
}

TEST(one_reference_is_enough_for_giver_and_taker)
{
    for (int i = 0; i < 200; i++) {
        weft_future *future = weft_future_new();
        struct crew crew = crew_start(1, take_and_free, future);
        assert_int_equal(weft_future_set_result(future, NULL), WEFT_OK);
        crew_join(&crew);
    }
}
