/* SPDX-License-Identifier: MIT */
/*
 * What one thread holds and wants, while locks are watched; guarded by the tables' mutex (held.h).
 */
#ifndef WEFTI_PRIMITIVES_HANDS_H
#define WEFTI_PRIMITIVES_HANDS_H

#include "primitives/watch.h"

struct wefti_hold;
struct wefti_self;

struct wefti_hands {
    struct wefti_hold *holds; /* the latest first */
    struct wefti_want want;   /* without an object: it waits for nothing */
    int64_t since;
    struct wefti_self *next_waiting;
    struct wefti_self *previous_waiting;

    /* A search of deadlock.c. */
    uint32_t search;
    struct wefti_self *waiter;        /* who waits for this thread */
    const struct wefti_hold *through; /* for what it holds; NULL: for the thread itself */
    struct wefti_self *queued;

    /* Only its own thread uses these. */
    bool reporting;  /* reports do not report */
    uint32_t group;  /* of locks that one call takes; 0: none */
    uint32_t groups; /* so far */
};

#endif
