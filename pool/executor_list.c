/* SPDX-License-Identifier: MIT */
/*
 * All executors that have not ended: at exit they finish what is queued, and in the child of a fork
 * they are as after a shutdown. The list holds no reference.
 */
#include "pool/executor.h"

#include <stdlib.h>

#include "platform/atomic.h"
#include "platform/symbol.h"
#include "platform/thread.h"
#include "primitives/thread.h"
#include "primitives/watch.h"

static struct wefti_mutex mutex; /* guards the list and `exiting` */
static struct weft_executor *first;
static bool exiting;

void wefti_executors_enter(struct weft_executor *executor)
{
    wefti_mutex_lock(&mutex);
    executor->closed = exiting;
    executor->previous = NULL;
    executor->next = first;
    if (first != NULL)
        first->previous = executor;
    first = executor;
    wefti_mutex_unlock(&mutex);
}

void wefti_executors_leave(struct weft_executor *executor)
{
    wefti_mutex_lock(&mutex);
    *(executor->previous != NULL ? &executor->previous->next : &first) = executor->next;
    if (executor->next != NULL)
        executor->next->previous = executor->previous;
    wefti_mutex_unlock(&mutex);
}

/* ---- exit ---------------------------------------------------------------------------------- */

static void close_all(void)
{
    wefti_mutex_lock(&mutex);
    exiting = true;
    for (struct weft_executor *executor = first; executor != NULL; executor = executor->next)
        wefti_executor_close(executor, false); /* who ends one waits for the list first */
    wefti_mutex_unlock(&mutex);
}

/* The next executor that exit has not waited for, as one more user; NULL: none. */
static struct weft_executor *use_next(void)
{
    struct weft_executor *found = NULL;
    wefti_mutex_lock(&mutex);
    for (struct weft_executor *executor = first; executor != NULL && found == NULL;
         executor = executor->next) {
        wefti_mutex_lock(&executor->mutex);
        if (executor->users > 0 && !executor->awaited) {
            executor->awaited = true;
            executor->users++;
            found = executor;
        }
        wefti_mutex_unlock(&executor->mutex);
    }
    wefti_mutex_unlock(&mutex);
    return found;
}

static void leave(struct weft_executor *executor)
{
    wefti_mutex_lock(&executor->mutex);
    bool last = wefti_executor_leave(executor);
    wefti_mutex_unlock(&executor->mutex);
    if (last)
        wefti_executor_end(executor);
}

static void at_exit(void)
{
    struct wefti_worker *caller = wefti_worker_current();
    struct weft_executor *executor;
    close_all();
    while ((executor = use_next()) != NULL) {
        if (caller != NULL && caller->executor == executor)
            wefti_worker_replace(caller); /* it will not come back */
        while (wefti_executor_join(executor, WEFTI_NEVER, WEFTI_CALLER) == WEFT_INTERRUPTED)
            continue;
        leave(executor);
    }
}

/* ---- fork ---------------------------------------------------------------------------------- */

static void before_fork(void)
{
    wefti_mutex_lock(&mutex);
    for (struct weft_executor *executor = first; executor != NULL; executor = executor->next) {
        wefti_mutex_lock(&executor->mutex);
        wefti_mutex_lock(&executor->inbox.mutex);
        wefti_mutex_lock(&executor->spare_mutex);
    }
}

static void after_fork_parent(void)
{
    for (struct weft_executor *executor = first; executor != NULL; executor = executor->next) {
        wefti_mutex_unlock(&executor->spare_mutex);
        wefti_mutex_unlock(&executor->inbox.mutex);
        wefti_mutex_unlock(&executor->mutex);
    }
    wefti_mutex_unlock(&mutex);
}

/* Shut down, with no worker but the calling one; one more user is the caller's. */
static void make_single(struct weft_executor *executor, const struct wefti_worker *caller)
{
    bool own = caller != NULL && caller->executor == executor;
    executor->closed = true;
    wefti_executor_settle(executor);
    executor->users = 1U + (wefti_load(&executor->handles, RELAXED) != 0) + own;
    executor->live = own && !caller->left;
    executor->coming = own && !caller->left && !caller->ready; /* its initializer has forked */
    executor->looking = 0;
    executor->aside.worker = NULL;
    executor->watchers = 0;
    executor->idle = (struct wefti_sleepers){.kind = executor->idle.kind};
    executor->submitters = (struct wefti_sleepers){.kind = executor->submitters.kind};
}

/* Gives up what a worker had that does not exist here: the queue's references to what it ran. */
static void bury(struct wefti_worker *worker)
{
    for (struct wefti_task *outer, *task = worker->task; task != NULL; task = outer) {
        outer = task->outer;
        if (!wefti_watched()) /* ThreadSanitizer would report it as freed while it is held */
            wefti_task_give_up(task);
    }
    wefti_tally_merge(&worker->executor->tally, &worker->tally);
    wefti_worker_give_back(worker);
    wefti_worker_free(worker);
}

static void bury_others(struct weft_executor *executor, const struct wefti_worker *caller)
{
    struct wefti_worker *workers = executor->workers;
    executor->workers = NULL;
    for (struct wefti_worker *next, *worker = workers; worker != NULL; worker = next) {
        next = worker->next;
        if (worker != caller) {
            bury(worker);
            continue;
        }
        worker->next = NULL;
        executor->workers = worker;
    }
}

/* What is called in here may end an executor, but not the one that it is called for. */
static void after_fork_child(void)
{
    struct wefti_worker *caller = wefti_worker_current();
    after_fork_parent(); /* it is this thread that has locked them */
    for (struct weft_executor *executor = first; executor != NULL; executor = executor->next)
        make_single(executor, caller);
    for (struct weft_executor *next, *executor = first; executor != NULL; executor = next) {
        wefti_executor_drain(executor, WEFT_OK);
        wefti_tasks_lose(executor);
        bury_others(executor, caller);
        next = executor->next;
        leave(executor);
    }
}

/*
 * After the library's and the futures' own start: so before a fork these locks are taken before
 * theirs, in its child this comes last, and exit comes here first.
 */
__attribute__((constructor(103))) static void start(void)
{
    wefti_mutex_init(&mutex);
    wefti_os_at_fork(before_fork, after_fork_parent, after_fork_child);
    atexit(at_exit);
}
