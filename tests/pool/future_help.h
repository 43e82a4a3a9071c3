/* SPDX-License-Identifier: MIT */
/*
 * For tests of futures: one future in each state, and the least executor that keeps what
 * pool/future.h asks of one.
 */
#ifndef TESTS_POOL_FUTURE_HELP_H
#define TESTS_POOL_FUTURE_HELP_H

#include "test.h"

#include <stdatomic.h>
#include <string.h>

#include "platform/memory.h"
#include "pool/future.h"

/* ---- one in each state --------------------------------------------------------------------- */

/* Bits, so that a case can say in which of them something holds. */
enum canned {
    PENDING = 1,
    RUNNING = 2,
    CANCELLED = 4,
    NOTIFIED = 8,
    FAILED = 16,
    FINISHED = 32,
    ALL = 63,
    DONE = CANCELLED | NOTIFIED | FAILED | FINISHED,
};

static int forty_two = 42;
enum { NO_FILE = WEFT_USER + 2 };

/* Values and errors are set in a frame of their own: nothing that a case uses is left in registers. */
static inline weft_future *canned_future(enum canned state)
{
    weft_future *future = weft_future_new(.tag = &forty_two);
    assert_non_null(future);
    if (state == CANCELLED || state == NOTIFIED)
        assert_int_equal(weft_future_cancel(future), WEFT_OK);
    if (state == NOTIFIED)
        assert_int_equal(weft_future_set_running_or_notify_cancel(future), WEFT_CANCELLED);
    else if (state != PENDING && state != CANCELLED)
        assert_int_equal(weft_future_set_running_or_notify_cancel(future), WEFT_OK);
    if (state == FAILED)
        assert_int_equal(weft_future_set_error(future, NO_FILE, "no %s", "file"), WEFT_OK);
    if (state == FINISHED)
        assert_int_equal(weft_future_set_result(future, &forty_two), WEFT_OK);
    return future;
}

/* Runs the statement for a future in each state; `state` and `future` are its variables. */
#define FOR_EACH_STATE(statement)                                                                  \
    for (int state_ = PENDING; state_ <= FINISHED; state_ *= 2) {                                  \
        const enum canned state = (enum canned)state_;                                             \
        weft_future *future = canned_future(state);                                                \
        statement;                                                                                 \
        weft_future_free(future);                                                                  \
    }

/* What a thread that waits for one has been told. */
struct asker {
    weft_future *future;
    double seconds; /* 0: without a timeout */
    void *value;
    weft_status status;
};

static inline void *ask(void *arg)
{
    struct asker *asker = arg;
    asker->status = asker->seconds != 0
                        ? weft_future_result_for(asker->future, &asker->value, asker->seconds)
                        : weft_future_result(asker->future, &asker->value);
    return NULL;
}

/* ---- an executor --------------------------------------------------------------------------- */

enum { WORKERS_MOST = 8 };

struct pool {
    struct wefti_owner owner; /* first */
    weft_condition changed;   /* guards all below */
    struct weft_future *first;
    struct weft_future *last;
    bool closed;
    size_t workers;
    weft_thread *threads[WORKERS_MOST];
    atomic_size_t futures; /* that are not recycled */
    atomic_size_t ran_here;
};

/*
 * Takes it out of the queue, if it is in. The lock is held and not tried for: an interruption is the
 * task's whose thread this is, and keeps nothing from being done.
 */
static inline bool pool_take_out(struct pool *pool, struct weft_future *future)
{
    WEFT_HOLD(&pool->changed);
    if (!future->queued)
        return false;
    *(future->previous != NULL ? &future->previous->next : &pool->first) = future->next;
    *(future->next != NULL ? &future->next->previous : &pool->last) = future->previous;
    future->queued = false;
    return true;
}

static inline void pool_run(struct weft_future *future)
{
    if (wefti_task_begin(future))
        wefti_task_end(future, wefti_run(future->target, future->arg));
    weft_future_free(future);
}

static inline struct weft_future *pool_allocate(struct wefti_owner *owner)
{
    struct pool *pool = (struct pool *)owner;
    struct weft_future *future = wefti_allocate(sizeof *future);
    if (future != NULL)
        atomic_fetch_add(&pool->futures, 1);
    return future;
}

static inline void pool_recycle(struct wefti_owner *owner, struct weft_future *future)
{
    struct pool *pool = (struct pool *)owner;
    wefti_release(future);
    atomic_fetch_sub(&pool->futures, 1);
}

static inline weft_status pool_enqueue(struct wefti_owner *owner, struct weft_future *future)
{
    struct pool *pool = (struct pool *)owner;
    WEFT_HOLD(&pool->changed);
    if (pool->closed)
        return WEFT_SHUTDOWN;
    future->next = NULL;
    future->previous = pool->last;
    *(pool->last != NULL ? &pool->last->next : &pool->first) = future;
    pool->last = future;
    future->queued = true;
    return weft_condition_notify(&pool->changed, 1);
}

static inline void pool_withdraw(struct wefti_owner *owner, struct weft_future *future)
{
    struct pool *pool = (struct pool *)owner;
    bool was_in = pool_take_out(pool, future);
    if (was_in)
        weft_future_free(future);
}

static inline bool pool_run_here(struct wefti_owner *owner, struct weft_future *future)
{
    struct pool *pool = (struct pool *)owner;
    bool was_in = pool_take_out(pool, future);
    if (was_in) {
        atomic_fetch_add(&pool->ran_here, 1);
        pool_run(future);
    }
    return was_in;
}

static const struct wefti_owner_type pool_type = {.allocate = pool_allocate,
                                                  .recycle = pool_recycle,
                                                  .enqueue = pool_enqueue,
                                                  .withdraw = pool_withdraw,
                                                  .run_here = pool_run_here};

/* The next one, waiting for it; NULL: there will be none. */
static inline struct weft_future *pool_next(struct pool *pool)
{
    WEFT_HOLD(&pool->changed);
    while (pool->first == NULL && !pool->closed)
        (void)weft_condition_wait(&pool->changed);
    struct weft_future *future = pool->first;
    if (future != NULL)
        (void)pool_take_out(pool, future);
    return future;
}

static inline void *pool_work(void *arg)
{
    struct pool *pool = arg;
    struct weft_future *future;
    while ((future = pool_next(pool)) != NULL)
        pool_run(future);
    return NULL;
}

static inline void pool_open(struct pool *pool, size_t workers)
{
    *pool = (struct pool){.owner.type = &pool_type, .workers = workers};
    for (size_t i = 0; i < workers; i++) {
        pool->threads[i] = weft_thread_spawn(pool_work, pool);
        assert_non_null(pool->threads[i]);
    }
}

/* Lets the workers end when the queue is empty. */
static inline void pool_close(struct pool *pool)
{
    WEFT_WITH(&pool->changed) {
        pool->closed = true;
        (void)weft_condition_notify_all(&pool->changed);
    }
    for (size_t i = 0; i < pool->workers; i++) {
        assert_int_equal(weft_thread_join(pool->threads[i]), WEFT_OK);
        weft_thread_free(pool->threads[i]);
    }
    assert_int_equal(atomic_load(&pool->futures), 0);
}

static inline struct weft_executor *pool_executor(struct pool *pool)
{
    return (struct weft_executor *)(void *)pool;
}

/* A future that the executor runs some time; NULL: no memory. */
static inline weft_future *pool_submit(struct pool *pool, weft_target *target, void *arg)
{
    weft_future *future = wefti_future_new(&pool->owner, target, arg, 2);
    if (future != NULL)
        WITNESS(pool_enqueue(&pool->owner, future) == WEFT_OK);
    return future;
}

/* ---- tasks --------------------------------------------------------------------------------- */

static inline void *give_back(void *arg)
{
    return arg;
}

/* Says that it has begun, and ends when it may. */
struct gate {
    weft_event begun;
    weft_event open;
};

static inline void *pass_gate(void *arg)
{
    struct gate *gate = arg;
    WITNESS(weft_event_set(&gate->begun) == WEFT_OK);
    WITNESS(weft_event_wait(&gate->open) == WEFT_OK);
    return arg;
}

/* A worker of the executor is busy from now on, until the gate is opened. */
static inline weft_future *pool_occupy(struct pool *pool, struct gate *gate)
{
    weft_future *future = pool_submit(pool, pass_gate, gate);
    assert_non_null(future);
    assert_int_equal(weft_event_wait(&gate->begun), WEFT_OK);
    return future;
}

#endif
