/* SPDX-License-Identifier: MIT */
/*
 * A task is run. It is counted before its future is done, so who has seen a result finds it in the
 * statistics, too.
 */
#include "pool/executor.h"

#include "platform/clock.h"
#include "pool/task.h"
#include "primitives/error.h"
#include "primitives/thread.h"
#include "primitives/watch.h"

/* ---- a run --------------------------------------------------------------------------------- */

/* A task between its being taken and its end, in the frame that runs it. */
struct run {
    struct weft_executor *executor;
    struct wefti_worker *worker; /* who counts it; NULL: the executor */
    struct wefti_worker *thread; /* the worker that this thread is; NULL: none */
    struct wefti_task *task;     /* NULL: it has ended */
    int64_t started;             /* 0: no times are kept, or it was not started */
};

static void count_in(struct wefti_tally *tally, uint64_t *outcome, const struct run *run)
{
    wefti_tally_add(outcome);
    if (run->started == 0)
        return;
    wefti_tally_time(&tally->waits, run->started - run->task->future.submitted);
    wefti_tally_time(&tally->runs, wefti_clock() - run->started);
}

/* In the worker's own tally, or under the mutex in the executor's. */
static void count(const struct run *run, size_t outcome)
{
    struct weft_executor *executor = run->executor;
    struct wefti_tally *tally = run->worker != NULL ? &run->worker->tally : &executor->tally;
    if (run->worker == NULL)
        wefti_mutex_lock(&executor->mutex);
    count_in(tally, (void *)((char *)tally + outcome), run);
    if (run->worker == NULL)
        wefti_mutex_unlock(&executor->mutex);
}

/* Takes the task out of the frame; the queue's reference is the caller's then. */
static struct wefti_task *leave(struct run *run)
{
    struct wefti_task *task = run->task;
    run->task = NULL;
    if (run->thread != NULL)
        run->thread->task = task->outer;
    return task;
}

static size_t outcome_of(const struct wefti_result *result, bool obeyed)
{
    if (result->error == NULL)
        return offsetof(struct wefti_tally, done);
    return obeyed ? offsetof(struct wefti_tally, cancelled) : offsetof(struct wefti_tally, failed);
}

static void drop_future(struct wefti_task **task)
{
    weft_future_free(&(*task)->future);
}

void wefti_task_give_up(struct wefti_task *task)
{
    struct wefti_task *given __attribute__((cleanup(drop_future))) = task;
    weft_context_free(given->context);
}

static void give_up(struct wefti_task **task)
{
    wefti_task_give_up(*task);
}

/* How a task ends, also if the excepthook, which is called in the frame, ends the thread. */
struct ending {
    struct wefti_task *task;
    struct wefti_result result;
    bool obeyed;
};

static void finish(const struct ending *ending)
{
    struct wefti_task *task __attribute__((cleanup(give_up))) = ending->task;
    wefti_task_end_as(&task->future, ending->result, ending->obeyed);
}

static void end(struct run *run, struct wefti_result result)
{
    /* Asked once: it is counted as what its future says. */
    bool obeyed = wefti_task_obeys(&run->task->future, result);
    count(run, outcome_of(&result, obeyed));
    const struct ending ending
        __attribute__((cleanup(finish))) = {.task = leave(run), .result = result, .obeyed = obeyed};
    if (ending.task->posted && result.error != NULL)
        wefti_excepthook(wefti_thread_own(), result.error);
}

/* The target of what is not run: why not. */
static void *refuse(void *why)
{
    weft_status status = *(weft_status *)why;
    return weft_raise_text(status, weft_strerror(status));
}

/* The frame is left, and the task has not returned: by pthread_exit, or because it was cancelled. */
static void abandon(struct run *run)
{
    if (run->task != NULL)
        end(run, wefti_task_abandoned());
}

static void *run_in_context(void *arg)
{
    struct wefti_task *task = arg;
    return weft_context_run(task->context, task->future.target, task->future.arg);
}

static void run_target(struct run *run, weft_target *target, void *arg)
{
    if (run->thread != NULL) {
        run->task->outer = run->thread->task;
        run->thread->task = run->task;
    }
    if (wefti_task_begin(&run->task->future)) {
        end(run, wefti_run(target, arg));
        return;
    }
    count(run, offsetof(struct wefti_tally, cancelled));
    wefti_task_give_up(leave(run));
}

void wefti_task_run(struct weft_executor *executor, struct wefti_task *task,
                    struct wefti_worker *worker)
{
    struct run run __attribute__((cleanup(abandon))) = {
        .executor = executor,
        .worker = worker,
        .thread = worker != NULL ? worker : wefti_worker_current(),
        .task = task};
    weft_status expired = WEFT_EXPIRED;
    const struct weft_future *future = &task->future;
    int64_t now = executor->timing || future->deadline != 0 ? wefti_clock() : 0;
    if (wefti_watched())
        wefti_watch_acquired(task);
    if (future->deadline != 0 && now >= future->deadline) {
        run_target(&run, refuse, &expired);
        return;
    }
    if (executor->timing)
        run.started = now;
    if (task->context != NULL)
        run_target(&run, run_in_context, task);
    else
        run_target(&run, future->target, future->arg);
}

/* ---- not run ------------------------------------------------------------------------------- */

void wefti_task_drop(struct weft_executor *executor, struct wefti_task *task, weft_status why)
{
    struct run run = {.executor = executor, .task = task};
    if (why != WEFT_OK) {
        /* The calling thread may run a task. */
        struct weft_future *future __attribute__((cleanup(wefti_future_drop))) =
            weft_future_ref(&task->future);
        struct wefti_nesting nesting __attribute__((cleanup(wefti_task_unnest)));
        wefti_task_nest(&nesting, future);
        run_target(&run, refuse, &why);
        return;
    }
    struct wefti_task *dropped __attribute__((cleanup(give_up))) = task;
    count(&run, offsetof(struct wefti_tally, cancelled));
    (void)weft_future_cancel(&dropped->future); /* it may be already */
}
