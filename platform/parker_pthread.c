/* SPDX-License-Identifier: MIT */
/*
 * Parker and mutex on pthread mutexes and conditions.
 *
 * Exactly one thread ever waits on a condition: glibc before 2.41 can lose wake-ups when there are
 * several (BZ 25847). The unparker signals while it holds the mutex, so that the parker's thread
 * cannot end, and take the condition with it, before the signal is done.
 */
#include "platform/parker.h"

#include <errno.h>
#include <time.h>

#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/panic.h"

void wefti_parker_init(struct wefti_parker *parker)
{
    pthread_condattr_t attributes;
    WEFTI_MUST(pthread_condattr_init(&attributes) == 0);
    WEFTI_MUST(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    WEFTI_MUST(pthread_cond_init(&parker->condition, &attributes) == 0);
    WEFTI_MUST(pthread_condattr_destroy(&attributes) == 0);
    WEFTI_MUST(pthread_mutex_init(&parker->mutex, NULL) == 0);
    parker->prepared = false;
}

void wefti_parker_prepare(struct wefti_parker *parker)
{
    WEFTI_MUST(pthread_mutex_lock(&parker->mutex) == 0);
    wefti_store(&parker->prepared, true, RELAXED);
    WEFTI_MUST(pthread_mutex_unlock(&parker->mutex) == 0);
}

/* One wait on the condition, to the deadline. True if the deadline ended it. */
static bool wait_once(struct wefti_parker *parker, int64_t deadline)
{
    if (deadline == WEFTI_NEVER) {
        WEFTI_MUST(pthread_cond_wait(&parker->condition, &parker->mutex) == 0);
        return false;
    }
    struct timespec until = {.tv_sec = (time_t)(deadline / WEFTI_SECOND),
                             .tv_nsec = (long)(deadline % WEFTI_SECOND)};
    int error = pthread_cond_timedwait(&parker->condition, &parker->mutex, &until);
    WEFTI_MUST(error == 0 || error == ETIMEDOUT);
    return error == ETIMEDOUT && wefti_clock() >= deadline;
}

bool wefti_parker_park(struct wefti_parker *parker, int64_t deadline, struct wefti_spinner *spinner)
{
    int cancelable;
    if (deadline < 0)
        deadline = 0;
    WEFTI_MUST(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelable) == 0);
    /* Who has seen it change by spinning still waits, for the mutex, until the unparker is done. */
    if (spinner != NULL)
        (void)wefti_spin_while(spinner, &parker->prepared, true, deadline);
    WEFTI_MUST(pthread_mutex_lock(&parker->mutex) == 0);
    bool late = false;
    while (parker->prepared && !late)
        late = wait_once(parker, deadline);
    bool unparked = !parker->prepared;
    WEFTI_MUST(pthread_mutex_unlock(&parker->mutex) == 0);
    WEFTI_MUST(pthread_setcancelstate(cancelable, NULL) == 0);
    return unparked;
}

void wefti_parker_unpark(struct wefti_parker *parker)
{
    WEFTI_MUST(pthread_mutex_lock(&parker->mutex) == 0);
    /* Relaxed: the mutex orders it; a spinning owner takes that, too. */
    wefti_store(&parker->prepared, false, RELAXED);
    WEFTI_MUST(pthread_cond_signal(&parker->condition) == 0);
    WEFTI_MUST(pthread_mutex_unlock(&parker->mutex) == 0);
}

void wefti_mutex_init(struct wefti_mutex *mutex)
{
    WEFTI_MUST(pthread_mutex_init(&mutex->mutex, NULL) == 0);
}

void wefti_mutex_lock(struct wefti_mutex *mutex)
{
    WEFTI_MUST(pthread_mutex_lock(&mutex->mutex) == 0);
}

void wefti_mutex_unlock(struct wefti_mutex *mutex)
{
    WEFTI_MUST(pthread_mutex_unlock(&mutex->mutex) == 0);
}
