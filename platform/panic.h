/* SPDX-License-Identifier: MIT */
/*
 * The end of the road: an invariant of the library's own is broken. Misuse by a program never comes
 * here; it gets a status.
 */
#ifndef WEFTI_PLATFORM_PANIC_H
#define WEFTI_PLATFORM_PANIC_H

/* Says on standard error which condition failed where, and aborts. */
_Noreturn void wefti_panic(const char *condition, const char *file, int line);

#define WEFTI_MUST(condition) ((condition) ? (void)0 : wefti_panic(#condition, __FILE__, __LINE__))

#endif
