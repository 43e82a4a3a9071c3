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

/*
 * With the mutex locked: whether it is in the queue. A composed one may come by the inbox at this very
 * moment, and `queued` says that, too: it is asked when the inbox is empty, and nobody puts anything in.
 */
static bool is_in_queue(struct weft_executor *executor, const struct weft_future *future)
{
    struct wefti_inbox *inbox = &executor->inbox;
    bool queued;
    bool come;
    do {
        wefti_executor_collect(executor);
        wefti_mutex_lock(&inbox->mutex);
        come = inbox->tasks.length != 0;
        queued = future->queued;
        wefti_mutex_unlock(&inbox->mutex);
    } while (come);
    return queued;
}

/* Takes a future out of the queue; false: it is not in. */
static bool take_out(struct weft_executor *executor, struct weft_future *future)
{
    bool called = false;
    wefti_mutex_lock(&executor->mutex);
    bool queued = is_in_queue(executor, future);
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

/* ---- all of them --------------------------------------------------------------------------- */

struct drain {
    struct weft_executor *executor;
    struct weft_future *first; /* that have been taken out, linked by `next` */
    weft_status why;
};

static void take_out_all(struct drain *drain)
{
    struct weft_executor *executor = drain->executor;
    struct weft_future **end = &drain->first;
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
}

static void drop_others(struct drain **drain);

/* Also if one of those that are told ends the thread: then in the cleanup of its frame. */
static void drop_all(struct drain *drain)
{
    struct drain *rest __attribute__((cleanup(drop_others))) = drain;
    while (drain->first != NULL) {
        struct weft_future *first = drain->first;
        drain->first = first->next;
        wefti_task_drop(drain->executor, (void *)first, drain->why);
    }
    rest = NULL;
}

static void drop_others(struct drain **drain)
{
    if (*drain != NULL)
        drop_all(*drain);
}

void wefti_executor_drain(struct weft_executor *executor, weft_status why)
{
    struct drain drain = {.executor = executor, .why = why};
    take_out_all(&drain);
    drop_all(&drain);
}
