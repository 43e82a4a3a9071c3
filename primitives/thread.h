/* SPDX-License-Identifier: MIT */
/*
 * Thread handles inside the library: thread.c makes, starts, joins and ends them, threads.c keeps
 * the list of all, thread_facts.c tells about one.
 */
#ifndef WEFTI_PRIMITIVES_THREAD_H
#define WEFTI_PRIMITIVES_THREAD_H

#include <weft/thread.h>

#include "platform/atomic.h"
#include "platform/thread.h"
#include "primitives/deadline.h"
#include "primitives/error.h"

struct wefti_self;

/* thread.c has the table of the states. */
enum wefti_thread_state {
    WEFTI_THREAD_NEW,
    WEFTI_THREAD_ALIVE,
    WEFTI_THREAD_ENDED,
    WEFTI_THREAD_REAPING,
    WEFTI_THREAD_GONE,
};

/* What who waits under a handle's key wants to see: its end, or (the request) that it has begun. */
enum { WEFTI_THREAD_BEGIN = 1 };

struct wefti_thread_name {
    struct wefti_thread_name *next;
    char text[];
};

struct weft_thread {
    uint32_t references;
    uint32_t state;
    uint32_t number; /* 0: not started */
    bool daemon;
    bool joinable;                   /* made by the library: not the main thread, no foreign one */
    bool interrupted;                /* before it has begun; guarded by the registry */
    WEFTI_ATOMIC_64 uint64_t native; /* 0: it has not begun */
    size_t stack_size;               /* what a thread of its own is made with */
    weft_target *target;
    void *arg;
    struct wefti_result result; /* valid from ENDED on */
    void (*free_value)(void *);
    /* Called at its end, with the registry locked, by who lends it a worker; NULL: it is a thread
     * of its own, which is started and joined. */
    void (*give_back)(struct weft_thread *thread);
    wefti_os_thread os;              /* set by the thread itself before its target runs */
    struct weft_thread *next;        /* the list of handles, guarded by the registry */
    struct weft_thread *previous;    /* the same */
    const char *name;                /* the present one */
    struct wefti_thread_name *names; /* all that it was renamed to, guarded by the registry */
};

/*
 * A new handle in `size` bytes that begin with a struct weft_thread; it has one reference, and a
 * copy of the name or, where there is none, "Thread-N". NULL: weft_last_status() says why.
 */
struct weft_thread *wefti_thread_new(size_t size, const weft_thread_options *options);

/* A handle for a foreign thread; NULL: no memory. */
struct weft_thread *wefti_thread_new_foreign(void);

/*
 * With the registry locked: NEW becomes ALIVE, and a reference is added for who runs it; false if
 * it has been started.
 */
bool wefti_thread_start(struct weft_thread *thread);

/* Waits for the end; `site` is the program's call. */
weft_status wefti_thread_join(struct weft_thread *thread, int64_t deadline, const void *site);

/* The same as the public calls do it, which may be given anything. */
weft_status wefti_thread_join_at(struct weft_thread *thread, struct wefti_limit limit,
                                 const void *site);

/*
 * Runs the target in the calling thread, which is the handle's; tells the excepthook of a failure.
 */
void wefti_thread_run(struct weft_thread *thread);

/* The self begins, ends as the thread of this handle; the registry is locked. */
void wefti_thread_begins(struct weft_thread *thread, struct wefti_self *self);
void wefti_thread_ends(struct weft_thread *thread);

/* After wefti_thread_ends: tells who waits, and gives the reference of who ran it up. */
void wefti_thread_ended(struct weft_thread *thread);

/* Gives the memory of renamings back. */
void wefti_thread_free_names(struct weft_thread *thread);

/* The calling thread's handle; NULL: it is foreign and has none yet, or a helper. */
struct weft_thread *wefti_thread_own(void);

/* The calling thread's name, valid as long as it runs. */
const char *wefti_thread_own_name(void);

/* Notes why a call returns NULL, and returns it. */
void *wefti_failed(weft_status status);

/* The list: a handle is in it from its start until its thread is gone. The registry is locked. */
void wefti_threads_enter(struct weft_thread *thread);
void wefti_threads_leave(struct weft_thread *thread);

/* Makes the calling thread the main one; when the library is loaded. */
void wefti_threads_startup(void);

/*
 * At exit: waits for all threads that are not daemons, but for the caller; true if there were any.
 */
bool wefti_threads_join_all(void);

/* In the child of a fork: the caller is the main thread, and all others have ended. */
void wefti_threads_after_fork_child(void);

#endif
