/* SPDX-License-Identifier: MIT */
/* Callbacks: called once, in order, in any outcome, without locks; whatever they do. */
#include "faulty_memory.h"
#include "future_help.h"

#include "pool/hooks.h"

/* What callbacks have seen. */
struct notes {
    int calls;
    char order[16];
    weft_future *future;
    void *value;
    weft_status error;
    bool cancelled;
    uint32_t thread;
};

static void *note(weft_future *future, void *arg)
{
    struct notes *notes = arg;
    notes->calls++;
    notes->future = future;
    notes->value = weft_future_value(future);
    notes->error = weft_future_error(future) != NULL ? weft_future_error(future)->code : WEFT_OK;
    notes->cancelled = weft_future_cancelled(future);
    notes->thread = weft_thread_ident(weft_thread_current());
    return NULL;
}

static void add(weft_future *future, weft_continuation *callback, void *arg)
{
    assert_int_equal(weft_future_add_done_callback(future, callback, arg), WEFT_OK);
}

TEST(a_callback_sees_a_result)
{
    struct notes notes = {0};
    weft_future *future = weft_future_new();
    add(future, note, &notes);
    assert_int_equal(notes.calls, 0);
    assert_int_equal(weft_future_set_result(future, &forty_two), WEFT_OK);
    assert_int_equal(notes.calls, 1);
    assert_ptr_equal(notes.future, future);
    assert_ptr_equal(notes.value, &forty_two);
    weft_future_free(future);
}

TEST(a_callback_sees_an_error)
{
    struct notes notes = {0};
    weft_future *future = weft_future_new();
    add(future, note, &notes);
    assert_int_equal(weft_future_set_error(future, NO_FILE, "no"), WEFT_OK);
    assert_int_equal(notes.calls, 1);
    assert_int_equal(notes.error, NO_FILE);
    weft_future_free(future);
}

TEST(a_callback_sees_a_cancellation_at_once)
{
    struct notes notes = {0};
    weft_future *future = weft_future_new();
    add(future, note, &notes);
    assert_int_equal(weft_future_cancel(future), WEFT_OK);
    assert_int_equal(notes.calls, 1);
    assert_true(notes.cancelled);
    assert_int_equal(weft_future_cancel(future), WEFT_OK);
    assert_int_equal(weft_future_set_running_or_notify_cancel(future), WEFT_CANCELLED);
    assert_int_equal(notes.calls, 1);
    weft_future_free(future);
}

TEST(when_it_is_done_a_callback_is_called_at_once)
{
    struct notes notes; /* those that are not done call theirs when they are given up */
    FOR_EACH_STATE({
        notes = (struct notes){0};
        add(future, note, &notes);
        assert_int_equal(notes.calls, (state & DONE) != 0);
        assert_ptr_equal(notes.value, state == FINISHED ? &forty_two : NULL);
        assert_int_equal(notes.error, state == FAILED ? (int)NO_FILE : WEFT_OK);
        assert_int_equal(notes.cancelled, (state & (CANCELLED | NOTIFIED)) != 0);
    });
}

struct letter {
    struct notes *notes;
    char letter;
};

static void *append_letter(weft_future *future, void *arg)
{
    const struct letter *letter = arg;
    (void)future;
    strncat(letter->notes->order, &letter->letter, 1);
    return NULL;
}

TEST(callbacks_are_called_in_the_order_of_adding)
{
    struct notes notes = {0};
    struct letter letters[] = {{&notes, 'a'}, {&notes, 'b'}, {&notes, 'c'}, {&notes, 'd'}};
    weft_future *future = weft_future_new();
    for (size_t i = 0; i < 4; i++)
        add(future, append_letter, &letters[i]);
    assert_int_equal(weft_future_set_result(future, NULL), WEFT_OK);
    assert_string_equal(notes.order, "abcd");
    weft_future_free(future);
}

/* ---- a callback that fails ----------------------------------------------------------------- */

static char hooked[64];

static void note_failure(struct weft_thread *thread, const weft_error *error, void *arg)
{
    assert_ptr_equal(thread, weft_thread_current());
    assert_ptr_equal(arg, &forty_two);
    strncat(hooked, error->message, sizeof hooked - strlen(hooked) - 1);
}

static void *fail_callback(weft_future *future, void *arg)
{
    (void)future;
    (void)arg;
    return weft_raise(WEFT_USER, "doh!");
}

TEST(a_failing_callback_harms_no_one)
{
    struct notes notes = {0};
    weft_future *future = weft_future_new();
    assert_non_null(weft_thread_current());
    weft_set_excepthook(note_failure, &forty_two);
    add(future, fail_callback, NULL);
    add(future, note, &notes);
    assert_int_equal(weft_future_set_result(future, &forty_two), WEFT_OK);
    assert_int_equal(notes.calls, 1);
    assert_string_equal(hooked, "doh!");
    add(future, fail_callback, NULL); /* it is done already */
    assert_string_equal(hooked, "doh!doh!");
    void *value;
    assert_int_equal(weft_future_result(future, &value), WEFT_OK);
    assert_null(weft_last_error());
    weft_future_free(future);
    weft_set_excepthook(NULL, NULL);
}

/* What was raised before, and is on its way, stays. */
TEST(a_callback_leaves_its_threads_error_alone)
{
    struct notes notes = {0};
    weft_future *future = weft_future_new();
    add(future, note, &notes);
    (void)weft_raise(WEFT_USER + 3, "mine");
    assert_int_equal(weft_future_set_result(future, NULL), WEFT_OK);
    assert_int_equal(weft_last_error()->code, WEFT_USER + 3);
    weft_future_free(future);
}

/* ---- what callbacks may do ----------------------------------------------------------------- */

static void *add_another(weft_future *future, void *arg)
{
    struct notes *notes = arg;
    add(future, note, notes);
    assert_int_equal(notes->calls, 1); /* it is done: at once */
    return NULL;
}

TEST(a_callback_may_add_a_callback)
{
    struct notes notes = {0};
    weft_future *future = weft_future_new();
    add(future, add_another, &notes);
    assert_int_equal(weft_future_set_result(future, NULL), WEFT_OK);
    assert_int_equal(notes.calls, 1);
    weft_future_free(future);
}

static void *complete_other(weft_future *future, void *arg)
{
    assert_int_equal(weft_future_set_result(arg, weft_future_value(future)), WEFT_OK);
    return NULL;
}

TEST(a_callback_may_complete_another_future)
{
    struct notes notes = {0};
    weft_future *first = weft_future_new();
    weft_future *second = weft_future_new();
    add(first, complete_other, second);
    add(second, note, &notes);
    assert_int_equal(weft_future_set_result(first, &forty_two), WEFT_OK);
    assert_int_equal(notes.calls, 1);
    assert_ptr_equal(weft_future_value(second), &forty_two);
    weft_future_free(first);
    weft_future_free(second);
}

static void *free_it(weft_future *future, void *arg)
{
    (void)arg;
    weft_future_free(future);
    return NULL;
}

/* The completing thread still looks for more of them then. */
TEST(a_callback_may_free_the_programs_only_reference)
{
    weft_future *future = weft_future_new();
    add(future, free_it, NULL);
    assert_int_equal(weft_future_set_result(future, NULL), WEFT_OK);
    future = weft_future_new();
    add(future, free_it, NULL);
    assert_int_equal(weft_future_cancel(future), WEFT_OK);
}

static void *look_for_lock(weft_future *future, void *arg)
{
    (void)arg;
    wefti_hooks_lock(); /* would wait for ever */
    wefti_hooks_unlock();
    return future;
}

TEST(callbacks_are_called_without_locks)
{
    weft_future *future = weft_future_new();
    add(future, look_for_lock, NULL);
    assert_int_equal(weft_future_set_result(future, NULL), WEFT_OK);
    weft_future_free(future);
}

/* ---- who is left alone --------------------------------------------------------------------- */

TEST(who_gives_up_a_future_that_nobody_completes_cancels_it)
{
    struct notes notes = {0};
    weft_future *pending = weft_future_new();
    add(pending, note, &notes);
    weft_future_free(pending);
    assert_int_equal(notes.calls, 1);
    assert_true(notes.cancelled);
    weft_future *running = canned_future(RUNNING);
    add(running, note, &notes);
    weft_future_free(running);
    assert_int_equal(notes.calls, 2);
    assert_true(notes.cancelled);
}

static void *keep(weft_future *future, void *arg)
{
    *(weft_future **)arg = weft_future_ref(future);
    return NULL;
}

TEST(a_callback_may_keep_what_was_given_up)
{
    weft_future *kept = NULL;
    weft_future *future = weft_future_new();
    add(future, keep, &kept);
    weft_future_free(future);
    assert_ptr_equal(kept, future);
    assert_int_equal(weft_future_result(kept, NULL), WEFT_CANCELLED);
    weft_future_free(kept);
}

TEST(callbacks_of_a_task_are_called_in_its_thread)
{
    struct notes notes = {0};
    struct gate gate = {0};
    struct pool pool;
    pool_open(&pool, 1);
    weft_future *future = pool_occupy(&pool, &gate);
    add(future, note, &notes);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    weft_future_free(future);
    pool_close(&pool);
    assert_int_equal(notes.calls, 1);
    assert_true(notes.thread > 1);
}

TEST(a_callback_without_memory_is_refused)
{
    struct notes notes = {0};
    struct faulty_memory memory = {.fail_at = 2};
    faulty_memory_begin(&memory);
    weft_future *future = weft_future_new();
    assert_int_equal(weft_future_add_done_callback(future, note, &notes), WEFT_NO_MEMORY);
    assert_int_equal(weft_future_set_result(future, NULL), WEFT_OK);
    assert_int_equal(notes.calls, 0);
    add(future, note, &notes); /* called at once, it needs none */
    assert_int_equal(notes.calls, 1);
    weft_future_free(future);
    faulty_memory_end(&memory);
}

TEST(no_callback_and_no_future_are_refused)
{
    weft_future *future = weft_future_new();
    assert_int_equal(weft_future_add_done_callback(NULL, note, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_future_add_done_callback(future, NULL, NULL), WEFT_VALUE_ERROR);
    weft_future_free(future);
}
