/* SPDX-License-Identifier: MIT */
/*
 * The state of a semaphore, and how it changes while others wait; semaphore_pass.c has the table.
 */
#ifndef WEFTI_PRIMITIVES_SEMAPHORE_PASS_H
#define WEFTI_PRIMITIVES_SEMAPHORE_PASS_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/semaphore.h>

#include "platform/atomic.h"
#include "primitives/park.h"

enum { WEFTI_PERMIT_WAITED = 1, WEFTI_PERMIT = 2 };

/* What no value leads to: the initializer was given a negative one. */
#define WEFTI_PERMITS_INVALID UINT32_C(0x80000001)

static inline struct wefti_key wefti_semaphore_key(const weft_semaphore *semaphore)
{
    return (struct wefti_key){semaphore, WEFTI_SEMAPHORE};
}

/* How many permits a state has; negative: owed. */
static inline int wefti_permits(uint32_t state)
{
    return (int32_t)(state & ~(uint32_t)WEFTI_PERMIT_WAITED) / WEFTI_PERMIT;
}

/* What one permit mostly takes: one compare-and-swap. False: the long way decides. */
static inline bool wefti_permit_taken(weft_semaphore *semaphore)
{
    uint32_t state = wefti_load(&semaphore->state, RELAXED);
    /* Acquire: as in acquire_now. */
    return (state & WEFTI_PERMIT_WAITED) == 0 && wefti_permits(state) > 0 &&
           wefti_cas(&semaphore->state, &state, state - WEFTI_PERMIT, ACQUIRE);
}

/* The same for one that is given back, up to a limit. */
static inline bool wefti_permit_given(weft_semaphore *semaphore, int64_t most)
{
    uint32_t state = wefti_load(&semaphore->state, RELAXED);
    /* Release: as in wefti_semaphore_release. */
    return (state & WEFTI_PERMIT_WAITED) == 0 && wefti_permits(state) < most &&
           wefti_cas(&semaphore->state, &state, state + WEFTI_PERMIT, RELEASE);
}

/*
 * One pass through the room: makes a change, then gives those who wait what there is, in the order
 * of arrival. Zero but for the semaphore changes nothing.
 */
struct wefti_pass {
    weft_semaphore *semaphore;
    weft_status (*change)(struct wefti_pass *pass); /* what is changed first; NULL: nothing */
    int amount;                                     /* by how much, or to what */
    uint32_t *limit;                                /* the limit that is set */
    const uint32_t *most; /* the limit that is kept to; NULL: the type's */
    int wanted;           /* by the caller, behind all who wait */

    bool begun;
    int64_t value; /* the value, from the begin to the end */
    weft_status status;
};

/* What the change has returned, or whether the caller got what it wanted: else WEFT_TIMEOUT. */
weft_status wefti_pass_run(struct wefti_pass *pass);

#endif
