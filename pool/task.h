/* SPDX-License-Identifier: MIT */
/*
 * Tasks: futures while a thread of the library's runs them. A thread that runs one may run another
 * meanwhile, in place: one that it is going to wait for, or one composed of a future that is done.
 */
#ifndef WEFTI_POOL_TASK_H
#define WEFTI_POOL_TASK_H

#include <stdbool.h>

#include "pool/future.h"
#include "pool/need.h"

/* What a thread does, while it does something else. */
struct wefti_nesting {
    struct weft_future *outer;  /* its task; NULL: it ran none */
    struct weft_future *inner;  /* what it does */
    struct wefti_reason reason; /* why the outer one stands still */
    bool asked;                 /* that had been asked to end before */
    bool interrupted;           /* an interruption of the thread was pending */
};

/*
 * The calling thread is going to run `inner` in place. An interruption that is meant for what it did
 * before is kept until it does that again. What is run may end its thread, so unnest is a cleanup of
 * the frame, and so is the end of a reference that keeps `inner` there until then.
 */
void wefti_task_nest(struct wefti_nesting *nesting, struct weft_future *inner);
void wefti_task_unnest(const struct wefti_nesting *nesting);

static inline void wefti_future_drop(struct weft_future **future)
{
    weft_future_free(*future);
}

/*
 * Whose tasks the calling thread may run in place: the executor's whose task it runs, and the one's
 * whose worker it is. Mostly they are one; a worker may run another executor's task if that is full, and
 * callbacks and continuations are no executor's. NULL: nobody's.
 */
struct wefti_owners {
    struct wefti_owner *owners[2];
};

struct wefti_owners wefti_task_owners(void);

static inline bool wefti_owners_have(const struct wefti_owners *owners,
                                     const struct wefti_owner *owner)
{
    return owner != NULL && (owner == owners->owners[0] || owner == owners->owners[1]);
}

/* If the future waits in the queue of one of them: runs it here, and says true. */
bool wefti_task_run_here(struct weft_future *future);

/* With the registry locked: the thread that runs it did not survive a fork. */
bool wefti_task_is_lost(const struct weft_future *future);

/*
 * Compositions that can go on wait until their thread has told of what it completed (compose.c). They
 * must not wait while it runs a program's code, which may wait for them.
 */
struct wefti_continuations *wefti_continuations_suspend(void);
void wefti_continuations_resume(struct wefti_continuations *suspended);

#endif
