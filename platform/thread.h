/* SPDX-License-Identifier: MIT */
/*
 * The system's threads. Failures of creation are injected here.
 */
#ifndef WEFTI_PLATFORM_THREAD_H
#define WEFTI_PLATFORM_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/status.h>

typedef pthread_t wefti_os_thread;

/*
 * Starts a thread. The stack size is in bytes, raised to the system's minimum and rounded up to
 * whole pages; 0 is the system's default. WEFT_NO_THREAD if the system has no room for one.
 */
weft_status wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size);

/* The same for a helper of the library's own: blocks all signals, and is detached. */
weft_status wefti_os_helper_create(void *(*run)(void *), void *arg);

wefti_os_thread wefti_os_thread_self(void);

/*
 * The kernel's number of the calling thread, as ps and debuggers show it; changes in a fork's
 * child.
 */
uint64_t wefti_os_native_id(void);

/* Waits for the end of a thread that has nothing left to do; not a cancellation point. */
void wefti_os_thread_join(wefti_os_thread thread);
void wefti_os_thread_detach(wefti_os_thread thread);

/* Names the calling thread for debuggers and ps; what is too long for the system is cut. */
void wefti_os_thread_set_name(const char *name);

/* The same for any thread that has not ended, where the system can; not a cancellation point. */
void wefti_os_thread_rename(wefti_os_thread thread, const char *name);

/*
 * Has `hook` called in each thread that arms itself, when it ends: after its function has returned,
 * or called pthread_exit, or was cancelled. Set once, before the first arm. False: the system has
 * no memory for it, or no key; without a key no thread is created. Who is armed can be armed again.
 */
void wefti_os_at_thread_end(void (*hook)(void));
bool wefti_os_arm_thread_end(void);

/* An arm in one call of the hook has it called again, but it is called no more than so often. */
uint32_t wefti_os_end_rounds(void);

/* Has the functions called around fork, as pthread_atfork. */
void wefti_os_at_fork(void (*prepare)(void), void (*parent)(void), void (*child)(void));

#endif
