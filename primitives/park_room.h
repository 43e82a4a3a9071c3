/* SPDX-License-Identifier: MIT */
/*
 * The waiting room from inside: park.c, which parks and unparks, and park_look.c, which looks on.
 */
#ifndef WEFTI_PRIMITIVES_PARK_ROOM_H
#define WEFTI_PRIMITIVES_PARK_ROOM_H

#include "platform/atomic.h"
#include "platform/parker.h"
#include "primitives/park.h"
#include "primitives/self.h"

/* Why a wait ends: a self's claim. park.c has the table. */
enum { IDLE, WAITING, FIRM, UNPARKED, TIMED_OUT, INTERRUPTED, REFUSED };

enum { BUCKET_BITS = 8, CACHE_LINE = 64 };

struct wefti_bucket {
    _Alignas(CACHE_LINE) struct wefti_mutex mutex; /* guards the list and the entries in it */
    struct wefti_waiter *first;
    struct wefti_waiter *last;
};

/* Whether a key is the one that is wanted; its address NULL stands for all of the kind. */
static inline bool wefti_matches(struct wefti_key key, struct wefti_key wanted)
{
    return key.kind == wanted.kind && (key.address == wanted.address || wanted.address == NULL);
}

/* Whether the wait goes on. Who stands in a queue and has been claimed leaves it soon. */
static inline bool wefti_unclaimed(const struct wefti_self *self)
{
    uint32_t state = wefti_load(&self->claim, RELAXED);
    return state == WAITING || state == FIRM;
}

/* Locks the bucket that a key's waiters are in. */
struct wefti_bucket *wefti_bucket_lock(struct wefti_key key);

#endif
