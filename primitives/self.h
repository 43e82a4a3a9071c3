/* SPDX-License-Identifier: MIT */
/*
 * What the library knows of a thread. Everything that is per thread hangs off wefti_self(); nothing
 * else is thread-local. Code does not keep the pointer across a park.
 */
#ifndef WEFTI_PRIMITIVES_SELF_H
#define WEFTI_PRIMITIVES_SELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/error.h>
#include <weft/status.h>

#include "platform/atomic.h"
#include "platform/parker.h"
#include "platform/thread.h"
#include "primitives/hands.h"

struct weft_future;
struct weft_thread;
struct wefti_local_call;
struct wefti_locals;
struct wefti_owner;
struct wefti_continuations;
struct wefti_waiter;

struct wefti_self {
    uint32_t number; /* 1 is the main thread; 0: not in use yet; given once, survives fork */
    weft_status last_status;
    struct weft_thread *thread; /* its handle, guarded by the registry; NULL: foreign, none yet */
    const weft_error *error;    /* raised and not returned yet */
    const char *helper; /* a thread of the library's own: what it is; NULL: one of the program's */
    wefti_os_thread os;
    uint64_t native; /* the kernel's number of it */

    /* The waiting room's (park.c says who writes what). */
    struct wefti_parker parker;
    struct wefti_spinner spinner; /* what its waits have taught it */
    struct wefti_allowance spins; /* for locks */
    uint32_t claim;               /* why the present wait ends: see the table in park.c */
    uint32_t interrupted;         /* an interruption is pending */
    struct wefti_waiter *claimed; /* the entry that was unparked */
    WEFTI_ATOMIC_64 uint64_t parks;

    /* What the present wait is for, for those who look inside; claim says whether there is one. */
    const void *address;
    uint32_t kind;
    WEFTI_ATOMIC_64 int64_t since;

    /* pool/'s. */
    struct weft_future *task;   /* that it runs; read by others with the registry locked */
    struct wefti_owner *serves; /* the executor whose worker it is, and may run tasks; NULL: none */
    struct wefti_continuations *continuations; /* that wait for this thread; NULL: it runs none */

    struct wefti_hands hands; /* what it holds and wants, while locks are watched */

    /* Local's: local/value.h. */
    struct wefti_locals *locals;     /* NULL: it has no values */
    struct wefti_local_call *called; /* calls of the program's for a value, the last one first */
    uint32_t ends;                   /* rounds of its end, up to wefti_os_end_rounds() */

    /* The registry of all selves, guarded by its mutex. */
    struct wefti_self *next;
    struct wefti_self *previous;
    bool registered;
    bool armed; /* its end will be noticed, or has been */
};

extern _Thread_local struct wefti_self wefti_own
    __attribute__((tls_model("initial-exec"), visibility("hidden")));
void wefti_self_begin_foreign(void);

/* The calling thread's own; made at its first call, which cannot fail. */
static inline struct wefti_self *wefti_self(void)
{
    if (__builtin_expect(wefti_own.number == 0, 0))
        wefti_self_begin_foreign();
    return &wefti_own;
}

/* The same in a thread that the library has started, before anything else in it. */
void wefti_self_begin(uint32_t number, struct weft_thread *thread);

/*
 * The same in a helper of the library's own, which is no thread to its program. From become to
 * resign it is: it has the handle's number, and ends as a thread does.
 */
void wefti_self_begin_helper(const char *what);
void wefti_self_become(struct weft_thread *thread);
void wefti_self_resign(void);

/*
 * Whether the end of the calling thread will be noticed, or has been. If not, the system had no
 * memory for that at the thread's first call, and has none now. Such a thread can lock and wait, but
 * it is in no registry, and has nothing that somebody would have to end.
 */
bool wefti_self_enlist(void);

/*
 * What ends the calling thread's values: at least one round, and counts them in `ends`. Called when
 * a thread ends, again in each later round of the system's, and at exit. Set once.
 */
void wefti_self_at_end(void (*hook)(void));

/* The calling thread's values end now, and it makes no more: at exit. */
void wefti_self_end_values(void);

/* Memory filled with zeros; NULL, and then the calling thread's last status says why. */
void *wefti_self_allocate(size_t size);

/* A new thread's number. */
uint32_t wefti_next_number(void);

/* The registry: every thread that has used the library and has not ended. */
void wefti_registry_lock(void);
void wefti_registry_unlock(void);

/* While it is locked: the self with the smallest number above `number`; NULL: none. */
struct wefti_self *wefti_registry_after(uint32_t number);

/* While it is locked: the self with that number; NULL: it has ended, or never was. */
struct wefti_self *wefti_registry_number(uint32_t number);

/* While it is locked: the self of the thread with that handle; NULL: it has not begun, or ended. */
struct wefti_self *wefti_registry_find(const struct weft_thread *thread);

/* Sees to it that a self leaves the registry when its thread ends; once, when the library loads. */
void wefti_self_startup(void);

/* Around fork: the registry stays whole, and the child's has one thread. */
void wefti_self_before_fork(void);
void wefti_self_after_fork_parent(void);
void wefti_self_after_fork_child(void);

/* How many forks lie between the program's first process and this one. */
uint32_t wefti_forks(void);

#endif
