/* SPDX-License-Identifier: MIT */
/*
 * Tasks on their way into a queue, whose mutex the workers have among themselves. While the inbox is
 * open no worker has to be told that a task has come, and who brings one needs the inbox's mutex
 * only, for a few instructions. Whoever locks the queue's collects what has come, all at once.
 *
 *   from   to     by, with the queue's mutex locked
 *   shut   open   whoever sees that a worker comes without being called or started
 *   open   shut   whoever takes care that this is so no more, and collects what has come
 *
 * A shut inbox is empty, and takes nothing: who comes with a task then locks the queue's mutex, and
 * sees to a worker. Both are said under the inbox's mutex, so no task is overlooked.
 */
#ifndef WEFTI_POOL_INBOX_H
#define WEFTI_POOL_INBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/parker.h"
#include "pool/task_queue.h"

struct wefti_inbox {
    struct wefti_mutex mutex; /* locked after the queue's */
    bool open;                /* written with both locked */

    /* While it is open its mutex guards the rest, else the queue's does. */
    struct wefti_task_queue tasks;
    size_t behind; /* the queue has that many, or fewer by now */
    size_t peak;   /* the most that were in both at once; may be read without */
};

/* Puts a task in, of priority 0; false: it is shut. */
bool wefti_inbox_put(struct wefti_inbox *inbox, const struct wefti_task_queue *queue,
                     struct wefti_task *task);

/*
 * With the queue's mutex locked: moves to the queue what has come, returns how many, and opens or
 * shuts. To be called whenever the queue has grown otherwise.
 */
size_t wefti_inbox_settle(struct wefti_inbox *inbox, struct wefti_task_queue *queue, bool open);

#endif
