/* SPDX-License-Identifier: MIT */
/*
 * A queue between its files: lock.c has its lock, queue.c makes and ends it, visit.c lets threads
 * come, wait and serve each other, ends.c has what empties it, tasks.c counts what is unfinished.
 */
#ifndef WEFTI_QUEUE_QUEUE_H
#define WEFTI_QUEUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/queue.h>
#include <weft/wait.h>

#include "platform/atomic.h"
#include "primitives/deadline.h"
#include "primitives/park.h"
#include "primitives/self.h"
#include "primitives/watch.h"
#include "primitives/word_lock.h"
#include "queue/storage.h"

/* A queue's flags: it is shut down; it is a simple one; a putter has been sent for memory. */
enum { WEFTI_SHUT = 1, WEFTI_SIMPLE = 2, WEFTI_SENT = 4 };

static inline struct wefti_key wefti_queue_key(const weft_queue *queue, enum wefti_kind kind)
{
    return (struct wefti_key){queue, kind};
}

static inline bool wefti_queue_valid(const weft_queue *queue)
{
    return queue != NULL && queue->storage != NULL;
}

/* Relaxed: changed under the lock; who looks without it looks again. */
static inline bool wefti_queue_has(const weft_queue *queue, uint32_t flag)
{
    return (wefti_load(&queue->flags, RELAXED) & flag) != 0;
}

static inline void wefti_queue_set_flags(weft_queue *queue, uint32_t flags)
{
    wefti_store(&queue->flags, flags, RELAXED);
}

static inline bool wefti_queue_is_shut(const weft_queue *queue)
{
    return wefti_queue_has(queue, WEFTI_SHUT);
}

static inline bool wefti_queue_is_simple(const weft_queue *queue)
{
    return wefti_queue_has(queue, WEFTI_SIMPLE);
}

/* How many more items may come in. */
static inline size_t wefti_queue_space(const weft_queue *queue)
{
    if (queue->maxsize == 0)
        return SIZE_MAX;
    return queue->count < queue->maxsize ? queue->maxsize - queue->count : 0;
}

/* ---- the lock: lock.c -------------------------------------------------------------------- */

/* Sees to it that a queue of the process before a fork is one of this; false: it is not whole. */
bool wefti_queue_renew(weft_queue *queue);

/* Waits for the lock and takes it. */
void wefti_queue_wait(weft_queue *queue);

/* Locks it; false: WEFT_RUNTIME, the queue is not whole, and is not locked. */
static inline bool wefti_queue_enter(weft_queue *queue)
{
    /* Acquire: pairs with the release in wefti_queue_renew. */
    if (__builtin_expect(wefti_load(&queue->epoch, ACQUIRE) != wefti_forks(), 0) &&
        !wefti_queue_renew(queue))
        return false;
    if (!wefti_word_take(&queue->lock))
        wefti_queue_wait(queue);
    if (wefti_watched())
        wefti_watch_acquired(queue);
    return true;
}

/* Frees what has become garbage. */
void wefti_queue_free_garbage(void *garbage);

/*
 * Unlocks it, then wakes who was served and frees what is not needed: nothing of the queue is
 * touched after it is unlocked, who was served may destroy it.
 */
static inline void wefti_queue_leave(weft_queue *queue, struct wefti_waiter *served)
{
    void *garbage = queue->garbage;
    if (__builtin_expect(garbage != NULL, 0))
        queue->garbage = NULL;
    if (wefti_watched())
        wefti_watch_releasing(queue);
    (void)wefti_word_release(&queue->lock, WEFTI_QUEUE);
    if (__builtin_expect(served != NULL, 0))
        wefti_wake(served);
    if (__builtin_expect(garbage != NULL, 0))
        wefti_queue_free_garbage(garbage);
}

/* The same as a thread does that stands in line: wefti_park calls it. */
struct wefti_leaving {
    weft_queue *queue;
    struct wefti_waiter *served;
};
void wefti_queue_leave_in_line(void *leaving);

/*
 * Brings a block for n more items, or a smaller one than the present, if the storage wants one.
 * Unlocks the queue meanwhile; false: there is no memory.
 */
bool wefti_queue_bring_block(weft_queue *queue, size_t n);

/* ---- who waits: visit.c ------------------------------------------------------------------ */

/* A list of those who were served, to be woken: what wefti_claim appends to. */
struct wefti_served {
    struct wefti_waiter *first;
    struct wefti_waiter **end;
};

#define WEFTI_SERVED(name) struct wefti_served name = {NULL, &(name).first}

/* Under the lock, after a change: serves all who wait for what there is now, in turn. */
void wefti_queue_settle_waiters(weft_queue *queue, struct wefti_served *served);

static inline void wefti_queue_settle(weft_queue *queue, struct wefti_served *served)
{
    if (__builtin_expect((queue->getters | queue->putters) != 0, 0))
        wefti_queue_settle_waiters(queue, served);
}

/* ---- tasks: tasks.c ---------------------------------------------------------------------- */

/* Under the lock: n items are done, or so many as are not. */
void wefti_queue_done(weft_queue *queue, size_t n, struct wefti_served *served);

/* In the child of a fork: what other threads were dropping is done, for nobody else will say so. */
void wefti_queue_forget_dropping(weft_queue *queue);

#endif
