/* SPDX-License-Identifier: MIT */
/* Errors: what a target raises travels to who joins, is told in full, and leaves nothing behind. */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "faulty_memory.h"

enum { CODE = WEFT_USER + 7 };

static void no_hook(struct weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    (void)error;
    (void)arg;
}

/* Runs a target in a thread of this name; the handle of the ended thread. */
static weft_thread *run(weft_target *target, void *arg, weft_status expected)
{
    weft_set_excepthook(no_hook, NULL);
    weft_thread *thread = weft_thread_spawn(target, arg, .name = "parser");
    assert_non_null(thread);
    assert_int_equal(weft_thread_join(thread), expected);
    return thread;
}

static int line_of_raise;

static char text_x[] = "x";

static void *go_wrong(void *arg)
{
    line_of_raise = __LINE__ + 1;
    return weft_raise(CODE, "cannot parse %s (%d)", (const char *)arg, 5);
}

TEST(a_raised_error_travels_to_who_joins)
{
    char what[] = "a.txt";
    weft_thread *thread = run(go_wrong, what, WEFT_FAILED);
    const weft_error *error = weft_thread_error(thread);
    assert_non_null(error);
    what[0] = 'b';
    assert_string_equal(error->message, "cannot parse a.txt (5)");
    assert_int_equal(error->code, CODE);
    assert_string_equal(error->file, __FILE__);
    assert_int_equal(error->line, line_of_raise);
    assert_string_equal(error->thread_name, "parser");
    assert_null(weft_thread_value(thread));
    assert_int_equal(weft_thread_join(thread), WEFT_FAILED);
    assert_int_equal(weft_thread_join_for(thread, 0), WEFT_FAILED);
    assert_int_equal(weft_thread_join_until(thread, weft_now() + 1), WEFT_FAILED);
    assert_ptr_equal(weft_thread_error(thread), error);
    weft_thread_free(thread);
}

static void *raise_text(void *arg)
{
    return weft_raise_text(WEFT_TIMEOUT, arg);
}

TEST(a_text_is_raised_as_it_stands)
{
    char text[] = "100 %s of it";
    weft_thread *thread = run(raise_text, text, WEFT_FAILED);
    assert_string_equal(weft_thread_error(thread)->message, "100 %s of it");
    assert_int_equal(weft_thread_error(thread)->code, WEFT_TIMEOUT);
    weft_thread_free(thread);
}

TEST(without_a_text_the_message_is_the_codes_sentence)
{
    weft_thread *thread = run(raise_text, NULL, WEFT_FAILED);
    assert_string_equal(weft_thread_error(thread)->message, weft_strerror(WEFT_TIMEOUT));
    weft_thread_free(thread);
}

static void *raise_ok(void *arg)
{
    return weft_raise_text_at(NULL, 0, WEFT_OK, arg);
}

TEST(success_is_no_code_to_raise)
{
    weft_thread *thread = run(raise_ok, NULL, WEFT_FAILED);
    assert_int_equal(weft_thread_error(thread)->code, WEFT_FAILED);
    assert_string_equal(weft_thread_error(thread)->file, "");
    weft_thread_free(thread);
}

static void *raise_long(void *arg)
{
    const char *text = arg;
    return weft_raise(CODE, "%s|%s", text, text);
}

TEST(a_message_of_any_length_is_whole)
{
    enum { LENGTH = 300000 };
    char *text = malloc(LENGTH + 1);
    char *both = malloc(2 * LENGTH + 2);
    memset(text, 'x', LENGTH);
    text[LENGTH] = '\0';
    snprintf(both, 2 * LENGTH + 2, "%s|%s", text, text);
    weft_thread *thread = run(raise_long, text, WEFT_FAILED);
    assert_string_equal(weft_thread_error(thread)->message, both);
    weft_thread_free(thread);
    free(text);
    free(both);
}

static void *raise_and_recover(void *arg)
{
    (void)weft_raise(CODE, "not so bad");
    WITNESS(weft_last_error()->code == CODE);
    return arg;
}

TEST(an_error_that_is_not_returned_fails_nothing_and_leaves_nothing)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    weft_thread *thread = run(raise_and_recover, &memory, WEFT_OK);
    assert_ptr_equal(weft_thread_value(thread), &memory);
    assert_null(weft_thread_error(thread));
    assert_int_equal(atomic_load(&memory.blocks), 1); /* the handle */
    weft_thread_free(thread);
    faulty_memory_end(&memory);
}

static void *raise_twice(void *arg)
{
    (void)arg;
    (void)weft_raise(CODE, "the first");
    return weft_raise(CODE + 1, "after %s", weft_last_error()->message);
}

TEST(a_second_error_replaces_the_first_and_may_quote_it)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    weft_thread *thread = run(raise_twice, NULL, WEFT_FAILED);
    assert_string_equal(weft_thread_error(thread)->message, "after the first");
    assert_int_equal(weft_thread_error(thread)->code, CODE + 1);
    weft_thread_free(thread);
    faulty_memory_end(&memory);
}

TEST(an_error_nobody_asks_for_leaves_nothing)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    weft_set_excepthook(no_hook, NULL);
    weft_thread_free(weft_thread_spawn(go_wrong, text_x));
    EVENTUALLY(atomic_load(&memory.calls) == 2 && atomic_load(&memory.blocks) == 0);
    faulty_memory_end(&memory);
}

TEST(without_memory_the_target_has_failed_all_the_same)
{
    struct faulty_memory memory = {.fail_at = 2}; /* 1 is the handle */
    faulty_memory_begin(&memory);
    weft_thread *thread = run(go_wrong, text_x, WEFT_FAILED);
    const weft_error *error = weft_thread_error(thread);
    assert_int_equal(error->code, WEFT_NO_MEMORY);
    assert_non_null(strstr(error->message, "out of memory"));
    assert_string_equal(error->file, "");
    assert_string_equal(error->thread_name, "");
    assert_int_equal(error->line, 0);
    weft_thread_free(thread);
    faulty_memory_end(&memory);
}

static void *raise_text_without_memory(void *arg)
{
    (void)arg;
    return weft_raise_text(CODE, "nobody has room for this");
}

TEST(without_memory_a_text_is_lost_too)
{
    struct faulty_memory memory = {.fail_at = 2};
    faulty_memory_begin(&memory);
    weft_thread *thread = run(raise_text_without_memory, NULL, WEFT_FAILED);
    assert_int_equal(weft_thread_error(thread)->code, WEFT_NO_MEMORY);
    weft_thread_free(thread);
    faulty_memory_end(&memory);
}

TEST(without_a_format_the_message_is_the_codes_sentence)
{
    assert_ptr_equal(weft_raise_at("bank.c", 7, WEFT_TIMEOUT, NULL), WEFT_RAISED);
    assert_string_equal(weft_last_error()->message, weft_strerror(WEFT_TIMEOUT));
    assert_string_equal(weft_last_error()->file, "bank.c");
    assert_int_equal(weft_last_error()->line, 7);
}

TEST(what_printf_cannot_print_is_raised_as_it_stands)
{
    const wchar_t surrogate[] = {0xDC80, 0}; /* no character, in no encoding */
    assert_ptr_equal(weft_raise(CODE, "cannot parse %ls", surrogate), WEFT_RAISED);
    assert_string_equal(weft_last_error()->message, "cannot parse %ls");
    assert_int_equal(weft_last_error()->code, CODE);
}

static void *return_raised(void *arg)
{
    (void)arg;
    return WEFT_RAISED;
}

TEST(to_return_raised_without_a_raise_is_a_failure_too)
{
    weft_thread *thread = run(return_raised, NULL, WEFT_FAILED);
    assert_int_equal(weft_thread_error(thread)->code, WEFT_FAILED);
    assert_true(strlen(weft_thread_error(thread)->message) > 0);
    weft_thread_free(thread);
}

static atomic_int freed;

static void count_free(void *value)
{
    (void)value;
    atomic_fetch_add(&freed, 1);
}

TEST(a_failed_thread_has_no_value_to_free)
{
    weft_set_excepthook(no_hook, NULL);
    weft_thread *thread = weft_thread_spawn(return_raised, NULL, .free_value = count_free);
    assert_int_equal(weft_thread_join(thread), WEFT_FAILED);
    weft_thread_free(thread);
    assert_int_equal(atomic_load(&freed), 0);
}

static void *raise_and_exit(void *arg)
{
    (void)weft_raise(CODE, "lost");
    pthread_exit(arg);
}

TEST(a_thread_left_by_pthread_exit_has_not_failed_and_leaves_nothing)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    weft_thread_free(run(raise_and_exit, &memory, WEFT_OK));
    faulty_memory_end(&memory);
}

static void *raise_outside(void *arg)
{
    (void)arg;
    WITNESS(weft_raise(CODE, "in a foreign thread") == WEFT_RAISED);
    WITNESS(weft_last_error() != NULL);
    return NULL;
}

TEST(a_foreign_threads_error_goes_with_it)
{
    struct faulty_memory memory = {.fail_at = 0};
    pthread_t thread;
    faulty_memory_begin(&memory);
    assert_int_equal(pthread_create(&thread, NULL, raise_outside, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(atomic_load(&memory.calls), 1);
    faulty_memory_end(&memory);
}

static pthread_key_t key;

static void raise_late(void *arg)
{
    static _Thread_local int rounds;
    if (++rounds < 3) /* after the library's own destructor, in any order of keys */
        pthread_setspecific(key, arg);
    else
        WITNESS(weft_raise(CODE, "too late") == WEFT_RAISED);
}

static void *arm_late_raise(void *arg)
{
    pthread_setspecific(key, arg);
    return arg;
}

TEST(an_error_raised_by_a_destructor_leaves_nothing)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    assert_int_equal(pthread_key_create(&key, raise_late), 0);
    weft_thread_free(run(arm_late_raise, &memory, WEFT_OK));
    faulty_memory_end(&memory);
}

TEST(raised_is_what_nothing_else_returns)
{
    assert_non_null(WEFT_RAISED);
    assert_ptr_equal(WEFT_RAISED, WEFT_RAISED);
    assert_null(weft_last_error());
    assert_ptr_equal(weft_raise(CODE, "x"), WEFT_RAISED);
    assert_string_equal(weft_last_error()->thread_name, "MainThread");
    assert_null(weft_thread_error(weft_thread_main()));
    assert_null(weft_thread_error(NULL));
}

static void *wait_for_gate(void *gate)
{
    while (!atomic_load((atomic_bool *)gate))
        test_yield();
    return weft_raise(CODE, "at last");
}

TEST(there_is_no_error_before_the_end)
{
    atomic_bool gate = false;
    weft_set_excepthook(no_hook, NULL);
    weft_thread *thread = weft_thread_spawn(wait_for_gate, &gate);
    assert_null(weft_thread_error(thread));
    atomic_store(&gate, true);
    assert_int_equal(weft_thread_join(thread), WEFT_FAILED);
    assert_string_equal(weft_thread_error(thread)->message, "at last");
    weft_thread_free(thread);
}
