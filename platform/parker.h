/* SPDX-License-Identifier: MIT */
/*
 * Where a thread sleeps. Two tools, with two implementations (parker_futex.c, parker_pthread.c):
 *
 *   parker  A thread's own bed. It prepares, makes itself known, and parks; another thread unparks
 *           it, once for each prepare.
 *   mutex   For the library's own short critical sections; spins briefly, then sleeps.
 *
 * Only primitives/park.c parks; everything else that waits does it there. None of these calls is a
 * pthread cancellation point.
 */
#ifndef WEFTI_PLATFORM_PARKER_H
#define WEFTI_PLATFORM_PARKER_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/spin.h"

#ifdef WEFTI_PARKER_PTHREAD

#include <pthread.h>

struct wefti_parker {
    pthread_mutex_t mutex;
    pthread_cond_t condition; /* one waiter at most, on CLOCK_MONOTONIC */
    uint32_t prepared;        /* written under mutex */
};

struct wefti_mutex {
    pthread_mutex_t mutex;
};

#else

struct wefti_parker {
    uint32_t state;
};

struct wefti_mutex {
    uint32_t state;
};

#endif

/* Makes a parker; before any other use, and again in the child of a fork. */
void wefti_parker_init(struct wefti_parker *parker);

/*
 * From now on an unpark counts. The owner calls it before another thread can find the parker.
 */
void wefti_parker_prepare(struct wefti_parker *parker);

/*
 * Sleeps until unparked or until the deadline (of wefti_clock, never early). True: unparked, and
 * what the other thread wrote before is seen here. False: the deadline has passed and the parker is
 * still prepared: the owner parks again or prepares anew. Signals do not end it. Before it sleeps
 * it spins with `spinner`; NULL: not at all.
 */
bool wefti_parker_park(struct wefti_parker *parker, int64_t deadline,
                       struct wefti_spinner *spinner);

/*
 * Ends the present or next park. The parker's thread may be gone before this call returns: the call
 * touches memory of the parker that is still mapped, or none.
 */
void wefti_parker_unpark(struct wefti_parker *parker);

/* Makes a free mutex; all-zero memory is one on Linux. Again in the child of a fork. */
void wefti_mutex_init(struct wefti_mutex *mutex);
void wefti_mutex_lock(struct wefti_mutex *mutex);
void wefti_mutex_unlock(struct wefti_mutex *mutex);

#endif
