/* SPDX-License-Identifier: MIT */
/*
 * Tasks that wait without a deadline for what may come to need their own executor: a composed future,
 * or several. What is handed to the executor meanwhile may lie anywhere below it, and no worker may be
 * left for it; so each of them is woken, and looks for something to run in place.
 */
#ifndef WEFTI_POOL_HELPERS_H
#define WEFTI_POOL_HELPERS_H

#include <stdint.h>

#include "platform/atomic.h"
#include "primitives/park.h"

struct wefti_owner;

/* In the frame of the one that waits. Guarded by the hooks' lock, but for `calls`, as it says. */
struct wefti_helper {
    struct wefti_owner *owner; /* whose task it runs; NULL: it is in no list */
    struct wefti_key key;      /* that it is parked under, with that request */
    uintptr_t request;
    uint32_t calls;  /* how often it has been called: written under the lock, read without */
    uint32_t thread; /* the number of the one that waits */
    struct wefti_helper *next;
    struct wefti_helper *previous;
};

/* Enters the calling thread, if it runs a task of an executor. */
void wefti_helper_begin(struct wefti_helper *helper, struct wefti_key key, uintptr_t request);

/* Takes it out, if it was entered: in a cleanup, for what is run in place may end the thread. */
void wefti_helper_end(struct wefti_helper *helper);

/* Asked before it looks for something to run; it parks only while this has not changed. */
static inline uint32_t wefti_helper_calls(const struct wefti_helper *helper)
{
    /* Acquire: pairs with the release in wefti_helpers_call. */
    return wefti_load(&helper->calls, ACQUIRE);
}

/* A composed future stands in the owner's queue, and its state says so. */
void wefti_helpers_call(const struct wefti_owner *owner);

/* Under the hooks' lock, in the child of a fork: other threads wait no more. */
void wefti_helpers_after_fork_child(void);

#endif
