/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the library does with thread handles.
 */
#ifndef WEFTI_PRIMITIVES_THREAD_H
#define WEFTI_PRIMITIVES_THREAD_H

#include <weft/thread.h>

/* Makes the calling thread the main one; when the library is loaded. */
void wefti_threads_startup(void);

/* At exit: waits for all threads that are not daemons, but for the caller. */
void wefti_threads_join_all(void);

/* A thread ends: the first with the registry locked, the second without. */
void wefti_thread_leaves(struct weft_thread *thread);
void wefti_thread_ended(struct weft_thread *thread);

/* In the child of a fork: the caller is the main thread, and all others have ended. */
void wefti_threads_after_fork_child(void);

#endif
