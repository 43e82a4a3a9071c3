/* SPDX-License-Identifier: MIT */
/*
 * Thread handles inside the library: thread.c makes, joins and ends them, threads.c keeps the list
 * of all.
 */
#ifndef WEFTI_PRIMITIVES_THREAD_H
#define WEFTI_PRIMITIVES_THREAD_H

#include <weft/thread.h>

#include "platform/thread.h"

/* thread.c has the table of the states. */
enum wefti_thread_state {
    WEFTI_THREAD_ALIVE,
    WEFTI_THREAD_ENDED,
    WEFTI_THREAD_REAPING,
    WEFTI_THREAD_GONE,
};

struct weft_thread {
    uint32_t references;
    uint32_t state;
    uint32_t number;
    bool daemon;
    bool ours; /* started by us, so it can be joined */
    weft_target *target;
    void *arg;
    void *value; /* valid from ENDED on */
    void (*free_value)(void *);
    wefti_os_thread os;           /* set by the thread itself before its target runs */
    struct weft_thread *next;     /* the list of handles, guarded by the registry's mutex */
    struct weft_thread *previous; /* the same */
    const char *name;
    char name_storage[];
};

/* A handle with one reference and a copy of the name, or of "<prefix>-N" where there is none. */
struct weft_thread *wefti_thread_handle(const char *name, const char *prefix);

/* Waits for the end of a thread of ours; `site` is the program's call. */
weft_status wefti_thread_join(struct weft_thread *thread, int64_t deadline, const void *site);

/* The calling thread, which has left the registry, ends: says so, and gives its reference up. */
void wefti_thread_ended(struct weft_thread *thread);

/* Notes why a call returns NULL, and returns it. */
void *wefti_failed(weft_status status);

/* The list of handles that are alive; the registry is locked. */
void wefti_threads_enter(struct weft_thread *thread);
void wefti_threads_leave(struct weft_thread *thread);

/* Makes the calling thread the main one; when the library is loaded. */
void wefti_threads_startup(void);

/* At exit: waits for all threads that are not daemons, but for the caller. */
void wefti_threads_join_all(void);

/* In the child of a fork: the caller is the main thread, and all others have ended. */
void wefti_threads_after_fork_child(void);

#endif
