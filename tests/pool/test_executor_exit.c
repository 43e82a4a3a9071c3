/* SPDX-License-Identifier: MIT */
/*
 * The end of the process: submits are refused, and executors finish what is queued. What has to wait
 * for the exit waits until a submit is refused.
 */
#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(const char *text)
{
    WITNESS(write(STDOUT_FILENO, text, strlen(text)) == (ssize_t)strlen(text));
}

static weft_executor *volatile pool; /* kept: its program never frees it */

static void *same(void *arg)
{
    return arg;
}

/* Until the process exits: all executors are closed then. */
static void await_exit(void)
{
    weft_executor *probe = weft_executor_new(1, .keep_alive = -1);
    EVENTUALLY(weft_executor_post(probe, same, NULL) == WEFT_SHUTDOWN);
    weft_executor_free(probe);
}

static void *say_at_exit(void *text)
{
    await_exit();
    say(text);
    return NULL;
}

static void *say_now(void *text)
{
    say(text);
    return NULL;
}

static char one[] = "one\n";
static char two[] = "two\n";
static char three[] = "three\n";

static int run(const char *name, struct program *program)
{
    *program = program_start(name);
    return program_end(program);
}

PROGRAM(leaves_tasks_behind)
{
    pool = weft_executor_new(1);
    WITNESS(weft_executor_post(pool, say_at_exit, one) == WEFT_OK);
    WITNESS(weft_executor_post(pool, say_now, two) == WEFT_OK);
    return 3;
}

TEST(what_is_queued_is_finished_at_exit)
{
    struct program program;
    assert_int_equal(run("leaves_tasks_behind", &program), 3);
    assert_string_equal(program.text, "one\ntwo\n");
}

PROGRAM(shuts_down_without_waiting)
{
    weft_executor *freed = weft_executor_new(3);
    pool = weft_executor_new(1);
    WITNESS(weft_executor_post(freed, say_at_exit, one) == WEFT_OK);
    WITNESS(weft_executor_shutdown(freed, .no_wait = true) == WEFT_OK);
    weft_executor_free(freed);
    return 0;
}

TEST(exit_waits_for_an_executor_that_was_freed_without_waiting)
{
    struct program program;
    assert_int_equal(run("shuts_down_without_waiting", &program), 0);
    assert_string_equal(program.text, one);
}

static void refuse(void)
{
    say(weft_executor_submit(pool, same, NULL) == NULL && weft_last_status() == WEFT_SHUTDOWN
            ? one
            : "submitted\n");
    weft_executor *late = weft_executor_new(1);
    say(weft_executor_post(late, same, NULL) == WEFT_SHUTDOWN ? two : "posted\n");
    weft_executor_free(late);
}

static void *refuse_late(void *arg)
{
    await_exit();
    refuse();
    return arg;
}

PROGRAM(submits_after_exit)
{
    pool = weft_executor_new(1);
    WITNESS(weft_executor_post(pool, refuse_late, NULL) == WEFT_OK);
    return 0;
}

TEST(submits_are_refused_at_exit)
{
    struct program program;
    assert_int_equal(run("submits_after_exit", &program), 0);
    assert_string_equal(program.text, "one\ntwo\n");
}

static weft_event tasks_done;

static void *say_after_tasks(void *text)
{
    WITNESS(weft_event_wait(&tasks_done) == WEFT_OK);
    say(text);
    return NULL;
}

static void *end_tasks(void *arg)
{
    await_exit();
    say(one);
    WITNESS(weft_timer_spawn(0, say_now, two) != NULL); /* its handle is lost with the process */
    WITNESS(weft_event_set(&tasks_done) == WEFT_OK);
    return arg;
}

static weft_thread *volatile thread;

PROGRAM(has_executors_and_threads)
{
    pool = weft_executor_new(1);
    thread = weft_thread_spawn(say_after_tasks, three);
    WITNESS(weft_executor_post(pool, end_tasks, NULL) == WEFT_OK);
    return 0;
}

TEST(executors_are_finished_before_threads_are_joined)
{
    struct program program;
    assert_int_equal(run("has_executors_and_threads", &program), 0);
    assert_non_null(strstr(program.text, one));
    assert_non_null(strstr(program.text, two));
    assert_non_null(strstr(program.text, three));
}

static weft_event all_posted; /* from then on an exit may refuse tasks */

static void *exit_the_process(void *arg)
{
    (void)arg;
    WITNESS(weft_event_wait(&all_posted) == WEFT_OK);
    exit(5);
}

PROGRAM(exits_in_a_task)
{
    pool = weft_executor_new(1);
    WITNESS(weft_executor_post(pool, exit_the_process, NULL) == WEFT_OK);
    WITNESS(weft_executor_post(pool, say_now, one) == WEFT_OK);
    WITNESS(weft_event_set(&all_posted) == WEFT_OK);
    (void)weft_sleep(WEFT_FOREVER);
    return 0;
}

TEST(a_task_that_exits_the_process_does_not_wait_for_itself_and_the_rest_is_run)
{
    struct program program;
    assert_int_equal(run("exits_in_a_task", &program), 5);
    assert_string_equal(program.text, one);
}

static void *say_whether_broken(weft_future *future, void *text)
{
    const weft_error *error = weft_future_error(future);
    say(error != NULL && error->code == WEFT_BROKEN_POOL ? text : "not broken\n");
    return NULL;
}

PROGRAM(exits_in_an_initializer)
{
    pool = weft_executor_new(1, .initializer = exit_the_process);
    for (int i = 0; i < 2; i++) {
        weft_future *future = weft_executor_submit(pool, same, NULL);
        WITNESS(weft_future_add_done_callback(future, say_whether_broken, one) == WEFT_OK);
        weft_future_free(future);
    }
    WITNESS(weft_event_set(&all_posted) == WEFT_OK);
    (void)weft_sleep(WEFT_FOREVER);
    return 0;
}

TEST(an_initializer_that_exits_the_process_breaks_the_pool)
{
    struct program program;
    assert_int_equal(run("exits_in_an_initializer", &program), 5);
    assert_string_equal(program.text, "one\none\n");
}

static void exit_in_hook(struct weft_thread *failed, const weft_error *error, void *arg)
{
    WITNESS(failed == weft_thread_current());
    WITNESS(error->code == WEFT_USER);
    (void)exit_the_process(arg);
}

static void *go_wrong(void *arg)
{
    (void)arg;
    return weft_raise(WEFT_USER, "error in initializer");
}

PROGRAM(exits_when_an_initializer_fails)
{
    weft_set_excepthook(exit_in_hook, NULL);
    pool = weft_executor_new(1, .initializer = go_wrong);
    weft_future *future = weft_executor_submit(pool, same, NULL);
    WITNESS(weft_future_add_done_callback(future, say_whether_broken, one) == WEFT_OK);
    weft_future_free(future);
    WITNESS(weft_event_set(&all_posted) == WEFT_OK);
    (void)weft_sleep(WEFT_FOREVER);
    return 0;
}

TEST(a_hook_that_exits_when_an_initializer_fails_breaks_the_pool_too)
{
    struct program program;
    assert_int_equal(run("exits_when_an_initializer_fails", &program), 5);
    assert_string_equal(program.text, one);
}
