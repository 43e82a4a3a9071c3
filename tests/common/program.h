/* SPDX-License-Identifier: MIT */
/*
 * A program that a case runs: the test program itself, executed anew, with a function of its source
 * for a main. For what ends a process, or needs an environment of its own.
 *
 *     PROGRAM(says_hello) { puts("hello"); return 0; }
 *
 *     TEST(hello_is_said)
 *     {
 *         struct program program = program_start("says_hello");
 *         assert_true(program_says(&program, "hello"));
 *         assert_int_equal(program_end(&program), 0);
 *     }
 */
#ifndef TESTS_COMMON_PROGRAM_H
#define TESTS_COMMON_PROGRAM_H

#include <sys/types.h>

#include "test.h"

#define PROGRAM(name)                                                                              \
    static int name(void);                                                                         \
    __attribute__((constructor)) static void begin_##name(void)                                    \
    {                                                                                              \
        program_begin(#name, name);                                                                \
    }                                                                                              \
    static int name(void)

/* In the program: runs it if it is the one that is wanted, and exits with its result. */
void program_begin(const char *name, int (*run)(void));

enum { PROGRAM_OUTPUT = 16384, PROGRAM_SIGNALLED = 1000 };

struct program {
    pid_t process;
    int input;                 /* its standard input is read from here */
    int output;                /* both its outputs come here */
    char text[PROGRAM_OUTPUT]; /* what it has said so far */
    size_t length;
};

struct program program_start(const char *name);

/* Reads on until the text is there; false if its output has ended without. */
bool program_says(struct program *program, const char *text);

/* Ends its input, reads all and waits for it: its exit status, or PROGRAM_SIGNALLED + a signal. */
int program_end(struct program *program);

/* Executes this test program anew, with arguments that end with NULL; returns if that failed. */
void program_again(const char *const *arguments);

#endif
