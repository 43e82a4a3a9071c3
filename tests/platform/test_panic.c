/* SPDX-License-Identifier: MIT */
/* A broken invariant says what and where, and ends the process. */
#include "program.h"

#include <signal.h>
#include <sys/resource.h>

#include "platform/panic.h"

PROGRAM(breaks_an_invariant)
{
    const struct rlimit none = {0, 0}; /* no core file */
    volatile int answer = 41;
    setrlimit(RLIMIT_CORE, &none);
    WEFTI_MUST(answer == 41);
    WEFTI_MUST(answer == 42);
    return 0;
}

TEST(a_broken_invariant_is_named_and_aborts)
{
    struct program program = program_start("breaks_an_invariant");
    assert_true(program_says(&program, "test_panic.c:16: broken invariant: answer == 42\n"));
    assert_int_equal(program_end(&program), PROGRAM_SIGNALLED + SIGABRT);
}
