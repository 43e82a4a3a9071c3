/* SPDX-License-Identifier: MIT */
/*
 * Who waits for whom, among tasks that wait without a deadline: none of them enters a wait that cannot
 * end, because every way to its end leads back to the one that waits.
 */
#ifndef WEFTI_POOL_CIRCLE_H
#define WEFTI_POOL_CIRCLE_H

#include "pool/need.h"

/*
 * The calling thread is going to wait for what the caller has filled in, without a deadline. False: that
 * would never end, for it needs the thread's own task, or what was lost in a fork. Else
 * wefti_task_waited follows, in a cleanup if the thread may end meanwhile.
 */
bool wefti_task_waits(struct wefti_reason *reason);
void wefti_task_waited(const struct wefti_reason *reason);

/* Asked while it waits, whether it may wait on: what it needs has shrunk. */
bool wefti_task_may_wait_on(struct wefti_reason *reason);

#endif
