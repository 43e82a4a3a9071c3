/* SPDX-License-Identifier: MIT */
/*
 * What futures ask of their executor, and how tasks leave its queue without a worker.
 *
 * Who takes a task out of the queue, under the mutex, has the queue's reference, and ends the task:
 * a worker, a waiter that runs it in place, a cancellation, or a drain. So each is ended once.
 */
#include "pool/executor.h"

static struct weft_executor *executor_of(struct wefti_owner *owner)
{
    return (void *)owner;
}

/* Takes a future out of the queue; false: it is not in. */
static bool take_out(struct weft_executor *executor, struct weft_future *future)
{
    bool called = false;
    wefti_mutex_lock(&executor->mutex);
    wefti_executor_collect(executor);
    bool queued = future->queued;
    if (queued) {
        wefti_task_queue_remove(&executor->queue, (void *)future);
        called = wefti_sleepers_call(&executor->submitters);
    }
    wefti_mutex_unlock(&executor->mutex);
    if (called)
        wefti_sleepers_wake(&executor->submitters);
    return queued;
}

static weft_status enqueue(struct wefti_owner *owner, struct weft_future *future)
{
    return wefti_executor_enqueue(executor_of(owner), (void *)future);
}

static void withdraw(struct wefti_owner *owner, struct weft_future *future)
{
    if (take_out(executor_of(owner), future))
        wefti_task_drop(executor_of(owner), (void *)future, WEFT_OK);
}

static bool run_here(struct wefti_owner *owner, struct weft_future *future)
{
    bool queued = take_out(executor_of(owner), future);
    if (queued)
        wefti_task_run(executor_of(owner), (void *)future, NULL);
    return queued;
}

const struct wefti_owner_type wefti_executor_owner = {.allocate = wefti_task_allocate,
                                                      .recycle = wefti_task_recycle,
                                                      .enqueue = enqueue,
                                                      .withdraw = withdraw,
                                                      .run_here = run_here};

void wefti_executor_drain(struct weft_executor *executor, weft_status why)
{
    struct weft_future *first = NULL;
    struct weft_future **end = &first;
    wefti_mutex_lock(&executor->mutex);
    wefti_executor_collect(executor);
    for (struct wefti_task *task; (task = wefti_task_queue_take(&executor->queue)) != NULL;) {
        task->future.next = NULL;
        *end = &task->future;
        end = &task->future.next;
    }
    wefti_sleepers_call_all(&executor->submitters);
    wefti_mutex_unlock(&executor->mutex);
    wefti_sleepers_wake_all(&executor->submitters);
    while (first != NULL) {
        struct weft_future *next = first->next;
        wefti_task_drop(executor, (void *)first, why);
        first = next;
    }
}
