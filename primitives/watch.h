/* SPDX-License-Identifier: MIT */
/*
 * One word that every acquire and release tests once: zero is the fast path, any bit leads to the
 * watched one, which tells whoever looks on.
 *
 * What only orders one thread's work after another's (an event that is set) says
 *
 *     wefti_watch_acquired(object), wefti_watch_releasing(object)
 *
 * What is held says more. For each acquire and release of the outermost level, with one wefti_want:
 *
 *     wefti_watch_asks       before the first attempt
 *     wefti_watch_wants      before it waits, if it does; never under a lock of the library's
 *     wefti_watch_took       it has it, or
 *     wefti_watch_gave_up    it has it not: a timeout, an interruption
 *     wefti_watch_releases   before it lets go; only if the call is going to succeed, where the
 *                            primitive knows
 *
 * A reader says took and releases each time, an RLock at its outermost level only. Who changes a
 * share (upgrade, downgrade) releases the one and takes the other.
 *
 * asks, took and gave_up get the same wefti_want; releases needs object, ownership and shared,
 * and of a share kind and site.
 * took and releases include acquired and releasing. A thread that is going to produce something
 * that others wait for (a result) calls took and releases alone: a hold without asks has no
 * order.
 */
#ifndef WEFTI_PRIMITIVES_WATCH_H
#define WEFTI_PRIMITIVES_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/status.h>

#include "platform/atomic.h"
#include "platform/symbol.h"
#include "primitives/park.h"

struct wefti_self;

enum wefti_watch_bit {
    WEFTI_WATCH_TSAN = 1U << 0,       /* ThreadSanitizer's runtime is present */
    WEFTI_WATCH_LOCKS = 1U << 1,      /* deadlocks and lock orders */
    WEFTI_WATCH_TSAN_LOCKS = 1U << 2, /* ThreadSanitizer wants to know owned locks as such */
    WEFTI_WATCH_VALGRIND = 1U << 3,   /* the program runs under valgrind */
};

/* Hidden, so that it is read without a detour. */
extern uint32_t wefti_watch __attribute__((visibility("hidden")));

/* Relaxed: the word is set before threads start, or takes effect some time later. */
#define wefti_watched() (__builtin_expect(wefti_load(&wefti_watch, RELAXED) != 0, 0))

/* Who may end a hold. */
enum wefti_ownership {
    WEFTI_ANYONE, /* any thread: who took it last is a guess at who will release it */
    WEFTI_OWNER,  /* only the thread that took it */
};

/* What a thread wants, or is about to hold. */
struct wefti_want {
    void *object; /* WEFTI_THREAD: the handle of the thread whose end is wanted */
    enum wefti_kind kind;
    enum wefti_ownership ownership;
    bool shared;        /* others may hold it as well: a reader */
    bool timed;         /* it only tries, or has a deadline */
    bool interruptible; /* an interruption ends the wait */
    bool held;          /* ANYONE: somebody holds it at this moment */
    bool sleeps;        /* wanted once its thread has been moved there: a condition's lock */
    bool gone;          /* a share that is given up: the lock's state has it no more */
    const void *site;   /* the program's call: WEFTI_CALLER */
};

/*
 * A thread that holds the object is going to let it go, to wait for something else, and then to
 * take it back: it does not want it yet, but does from the moment it is moved to the object's queue.
 * Then asks, wants and took or gave_up as ever.
 */
void wefti_watch_sleeps(const struct wefti_want *want);

void wefti_watch_asks(const struct wefti_want *want);
void wefti_watch_wants(const struct wefti_want *want);
void wefti_watch_took(const struct wefti_want *want);
void wefti_watch_gave_up(const struct wefti_want *want);
void wefti_watch_releases(const struct wefti_want *want);

void wefti_watch_acquired(void *object);
void wefti_watch_releasing(void *object);

/* took or gave_up, by how an acquire went. */
void wefti_watch_settles(const struct wefti_want *want, weft_status status);

/* Locks that one call takes in the order of their addresses: they have no order among themselves. */
void wefti_watch_group_begins(void);
void wefti_watch_group_ends(void);

/* The object ends: its name, orders and holders are forgotten. Also when nobody watches. */
void wefti_watch_done(const void *address);

/* What a _done call returns: WEFT_BUSY, or WEFT_OK and the object ends. */
weft_status wefti_done(const void *object, bool busy);

/* A thread that holds the object, by its number; 0: none known. `sure`: only it can release. */
uint32_t wefti_watch_holder(const void *address, bool *sure);

/* After a thread was interrupted, with the registry locked: it is not going to wait for ever. */
void wefti_watch_interrupted(struct wefti_self *self);

/* The calling thread ends: first while others still find it, then when it has left the registry,
 * and holds nothing that anybody could find. */
void wefti_watch_thread_leaves(void);
void wefti_watch_thread_ends(void);

/* Finds out who looks on; once, when the library is loaded. */
void wefti_watch_startup(void);

/* Around fork: the tables stay whole, and in the child the other threads hold nothing known. */
void wefti_watch_before_fork(void);
void wefti_watch_after_fork_parent(void);
void wefti_watch_after_fork_child(void);

#endif
