/* SPDX-License-Identifier: MIT */
/* A look inside: the dump names each thread and what it waits for, and disturbs nobody. */
#include "program.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "faulty_memory.h"

enum { TEXT = 16384 };

/* What weft_dump writes now; the text is valid until the next call. */
static char *dump(void)
{
    static char text[TEXT];
    int ends[2];
    size_t length = 0;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(weft_dump(ends[1]), WEFT_OK); /* a pipe takes more than is written here */
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    return text;
}

struct line {
    unsigned number;
    char name[64];
    char what[128]; /* "runs", or "waits ..." */
};

/* The line of the thread of that name, out of a dump; false: there is none. */
static bool find_line(const char *text, const char *name, struct line *line)
{
    while ((text = strchr(text, '\n')) != NULL) {
        text++;
        if (sscanf(text, "%u %63s %127[^\n]", &line->number, line->name, line->what) == 3 &&
            strcmp(line->name, name) == 0)
            return true;
    }
    return false;
}

/* What the thread of that name does at this moment, or "". */
static const char *state_of(const char *name)
{
    static struct line line;
    return find_line(dump(), name, &line) ? line.what : "";
}

static bool waits_for(const char *name, const char *what)
{
    const char *found = strstr(state_of(name), " s for ");
    return found != NULL && strcmp(found + strlen(" s for "), what) == 0;
}

/* ---- what it says ---------------------------------------------------------------------------------- */

struct scene {
    weft_lock lock;
    weft_thread *joined;
    atomic_bool gate;
    atomic_bool arrived;
};

static void *wait_for_lock(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_lock_acquire(&scene->lock) == WEFT_OK);
    WITNESS(weft_lock_release(&scene->lock) == WEFT_OK);
    return NULL;
}

static void *wait_for_thread(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_thread_join(scene->joined) == WEFT_OK);
    return NULL;
}

static void *sleep_long(void *arg)
{
    WITNESS(weft_sleep(WEFT_FOREVER) == WEFT_OK);
    return arg;
}

static void *run_on(void *arg)
{
    struct scene *scene = arg;
    (void)weft_park_count(); /* a foreign thread is known from its first call on */
    atomic_store(&scene->arrived, true);
    EVENTUALLY(atomic_load(&scene->gate));
    return NULL;
}

static weft_thread *spawn(weft_target *target, void *arg, const char *name)
{
    weft_thread *thread = weft_thread_spawn(target, arg, .name = name);
    assert_non_null(thread);
    return thread;
}

static void finish(weft_thread *thread)
{
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
}

TEST(a_dump_begins_with_the_process)
{
    char title[64];
    snprintf(title, sizeof title, "weft: threads of process %ld\n", (long)getpid());
    assert_memory_equal(dump(), title, strlen(title));
}

TEST(a_dump_says_what_each_thread_waits_for)
{
    struct scene scene = {.lock = WEFT_LOCK_INIT};
    char lock_at[64];
    test_unwatched();
    snprintf(lock_at, sizeof lock_at, "a lock at 0x%jx", (uintmax_t)(uintptr_t)&scene.lock);
    assert_int_equal(weft_lock_acquire(&scene.lock), WEFT_OK);
    weft_thread *writer = spawn(wait_for_lock, &scene, "writer");
    scene.joined = writer;
    weft_thread *joiner = spawn(wait_for_thread, &scene, "joiner");
    weft_thread *runner = spawn(run_on, &scene, "runner");
    weft_thread_free(weft_thread_spawn(sleep_long, NULL, .name = "sleeper", .daemon = true));
    EVENTUALLY(waits_for("writer", lock_at));
    EVENTUALLY(waits_for("joiner", "the end of thread writer"));
    EVENTUALLY(waits_for("sleeper", "a time"));
    EVENTUALLY(strcmp(state_of("runner"), "runs") == 0);
    assert_string_equal(state_of("MainThread"), "runs");
    assert_string_equal(state_of("nobody"), "");

    struct line line;
    assert_true(find_line(dump(), "MainThread", &line));
    assert_int_equal(line.number, 1);
    assert_true(find_line(dump(), "writer", &line));
    assert_int_equal(line.number, weft_thread_ident(writer));

    atomic_store(&scene.gate, true);
    assert_int_equal(weft_lock_release(&scene.lock), WEFT_OK);
    finish(joiner);
    finish(writer);
    finish(runner);
    assert_string_equal(state_of("writer"), "");
}

TEST(threads_are_dumped_in_the_order_of_their_numbers)
{
    struct scene scene = {.gate = false};
    struct crew crew = crew_start(6, run_on, &scene);
    EVENTUALLY(strcmp(state_of(weft_thread_name(crew.threads[5])), "runs") == 0);
    unsigned before = 0;
    for (const char *text = strchr(dump(), '\n') + 1; *text != '\0';
         text = strchr(text, '\n') + 1) {
        unsigned number = 0;
        assert_int_equal(sscanf(text, "%u ", &number), 1);
        assert_true(number > before);
        before = number;
    }
    atomic_store(&scene.gate, true);
    crew_join(&crew);
}

TEST(a_dump_says_how_long_a_thread_has_waited)
{
    struct scene scene = {.lock = WEFT_LOCK_INIT};
    double seconds = 0;
    assert_int_equal(weft_lock_acquire(&scene.lock), WEFT_OK);
    weft_thread *writer = spawn(wait_for_lock, &scene, "writer");
    EVENTUALLY(weft_lock_waiters(&scene.lock) == 1);
    assert_int_equal(weft_sleep(0.05), WEFT_OK);
    assert_int_equal(sscanf(state_of("writer"), "waits %lf s for a lock", &seconds), 1);
    assert_true(seconds >= 0.05);
    assert_int_equal(weft_lock_release(&scene.lock), WEFT_OK);
    finish(writer);
}

TEST(a_foreign_thread_is_dumped_as_such)
{
    struct scene scene = {.gate = false};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_on, &scene), 0);
    EVENTUALLY(atomic_load(&scene.arrived));
    assert_string_equal(state_of("(foreign)"), "runs");
    atomic_store(&scene.gate, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(state_of("(foreign)"), "");
}

TEST(a_name_that_is_too_long_is_cut_and_the_lines_stay_whole)
{
    struct scene scene = {.gate = false};
    char name[2000];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    weft_thread *named = spawn(run_on, &scene, name);
    weft_thread *last = spawn(run_on, &scene, "last");
    EVENTUALLY(strcmp(state_of("last"), "runs") == 0);
    EVENTUALLY(strstr(dump(), "nnnn\n") != NULL);
    assert_null(strstr(dump(), name));
    atomic_store(&scene.gate, true);
    finish(named);
    finish(last);
}

TEST(a_dump_allocates_nothing_and_waits_for_nobody)
{
    struct faulty_memory memory = {.fail_at = 0};
    uint64_t parks = weft_park_count();
    faulty_memory_begin(&memory);
    for (int i = 0; i < 10; i++)
        dump();
    assert_int_equal(atomic_load(&memory.calls), 0);
    assert_true(weft_park_count() == parks);
    faulty_memory_end(&memory);
}

/* ---- where it goes ----------------------------------------------------------------------------------- */

TEST(what_cannot_be_written_is_reported)
{
    int ends[2];
    assert_int_equal(weft_dump(-1), WEFT_RUNTIME);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(weft_dump(ends[0]), WEFT_RUNTIME); /* open for reading only */
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN); /* as for every other write, this is the program's to say */
    assert_int_equal(weft_dump(ends[1]), WEFT_RUNTIME);
    close(ends[1]);
    assert_int_equal(weft_dump(ends[1]), WEFT_RUNTIME);
}

TEST(a_pipe_that_is_full_is_reported_if_it_must_not_block)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    while (write(ends[1], "x", 1) == 1) {
        /* until it is full */
    }
    assert_int_equal(weft_dump(ends[1]), WEFT_RUNTIME);
    close(ends[0]);
    close(ends[1]);
}

/* ---- on a signal --------------------------------------------------------------------------------------- */

static weft_lock never_released = WEFT_LOCK_INIT;

/* Hears no signal: under ThreadSanitizer a handler that falls to a thread which waits never runs. */
static void *get_stuck(void *arg)
{
    sigset_t all;
    sigfillset(&all);
    WITNESS(pthread_sigmask(SIG_BLOCK, &all, NULL) == 0);
    (void)weft_lock_acquire(&never_released);
    return arg;
}

/*
 * Until the input ends. Not in one read that blocks: under ThreadSanitizer a handler runs only when
 * its thread comes to another call that the sanitizer knows.
 */
static void await_the_end_of_input(void)
{
    char byte;
    WITNESS(fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK) == 0);
    while (read(STDIN_FILENO, &byte, 1) != 0)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

/* Says that it is ready, and goes on until its input ends. */
PROGRAM(has_a_thread_that_is_stuck)
{
    WITNESS(weft_lock_acquire(&never_released) == WEFT_OK);
    weft_thread_free(weft_thread_spawn(get_stuck, NULL, .name = "stuck", .daemon = true));
    EVENTUALLY(weft_lock_waiters(&never_released) == 1);
    WITNESS(write(STDOUT_FILENO, "ready\n", 6) == 6);
    await_the_end_of_input();
    return 6;
}

static struct program start_dumping_on(const char *dump_on)
{
    setenv("WEFT_DUMP_ON", dump_on, 1);
    struct program program = program_start("has_a_thread_that_is_stuck");
    unsetenv("WEFT_DUMP_ON");
    assert_true(program_says(&program, "ready\n"));
    return program;
}

static void assert_dumps_and_goes_on(const char *dump_on, int signal_number)
{
    struct program program = start_dumping_on(dump_on);
    for (int i = 0; i < 2; i++) {
        program.length = 0;
        program.text[0] = '\0';
        kill(program.process, signal_number);
        assert_true(program_says(&program, "stuck"));
        assert_true(program_says(&program, " s for a lock at 0x"));
        assert_non_null(strstr(program.text, "MainThread"));
    }
    assert_int_equal(program_end(&program), 6);
}

TEST(a_program_dumps_on_the_signal_that_its_environment_names_and_goes_on)
{
    assert_dumps_and_goes_on("QUIT", SIGQUIT);
    assert_dumps_and_goes_on("SIGUSR1", SIGUSR1);
    char digits[16];
    snprintf(digits, sizeof digits, "%d", SIGUSR2);
    assert_dumps_and_goes_on(digits, SIGUSR2);
}

TEST(an_environment_that_names_no_signal_changes_nothing)
{
    const char *names[] = {"", "no signal", "KILL", "-3"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct program program = start_dumping_on(names[i]);
        kill(program.process, SIGUSR1);
        assert_int_equal(program_end(&program), PROGRAM_SIGNALLED + SIGUSR1);
        assert_string_equal(program.text, "ready\n");
    }
}

/* The reader of its standard error is gone, which does not end the program. */
PROGRAM(dumps_to_nobody)
{
    int ends[2];
    int standard_error = dup(STDERR_FILENO);
    WITNESS(weft_dump_on_signal(SIGUSR1) == WEFT_OK);
    WITNESS(pipe(ends) == 0);
    close(ends[0]);
    WITNESS(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
    raise(SIGUSR1);
    WITNESS(weft_sleep(0.02) == WEFT_OK); /* most likely the helper has tried by then */
    WITNESS(dup2(standard_error, STDERR_FILENO) == STDERR_FILENO);
    raise(SIGUSR1);
    await_the_end_of_input();
    return 7;
}

TEST(a_dump_on_a_signal_that_nobody_reads_ends_nothing)
{
    struct program program = program_start("dumps_to_nobody");
    assert_true(program_says(&program, "MainThread"));
    assert_int_equal(program_end(&program), 7);
}

TEST(signals_that_cannot_be_caught_are_refused)
{
    const int signals[] = {SIGKILL, SIGSTOP, 0, -1, 100000};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        assert_int_equal(weft_dump_on_signal(signals[i]), WEFT_VALUE_ERROR);
}

/* ---- counting waits --------------------------------------------------------------------------------------- */

static void *wait_once(void *lock)
{
    uint64_t parks = weft_park_count();
    WITNESS(weft_lock_acquire(lock) == WEFT_OK);
    WITNESS(weft_park_count() > parks);
    WITNESS(weft_lock_release(lock) == WEFT_OK);
    return NULL;
}

TEST(a_thread_counts_its_own_waits)
{
    weft_lock lock = WEFT_LOCK_INIT;
    uint64_t parks = weft_park_count();
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(1, wait_once, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 1);
    assert_true(weft_park_count() == parks);
    assert_int_equal(weft_lock_acquire_for(&lock, 0.0001), WEFT_TIMEOUT);
    assert_true(weft_park_count() == parks + 1);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&crew);
}
