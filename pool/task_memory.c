/* SPDX-License-Identifier: MIT */
/*
 * Memory for an executor's tasks is used again: what futures give back goes to a list that anybody
 * pushes to, by compare-and-swap; who needs one takes from a list of his own, which a mutex among
 * the submitters guards, and when that is empty takes over the whole other one. Nobody pops from the
 * shared list one by one, so it does not matter that an element may leave it and come back. A worker
 * gives back what is freed in it by the dozen, and when it has nothing to do.
 *
 * At most KEPT are kept. The executor's memory is pinned once for each task; after its end the shared
 * list is `ended`, and what comes back is released.
 */
#include "pool/executor.h"

#include "platform/atomic.h"
#include "platform/memory.h"
#include "platform/processor.h"

enum { KEPT = 16384, TOGETHER = 32 };

static struct weft_future ended; /* only its address: the shared list takes nothing more */

static void release(struct weft_executor *executor, struct weft_future *future)
{
    wefti_release((struct wefti_task *)(void *)future);
    wefti_executor_unpin(executor);
}

static void release_all(struct weft_executor *executor, struct weft_future *future)
{
    while (future != NULL) {
        struct weft_future *next = future->next;
        release(executor, future);
        future = next;
    }
}

struct weft_future *wefti_task_allocate(struct wefti_owner *owner)
{
    struct weft_executor *executor = (void *)owner;
    wefti_mutex_lock(&executor->spare_mutex);
    struct weft_future *future = executor->spare;
    if (future == NULL) /* acquire: pairs with the release in recycle; it has not ended yet */
        future = wefti_exchange(&executor->returned, NULL, ACQUIRE);
    if (future != NULL) {
        executor->spare = future->next;
        if (future->next != NULL)
            wefti_fetch(future->next, sizeof(struct wefti_task));
        /* Relaxed: recycle needs to know it only roughly. */
        wefti_store(&executor->taken, executor->taken + 1, RELAXED);
    }
    wefti_mutex_unlock(&executor->spare_mutex);
    struct wefti_task *task = (void *)future;
    if (task != NULL) { /* the other fields are set when they are used, or by the library */
        task->context = NULL;
        task->posted = false;
        return future;
    }
    task = wefti_allocate(sizeof *task);
    if (task == NULL)
        return NULL;
    /* Relaxed: the caller has a handle, which has a pin. */
    wefti_fetch_add(&executor->pins, 1, RELAXED);
    return &task->future;
}

/* Gives back a chain of so many, from `future` to `last`. From then on the executor may be gone. */
static void give_back(struct weft_executor *executor, struct weft_future *future,
                      struct weft_future *last, uint32_t count)
{
    /* Relaxed: only the number matters, and that roughly. */
    uint32_t given = wefti_fetch_add(&executor->given, count, RELAXED);
    bool full = given - wefti_load(&executor->taken, RELAXED) >= KEPT;
    struct weft_future *first = wefti_load(&executor->returned, RELAXED);
    while (first != &ended && !full) {
        last->next = first;
        /* Release: pairs with the acquire in allocate and end. */
        if (wefti_cas(&executor->returned, &first, future, RELEASE))
            return;
    }
    wefti_fetch_sub(&executor->given, count, RELAXED);
    last->next = NULL;
    release_all(executor, future);
}

void wefti_worker_give_back(struct wefti_worker *worker)
{
    struct weft_future *freed = worker->freed;
    worker->freed = NULL;
    if (freed != NULL)
        give_back(worker->executor, freed, worker->freed_first, worker->freed_count);
}

void wefti_task_recycle(struct wefti_owner *owner, struct weft_future *future)
{
    struct weft_executor *executor = (void *)owner;
    struct wefti_worker *worker = wefti_worker_current();
    if (worker == NULL || worker->executor != executor) {
        give_back(executor, future, future, 1);
        return;
    }
    future->next = worker->freed;
    if (worker->freed == NULL) {
        worker->freed_first = future;
        worker->freed_count = 0;
    }
    /* Release: in a fork's child this may be seen at any step. */
    wefti_store(&worker->freed, future, RELEASE);
    if (++worker->freed_count == TOGETHER)
        wefti_worker_give_back(worker);
}

void wefti_task_memory_end(struct weft_executor *executor)
{
    /* Acquire: pairs with the release in recycle. */
    release_all(executor, wefti_exchange(&executor->returned, &ended, ACQUIRE));
    release_all(executor, executor->spare); /* nobody submits any more */
    executor->spare = NULL;
}
