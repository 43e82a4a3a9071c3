/* SPDX-License-Identifier: MIT */
/*
 * An executor's state is two marks, which are only ever set, guarded by its mutex:
 *
 *   (none)   tasks are let in
 *   closed   none is any more; what is queued is run, or drained; then the workers leave
 *   broken   the same, and what was queued has failed
 *   ended    not a mark: `users` is 0, the workers' handles and spare tasks are released
 *
 *   from            to       by
 *   (none), broken  closed   weft_executor_shutdown, the last weft_executor_free, exit, a fork's child
 *   (none), closed  broken   a worker whose initializer has failed
 *   closed          ended    the last user: a handle's owner, a worker as it leaves, exit
 *
 * It has a user as long as a program has a handle, so it is closed before it ends.
 */
#include "pool/executor.h"

#include <stdio.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/memory.h"
#include "platform/processor.h"
#include "platform/symbol.h"
#include "primitives/thread.h"

enum { MOST_DEFAULT = 32, MORE_THAN_PROCESSORS = 4, GENERATED_PREFIX = 32 };

static uint32_t last_generated; /* N + 1 of the last ThreadPoolExecutor-N */

/* ---- making -------------------------------------------------------------------------------- */

static int default_workers(void)
{
    int workers = wefti_processors() + MORE_THAN_PROCESSORS;
    return workers < MOST_DEFAULT ? workers : MOST_DEFAULT;
}

static bool valid(const weft_executor_options *options)
{
    return options->max_workers > 0 && options->min_workers >= 0 &&
           options->min_workers <= options->max_workers &&
           options->keep_alive == options->keep_alive &&
           (unsigned)options->when_full <= WEFT_WHEN_FULL_RUN &&
           (unsigned)options->order <= WEFT_ORDER_LIFO;
}

static void fill_in(struct weft_executor *executor, const weft_executor_options *options)
{
    *executor = (struct weft_executor){
        .owner = {&wefti_executor_owner},
        .handles = 1,
        .pins = 1,
        .users = 1,
        .max_workers = (uint32_t)options->max_workers,
        .min_workers = (uint32_t)options->min_workers,
        .keep_alive = options->keep_alive,
        .queue_size = options->queue_size,
        .when_full = options->when_full,
        .timing = options->timing,
        .plain = options->queue_size == 0 && options->order == WEFT_ORDER_FIFO,
        .stack_size = options->stack_size,
        .initializer = options->initializer,
        .init_arg = options->init_arg,
        .queue = {.lifo = options->order == WEFT_ORDER_LIFO},
        .idle = {.kind = WEFTI_WORKER},
        .submitters = {.kind = WEFTI_EXECUTOR},
    };
    wefti_mutex_init(&executor->mutex);
    wefti_mutex_init(&executor->inbox.mutex);
    wefti_mutex_init(&executor->spare_mutex);
}

weft_executor *weft_executor_new_with(const weft_executor_options *given)
{
    /* A caller compiled against another version may know fewer options, or more. */
    weft_executor_options options = {0};
    if (given == NULL || given->struct_size < offsetof(weft_executor_options, thread_name_prefix))
        return wefti_failed(WEFT_VALUE_ERROR);
    memcpy(&options, given,
           given->struct_size < sizeof options ? given->struct_size : sizeof options);
    if (options.max_workers == 0)
        options.max_workers = default_workers();
    if (!valid(&options))
        return wefti_failed(WEFT_VALUE_ERROR);
    const char *prefix = options.thread_name_prefix;
    bool generated = prefix == NULL || *prefix == '\0';
    size_t bytes = generated ? GENERATED_PREFIX : strlen(prefix) + 1;
    struct weft_executor *executor = wefti_allocate(sizeof *executor + bytes);
    if (executor == NULL)
        return wefti_failed(WEFT_NO_MEMORY);
    fill_in(executor, &options);
    if (!generated)
        memcpy(executor->prefix, prefix, bytes);
    else /* Relaxed: only the numbers' being different matters. */
        snprintf(executor->prefix, bytes, "ThreadPoolExecutor-%u",
                 wefti_fetch_add(&last_generated, 1, RELAXED));
    wefti_executors_enter(executor);
    return executor;
}

weft_executor *weft_executor_ref(weft_executor *executor)
{
    /* Relaxed: who adds a reference has one. */
    if (executor != NULL)
        wefti_fetch_add(&executor->handles, 1, RELAXED);
    return executor;
}

/* ---- the end ------------------------------------------------------------------------------- */

void wefti_executor_unpin(struct weft_executor *executor)
{
    /* Release and acquire: who frees sees what all others did. */
    if (wefti_fetch_sub(&executor->pins, 1, ACQ_REL) == 1)
        wefti_release(executor);
}

bool wefti_executor_leave(struct weft_executor *executor)
{
    return --executor->users == 0;
}

static void free_workers(struct wefti_worker *worker)
{
    while (worker != NULL) {
        struct wefti_worker *next = worker->next;
        wefti_worker_free(worker);
        worker = next;
    }
}

void wefti_executor_end(struct weft_executor *executor)
{
    wefti_executors_leave(executor);
    free_workers(executor->workers);
    free_workers(executor->reserve);
    wefti_task_memory_end(executor);
    wefti_executor_unpin(executor);
}

void wefti_executor_close(struct weft_executor *executor, bool cancel)
{
    wefti_mutex_lock(&executor->mutex);
    executor->closed = true;
    wefti_executor_settle(executor);
    wefti_sleepers_call_all(&executor->idle);
    wefti_sleepers_call_all(&executor->submitters);
    wefti_mutex_unlock(&executor->mutex);
    wefti_sleepers_wake_all(&executor->idle);
    wefti_sleepers_wake_all(&executor->submitters);
    if (cancel)
        wefti_executor_drain(executor, WEFT_OK);
}

void weft_executor_free(weft_executor *executor)
{
    /* Release and acquire: who closes sees what the other handles' owners did. */
    if (executor == NULL || wefti_fetch_sub(&executor->handles, 1, ACQ_REL) != 1)
        return;
    wefti_executor_close(executor, false);
    wefti_mutex_lock(&executor->mutex);
    bool last = wefti_executor_leave(executor);
    wefti_mutex_unlock(&executor->mutex);
    if (last)
        wefti_executor_end(executor);
}

/* ---- shutdown ------------------------------------------------------------------------------ */

/* With the mutex locked: a worker whose thread may still be there, but for the caller's own. */
static struct wefti_worker *find_unjoined(const struct weft_executor *executor,
                                          const struct wefti_worker *caller)
{
    struct wefti_worker *worker = executor->workers;
    while (worker != NULL && (worker->joined || worker == caller))
        worker = worker->next;
    return worker;
}

weft_status wefti_executor_join(struct weft_executor *executor, int64_t deadline, const void *site)
{
    const struct wefti_worker *caller = wefti_worker_current();
    weft_status status = WEFT_OK;
    wefti_mutex_lock(&executor->mutex);
    executor->watchers++;
    for (;;) {
        struct wefti_worker *worker = find_unjoined(executor, caller);
        if (worker == NULL)
            break;
        wefti_mutex_unlock(&executor->mutex);
        status = wefti_thread_join(worker->thread, deadline, site);
        wefti_mutex_lock(&executor->mutex);
        if (status != WEFT_OK)
            break;
        worker->joined = true;
    }
    executor->watchers--;
    wefti_mutex_unlock(&executor->mutex);
    return status;
}

/* Whether the calling thread runs one of the executor's tasks. */
static bool within(const struct weft_executor *executor)
{
    const struct wefti_worker *worker = wefti_worker_current();
    return worker != NULL && worker->executor == executor;
}

weft_status weft_executor_shutdown_with(const weft_shutdown_options *given)
{
    weft_shutdown_options options = {0};
    if (given == NULL || given->struct_size < offsetof(weft_shutdown_options, no_wait))
        return WEFT_VALUE_ERROR;
    memcpy(&options, given,
           given->struct_size < sizeof options ? given->struct_size : sizeof options);
    struct wefti_limit limit = options.timeout != 0 ? wefti_for(options.timeout) : wefti_for_ever();
    if (options.executor == NULL || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    wefti_executor_close(options.executor, options.cancel_futures);
    if (options.no_wait)
        return WEFT_OK;
    if (within(options.executor))
        return WEFT_DEADLOCK;
    return wefti_executor_join(options.executor, wefti_limit_deadline(limit), WEFTI_CALLER);
}

void weft_executor_leave(weft_executor **executor)
{
    if (*executor == NULL)
        return;
    wefti_executor_close(*executor, false);
    bool interrupted = false;
    while (!within(*executor) &&
           wefti_executor_join(*executor, WEFTI_NEVER, WEFTI_CALLER) == WEFT_INTERRUPTED)
        interrupted = true;
    if (interrupted) /* it was for a wait of the program's */
        (void)weft_thread_interrupt(weft_thread_current());
    weft_executor_free(*executor);
}
