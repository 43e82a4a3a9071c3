/* SPDX-License-Identifier: MIT */
/*
 * A task comes. Under the executor's mutex: it is let in, a worker is called or started for it, it
 * is queued. What can fail has failed by then: nothing is allocated for the queue, and a worker's
 * handle is made while the mutex is not held.
 */
#include "pool/executor.h"

#include <string.h>

#include "platform/atomic.h"
#include "platform/clock.h"
#include "pool/task.h"
#include "primitives/self.h"
#include "primitives/thread.h"
#include "primitives/watch.h"

/* How a task asks to be let in. */
struct request {
    struct wefti_task *task;
    struct wefti_limit limit; /* how long it may wait for room */
    bool unbounded;           /* it is let in without room */
    bool run_here;            /* there was no room: its submitter runs it */
};

/* ---- a worker for it ----------------------------------------------------------------------- */

static void keep(struct weft_executor *executor, struct wefti_worker *worker)
{
    worker->next = executor->reserve;
    executor->reserve = worker;
}

/* With the mutex locked, which it lets go meanwhile: makes a worker that can be started. */
static weft_status make_worker(struct weft_executor *executor)
{
    uint32_t number = executor->named++;
    wefti_mutex_unlock(&executor->mutex);
    struct wefti_worker *worker = wefti_worker_new(executor, number);
    wefti_mutex_lock(&executor->mutex);
    if (worker == NULL)
        return WEFT_NO_MEMORY;
    if (executor->users == 0) { /* a continuation came, and meanwhile the executor has ended */
        wefti_mutex_unlock(&executor->mutex);
        wefti_worker_free(worker);
        wefti_mutex_lock(&executor->mutex);
        return WEFT_SHUTDOWN;
    }
    keep(executor, worker);
    return WEFT_OK;
}

static weft_status start_worker(struct weft_executor *executor)
{
    struct wefti_worker *worker = executor->reserve;
    executor->reserve = worker->next;
    weft_status status = wefti_worker_start(worker);
    if (status != WEFT_OK)
        keep(executor, worker);
    return status;
}

/* With the mutex locked: whether an idle worker looks for a task, will soon, or is called to do so. */
static bool one_looks(const struct weft_executor *executor)
{
    return executor->looking + executor->idle.called > 0 || wefti_aside_sees(&executor->aside);
}

/* With the mutex locked: if `tasks` are queued and none looks, calls one. */
static bool call(struct weft_executor *executor, size_t tasks)
{
    return tasks > 0 && !one_looks(executor) && wefti_sleepers_call(&executor->idle);
}

void wefti_executor_collect(struct weft_executor *executor)
{
    if (executor->by_inbox)
        executor->submitted += wefti_inbox_settle(&executor->inbox, &executor->queue, true);
}

/* With the mutex locked: collects, and opens or shuts the inbox. */
static void settle(struct weft_executor *executor, bool open)
{
    executor->by_inbox = open;
    executor->submitted += wefti_inbox_settle(&executor->inbox, &executor->queue, open);
}

/* With the mutex locked: whether nobody has to be called or started for a task that comes. */
static bool may_open(const struct weft_executor *executor)
{
    return executor->plain && !executor->closed && !executor->broken &&
           executor->live == executor->max_workers &&
           (executor->idle.asleep == 0 || one_looks(executor));
}

void wefti_executor_settle(struct weft_executor *executor)
{
    settle(executor, may_open(executor));
}

void wefti_executor_shut(struct weft_executor *executor)
{
    settle(executor, false);
}

bool wefti_executor_pass_on(struct weft_executor *executor)
{
    if (executor->by_inbox && !may_open(executor))
        wefti_executor_settle(executor);
    return call(executor, executor->queue.length);
}

/*
 * With the mutex locked: `more` tasks are going to be queued. Calls an idle worker, to be woken after
 * the mutex, if none looks; starts another if there are too few, and one is allowed. Lets the mutex go
 * meanwhile if it is to be asked *again. Not WEFT_OK: there is no worker at all.
 */
static weft_status staff(struct weft_executor *executor, size_t more, bool *called, bool *again)
{
    weft_status status = WEFT_OK;
    size_t tasks = executor->queue.length + more;
    *again = false;
    *called = call(executor, tasks) || *called;
    if (tasks <= (size_t)executor->coming + executor->looking + executor->idle.asleep ||
        executor->live >= executor->max_workers)
        return WEFT_OK;
    if (executor->reserve == NULL) {
        status = make_worker(executor);
        *again = status == WEFT_OK;
    } else {
        status = start_worker(executor);
    }
    return executor->live > 0 ? WEFT_OK : status;
}

weft_status wefti_executor_staff(struct weft_executor *executor)
{
    weft_status status;
    bool called = false;
    bool again;
    wefti_mutex_lock(&executor->mutex);
    wefti_executor_collect(executor);
    do
        status = staff(executor, 0, &called, &again);
    while (again);
    wefti_executor_settle(executor);
    wefti_mutex_unlock(&executor->mutex);
    if (called)
        wefti_sleepers_wake(&executor->idle);
    return status;
}

/* ---- room for it --------------------------------------------------------------------------- */

static bool has_room(const struct weft_executor *executor)
{
    return executor->queue_size == 0 || executor->queue.length < executor->queue_size;
}

/* With the mutex locked: sleeps until there may be room. */
static weft_status wait_for_room(struct weft_executor *executor, int64_t deadline, int64_t *since)
{
    const struct wefti_patience patience = {
        .deadline = deadline, .front = *since != 0, .since = *since};
    if (*since == 0)
        *since = wefti_clock();
    if (deadline == WEFTI_TRY)
        return WEFT_FULL;
    switch (wefti_sleepers_sleep(&executor->submitters, &executor->mutex, patience)) {
    case WEFTI_TIMED_OUT:
        return has_room(executor) ? WEFT_OK : WEFT_FULL;
    case WEFTI_INTERRUPTED:
        return WEFT_INTERRUPTED;
    default:
        return WEFT_OK;
    }
}

/* With the mutex locked, which it may let go meanwhile: lets a task in, or says why not. */
static weft_status let_in(struct weft_executor *executor, struct request *request)
{
    int64_t since = 0;
    int64_t deadline = 0;
    for (;;) {
        if (executor->closed)
            return WEFT_SHUTDOWN;
        if (executor->broken)
            return WEFT_BROKEN_POOL;
        if (request->unbounded || has_room(executor))
            return WEFT_OK;
        if (executor->when_full == WEFT_WHEN_FULL_FAIL)
            return WEFT_FULL;
        const struct wefti_worker *worker = wefti_worker_current();
        request->run_here = executor->when_full == WEFT_WHEN_FULL_RUN ||
                            (worker != NULL && worker->executor == executor);
        if (request->run_here)
            return WEFT_OK;
        if (deadline == 0)
            deadline = wefti_limit_deadline(request->limit);
        weft_status status = wait_for_room(executor, deadline, &since);
        if (status != WEFT_OK)
            return status;
    }
}

/* ---- both ---------------------------------------------------------------------------------- */

/* Queues the task of a request, or counts it if its submitter runs it. */
static weft_status put_in_queue(struct weft_executor *executor, struct request *request)
{
    weft_status status;
    bool called = false;
    bool again;
    wefti_mutex_lock(&executor->mutex);
    wefti_executor_collect(executor);
    do {
        again = false;
        status = let_in(executor, request);
        if (status == WEFT_OK && !request->run_here)
            status = staff(executor, 1, &called, &again);
    } while (again);
    executor->submitted += status == WEFT_OK;
    if (status == WEFT_OK && !request->run_here)
        wefti_task_queue_put(&executor->queue, request->task);
    wefti_executor_settle(executor);
    /* Who is interrupted may have been called for room that is there, and goes away without. */
    bool pass_on = status == WEFT_INTERRUPTED && has_room(executor) &&
                   wefti_sleepers_call(&executor->submitters);
    wefti_mutex_unlock(&executor->mutex);
    if (called)
        wefti_sleepers_wake(&executor->idle);
    if (pass_on)
        wefti_sleepers_wake(&executor->submitters);
    return status;
}

static weft_status put(struct weft_executor *executor, struct request *request)
{
    if (wefti_watched())
        wefti_watch_releasing(request->task);
    if (executor->plain && request->task->future.priority == 0 &&
        wefti_inbox_put(&executor->inbox, &executor->queue, request->task))
        return WEFT_OK;
    return put_in_queue(executor, request);
}

weft_status wefti_executor_enqueue(struct weft_executor *executor, struct wefti_task *task)
{
    if (executor->timing)
        task->future.submitted = wefti_clock();
    return put(executor, &(struct request){.task = task, .unbounded = true});
}

/* ---- the public calls ---------------------------------------------------------------------- */

/* A caller compiled against another version may know fewer options, or more. */
static bool read_options(weft_submit_options *options, const weft_submit_options *given)
{
    if (given == NULL || given->struct_size < offsetof(weft_submit_options, priority))
        return false;
    *options = (weft_submit_options){0};
    memcpy(options, given,
           given->struct_size < sizeof *options ? given->struct_size : sizeof *options);
    return options->executor != NULL && options->target != NULL &&
           options->expires == options->expires && options->timeout == options->timeout;
}

static struct wefti_task *make_task(const weft_submit_options *options, bool posted)
{
    struct weft_future *future =
        wefti_future_new(&options->executor->owner, options->target, options->arg, posted ? 1 : 2);
    struct wefti_task *task = (void *)future;
    if (task == NULL)
        return NULL;
    future->free_value = options->free_value;
    future->tag = options->tag;
    future->priority = options->priority;
    task->posted = posted;
    task->context = weft_context_ref(options->context);
    if (options->expires != 0) {
        (void)wefti_deadline_for(options->expires, &future->deadline);
        if (future->deadline == WEFTI_NEVER)
            future->deadline = 0;
    }
    if (options->executor->timing)
        future->submitted = wefti_clock();
    return task;
}

/* Runs a task in place of waiting for room; `future` as in submit. */
static void run_here(struct weft_executor *executor, struct wefti_task *task,
                     struct weft_future **future)
{
    /* The submitter's reference, or one more: a submitter whose thread ends in here gets none. */
    struct weft_future *kept __attribute__((cleanup(wefti_future_drop))) = &task->future;
    if (future == NULL)
        weft_future_ref(kept);
    {
        struct wefti_nesting nesting __attribute__((cleanup(wefti_task_unnest)));
        wefti_task_nest(&nesting, kept);
        wefti_task_run(executor, task, NULL);
    }
    if (future != NULL) {
        *future = kept;
        kept = NULL;
    }
}

static weft_status submit(const weft_submit_options *given, struct weft_future **future)
{
    weft_submit_options options;
    if (!read_options(&options, given))
        return WEFT_VALUE_ERROR;
    struct wefti_task *task = make_task(&options, future == NULL);
    if (task == NULL)
        return WEFT_NO_MEMORY;
    struct request request = {.task = task,
                              .limit = options.timeout != 0 ? wefti_for(options.timeout)
                                                            : wefti_for_ever()};
    weft_status status = put(options.executor, &request);
    if (status != WEFT_OK) {
        weft_context_free(task->context);
        wefti_task_recycle(&options.executor->owner, &task->future);
        return status;
    }
    if (request.run_here)
        run_here(options.executor, task, future);
    else if (future != NULL)
        *future = &task->future;
    return WEFT_OK;
}

weft_future *weft_executor_submit_with(const weft_submit_options *options)
{
    struct weft_future *future;
    weft_status status = submit(options, &future);
    return status == WEFT_OK ? future : wefti_failed(status);
}

weft_status weft_executor_post_with(const weft_submit_options *options)
{
    return submit(options, NULL);
}
