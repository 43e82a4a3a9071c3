/* SPDX-License-Identifier: MIT */
/**
 * @file wait.h
 * @brief Waiting for any of several: events, latches, semaphores, queues, the end of threads.
 *
 * Python has no such call, and its users ask for it: to wait for work or for the order to stop,
 * whichever comes first.
 * @code
 *     weft_waitable either[] = {weft_semaphore_waitable(&work), weft_event_waitable(&stop)};
 *     size_t which;
 *     if (weft_wait_any(2, either, &which, 5.0) == WEFT_OK && which == 0)
 *         ...                                      // a permit of `work` has been taken
 * @endcode
 * What is returned has been *claimed*: a semaphore's permit is taken, as by an acquire, a queue's
 * item is got, or put (queue_more.h). From the others nothing is taken. If several are ready at once, the first in the array is claimed.
 *
 * A waitable only names its object: it may be copied, kept, and used by several threads at once.
 */
#ifndef WEFT_WAIT_H
#define WEFT_WAIT_H

#include <stddef.h>

#include <weft/event.h>
#include <weft/latch.h>
#include <weft/semaphore.h>
#include <weft/status.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLS

struct weft_waitable_type;

/** Something that can be waited for. The fields are private. */
typedef struct weft_waitable {
    void *object;                          /**< What; NULL makes every wait refuse it. */
    const struct weft_waitable_type *type; /**< How it is asked and claimed. */
    void *items;                           /**< Of a queue: what is to be put, where it is got. */
    size_t n;                              /**< How many of them. */
} weft_waitable;

/** The event is set; it stays so. */
WEFT_API weft_waitable weft_event_waitable(weft_event *event);

/** The latch is open. */
WEFT_API weft_waitable weft_latch_waitable(weft_latch *latch);

/** A permit can be had; it is taken. Behind those who came first, as an acquire. */
WEFT_API weft_waitable weft_semaphore_waitable(weft_semaphore *semaphore);

/** The same for a bounded one. */
WEFT_API weft_waitable weft_bounded_semaphore_waitable(weft_bounded_semaphore *semaphore);

/** The thread has ended: a join will not wait for it. The handle stays the program's. */
WEFT_API weft_waitable weft_thread_waitable(weft_thread *thread);

/** So many things can be waited for at once without an allocation. */
#define WEFT_WAIT_ANY_INLINE 16

/**
 * Waits at most @p seconds until one of @p count waitables is ready, and claims it. O(count) each
 * time it looks.
 * @param[out] index which one, unless the wait ended without any; may be NULL.
 * @return WEFT_OK; what a queue's get or put would say, WEFT_SHUTDOWN first of all, and *index says
 *         which; WEFT_TIMEOUT, never early; WEFT_INTERRUPTED; WEFT_VALUE_ERROR for NaN, for none
 *         at all, NULL, or an object that refuses every call (a zeroed latch); WEFT_NO_MEMORY only
 *         if there are more than #WEFT_WAIT_ANY_INLINE.
 */
WEFT_API WEFT_CHECKED weft_status weft_wait_any(size_t count, const weft_waitable *waitables,
                                                size_t *index, double seconds);

WEFT_END_DECLS

#endif
