/* SPDX-License-Identifier: MIT */
/*
 * The end of the process: threads that are not daemons are waited for. A thread that has to be
 * waited for ends only when somebody waits: what it says then shows that it was.
 */
#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "primitives/park.h"

static void say(const char *text)
{
    WITNESS(write(STDOUT_FILENO, text, strlen(text)) == (ssize_t)strlen(text));
}

/* Until somebody waits for the end of the calling thread. */
static void await_joiner(void)
{
    const struct wefti_key key = {weft_thread_current(), WEFTI_THREAD};
    EVENTUALLY(wefti_waiters(key) == 1);
}

static void *end_when_joined(void *text)
{
    await_joiner();
    say(text);
    return NULL;
}

static void *never_end(void *arg)
{
    WITNESS(weft_sleep(WEFT_FOREVER) == WEFT_OK);
    return arg;
}

static char one[] = "one has ended\n";
static char two[] = "two has ended\n";

static weft_thread *volatile kept[2]; /* handles that their program still has when it ends */

static int run(const char *name, struct program *program)
{
    *program = program_start(name);
    return program_end(program);
}

PROGRAM(leaves_threads_behind)
{
    weft_thread_free(weft_thread_spawn(end_when_joined, one)); /* without a handle */
    kept[0] = weft_thread_spawn(end_when_joined, two);
    return 3;
}

TEST(threads_that_are_not_daemons_are_joined_at_exit)
{
    struct program program;
    assert_int_equal(run("leaves_threads_behind", &program), 3);
    assert_non_null(strstr(program.text, one));
    assert_non_null(strstr(program.text, two));
}

PROGRAM(leaves_daemons_behind)
{
    weft_thread_free(weft_thread_spawn(never_end, NULL, .daemon = true));
    kept[0] = weft_thread_spawn(never_end, NULL, .daemon = true);
    return 4;
}

TEST(daemons_are_abandoned_at_exit)
{
    struct program program;
    assert_int_equal(run("leaves_daemons_behind", &program), 4);
    assert_string_equal(program.text, "");
}

static void *exit_the_process(void *arg)
{
    (void)arg;
    exit(5);
}

PROGRAM(exits_in_a_thread)
{
    kept[0] = weft_thread_spawn(end_when_joined, one);
    kept[1] = weft_thread_spawn(exit_the_process, NULL);
    (void)weft_thread_join(kept[1]); /* waits for ever */
    return 0;
}

TEST(a_thread_that_exits_the_process_waits_for_the_others_not_for_itself)
{
    struct program program;
    assert_int_equal(run("exits_in_a_thread", &program), 5);
    assert_string_equal(program.text, one);
}

static void *spawn_when_joined(void *arg)
{
    await_joiner();
    say(one);
    kept[1] = weft_thread_spawn(end_when_joined, two);
    return arg;
}

PROGRAM(spawns_a_thread_during_exit)
{
    kept[0] = weft_thread_spawn(spawn_when_joined, NULL);
    return 0;
}

TEST(a_thread_spawned_during_exit_is_joined_too)
{
    struct program program;
    assert_int_equal(run("spawns_a_thread_during_exit", &program), 0);
    assert_string_equal(program.text, "one has ended\ntwo has ended\n");
}

static weft_lock lock = WEFT_LOCK_INIT;

static void *use_the_library(void *arg)
{
    await_joiner();
    WITNESS(weft_lock_acquire(&lock) == WEFT_OK);
    WITNESS(weft_lock_acquire_for(&lock, 0.001) == WEFT_TIMEOUT);
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
    WITNESS(weft_sleep(0.001) == WEFT_OK);
    say(test_witness_failures() == 0 ? one : "wrong\n");
    return arg;
}

PROGRAM(uses_the_library_during_exit)
{
    kept[0] = weft_thread_spawn(use_the_library, NULL);
    return 0;
}

TEST(the_library_works_on_during_exit)
{
    struct program program;
    assert_int_equal(run("uses_the_library_during_exit", &program), 0);
    assert_string_equal(program.text, one);
}
