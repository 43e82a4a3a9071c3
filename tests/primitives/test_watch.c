/* SPDX-License-Identifier: MIT */
/* The switch: by call and environment, on and off, report and abort, and across a fork. */
#include "watch_help.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

/* ---- the switch ---------------------------------------------------------------------------- */

TEST(without_watching_nothing_is_told)
{
    struct owned a = {0};
    struct owned b = {0};
    test_unwatched();
    weft_set_report(note_report, NULL);
    enter_two();
    close_owned_cycle(&a, &b);
    assert_no_reports();
    give_up_owned(&a, &b);
    leave_two();
}

TEST(a_mode_that_is_none_is_a_value_error)
{
    assert_int_equal(weft_watch_deadlocks((weft_watch_mode)3), WEFT_VALUE_ERROR);
    assert_int_equal(weft_watch_deadlocks((weft_watch_mode)-1), WEFT_VALUE_ERROR);
}

TEST(switched_off_and_on_it_forgets_who_holds_and_waits)
{
    struct owned a = {0};
    struct owned b = {0};
    watch();
    enter_two();
    does(&left, owned_acquire, &a);
    does(&right, owned_acquire, &b);
    waits_for_owned(&left, owned_acquire, &b);
    assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_OFF), WEFT_OK);
    does(&right, owned_release, &b);
    assert_int_equal(ends(&left), WEFT_OK);
    does(&left, owned_release, &a);
    assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_REPORT), WEFT_OK);
    /* In truth left holds b and nobody holds a; who believed the old tables would see a cycle. */
    does(&right, owned_acquire, &a);
    waits_for_owned(&right, owned_acquire, &b);
    assert_no_reports();
    does(&left, owned_release, &b);
    assert_int_equal(ends(&right), WEFT_OK);
    leave_two();
}

TEST(a_wait_that_ended_unwatched_is_forgotten)
{
    struct owned b = {0};
    watch();
    enter_two();
    does(&right, owned_acquire, &b);
    waits_for_owned(&left, owned_acquire, &b);
    assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_OFF), WEFT_OK);
    does(&right, owned_release, &b);
    assert_int_equal(ends(&left), WEFT_OK);
    does(&left, owned_release, &b); /* unseen */
    assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_REPORT), WEFT_OK);
    does(&right, owned_acquire, &b);
    waits(&right, join, left.thread);
    assert_no_reports();
    actor_ends(&left);
    assert_int_equal(ends(&right), WEFT_OK);
    does(&right, owned_release, &b);
    weft_thread_free(left.thread);
    actor_leaves(&right);
}

TEST(what_is_held_when_it_is_switched_on_is_unknown)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock b = WEFT_LOCK_INIT;
    enter_two();
    does(&left, acquire, &a);
    does(&right, acquire, &b);
    watch();
    waits(&left, acquire, &b);
    does(&right, release, &b);
    assert_int_equal(ends(&left), WEFT_OK);
    does(&left, release, &b);
    does(&left, release, &a);
    assert_no_reports();
    /* From here on it is known. */
    half_cycle(&a, &b);
    begins(&right, acquire, &a);
    EVENTUALLY(count(WEFT_REPORT_POSSIBLE_DEADLOCK) == 1);
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(ends(&right), WEFT_OK);
    does(&right, release, &b);
    assert_int_equal(ends(&left), WEFT_OK);
    leave_two();
}

/* A report function that takes a Lock twice: in a report nothing is reported. */
static void report_and_wait(const weft_report *report, void *arg)
{
    note_report(report, NULL);
    WITNESS(weft_lock_acquire(arg) == WEFT_OK);
    WITNESS(weft_lock_acquire(arg) == WEFT_OK);
    WITNESS(weft_lock_release(arg) == WEFT_OK);
}

TEST(a_report_function_may_use_the_library)
{
    weft_lock a = WEFT_LOCK_INIT;
    weft_lock journal = WEFT_LOCK_INIT;
    watch();
    weft_set_report(report_and_wait, &journal);
    actor_enters(&left, "left");
    does(&left, acquire, &a);
    begins(&left, acquire, &a);
    EVENTUALLY(weft_lock_waiters(&journal) == 1);
    assert_int_equal(weft_lock_release(&journal), WEFT_OK);
    EVENTUALLY(weft_lock_waiters(&a) == 1);
    assert_int_equal(all_reports(), 1);
    assert_int_equal(weft_lock_release(&a), WEFT_OK);
    assert_int_equal(ends(&left), WEFT_OK);
    actor_leaves(&left);
}

/* ---- report and abort ---------------------------------------------------------------------- */

static char errors[REPORT_ROOM]; /* what run_again's program has said */

/*
 * Runs a case again in a new program, told by WEFT_DEADLOCK (NULL: not set) and by WEFT_TEST_AGAIN
 * what it is to do. Its exit status, or minus the signal that ended it.
 */
static int run_again(const char *name, const char *mode, const char *again)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        setenv("WEFT_TEST_AGAIN", again, 1);
        if (mode != NULL)
            setenv("WEFT_DEADLOCK", mode, 1);
        program_again((const char *const[]){"--here", name, NULL});
        _exit(127);
    }
    close(pipes[1]);
    size_t length = 0;
    ssize_t n = 1;
    while (length < sizeof errors - 1 && n > 0) {
        n = read(pipes[0], errors + length, sizeof errors - 1 - length);
        length += n > 0 ? (size_t)n : 0;
    }
    errors[length] = '\0';
    close(pipes[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* In the new program: a certain deadlock or a possible one, and what was told of it. */
static void close_a_cycle_and_leave(const char *how)
{
    struct owned a = {0};
    struct owned b = {0};
    weft_lock lock = WEFT_LOCK_INIT;
    enter_two();
    if (strcmp(how, "certain") == 0) {
        close_owned_cycle(&a, &b);
    } else {
        does(&left, acquire, &lock);
        waits(&left, acquire, &lock);
    }
    _exit(42);
}

static void leave_if_again(void)
{
    const char *how = getenv("WEFT_TEST_AGAIN");
    if (how != NULL)
        close_a_cycle_and_leave(how);
}

static const char certain[] = "weft: deadlock: 2 threads wait for each other\n";
static const char possible[] = "weft: possible deadlock: a thread waits for itself";

TEST(abort_ends_the_program_at_a_deadlock)
{
    leave_if_again();
    assert_int_equal(run_again(__func__, "abort", "certain"), -SIGABRT);
    assert_non_null(strstr(errors, certain));
}

TEST(abort_only_reports_what_is_possible)
{
    leave_if_again();
    assert_int_equal(run_again(__func__, "abort", "possible"), 42);
    assert_non_null(strstr(errors, possible));
}

TEST(report_lets_the_program_go_on)
{
    leave_if_again();
    assert_int_equal(run_again(__func__, "report", "certain"), 42);
    assert_non_null(strstr(errors, certain));
}

TEST(a_mode_that_is_none_in_the_environment_is_off)
{
    leave_if_again();
    assert_int_equal(run_again(__func__, "nonsense", "certain"), 42);
    assert_null(strstr(errors, "weft:"));
}

TEST(the_call_switches_abort_on)
{
    if (getenv("WEFT_TEST_AGAIN") != NULL)
        assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_ABORT), WEFT_OK);
    leave_if_again();
    assert_int_equal(run_again(__func__, NULL, "certain"), -SIGABRT);
    assert_non_null(strstr(errors, certain));
}

/* ---- fork ---------------------------------------------------------------------------------- */

TEST(after_a_fork_the_child_watches_on)
{
    struct owned others = {0};
    struct owned own = {0};
    bool sure;
    watch();
    actor_enters(&left, "left");
    does(&left, owned_acquire, &others);
    assert_int_equal(owned_acquire(&own), WEFT_OK);
    waits_for_owned(&left, owned_acquire, &own);
    pid_t child = fork();
    if (child == 0) {
        /* Without threads of its own: gcc's ThreadSanitizer would not have them here. */
        WITNESS(wefti_watch_holder(&others, &sure) == 0);
        WITNESS(wefti_watch_holder(&own, &sure) == 1 && sure);
        const struct wefti_want want = {
            .object = &others, .kind = WEFTI_LOCK, .ownership = WEFTI_OWNER};
        wefti_watch_wants(&want);
        WITNESS(all_reports() == 0); /* nobody is left who waits for this thread */
        const struct wefti_want again = {
            .object = &own, .kind = WEFTI_LOCK, .ownership = WEFTI_OWNER};
        wefti_watch_wants(&again);
        WITNESS(count(WEFT_REPORT_DEADLOCK) == 1);
        _exit(test_witness_failures() == 0 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(owned_release(&own), WEFT_OK);
    assert_int_equal(ends(&left), WEFT_OK);
    actor_leaves(&left);
}
