/* SPDX-License-Identifier: MIT */
/*
 * Futures inside the library: future.c keeps the state and completes, future_wait.c waits for one,
 * hooks.c knows who is to be told, task.c runs what an executor starts.
 *
 * An executor, with the type of its owner filled in:
 *
 *     submit   f = wefti_future_new(&executor->owner, target, arg, 2);      one reference is the
 *              f->free_value = ..., f->tag = ...;                           caller's, one the queue's
 *              into the queue
 *     worker   f out of the queue
 *              if (wefti_task_begin(f)) {                                   false: it was cancelled
 *                  struct wefti_result result = wefti_run(f->target, f->arg);
 *                  wefti_task_end(f, result);
 *              }
 *              weft_future_free(f);                                         the queue's
 *     refuse   wefti_future_fail(f, WEFT_BROKEN_POOL, text);                 what is not started
 *              weft_future_free(f);
 */
#ifndef WEFTI_POOL_FUTURE_H
#define WEFTI_POOL_FUTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/future.h>

#include "primitives/error.h"

struct wefti_hook;
struct wefti_owner;
struct wefti_reason;

/*
 * What an executor does for its futures. The owner is there until the last of its futures has been
 * recycled. None of the calls may be made under a lock of the library's; each may take the owner's.
 */
struct wefti_owner_type {
    /* Memory for a struct weft_future, with any content but for what the owner keeps behind it;
     * NULL: none. The library fills it in. */
    struct weft_future *(*allocate)(struct wefti_owner *owner);

    /* The last reference is gone; the memory is the owner's again. Any thread, never blocks. */
    void (*recycle)(struct wefti_owner *owner, struct weft_future *future);

    /* Queues a future of the owner's that was made before, with one reference for the queue. Never
     * blocks, whatever the queue's bound. Not WEFT_OK (WEFT_SHUTDOWN ...): it is not queued, and the
     * reference stays the caller's. */
    weft_status (*enqueue)(struct wefti_owner *owner, struct weft_future *future);

    /* The future has been cancelled: takes it out of the queue and gives the queue's reference up,
     * if it is there; a worker that has it by now will see. The caller has a reference. */
    void (*withdraw)(struct wefti_owner *owner, struct weft_future *future);

    /* A task of this owner's is going to wait for the future, without a deadline. If that is in the
     * queue: takes it out, runs it here as a worker does, and says true. */
    bool (*run_here)(struct wefti_owner *owner, struct weft_future *future);
};

/* An executor begins with one. */
struct wefti_owner {
    const struct wefti_owner_type *type;
};

/* Two cache lines: the first is what submit, worker and result touch. */
struct weft_future {
    /* First: to ThreadSanitizer a future that runs is a lock at its address, and what another thread
     * releases by an atomic operation on a lock's address is forgotten when it is let go. */
    struct wefti_owner *owner; /* NULL: the program completes it */
    uint32_t references;
    uint32_t state;             /* future.c has its table */
    struct wefti_result result; /* written before the state says FINISHED, constant from then on */
    weft_target *target;        /* what the owner runs */
    void *arg;
    struct weft_future *next; /* the owner's queue, guarded by the owner; then its free list */
    struct weft_future *previous;

    struct wefti_hook *hooks; /* who is to be told, in a ring; guarded by the hooks' lock */
    void (*free_value)(void *);
    void *tag;
    struct wefti_reason *waits_for; /* why its task stands still; guarded by the registry's mutex */
    uint32_t runner;                /* the number of the thread that runs it */
    uint32_t forks;                 /* of the process it was started in */
    bool composed;                  /* arg is what it is made of (compose.c), */
    bool lent;                      /* which the result belongs to */
    bool queued;                    /* the owner's, as are the rest: it is in the queue */
    int32_t priority;
    int64_t deadline;  /* not started after it; 0: none */
    int64_t submitted; /* when, if the owner keeps times */
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct weft_future) == 128, "two cache lines");

/*
 * A future with that many references, PENDING. With an owner the memory is the owner's, without one
 * the program is to complete it. The owner's fields are zero. NULL: no memory.
 */
struct weft_future *wefti_future_new(struct wefti_owner *owner, weft_target *target, void *arg,
                                     uint32_t references);

/*
 * The calling thread is going to run the future's target: PENDING becomes RUNNING, and it is the
 * thread's present task. False: it was cancelled, is CANCELLED_AND_NOTIFIED now and must not run.
 */
bool wefti_task_begin(struct weft_future *future);

/*
 * The target has ended with that result, in the same thread: the future is done, who waits is told,
 * and callbacks are called. What a begin before it had interrupted goes on.
 */
void wefti_task_end(struct weft_future *future, struct wefti_result result);

/*
 * The same in two steps: whether the task has been asked to end, and says that it did, so that its
 * future is cancelled; and its end, as that was told, though it may have been asked meanwhile.
 */
bool wefti_task_obeys(const struct weft_future *future, struct wefti_result result);
void wefti_task_end_as(struct weft_future *future, struct wefti_result result, bool obeyed);

/* PENDING becomes FINISHED, with an error: it will not be run. False: it was cancelled. */
bool wefti_future_fail(struct weft_future *future, weft_status code, const char *text);

/* The task that the calling thread runs; NULL: none. */
struct weft_future *wefti_task_current(void);

#endif
