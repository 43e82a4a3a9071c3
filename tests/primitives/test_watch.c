/* SPDX-License-Identifier: MIT */
/* The switch: by call and environment, on and off, report and abort, and across a fork. */
#include "watch_help.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the switch ---------------------------------------------------------------------------- */

TEST(without_watching_nothing_is_told)
{
    struct owned a = {0};
    struct owned b = {0};
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

/* ---- abort --------------------------------------------------------------------------------- */

/* What becomes of a child that closes a cycle of owned locks, or of Locks. */
static int fate(weft_watch_mode mode, bool owned)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct owned a = {0};
        struct owned b = {0};
        weft_lock c = WEFT_LOCK_INIT;
        weft_set_report(note_report, NULL);
        (void)weft_watch_deadlocks(mode);
        enter_two();
        if (owned) {
            close_owned_cycle(&a, &b);
        } else {
            does(&left, acquire, &c);
            waits(&left, acquire, &c);
        }
        _exit((int)count(WEFT_REPORT_DEADLOCK) + 2 * (int)count(WEFT_REPORT_POSSIBLE_DEADLOCK));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST(abort_ends_the_program_at_a_deadlock)
{
    assert_int_equal(fate(WEFT_WATCH_ABORT, true), -SIGABRT);
}

TEST(report_lets_the_program_go_on)
{
    assert_int_equal(fate(WEFT_WATCH_REPORT, true), 1);
}

TEST(abort_only_reports_what_is_possible)
{
    assert_int_equal(fate(WEFT_WATCH_ABORT, false), 2);
}

/* Runs this case again in a new program with WEFT_DEADLOCK set; its standard error comes back. */
static int run_again(const char *name, const char *mode, char *errors, size_t room)
{
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        setenv("WEFT_DEADLOCK", mode, 1);
        execl("/proc/self/exe", "again", "--here", name, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    size_t length = 0;
    for (ssize_t n;
         length < room - 1 && (n = read(pipes[0], errors + length, room - 1 - length)) > 0;)
        length += (size_t)n;
    errors[length] = '\0';
    close(pipes[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* In the new program: a deadlock, with reports to standard error. */
static void deadlock_and_leave(void)
{
    struct owned a = {0};
    struct owned b = {0};
    enter_two();
    close_owned_cycle(&a, &b);
    _exit(42);
}

TEST(the_environment_switches_reports_on)
{
    static char errors[REPORT_ROOM];
    if (getenv("WEFT_DEADLOCK") != NULL)
        deadlock_and_leave();
    assert_int_equal(
        run_again("the_environment_switches_reports_on", "report", errors, sizeof errors), 42);
    assert_non_null(strstr(errors, "weft: deadlock: 2 threads wait for each other\n"));
    assert_int_equal(
        run_again("the_environment_switches_reports_on", "nonsense", errors, sizeof errors), 42);
    assert_null(strstr(errors, "weft:"));
}

TEST(the_environment_switches_abort_on)
{
    static char errors[REPORT_ROOM];
    if (getenv("WEFT_DEADLOCK") != NULL)
        deadlock_and_leave();
    assert_int_equal(run_again("the_environment_switches_abort_on", "abort", errors, sizeof errors),
                     -SIGABRT);
    assert_non_null(strstr(errors, "weft: deadlock: 2 threads wait for each other\n"));
}

/* ---- fork ---------------------------------------------------------------------------------- */

TEST(after_a_fork_the_child_watches_on)
{
    struct owned a = {0};
    watch();
    actor_enters(&left, "left");
    does(&left, owned_acquire, &a);
    assert_int_equal(owned_acquire(&(struct owned){0}), WEFT_OK); /* its own stays known */
    pid_t child = fork();
    if (child == 0) {
        struct owned b = {0};
        struct owned c = {0};
        enter_two();
        bool sure;
        WITNESS(wefti_watch_holder(&a, &sure) == 0); /* nobody here holds what left held */
        close_owned_cycle(&b, &c);
        _exit(test_witness_failures() == 0 && count(WEFT_REPORT_DEADLOCK) == 1 ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    does(&left, owned_release, &a);
    actor_leaves(&left);
}
