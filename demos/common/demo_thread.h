/* SPDX-License-Identifier: MIT */
/**
 * @file demo_thread.h
 * @brief Threads with less ado, for demos whose subject they are not.
 *
 * @code
 *     weft_thread *workers[3];
 *     for (int i = 0; i < 3; i++)
 *         workers[i] = demo_spawn(work, &jobs[i], "worker-%d", i + 1);
 *     demo_join_all(3, workers);
 * @endcode
 */
#ifndef DEMO_THREAD_H
#define DEMO_THREAD_H

#include <stdint.h>

#include "demo.h"

/** Starts a thread whose name is made as by printf(). If that fails the demo ends with status 2. */
weft_thread *demo_spawn(weft_target *target, void *arg, const char *format, ...) WEFT_PRINTF(3, 4);

/** Waits for the thread's end and gives its handle up. */
void demo_join(weft_thread *thread);

/** The same for @p count threads, one after the other. */
void demo_join_all(size_t count, weft_thread *const *threads);

/**
 * Whether another thread could take @p lock now: starts one that tries. The owner of an RLock
 * cannot ask itself, for it can always take it once more.
 */
bool demo_others_can_take(weft_rlock *lock);

/**
 * The kernel's letter for a thread of this process, given by weft_thread_native_id(): R for one that
 * runs or could, S for one that sleeps; '-' if there is no such thread.
 */
char demo_kernel_letter(uint64_t native_id);

#endif
