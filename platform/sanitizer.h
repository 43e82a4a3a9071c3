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

/*
 * Locks that only their owner releases: then ThreadSanitizer names them in its reports and checks
 * their orders. Said in one go, after the lock was taken and before it is let go: between the two
 * halves of its own calls it ignores what a thread does, and the library is to be seen.
 */
bool wefti_tsan_knows_locks(void);
void wefti_tsan_locked(void *object, bool shared, bool tried);
void wefti_tsan_unlocks(void *object, bool shared);
void wefti_tsan_done(const void *object);

#endif
