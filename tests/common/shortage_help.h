/* SPDX-License-Identifier: MIT */
/*
 * A sweep: an act is done with the first thing that it wants of the system refused, then with the
 * second, and so on, until nothing is left to refuse. A row of the table says what the act wants, in
 * order: what it is, where in the sources it is asked for, and the status that the refusal ends in.
 * Each try is a process of its own, so that what is made once in a process is made in each.
 *
 *     static weft_status act(void)      does it once; what it checks it witnesses
 *
 * After a refusal nothing is left over, and the same act succeeds.
 */
#ifndef TESTS_COMMON_SHORTAGE_HELP_H
#define TESTS_COMMON_SHORTAGE_HELP_H

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"
#include "shortage_seams.h"

enum { STEPS_MOST = 8 };

/* The places where a helper thread is asked for. */
#define HELPER "thread_pthread.c:wefti_os_helper_create "

struct step {
    enum what what;
    weft_status status; /* of the act that is refused it; WEFT_OK: it does without */
    const char
        *sites; /* who asks for it: each caller of a seam, with its file and a colon before it */
};

struct row {
    const char *name;
    weft_status (*act)(void);
    struct step steps[STEPS_MOST];
};

/* ---- one try ------------------------------------------------------------------------------- */

enum { AGAIN = 42, OVER = 43 }; /* how a try ends that went well */

static weft_status act_armed(const struct row *row)
{
    counts = true;
    atomic_store(&armed, true);
    weft_status status = row->act();
    atomic_store(&armed, false);
    return status;
}

/* What a worker of a timer gives up it gives up soon after. */
static void nothing_is_left(long before)
{
    int64_t patience = test_clock() + 10000000000;
    EVENTUALLY(atomic_load(&blocks) == before || test_clock() > patience);
    WITNESS(atomic_load(&blocks) == before);
    WITNESS(weft_thread_active_count() == 1);
}

static int try_refusing(const struct row *row, size_t n)
{
    const struct step *step = &row->steps[n - 1];
    long before = atomic_load(&blocks);
    refused = n;
    weft_status status = act_armed(row);
    int what = atomic_load(&refusal);
    printf("%s: refused %zu of %zu: %s\n", row->name, n, atomic_load(&calls),
           status == WEFT_OK ? "done" : weft_status_name(status));
    fflush(stdout);
    nothing_is_left(before);
    WITNESS(what == (int)step->what); /* at the end of the row: none */
    WITNESS(status == step->status);
    if (status != WEFT_OK) {
        WITNESS(act_armed(row) == WEFT_OK);
        nothing_is_left(before);
    }
    return test_witness_failures() != 0 ? 1 : what != 0 ? AGAIN : OVER;
}

/* ---- a sweep ------------------------------------------------------------------------------- */

static const char wanted_row[] = "WEFT_TEST_SHORTAGE";

/* In a program without threads, of which each try is a child. */
static int sweep_here(const struct row *row)
{
    for (size_t n = 1; n <= STEPS_MOST; n++) {
        int status = 0;
        fflush(NULL);
        pid_t child = fork();
        if (child == 0)
            exit(try_refusing(row, n));
        if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
            return 1;
        if (WEXITSTATUS(status) == OVER)
            return row->steps[n - 1].what == 0 ? 0 : 1;
        if (WEXITSTATUS(status) != AGAIN)
            return 1;
    }
    return 1;
}

/* Some rows of one kind. */
struct part {
    const struct row *rows;
    size_t count;
};

#define PART(array)                                                                                \
    {                                                                                              \
        array, sizeof(array) / sizeof(array)[0]                                                    \
    }

/* The program that sweep_part runs: PROGRAM(sweeps) { return sweep_named(...); } */
static int sweep_named(const struct part *parts, size_t count)
{
    const char *name = getenv(wanted_row);
    for (const struct part *part = parts; name != NULL && part < parts + count; part++)
        for (size_t i = 0; i < part->count; i++)
            if (strcmp(part->rows[i].name, name) == 0)
                return sweep_here(&part->rows[i]);
    return 1;
}

/* In the test: sweeps a row in the program "sweeps". */
static void sweep(const struct row *row)
{
    assert_int_equal(setenv(wanted_row, row->name, 1), 0);
    struct program program = program_start("sweeps");
    int status = program_end(&program);
    if (status != 0)
        fail_msg("%s: status %d\n%s", row->name, status, program.text);
}

static void sweep_part(const struct part *part)
{
    for (size_t i = 0; i < part->count; i++)
        sweep(&part->rows[i]);
}

/* An act that makes a thing on the heap and frees it. */
#define NEW(name, type, made)                                                                      \
    static weft_status name(void)                                                                  \
    {                                                                                              \
        void *object = (made);                                                                     \
        if (object == NULL)                                                                        \
            return weft_last_status();                                                             \
        type##_free(object);                                                                       \
        return WEFT_OK;                                                                            \
    }

#endif
