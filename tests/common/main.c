/* SPDX-License-Identifier: MIT */
/*
 * test-program            runs all cases
 * test-program CASE...    runs these
 * test-program --list     names them
 * test-program --here CASE  runs one in this very process, for a debugger
 *
 * Each case runs in a child. A child that takes longer than WEFT_TEST_TIMEOUT seconds is asked to
 * dump what its threads wait for, and killed.
 */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { DEFAULT_TIMEOUT = 60, DUMP_SECONDS = 2 };

static struct test_case *first;
static struct test_case **last = &first;

void test_register(struct test_case *test)
{
    *last = test;
    last = &test->next;
}

static void run_case(void **state)
{
    const struct test_case *test = *state;
    test->run();
    assert_int_equal(test_witness_failures(), 0);
}

static int run_here(struct test_case *test)
{
    const struct CMUnitTest tests[] = {{test->name, run_case, NULL, NULL, test}};
    (void)weft_dump_on_signal(SIGQUIT);
    return cmocka_run_group_tests_name(test->name, tests, NULL, NULL);
}

/* Waits for the child; false after so many seconds. */
static bool ended(pid_t child, double seconds, int *status)
{
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    int64_t deadline = test_clock() + (int64_t)(seconds * 1e9);
    while (waitpid(child, status, WNOHANG) == 0) {
        int64_t rest = deadline - test_clock();
        if (rest <= 0)
            return false;
        struct timespec wait = {.tv_sec = (time_t)(rest / 1000000000),
                                .tv_nsec = (long)(rest % 1000000000)};
        sigtimedwait(&chld, NULL, &wait);
    }
    return true;
}

static int run_in_child(struct test_case *test, double timeout)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        exit(run_here(test));
    }
    if (child < 0) {
        perror("fork");
        return 1;
    }
    if (!ended(child, timeout, &status)) {
        fprintf(stderr, "%s: no end after %g s; its threads:\n", test->name, timeout);
        kill(child, SIGQUIT);
        ended(child, DUMP_SECONDS, &status);
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        return 1;
    }
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "%s: killed by signal %d (%s)\n", test->name, WTERMSIG(status),
                strsignal(WTERMSIG(status)));
        return 1;
    }
    return WEXITSTATUS(status);
}

static struct test_case *find(const char *name)
{
    struct test_case *test = first;
    while (test != NULL && strcmp(test->name, name) != 0)
        test = test->next;
    if (test == NULL)
        fprintf(stderr, "no such case: %s (--list names them)\n", name);
    return test;
}

int main(int argc, char **argv)
{
    double timeout = test_setting("WEFT_TEST_TIMEOUT", DEFAULT_TIMEOUT);
    int failures = 0;
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (const struct test_case *test = first; test != NULL; test = test->next)
            puts(test->name);
        return 0;
    }
    if (argc == 3 && strcmp(argv[1], "--here") == 0) {
        struct test_case *test = find(argv[2]);
        return test != NULL ? run_here(test) : 2;
    }
    sigprocmask(SIG_BLOCK, &chld, NULL);
    if (argc == 1)
        for (struct test_case *test = first; test != NULL; test = test->next)
            failures += run_in_child(test, timeout) != 0;
    for (int i = 1; i < argc; i++) {
        struct test_case *test = find(argv[i]);
        failures += test == NULL || run_in_child(test, timeout) != 0;
    }
    return failures == 0 ? 0 : 1;
}
