/* SPDX-License-Identifier: MIT */
/*
 * The state of a barrier, between barrier.c, which has its table and changes it, and
 * barrier_wait.c, where threads come and meet.
 */
#ifndef WEFTI_PRIMITIVES_BARRIER_H
#define WEFTI_PRIMITIVES_BARRIER_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/barrier.h>

#include "primitives/park.h"

#define WEFTI_FULL (UINT32_C(1) << 31)
#define WEFTI_BROKEN (UINT32_C(1) << 30)
#define WEFTI_CROWDED (UINT32_C(1) << 29)
#define WEFTI_COUNT (WEFTI_CROWDED - 1)

/* What an unparked thread is told. */
enum { WEFTI_PASSED, WEFTI_REFUSED };

static inline struct wefti_key wefti_barrier_key(const weft_barrier *barrier, enum wefti_kind kind)
{
    return (struct wefti_key){barrier, kind};
}

static inline bool wefti_barrier_valid(const weft_barrier *barrier)
{
    return barrier != NULL && barrier->parties != 0;
}

/* The state at this moment. */
uint32_t wefti_barrier_state(const weft_barrier *barrier);

/* Under the lock: the same before a change, which starts afresh in the child of a fork. */
uint32_t wefti_barrier_begin(weft_barrier *barrier);
void wefti_barrier_store(weft_barrier *barrier, uint32_t state);

/* A change that ends waits. */
struct wefti_change {
    weft_barrier *barrier;
    bool (*apply)(struct wefti_change *); /* under the lock; true: all that wait are refused */
    uint32_t generation;                  /* the one that is meant, unless */
    bool any;
    bool failed;  /* of a meeting: it has not taken place */
    bool crowded; /* somebody waits at the entry, and has to look again */
    bool applied;
    bool refuses;
};

/* The changes: who gives up or aborts, and the end of a meeting. */
bool wefti_barrier_break(struct wefti_change *change);
bool wefti_barrier_close(struct wefti_change *change);

/* Under the lock: applies a change, once. */
void wefti_barrier_apply(struct wefti_change *change);

/* Applies it, unless that has been done, and wakes whom it concerns. */
void wefti_barrier_change(struct wefti_change *change);

#endif
