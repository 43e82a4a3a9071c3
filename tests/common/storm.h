/* SPDX-License-Identifier: MIT */
/*
 * A storm of signals: about 10 000 a second, each at a thread of this process chosen at random. The
 * handler only counts, and is installed without SA_RESTART: it ends the system call that its thread
 * is in.
 *
 *     storm_begin();
 *     ...                what is to withstand it
 *     storm_end();       asserts that some were handled, and says how many a second
 *
 * ThreadSanitizer lets a signal into pthread_join, which frees memory, and then waits for a lock of its
 * own runtime that the same thread holds: there a case with a storm is skipped.
 *
 * What fires is a thread that the library does not know: nothing that counts threads sees it.
 */
#ifndef TESTS_COMMON_STORM_H
#define TESTS_COMMON_STORM_H

#include <stdint.h>

void storm_begin(void);
void storm_end(void);

/* Waits until so many more signals have been handled. */
void storm_lasts(uint64_t signals);

#endif
