/* SPDX-License-Identifier: MIT */
/* The excepthook: told of each failure once, in the failing thread; and what the default prints. */
#include "test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "program.h"

static atomic_int calls;

static char text_x[] = "x";
static char text_y[] = "y";
static char text_z[] = "z";

static void *go_wrong(void *arg)
{
    return weft_raise(WEFT_USER, "run failed: %s", (const char *)arg);
}

static void join_failed(weft_thread *thread)
{
    assert_non_null(thread);
    assert_int_equal(weft_thread_join(thread), WEFT_FAILED);
}

/* ---- a hook of one's own ------------------------------------------------------------------- */

static void remember(struct weft_thread *thread, const weft_error *error, void *seen)
{
    WITNESS(thread == weft_thread_current());
    WITNESS(weft_thread_is_alive(thread));
    WITNESS(strcmp(error->message, "run failed: x") == 0);
    WITNESS(strcmp(error->thread_name, weft_thread_name(thread)) == 0);
    atomic_fetch_add(&calls, 1);
    *(const weft_error **)seen = error;
}

TEST(a_hook_is_called_once_in_the_failing_thread_with_its_error)
{
    const weft_error *seen = NULL;
    weft_set_excepthook(remember, &seen);
    weft_thread *thread = weft_thread_spawn(go_wrong, text_x);
    join_failed(thread);
    assert_int_equal(atomic_load(&calls), 1);
    assert_ptr_equal(seen, weft_thread_error(thread));
    weft_thread_free(thread);
}

static void raise_itself(struct weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    (void)error;
    (void)arg;
    atomic_fetch_add(&calls, 1);
    (void)weft_raise(WEFT_USER + 1, "the hook failed");
}

TEST(what_a_hook_raises_is_dropped)
{
    weft_set_excepthook(raise_itself, NULL);
    weft_thread *thread = weft_thread_spawn(go_wrong, text_x);
    join_failed(thread);
    assert_int_equal(atomic_load(&calls), 1);
    assert_string_equal(weft_thread_error(thread)->message, "run failed: x");
    weft_thread_free(thread);
}

static void *succeed(void *arg)
{
    (void)weft_raise(WEFT_USER, "no matter");
    return arg;
}

TEST(a_hook_is_not_called_for_who_has_not_failed)
{
    weft_set_excepthook(raise_itself, NULL);
    struct crew crew = crew_start(3, succeed, NULL);
    crew_join(&crew);
    assert_int_equal(atomic_load(&calls), 0);
}

/* ---- what is printed ----------------------------------------------------------------------- */

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        found++;
    return found;
}

static int line_of_raise;

static void *fail_here(void *arg)
{
    (void)arg;
    line_of_raise = __LINE__ + 1;
    return weft_raise(WEFT_USER, "run failed");
}

PROGRAM(fails)
{
    weft_thread *thread = weft_thread_spawn(fail_here, NULL, .name = "excepthook thread");
    WITNESS(weft_thread_join(thread) == WEFT_FAILED);
    WITNESS(weft_thread_join(thread) == WEFT_FAILED);
    weft_thread_free(thread);
    printf("line %d\n", line_of_raise);
    return 0;
}

TEST(the_default_prints_name_message_and_place_once)
{
    char expected[PROGRAM_OUTPUT];
    int line = 0;
    struct program program = program_start("fails");
    assert_int_equal(program_end(&program), 0);
    assert_int_equal(sscanf(strstr(program.text, "line "), "line %d", &line), 1);
    snprintf(expected, sizeof expected,
             "Exception in thread excepthook thread: run failed (%s:%d)\n", __FILE__, line);
    assert_non_null(strstr(program.text, expected));
    assert_int_equal(count(program.text, "Exception"), 1);
}

static void say_so(struct weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    (void)error;
    fprintf(stderr, "%s\n", (const char *)arg);
}

static void fail_once(void)
{
    weft_thread *thread = weft_thread_spawn(go_wrong, text_y, .name = "t");
    WITNESS(weft_thread_join(thread) == WEFT_FAILED);
    weft_thread_free(thread);
}

PROGRAM(sets_and_restores)
{
    static char text[] = "Running a thread failed";
    weft_set_excepthook(say_so, text);
    fail_once();
    weft_set_excepthook(NULL, NULL);
    fail_once();
    weft_set_excepthook(weft_default_excepthook, NULL);
    fail_once();
    return 0;
}

TEST(null_and_the_default_itself_bring_the_default_back)
{
    struct program program = program_start("sets_and_restores");
    assert_int_equal(program_end(&program), 0);
    assert_true(strncmp(program.text, "Running a thread failed\n", 24) == 0);
    assert_int_equal(count(program.text, "Running"), 1);
    assert_int_equal(count(program.text, "Exception in thread t: run failed: y ("), 2);
}

PROGRAM(calls_the_default)
{
    const weft_error error = {.code = WEFT_USER, .message = "bug", .file = "", .thread_name = "me"};
    weft_default_excepthook(NULL, &error, NULL);
    weft_default_excepthook(weft_thread_main(), &error, NULL);
    weft_default_excepthook(NULL, NULL, NULL);
    return 0;
}

TEST(the_default_may_be_called_without_a_thread_or_a_place)
{
    struct program program = program_start("calls_the_default");
    assert_int_equal(program_end(&program), 0);
    assert_string_equal(program.text, "Exception in thread me: bug\n"
                                      "Exception in thread MainThread: bug\n");
}

static void *call_timer(void *arg)
{
    return go_wrong(arg);
}

PROGRAM(has_a_timer_that_fails)
{
    weft_timer *timer = weft_timer_spawn(0, call_timer, text_z, .name = "alarm");
    WITNESS(weft_timer_join(timer) == WEFT_FAILED);
    weft_timer_free(timer);
    return 0;
}

TEST(a_timer_that_fails_is_told_of_too)
{
    struct program program = program_start("has_a_timer_that_fails");
    assert_int_equal(program_end(&program), 0);
    assert_int_equal(count(program.text, "Exception in thread alarm: run failed: z ("), 1);
}
