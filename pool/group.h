/* SPDX-License-Identifier: MIT */
/*
 * A thread that waits for several futures at once, with a hook in each that is not done. All fields
 * are guarded by the hooks' lock, but for `ready`, which is written under it and read without.
 */
#ifndef WEFTI_POOL_GROUP_H
#define WEFTI_POOL_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/future.h>

#include "pool/hooks.h"
#include "pool/need.h"

enum wefti_group_mode {
    WEFTI_GROUP_FIRST,  /* the wait ends with the first that is done */
    WEFTI_GROUP_FAILED, /* with the first that has failed, or the last */
    WEFTI_GROUP_EACH,   /* with each: the done ones stand in a queue */
};

struct wefti_group {
    enum wefti_group_mode mode;
    uint32_t ready;  /* the wait may end */
    uint32_t thread; /* the number of the one that waits */
    size_t count;    /* of the hooks; of one whose future came before, or was taken, it is NULL */
    struct wefti_hook *hooks;
    size_t missing;              /* futures that are not done */
    struct wefti_reason *reason; /* FAILED, while a task waits: why; it shrinks; else NULL */
    size_t ended;                /* of the waits before: so many of the first are done with, */
    size_t started;              /* and so many need not be run here any more */
    struct wefti_hook *done;     /* EACH: in the order in which they were done, linked by `next` */
    struct wefti_hook *last_done;
    struct wefti_group *next; /* all groups */
    struct wefti_group *previous;
};

/*
 * Puts a hook into each of the futures that is not done; those that are count as done at once, in
 * their order. A future that comes twice counts once. The caller gives room for `count` hooks.
 */
void wefti_group_begin(struct wefti_group *group, enum wefti_group_mode mode, size_t count,
                       weft_future *const *futures, struct wefti_hook *hooks);

/* Waits until it is ready. WEFT_OK, WEFT_TIMEOUT, WEFT_INTERRUPTED, WEFT_DEADLOCK. */
weft_status wefti_group_wait(struct wefti_group *group, int64_t deadline);

/* EACH: takes the first of the queue; NULL: it is empty. `more`: others may follow, now or later. */
struct weft_future *wefti_group_take(struct wefti_group *group, bool *more);

/* Takes all hooks out. */
void wefti_group_end(struct wefti_group *group);

/* Under the hooks' lock: the hook's future is done, and the hook is out. Whether to wake the group. */
bool wefti_group_note(struct wefti_hook *hook);

/* Wakes it. It may have ended meanwhile: only its address is used. */
void wefti_group_wake(const struct wefti_group *group);

/* Under the hooks' lock: how many threads wait in a group at this moment. */
size_t wefti_group_waiters(const struct wefti_group *group);

/* Under the hooks' lock, in the child of a fork: the groups of other threads are no more. */
void wefti_groups_after_fork_child(void);

#endif
