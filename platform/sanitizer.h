/* SPDX-License-Identifier: MIT */
/*
 * ThreadSanitizer, if the program that loads the library runs under it. The library itself is
 * usually not instrumented, so it says where one thread's work becomes visible to another.
 */
#ifndef WEFTI_PLATFORM_SANITIZER_H
#define WEFTI_PLATFORM_SANITIZER_H

#include <stdbool.h>

/* Whether its runtime is in this process. */
bool wefti_tsan_present(void);

/* Only while it is present: what happened before a release of `object` happened before this. */
void wefti_tsan_acquire(void *object);
void wefti_tsan_release(void *object);

#endif
