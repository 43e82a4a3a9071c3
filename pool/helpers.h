/* SPDX-License-Identifier: MIT */
/*
 * Whoever waits without a deadline in a worker, or in a task, runs what it waits for, and nothing else,
 * whenever that stands in the executor's queue: all workers may wait. What it waits for is what it
 * needs (need.h), or what that is composed of. A plain future stands in the queue when it is made,
 * or never, and wefti_task_run_here is enough. What is composed may be queued later: so who waits for
 * that, or for several, is a helper, and is offered what comes.
 */
#ifndef WEFTI_POOL_HELPERS_H
#define WEFTI_POOL_HELPERS_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/atomic.h"
#include "pool/need.h"
#include "pool/task.h"
#include "primitives/park.h"

struct wefti_composition;

/* In the frame of the one that waits. Guarded by the hooks' lock, but for `called`, as it says. */
struct wefti_helper {
    struct wefti_reason reason; /* first: why it waits */
    bool waits;                 /* the reason is entered */
    bool unsure;                /* there may be more to be run than it has been offered */
    uint32_t called;            /* not 0: it is to look; written under the lock, read without */
    uint32_t thread;            /* the number of the one that waits */
    bool listed;                /* it is in the list, */
    struct wefti_owners owners; /* and runs these ones' */
    struct wefti_key key;       /* that it is parked under, with its own address as request */
    uint64_t walk;              /* the number of its last search, which has marked what it needs */
    uint64_t losses;            /* of wefti_hooks_losses() at that time */
    struct wefti_composition *offered; /* what has been queued since, each with a reference */
    struct wefti_composition *last_offered;
    struct wefti_helper *next;
    struct wefti_helper *previous;
};

/*
 * The calling thread is going to wait under that key, without a deadline, for what the caller has
 * filled in. False: that would never end (circle.h). Ended in a cleanup, also if it was never begun:
 * what is run in place may end the thread.
 */
bool wefti_helper_begin(struct wefti_helper *helper, struct wefti_key key);
void wefti_helper_end(struct wefti_helper *helper);

/* It is going to park under another key. */
void wefti_helper_move(struct wefti_helper *helper, struct wefti_key key);

/* Runs one that it needs, if there is one in the queue; false: it may park until it is called. */
bool wefti_helper_run(struct wefti_helper *helper);

static inline bool wefti_helper_called(const struct wefti_helper *helper)
{
    /* Acquire: pairs with the release in call(). */
    return wefti_load(&helper->called, ACQUIRE) != 0;
}

/* A composed future stands in its owner's queue, and its state says so; the caller has a reference. */
void wefti_helpers_offer(struct weft_future *future);

/* Under the hooks' lock, in the child of a fork: other threads wait no more. */
void wefti_helpers_after_fork_child(void);

#endif
