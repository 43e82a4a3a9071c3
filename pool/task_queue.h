/* SPDX-License-Identifier: MIT */
/*
 * The tasks that wait for a worker, in the order in which they are taken: the smallest priority
 * first; among equals the first that came, or the last. The links lie in the tasks, so nothing here
 * can fail. Tasks of priority 0, which most are, stand in a list and cost O(1); the others in a
 * heap, O(log n). Any task can be taken out. The caller locks; the length may be read without.
 */
#ifndef WEFTI_POOL_TASK_QUEUE_H
#define WEFTI_POOL_TASK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "pool/future.h"
#include "primitives/timer_heap.h"

/* A future that an executor runs. */
struct wefti_task {
    struct weft_future future; /* first: with the queue's own priority, links and mark */
    struct wefti_heap_node node;
    struct wefti_task *outer;     /* what its thread goes on with after it; NULL: nothing */
    struct weft_context *context; /* that it is run in; NULL: none */
    bool posted;                  /* nobody asks for its result */
};

struct wefti_task_queue {
    bool lifo;
    size_t length;
    struct weft_future *first; /* the list, in the order of coming; its `previous` is not used */
    struct weft_future *last;  /* if there is a first */
    struct wefti_heap heap;
};

/* Puts a task in, by its priority. */
void wefti_task_queue_put(struct wefti_task_queue *queue, struct wefti_task *task);

/* Takes out the task that is next; NULL: none is in. */
struct wefti_task *wefti_task_queue_take(struct wefti_task_queue *queue);

/* Takes a task out that is in. */
void wefti_task_queue_remove(struct wefti_task_queue *queue, struct wefti_task *task);

/* Puts a queue's tasks behind another's: all of them have priority 0. O(1). */
void wefti_task_queue_append(struct wefti_task_queue *queue, struct wefti_task_queue *others);

/* When the oldest task came that is in, of those that have the time of it; 0: none. O(n). */
int64_t wefti_task_queue_oldest(const struct wefti_task_queue *queue);

#endif
