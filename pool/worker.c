/* SPDX-License-Identifier: MIT */
/*
 * A worker is a thread of the program's like any other: it has a name, is listed, and can be
 * interrupted. It takes tasks until the executor is closed and its queue empty, or until it has been
 * idle too long. With nothing to do it looks on for a moment, one worker at a time, and then sleeps.
 * Where it is in the way of others, it steps aside (aside.h).
 *
 *   a worker is   counted in          by                     and becomes
 *   coming        live, coming        who starts it          busy, idle
 *   busy          live                itself: takes a task   busy, looking on, idle, gone
 *   looking on    live, looking       itself: look_on        busy, idle
 *   standing by   live, idle.asleep,  itself: make_way       busy, called
 *                 aside.worker
 *   idle          live, idle.asleep   itself: rest           called, busy or gone (by its deadline)
 *   called        live, idle.called   who brings, or takes   busy, idle
 *   gone          (nothing)           itself: depart         the thread ends
 *
 * All of it changes under the executor's mutex. Who brings a task compares the tasks that are queued
 * with the workers that are not busy. One of the idle ones is called; it calls the next. A busy worker
 * comes back by itself.
 *
 * An interruption that comes while no task runs is for the next one, and what a task has not heard
 * is forgotten at its end.
 *
 * Its end has two steps: `left`, and when its thread has nothing more to do with the executor, `gone`.
 * However its thread ends (a task may call pthread_exit), leave() is called in the frame of work(): a
 * worker that left tasks behind is replaced.
 */
#include "pool/executor.h"

#include <stdio.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/memory.h"
#include "platform/processor.h"
#include "platform/symbol.h"
#include "primitives/self.h"
#include "primitives/thread.h"

enum { LOOKS = 25, PAUSES = 4, BURST = 32 };
enum { NUMBER_BYTES = 12 };

/* ---- between tasks ------------------------------------------------------------------------- */

/* How many tasks there are, roughly. */
static size_t tasks_of(const struct weft_executor *executor)
{
    /* Relaxed: it is looked at again with the mutex locked. */
    return wefti_load(&executor->queue.length, RELAXED) +
           wefti_load(&executor->inbox.tasks.length, RELAXED);
}

static void pause_for(int times)
{
    for (int i = 0; i < times; i++)
        wefti_pause();
}

/* Until there are tasks, for a moment. A burst is let grow, so that who brings it is left alone. */
static void spin(const struct weft_executor *executor)
{
    size_t before = 0;
    for (int i = 0; i < LOOKS; i++) {
        size_t tasks = tasks_of(executor);
        if (tasks != 0 && (tasks == before || tasks >= BURST))
            break;
        before = tasks;
        pause_for(PAUSES);
    }
}

/* With the mutex locked, which it lets go: looks on for a moment, if no other one does. */
static void look_on(struct wefti_worker *worker)
{
    struct weft_executor *executor = worker->executor;
    bool looks = executor->looking == 0 && wefti_processors() > 1;
    executor->looking += looks;
    if (looks)
        wefti_executor_settle(executor);
    wefti_mutex_unlock(&executor->mutex);
    wefti_worker_give_back(worker);
    if (looks)
        spin(executor);
    wefti_mutex_lock(&executor->mutex);
    executor->looking -= looks;
}

/* With the mutex locked: there is nothing to do, and who brings a task calls a worker that sleeps. */
static bool must_wait(struct weft_executor *executor)
{
    wefti_executor_shut(executor);
    if (executor->queue.length != 0 || wefti_executor_finite(executor))
        return false;
    executor->aside.apart = true; /* a task that comes now is not behind short ones */
    return true;
}

/* Sleeps until it is called; false: for too long. If it has stepped `aside`, tasks may be there. */
static bool rest(struct wefti_worker *worker, bool aside)
{
    struct weft_executor *executor = worker->executor;
    /* The last that came is the first that goes, so those that are not needed come to their end. */
    struct wefti_patience patience = {.front = true, .firm = true};
    bool may_end = executor->keep_alive != 0 && executor->live > executor->min_workers;
    if (may_end) {
        patience.firm = false;
        (void)wefti_deadline_for(executor->keep_alive, &patience.deadline);
    }
    while (aside || must_wait(executor)) {
        enum wefti_outcome outcome = WEFTI_TIMED_OUT;
        aside = false;
        if (patience.deadline != WEFTI_TRY)
            outcome = wefti_sleepers_sleep(&executor->idle, &executor->mutex, patience);
        if (outcome == WEFTI_INTERRUPTED)
            worker->interrupted = true;
        if (outcome == WEFTI_TIMED_OUT && must_wait(executor))
            return executor->live <= executor->min_workers;
        worker->turns.count = WEFTI_TURNS - 1; /* the next one looks at the clock */
    }
    return true;
}

/* With the mutex locked: steps aside if it is in the way; false: it is not needed any more. */
static bool make_way(struct wefti_worker *worker)
{
    struct weft_executor *executor = worker->executor;
    struct wefti_pace with;
    if (++worker->turns.count < WEFTI_TURNS || wefti_executor_finite(executor))
        return true;
    bool tries = wefti_aside_tries(&executor->aside, &worker->turns, wefti_pace(executor), &with);
    uint32_t busy = executor->live - executor->coming - executor->looking - executor->idle.asleep;
    if (!tries || busy == 1 || executor->idle.called != 0)
        return true;
    if (executor->aside.worker != NULL)
        return rest(worker, true);
    wefti_worker_stand_by(worker, with);
    return true;
}

/* With the mutex locked: the next task, waiting for it; NULL: the worker is not needed any more. */
static struct wefti_task *next_task(struct wefti_worker *worker)
{
    struct weft_executor *executor = worker->executor;
    if (!make_way(worker))
        return NULL;
    if (executor->queue.length == 0 && !wefti_executor_finite(executor))
        look_on(worker);
    for (;;) {
        if (executor->queue.first == NULL)
            wefti_executor_collect(executor);
        struct wefti_task *task = wefti_task_queue_take(&executor->queue);
        if (task != NULL)
            wefti_aside_begun(executor);
        if (task != NULL || wefti_executor_finite(executor))
            return task;
        if (!rest(worker, false))
            return NULL;
    }
}

static void set_interrupted(bool interrupted)
{
    /* Relaxed: read by the thread itself, or stored under the registry's mutex. */
    wefti_store(&wefti_self()->interrupted, interrupted, RELAXED);
}

/* With the mutex locked: the worker takes no more tasks. It may have said so: at exit, for one. */
static void depart(struct wefti_worker *worker)
{
    struct weft_executor *executor = worker->executor;
    if (worker->left)
        return;
    worker->left = true;
    executor->aside.apart = true; /* it leaves tasks to whoever stands by */
    executor->live--;
    executor->coming -= !worker->ready;
}

static void serve(struct wefti_worker *worker)
{
    struct weft_executor *executor = worker->executor;
    struct wefti_task *task;
    wefti_mutex_lock(&executor->mutex);
    executor->coming--;
    worker->ready = true;
    wefti_self()->serves = &executor->owner;
    while ((task = next_task(worker)) != NULL) {
        bool room = wefti_sleepers_call(&executor->submitters);
        bool called = wefti_executor_pass_on(executor);
        wefti_mutex_unlock(&executor->mutex);
        if (called)
            wefti_sleepers_wake(&executor->idle);
        if (room)
            wefti_sleepers_wake(&executor->submitters);
        if (worker->interrupted)
            set_interrupted(true);
        worker->interrupted = false;
        wefti_task_run(executor, task, worker);
        set_interrupted(false);
        wefti_mutex_lock(&executor->mutex);
    }
    depart(worker);
    wefti_mutex_unlock(&executor->mutex);
}

/* ---- beginning and end --------------------------------------------------------------------- */

/* Runs the initializer; false: it has failed. */
static bool initialize(const struct wefti_worker *worker)
{
    const struct weft_executor *executor = worker->executor;
    if (executor->initializer == NULL)
        return true;
    struct wefti_result result __attribute__((cleanup(wefti_result_drop_error))) =
        wefti_run(executor->initializer, executor->init_arg);
    if (result.error != NULL)
        wefti_excepthook(worker->thread, result.error);
    set_interrupted(false);
    return result.error == NULL;
}

/* No worker can be made ready: what is queued fails, and what comes is refused. */
static void break_pool(struct weft_executor *executor)
{
    wefti_mutex_lock(&executor->mutex);
    executor->broken = true;
    wefti_executor_settle(executor);
    wefti_sleepers_call_all(&executor->idle);
    wefti_mutex_unlock(&executor->mutex);
    wefti_sleepers_wake_all(&executor->idle);
    wefti_executor_drain(executor, WEFT_BROKEN_POOL);
}

static void say_left(struct wefti_worker **worker)
{
    wefti_mutex_lock(&(*worker)->executor->mutex);
    depart(*worker);
    wefti_mutex_unlock(&(*worker)->executor->mutex);
}

/* It leaves also if one of those that are told ends the thread. */
static void give_way(struct wefti_worker *worker)
{
    struct wefti_worker *leaving __attribute__((cleanup(say_left))) = worker;
    if (!leaving->ready)
        break_pool(leaving->executor);
}

void wefti_worker_replace(struct wefti_worker *worker)
{
    struct weft_executor *executor = worker->executor;
    give_way(worker);
    /* Another takes what is queued, or nobody can. */
    weft_status status = wefti_executor_staff(executor);
    if (status != WEFT_OK)
        wefti_executor_drain(executor, status);
}

/*
 * With the mutex locked: takes those out of the list that are gone, so that workers that come and go
 * leave nothing behind. Not while somebody else may look at them. Two that leave at the same time do
 * not take each other, and so never wait for each other.
 */
static struct wefti_worker *take_earlier(struct weft_executor *executor)
{
    struct wefti_worker *earlier = NULL;
    struct wefti_worker **at = &executor->workers;
    while (!executor->closed && executor->watchers == 0 && *at != NULL) {
        struct wefti_worker *other = *at;
        if (!other->gone) {
            at = &other->next;
            continue;
        }
        *at = other->next;
        wefti_tally_merge(&executor->tally, &other->tally);
        other->next = earlier;
        earlier = other;
    }
    return earlier;
}

static void free_earlier(struct wefti_worker *worker)
{
    while (worker != NULL) {
        struct wefti_worker *next = worker->next;
        while (wefti_thread_join(worker->thread, WEFTI_NEVER, WEFTI_CALLER) == WEFT_INTERRUPTED)
            continue; /* its end is near */
        wefti_worker_free(worker);
        worker = next;
    }
}

/* The last that its thread has to do with the executor. */
static void go(struct wefti_worker **gone)
{
    struct wefti_worker *worker = *gone;
    struct weft_executor *executor = worker->executor;
    wefti_mutex_lock(&executor->mutex);
    struct wefti_worker *earlier = take_earlier(executor);
    wefti_mutex_unlock(&executor->mutex);
    free_earlier(earlier);
    wefti_self()->serves = NULL;
    wefti_worker_give_back(worker);
    worker->thread->arg = NULL; /* what still runs in the thread (Local's destructors) is no task */
    wefti_mutex_lock(&executor->mutex);
    worker->gone = true;
    bool last = wefti_executor_leave(executor);
    wefti_mutex_unlock(&executor->mutex);
    if (last)
        wefti_executor_end(executor);
}

/* The thread is about to end, in whatever way. */
static void leave(struct wefti_worker **left)
{
    struct wefti_worker *worker __attribute__((cleanup(go))) = *left;
    if (!worker->left) /* a task has ended its thread, or the initializer has failed */
        wefti_worker_replace(worker);
}

static void *work(void *arg)
{
    struct wefti_worker *worker __attribute__((cleanup(leave))) = arg;
    if (initialize(worker))
        serve(worker);
    return NULL;
}

/* ---- handles ------------------------------------------------------------------------------- */

struct wefti_worker *wefti_worker_new(struct weft_executor *executor, uint32_t number)
{
    size_t bytes = strlen(executor->prefix) + NUMBER_BYTES;
    struct wefti_worker *worker = wefti_allocate(sizeof *worker);
    char *name = wefti_allocate(bytes);
    if (worker != NULL && name != NULL) {
        snprintf(name, bytes, "%s_%u", executor->prefix, number);
        worker->executor = executor;
        worker->thread = weft_thread_new(work, worker, name, .stack_size = executor->stack_size);
    }
    wefti_release(name);
    if (worker != NULL && worker->thread == NULL) {
        wefti_release(worker);
        return NULL;
    }
    if (worker != NULL) /* also if a daemon submits: exit waits for tasks */
        (void)weft_thread_set_daemon(worker->thread, false);
    return worker;
}

void wefti_worker_free(struct wefti_worker *worker)
{
    weft_thread_free(worker->thread);
    wefti_release(worker);
}

weft_status wefti_worker_start(struct wefti_worker *worker)
{
    struct weft_executor *executor = worker->executor;
    weft_status status = weft_thread_start(worker->thread);
    if (status != WEFT_OK)
        return status;
    executor->live++;
    executor->coming++;
    executor->users++;
    worker->next = executor->workers;
    executor->workers = worker;
    return WEFT_OK;
}

struct wefti_worker *wefti_worker_current(void)
{
    const struct weft_thread *thread = wefti_thread_own();
    return thread != NULL && thread->target == work ? thread->arg : NULL;
}
