/* SPDX-License-Identifier: MIT */
/*
 * Executors inside the library:
 *
 *   executor.c         the handle: made, shut down, freed
 *   executor_submit.c  a task comes: room in the queue, a worker for it
 *   executor_owner.c   what futures ask of their executor (pool/future.h)
 *   executor_list.c    all executors: what becomes of them at exit and after a fork
 *   executor_stats.c   what they have done
 *   task_memory.c      memory for tasks, used again and again; which a fork has lost
 *   inbox.c            tasks that have come
 *   task_queue.c       which task is next
 *   task_run.c         a task is run, or not
 *   tally.c            and counted
 *   worker.c           a thread that runs tasks
 *   aside.c            and steps aside where it is in the way
 *   sleepers.c         who waits for tasks or for room
 *
 * An executor is OPEN, then CLOSED (shut down), then ended; BROKEN beside that once an initializer
 * has failed. `users` counts who needs it: the program's handles together, each worker, exit while
 * it waits. The last one ends it: workers' handles and spare tasks are released. `pins` counts who
 * needs its memory: itself until it has ended, and each task's memory, for a future may outlive the
 * executor, and is given back to it.
 *
 * While a task is queued and the mutex is free there are as many workers for it as are allowed: all
 * that are idle or coming, and if they are too few the busy ones. One of the idle ones is awake then
 * (called, or looking on); it calls the next before it runs a task, if there are more. So a submit
 * starts a worker if more tasks are queued than workers are idle or coming, and calls one if none is
 * awake. (Who stands by counts as awake: aside.h.) While neither can become necessary the inbox is
 * open: its tasks are not in the queue yet.
 *
 * Lock order: the list's mutex, executors' in the order of the list, the inbox's; or, instead of that,
 * the registry's and what comes after it. `spare_mutex` is locked alone. No code of the program runs
 * under any of them.
 */
#ifndef WEFTI_POOL_EXECUTOR_H
#define WEFTI_POOL_EXECUTOR_H

#include <weft/executor.h>

#include "platform/atomic.h"
#include "platform/processor.h"
#include "pool/aside.h"
#include "pool/future.h"
#include "pool/inbox.h"
#include "pool/sleepers.h"
#include "pool/tally.h"
#include "pool/task_queue.h"
#include "primitives/deadline.h"

struct wefti_worker {
    struct weft_executor *executor;
    struct weft_thread *thread;
    struct wefti_worker *next; /* guarded by the executor's mutex, as are the next three */
    bool left;                 /* it takes no more tasks: its thread ends, or has ended */
    bool gone;                 /* its thread waits for nobody any more, and does not touch this */
    bool joined;               /* and its thread is gone */

    /* Its own thread's. */
    bool ready;              /* its initializer has succeeded */
    bool interrupted;        /* while it was idle: it is for the next task */
    struct wefti_task *task; /* what it runs; in a fork's child others look, too */
    struct wefti_turns turns;
    struct weft_future *freed; /* tasks' memory that is to be given back, the last one first */
    struct weft_future *freed_first;
    uint32_t freed_count;
    struct wefti_tally tally; /* read by others */
};

struct weft_executor {
    struct wefti_owner owner; /* first: the owner of its futures */
    uint32_t handles;         /* the program's references */
    uint32_t pins;

    /* Constant. */
    uint32_t max_workers;
    uint32_t min_workers;
    double keep_alive; /* 0: workers stay */
    size_t queue_size; /* 0: no limit */
    weft_when_full when_full;
    bool timing;
    bool plain; /* tasks may come by the inbox */
    size_t stack_size;
    weft_target *initializer;
    void *init_arg;

    /* Memory of tasks (task_memory.c), and what those who bring tasks have among themselves. */
    char apart_1[WEFTI_CACHE_LINE];
    struct wefti_mutex spare_mutex;
    struct wefti_task *tasks; /* all, spare or not; guarded by spare_mutex, as is: */
    struct weft_future *spare;
    uint32_t taken; /* the same, but read without */
    char apart_2[WEFTI_CACHE_LINE];
    uint32_t given; /* as taken it wraps: their difference counts */
    struct weft_future *returned;
    char apart_3[WEFTI_CACHE_LINE];
    struct wefti_inbox inbox;
    char apart_4[WEFTI_CACHE_LINE];

    struct wefti_mutex mutex; /* guards all below */
    struct wefti_task_queue queue;
    bool by_inbox; /* it is open */
    bool closed;
    bool broken;
    bool awaited; /* by exit */
    uint32_t users;
    uint32_t live;     /* workers that have not left */
    uint32_t coming;   /* of these: started and not there yet */
    uint32_t looking;  /* of these: idle and awake, 1 at most */
    uint32_t named;    /* so many names have been given to workers */
    uint32_t watchers; /* joins, which look at the workers: none is released meanwhile */
    uint64_t begun;    /* tasks that workers have taken in their turn */
    struct wefti_aside aside;
    struct wefti_sleepers idle;
    struct wefti_sleepers submitters;
    struct wefti_worker *workers; /* that have been started */
    struct wefti_worker *reserve; /* that have not */
    uint64_t submitted;           /* but for what is in the inbox */
    struct wefti_tally tally;     /* of what was not run by a worker in its turn */

    struct weft_executor *next; /* the list of all, guarded by its mutex */
    struct weft_executor *previous;

    char prefix[]; /* of the workers' names */
};

/* With the mutex locked: there will be no more tasks than are queued. */
static inline bool wefti_executor_finite(const struct weft_executor *executor)
{
    return executor->closed || executor->broken;
}

/* ---- the end (executor.c) ------------------------------------------------------------------- */

/* With the mutex locked: gives up one of `users`; true: it was the last, and must end it. */
bool wefti_executor_leave(struct weft_executor *executor);

/* With it unlocked, after that: nobody uses the executor any more. */
void wefti_executor_end(struct weft_executor *executor);

/* Gives up one of `pins`. */
void wefti_executor_unpin(struct weft_executor *executor);

/* Refuses tasks from now on; `cancel`: also what is queued. */
void wefti_executor_close(struct weft_executor *executor, bool cancel);

/* Waits until all workers' threads are gone, but for the caller's. It is closed. */
weft_status wefti_executor_join(struct weft_executor *executor, int64_t deadline, const void *site);

/* ---- a task comes (executor_submit.c) ------------------------------------------------------- */

/* With the mutex locked: the queue has all tasks that have come. */
void wefti_executor_collect(struct weft_executor *executor);

/*
 * The same before it is let go, if there is a task more, or a worker that is idle, looks on or is
 * called has become busy or has left: opens or shuts the inbox.
 */
void wefti_executor_settle(struct weft_executor *executor);

/* The same, and shuts it: from now on whoever brings a task locks the mutex. */
void wefti_executor_shut(struct weft_executor *executor);

/* The same, and true: an idle worker has been called for what is queued, and is to be woken. */
bool wefti_executor_pass_on(struct weft_executor *executor);

/* Calls or starts a worker if one is needed. Not WEFT_OK: there is no worker at all. */
weft_status wefti_executor_staff(struct weft_executor *executor);

/* Queues a task, whatever the bound. Not WEFT_OK: it is not queued. */
weft_status wefti_executor_enqueue(struct weft_executor *executor, struct wefti_task *task);

/* Takes out all that is queued, and cancels (WEFT_OK) or fails it. */
void wefti_executor_drain(struct weft_executor *executor, weft_status why);

/* ---- tasks (task_run.c, task_memory.c) ------------------------------------------------------ */

extern const struct wefti_owner_type wefti_executor_owner;

/*
 * Runs a task that has been taken out of the queue, or finds it cancelled or expired; gives up the
 * queue's reference. `worker`: the calling one in its turn; NULL: it is run in place of waiting.
 */
void wefti_task_run(struct weft_executor *executor, struct wefti_task *task,
                    struct wefti_worker *worker);

/* Gives up the queue's reference to a task that has ended, and the context it had. */
void wefti_task_give_up(struct wefti_task *task);

/* Ends a task that is taken out and not run: cancels (WEFT_OK) or fails it. Gives up its reference. */
void wefti_task_drop(struct weft_executor *executor, struct wefti_task *task, weft_status why);

struct weft_future *wefti_task_allocate(struct wefti_owner *owner);
void wefti_task_recycle(struct wefti_owner *owner, struct weft_future *future);

/* In the child of a fork: no task stays as it is that another thread had in its hands. */
void wefti_tasks_lose(struct weft_executor *executor);
/* Gives back what the calling worker, or one that is gone, has freed. */
void wefti_worker_give_back(struct wefti_worker *worker);

/* Releases all spare tasks, and from now on those that come back. */
void wefti_task_memory_end(struct weft_executor *executor);

/* ---- workers (worker.c) --------------------------------------------------------------------- */

/* A worker with that number; NULL: no memory. */
struct wefti_worker *wefti_worker_new(struct weft_executor *executor, uint32_t number);
void wefti_worker_free(struct wefti_worker *worker);

/* With the executor's mutex locked: starts it. */
weft_status wefti_worker_start(struct wefti_worker *worker);

/*
 * The worker takes no more tasks, though it has not come to its end: another one takes its place.
 * Unless its initializer has not succeeded: that has failed, and breaks the executor.
 */
void wefti_worker_replace(struct wefti_worker *worker);

/* The worker that the calling thread is, of any executor; NULL: none. */
struct wefti_worker *wefti_worker_current(void);

/* ---- all executors (executor_list.c) -------------------------------------------------------- */

/* An executor that is made is entered; at exit it is closed at once. */
void wefti_executors_enter(struct weft_executor *executor);
void wefti_executors_leave(struct weft_executor *executor);

#endif
