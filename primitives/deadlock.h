/* SPDX-License-Identifier: MIT */
/*
 * Deadlocks: cycles in who waits for whom.
 *
 *     thread -- wants --> object -- is held by --> thread -- wants --> ...
 *
 * A wait needs all holders of what it wants to let go, so every cycle is a deadlock: as certain
 * as its edges are. A reader waits for readers, too, if a writer waits between them.
 */
#ifndef WEFTI_PRIMITIVES_DEADLOCK_H
#define WEFTI_PRIMITIVES_DEADLOCK_H

#include "primitives/held.h"

/*
 * One thread of a cycle: what it wants, and what it has that the one before it wants. Has it
 * nothing, that one waits for its end, or as a reader behind its wish to write.
 */
struct wefti_link {
    uint32_t thread;
    struct wefti_want want;
    uint32_t ends; /* whose end it wants, if it wants one */
    int64_t wants_since;
    struct wefti_holding held;
};

enum { WEFTI_LINKS_MOST = 8 };

struct wefti_cycle {
    bool certain;
    size_t count;                              /* may be more than fit */
    struct wefti_link links[WEFTI_LINKS_MOST]; /* from the thread that closes it */
};

/* With the tables locked: the cycle that the thread's wait closes; a certain one, if there is. */
bool wefti_deadlock_find(struct wefti_self *self, struct wefti_cycle *cycle);

#endif
