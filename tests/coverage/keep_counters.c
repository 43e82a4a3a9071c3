/* SPDX-License-Identifier: MIT */
/*
 * Linked into the programs of a coverage build. gcc's counters are written when a process exits; what
 * leaves by _exit or abort, as children of forks do, would count for nothing.
 */
#include <gcov.h>

/* The linker's names for what the program calls, and for what it would have called. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
_Noreturn void __real__exit(int status);
_Noreturn void __wrap__exit(int status);
_Noreturn void __real_abort(void);
_Noreturn void __wrap_abort(void);

void __wrap__exit(int status)
{
    __gcov_dump();
    __real__exit(status);
}

void __wrap_abort(void)
{
    __gcov_dump();
    __real_abort();
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
