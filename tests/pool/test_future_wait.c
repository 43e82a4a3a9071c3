/* SPDX-License-Identifier: MIT */
/* Waiting for one future: results, errors, timeouts, interruptions, among others. */
#include "future_help.h"
#include <unistd.h>

#include "primitives/park.h"

/* Starts threads that wait for the future; they wait when it returns. */
static struct crew start_askers(struct asker *askers, size_t count, weft_future *future)
{
    struct crew crew = {0};
    for (size_t i = 0; i < count; i++) {
        askers[i].future = future;
        crew.threads[crew.size++] = weft_thread_spawn(ask, &askers[i]);
        assert_non_null(crew.threads[i]);
    }
    EVENTUALLY(weft_future_waiters(future) == count);
    return crew;
}

TEST(all_who_wait_get_the_result)
{
    struct asker askers[5] = {0};
    weft_future *future = weft_future_new();
    struct crew crew = start_askers(askers, 5, future);
    assert_int_equal(weft_future_set_result(future, &forty_two), WEFT_OK);
    crew_join(&crew);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(askers[i].status, WEFT_OK);
        assert_ptr_equal(askers[i].value, &forty_two);
    }
    weft_future_free(future);
}

TEST(who_waits_goes_on_when_it_is_cancelled)
{
    struct asker asker = {.seconds = 1e6};
    weft_future *future = weft_future_new();
    struct crew crew = start_askers(&asker, 1, future);
    assert_int_equal(weft_future_cancel(future), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(asker.status, WEFT_CANCELLED);
    weft_future_free(future);
}

TEST(who_waits_goes_on_when_it_fails)
{
    struct asker asker = {0};
    weft_future *future = weft_future_new();
    struct crew crew = start_askers(&asker, 1, future);
    assert_int_equal(weft_future_set_running_or_notify_cancel(future), WEFT_OK);
    assert_int_equal(weft_future_waiters(future), 1); /* that alone ends no wait */
    assert_int_equal(weft_future_set_error(future, NO_FILE, "no"), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(asker.status, WEFT_FAILED);
    assert_null(asker.value);
    weft_future_free(future);
}

static void *ask_exception(void *arg)
{
    struct asker *asker = arg;
    const weft_error *error = NULL;
    asker->status = asker->seconds != 0
                        ? weft_future_exception_for(asker->future, &error, asker->seconds)
                        : weft_future_exception(asker->future, &error);
    WITNESS(error == weft_future_error(asker->future));
    return NULL;
}

TEST(who_asks_for_the_exception_waits_too)
{
    struct asker asker = {.future = weft_future_new()};
    for (int i = 0; i < 2; i++) {
        struct crew crew = crew_start(1, ask_exception, &asker);
        EVENTUALLY(weft_future_waiters(asker.future) == 1);
        if (i == 0)
            assert_int_equal(weft_future_set_error(asker.future, NO_FILE, "no"), WEFT_OK);
        else
            assert_int_equal(weft_future_cancel(asker.future), WEFT_OK);
        crew_join(&crew);
        assert_int_equal(asker.status, i == 0 ? WEFT_OK : WEFT_CANCELLED);
        weft_future_free(asker.future);
        asker = (struct asker){.future = weft_future_new(), .seconds = 1e6};
    }
    weft_future_free(asker.future);
}

TEST(a_timeout_is_never_early_and_changes_nothing)
{
    weft_future *future = weft_future_new();
    int64_t start = test_clock();
    void *value = &forty_two;
    assert_int_equal(weft_future_result_for(future, &value, 0.02), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 20000000);
    start = test_clock();
    assert_int_equal(weft_future_result_until(future, &value, weft_now() + 0.02), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 20000000);
    assert_ptr_equal(value, &forty_two);
    assert_int_equal(weft_future_state(future), WEFT_TASK_PENDING);
    assert_int_equal(weft_future_set_result(future, NULL), WEFT_OK);
    assert_int_equal(weft_future_result_for(future, &value, 0), WEFT_OK);
    assert_null(value);
    weft_future_free(future);
}

TEST(an_interruption_ends_the_wait_and_nothing_else)
{
    struct asker asker = {0};
    weft_future *future = weft_future_new();
    struct crew crew = start_askers(&asker, 1, future);
    assert_int_equal(weft_thread_interrupt(crew.threads[0]), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(asker.status, WEFT_INTERRUPTED);
    assert_int_equal(weft_future_state(future), WEFT_TASK_PENDING);
    assert_int_equal(weft_future_waiters(future), 0);
    weft_future_free(future);
}

/* It is for the next wait. */
TEST(a_result_that_is_there_is_not_interrupted)
{
    weft_future *future = canned_future(FINISHED);
    weft_future *pending = weft_future_new();
    assert_int_equal(weft_thread_interrupt(weft_thread_current()), WEFT_OK);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    assert_int_equal(weft_future_result_for(pending, NULL, 1e6), WEFT_INTERRUPTED);
    weft_future_free(future);
    weft_future_free(pending);
}

/* ---- among others -------------------------------------------------------------------------- */

struct choice {
    weft_future *future;
    weft_event event;
    size_t index;
    weft_status status;
};

static void *choose(void *arg)
{
    struct choice *choice = arg;
    weft_waitable either[] = {weft_event_waitable(&choice->event),
                              weft_future_waitable(choice->future)};
    choice->status = weft_wait_any(2, either, &choice->index, WEFT_FOREVER);
    return NULL;
}

TEST(a_future_is_waited_for_among_others)
{
    for (int i = 0; i < 3; i++) {
        struct choice choice = {.future = weft_future_new()};
        struct crew crew = crew_start(1, choose, &choice);
        EVENTUALLY(weft_future_waiters(choice.future) == 1);
        if (i == 0)
            assert_int_equal(weft_future_set_result(choice.future, NULL), WEFT_OK);
        else if (i == 1)
            assert_int_equal(weft_future_cancel(choice.future), WEFT_OK);
        else
            assert_int_equal(weft_event_set(&choice.event), WEFT_OK);
        crew_join(&crew);
        assert_int_equal(choice.status, WEFT_OK);
        assert_int_equal(choice.index, i < 2);
        assert_int_equal(weft_future_waiters(choice.future), 0);
        weft_future_free(choice.future);
    }
}

TEST(a_future_that_is_done_is_ready)
{
    FOR_EACH_STATE({
        weft_waitable waitable = weft_future_waitable(future);
        size_t index = 7;
        for (int i = 0; i < 2; i++) /* nothing is taken */
            assert_int_equal(weft_wait_any(1, &waitable, &index, 0),
                             (state & DONE) != 0 ? WEFT_OK : WEFT_TIMEOUT);
        assert_int_equal(index, (state & DONE) != 0 ? 0 : 7);
    });
    weft_waitable nobody = weft_future_waitable(NULL);
    assert_int_equal(weft_wait_any(1, &nobody, NULL, 0), WEFT_VALUE_ERROR);
}

/* ---- seen from outside --------------------------------------------------------------------- */

TEST(a_dump_says_that_a_thread_waits_for_a_future)
{
    struct asker asker = {0};
    char text[4096] = "";
    int ends[2];
    weft_future *future = weft_future_new();
    struct crew crew = start_askers(&asker, 1, future);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(weft_dump(ends[1]), WEFT_OK);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    assert_non_null(strstr(text, "for a future at 0x"));
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(weft_future_set_result(future, NULL), WEFT_OK);
    crew_join(&crew);
    weft_future_free(future);
}
