/* SPDX-License-Identifier: MIT */
#include "in_child.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATIENCE = 60 }; /* seconds, for a child that hangs */

/* Read by AddressSanitizer, in the programs that fork. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

static bool holds(void (*run)(void *arg), void *arg, void (*end)(int status))
{
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(PATIENCE);
        run(arg);
        end(test_witness_failures() != 0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

bool holds_in_child(void (*run)(void *arg), void *arg)
{
    return holds(run, arg, _exit);
}

bool holds_in_child_to_exit(void (*run)(void *arg), void *arg)
{
    return holds(run, arg, exit);
}
