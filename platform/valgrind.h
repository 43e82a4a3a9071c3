/* SPDX-License-Identifier: MIT */
/*
 * valgrind's helgrind, if the program runs under it. It sees each load and store, but not what the
 * library's are for: so the library says where one thread's work becomes visible to another, and
 * which of its objects are locks. Built without valgrind's headers it cannot, and finds none.
 */
#ifndef WEFTI_PLATFORM_VALGRIND_H
#define WEFTI_PLATFORM_VALGRIND_H

#include <stdbool.h>
#include <stddef.h>

/* Whether this process runs under valgrind, whichever of its tools. */
bool wefti_valgrind_present(void);

/* What happened before a release of `object` happened before this. */
void wefti_valgrind_acquire(void *object);
void wefti_valgrind_release(void *object);

/*
 * Locks that only their owner releases: then helgrind checks their orders, and knows who shares one
 * and who has it alone. Said after a lock was taken, and before it is let go.
 */
void wefti_valgrind_locked(void *object, bool shared);
void wefti_valgrind_unlocks(void *object);

/* Memory that other threads have used is the calling thread's again, and nobody else knows it. */
void wefti_valgrind_regained(void *memory, size_t size);

/* The object ends, whatever it is. */
void wefti_valgrind_done(void *object);

#endif
