/* SPDX-License-Identifier: MIT */
/*
 * The waiting room: the only place in the library where a thread waits.
 *
 * Threads wait in queues, each named by a key: the address of what they wait for and its kind. (With
 * the kind, a late unpark for memory that holds another primitive by now finds nobody.) It is what
 * the literature calls a parking lot: WebKit's WTF::ParkingLot, Rust's parking_lot, CPython's
 * Python/parking_lot.c.
 *
 * A primitive keeps its state in its own word; the room keeps the waiters. Both change together
 * under the lock of the key's bucket, through callbacks that are short, do not block, and do not
 * call the room. After the callback the room does not touch the primitive: its memory may be gone.
 *
 *     wait   state: "somebody waits"   wefti_park(key, patience with a check of that state)
 *     wake   wefti_unpark(key, how)    with a finish that stores the new state
 *
 * Queues are FIFO. Nothing is allocated: a waiter's entry lies on its own stack. All calls are
 * thread-safe; system calls are made outside the buckets' locks.
 */
#ifndef WEFTI_PRIMITIVES_PARK_H
#define WEFTI_PRIMITIVES_PARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "platform/clock.h"

struct wefti_self;

enum wefti_kind {
    WEFTI_LOCK = 1,
    WEFTI_SEMAPHORE,
    WEFTI_EVENT,
    WEFTI_LATCH,
    WEFTI_BARRIER,         /* a generation that fills */
    WEFTI_BARRIER_TRIPPED, /* one that is full, while its action runs */
    WEFTI_BARRIER_ENTRY,   /* who came meanwhile */
    WEFTI_THREAD,
    WEFTI_SLEEP,
    WEFTI_WORKER,   /* for a task */
    WEFTI_EXECUTOR, /* for room in its queue */
    WEFTI_RLOCK,
    WEFTI_CONDITION,
    WEFTI_RWLOCK,
    WEFTI_TIMER,
    WEFTI_QUEUE,      /* a queue's own lock */
    WEFTI_QUEUE_GET,  /* an item */
    WEFTI_QUEUE_PUT,  /* room for an item */
    WEFTI_QUEUE_JOIN, /* the end of all its tasks */
    WEFTI_LOCAL,      /* the end of calls for its values */
    WEFTI_FUTURE,
    WEFTI_FUTURES, /* the first of several, or all */
    WEFTI_KINDS,
};

struct wefti_key {
    const void *address;
    enum wefti_kind kind;
};

/* Whether the wait still makes sense; called under the bucket's lock. */
typedef bool wefti_validate(void *arg);

/* One queue that a thread waits in. The caller fills in the first part. */
struct wefti_waiter {
    struct wefti_key key;
    wefti_validate *validate; /* NULL: always */
    void *arg;
    uintptr_t request; /* what it wants there; the unparker's choose sees it */

    /* The room's, guarded by the bucket's lock. */
    struct wefti_self *self;
    uintptr_t token; /* what the unparker says to it */
    int64_t since;
    bool alone; /* its thread waits for nothing else */
    struct wefti_waiter *next;
    struct wefti_waiter *previous;
};

/* How a thread waits. Zero is: for ever. */
struct wefti_patience {
    int64_t deadline; /* 0: none, as WEFTI_NEVER */
    bool firm;        /* no interruption ends it; there is no deadline then */
    uint32_t crowd;   /* of those that wait for each other, so many share a processor; 0: unknown */

    /*
     * Called once with `arg`, after the thread stands in all its queues and before it sleeps. It
     * holds no bucket's lock and may unpark others: a condition lets its lock go here. NULL: none.
     */
    void (*queued)(void *arg);

    void *arg;

    /* The rest is for wefti_park, which has one queue. */
    wefti_validate *validate;
    uintptr_t request;
    bool front;     /* at the head of the queue: it had been there before */
    int64_t since;  /* when it first came: its place is by that, `front` among equals; 0: now */
    int64_t rises;  /* when it ends the wait itself, firm or not, as TIMED_OUT; 0: never */
    uint32_t spins; /* nanoseconds before it sleeps; 0: as has paid so far, none if it rises */
};

enum wefti_outcome {
    WEFTI_UNPARKED,    /* somebody unparked it, with the token */
    WEFTI_TIMED_OUT,   /* the deadline came first */
    WEFTI_INTERRUPTED, /* wefti_interrupt came first, maybe before a validate that said no */
    WEFTI_INVALID,     /* a validate said no: it did not wait */
};

struct wefti_parked {
    enum wefti_outcome outcome;
    uintptr_t token; /* UNPARKED: the unparker's */
    size_t index;    /* UNPARKED, INVALID: of which waiter */
};

/* Waits for one key. */
struct wefti_parked wefti_park(struct wefti_key key, const struct wefti_patience *patience);

/*
 * Waits for any of `count` keys. The first unpark of one of them claims the thread; the others never
 * see it again. Each entry's validate is asked in turn, under its own bucket's lock.
 */
struct wefti_parked wefti_park_any(struct wefti_waiter *waiters, size_t count,
                                   const struct wefti_patience *patience);

enum wefti_verdict {
    WEFTI_TAKE, /* unpark this one */
    WEFTI_SKIP, /* leave it, look at the next */
    WEFTI_STOP, /* leave it and all behind it */
};

/* How to unpark. Zero is: all waiters, token 0. The callbacks run under the bucket's lock. */
struct wefti_unparking {
    size_t limit; /* at most so many; 0: all */
    void *arg;    /* handed to the three */
    /* Asked of each waiter in its turn; has no effect of its own, the waiter may be gone. */
    enum wefti_verdict (*choose)(uintptr_t request, void *arg);
    /* Called once for each waiter that is unparked; returns its token. */
    uintptr_t (*take)(uintptr_t request, int64_t since, void *arg);
    /* Called once at the end, also if nobody waited; `more`: others are left in the queue. */
    void (*finish)(size_t taken, bool more, void *arg);
};

/* Unparks waiters of a key, first come first; returns how many. */
size_t wefti_unpark(struct wefti_key key, const struct wefti_unparking *how);

/*
 * The same in two steps, for who wakes after it has let a lock of its own go. wefti_claim appends
 * the waiters to a list whose end it is given, and moves the end; until wefti_wake they do not go
 * on, and what they have parked with may be read and their tokens written.
 */
size_t wefti_claim(struct wefti_key key, const struct wefti_unparking *how,
                   struct wefti_waiter ***list);
void wefti_wake(struct wefti_waiter *list);

/* The same for all keys of a kind, bucket by bucket: `limit` and `finish` are each bucket's. */
void wefti_unpark_kind(enum wefti_kind kind, const struct wefti_unparking *how);

/*
 * Moves at most `limit` (0: all) waiters to the end of another key's queue, where they wait from now
 * on. Neither their deadline nor an interruption ends their wait any more. `finish` is called under both buckets' locks, also
 * if nobody waited. Waiters for several keys are not moved. Returns how many were.
 */
size_t wefti_move(struct wefti_key from, struct wefti_key to, size_t limit, uintptr_t request,
                  void (*finish)(size_t moved, bool more, void *arg), void *arg);

/*
 * Ends the present wait of a thread, or its next one, with WEFTI_INTERRUPTED; once. The registry is
 * locked by the caller, so that the thread cannot end meanwhile.
 */
void wefti_interrupt(struct wefti_self *self);

/* How many threads wait for the key at this moment. */
size_t wefti_waiters(struct wefti_key key);

/*
 * Whether a thread waits for the key behind another, which waits for it, too; if it `comes`, it is
 * about to enter the queue.
 */
bool wefti_stands_behind(struct wefti_key key, const struct wefti_self *self,
                         const struct wefti_self *other, bool comes);

/*
 * Calls `look` under the bucket's lock if a thread waits for the key; false: none does. What is
 * waited for exists as long.
 */
bool wefti_if_waited(struct wefti_key key, void (*look)(void *arg), void *arg);

/* Whether the thread waits at this moment, and for what and since when. */
bool wefti_waits(const struct wefti_self *self, struct wefti_key *key, int64_t *since);

/* In the child of a fork: nobody waits. */
void wefti_park_after_fork_child(void);

#endif
