/* SPDX-License-Identifier: MIT */
/*
 * Threads that wait for something that a mutex guards: an executor's idle workers for a task, its
 * submitters for room in the queue. Under the mutex, whoever brings what they wait for calls one;
 * after it, wakes one.
 *
 * No wake-up is lost: `called` counts the calls that no sleeper has answered yet, and is never more
 * than there are sleepers. A thread does not begin to sleep while it is not 0, asked under the lock
 * of the room's bucket, so a wake that finds nobody is answered by a thread that is about to sleep
 * or has just ended its sleep for another reason. Whoever comes back answers one call, and looks
 * under the mutex for what there is; who goes away with nothing calls another if there is some.
 *
 * `coming` counts those that have not asked yet. While they are as many as the calls, a wake leaves
 * those alone that sleep: who is coming sees the call, unless another has answered it by then.
 */
#ifndef WEFTI_POOL_SLEEPERS_H
#define WEFTI_POOL_SLEEPERS_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/parker.h"
#include "primitives/park.h"

struct wefti_sleepers {
    enum wefti_kind kind;
    uint32_t asleep; /* guarded by the mutex, as is called */
    uint32_t called;
    uint32_t coming;
};

/* With the mutex locked: calls one; false: all are called already. */
bool wefti_sleepers_call(struct wefti_sleepers *sleepers);

/* With it unlocked: wakes one that has been called. */
void wefti_sleepers_wake(struct wefti_sleepers *sleepers);

/* The same for all. */
void wefti_sleepers_call_all(struct wefti_sleepers *sleepers);
void wefti_sleepers_wake_all(const struct wefti_sleepers *sleepers);

/* Lets the mutex go, sleeps, and takes it back. INVALID: there was a call already. */
enum wefti_outcome wefti_sleepers_sleep(struct wefti_sleepers *sleepers, struct wefti_mutex *mutex,
                                        struct wefti_patience patience);

#endif
