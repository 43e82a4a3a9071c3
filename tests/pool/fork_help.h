/* SPDX-License-Identifier: MIT */
/* For tests of what the child of a fork finds. */
#ifndef TESTS_POOL_FORK_HELP_H
#define TESTS_POOL_FORK_HELP_H

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child that exits in the middle of a case has not freed what the case needs: no leak. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* Runs it in a child; whether all that was witnessed there held. */
static inline bool holds_in_child(void (*run)(void *arg), void *arg)
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        run(arg);
        exit(test_witness_failures() != 0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

#endif
