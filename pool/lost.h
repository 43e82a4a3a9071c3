/* SPDX-License-Identifier: MIT */
/*
 * In the child of a fork no future stays as it is because a thread had it in its hands that does not
 * exist there. What has not begun is cancelled, as what is queued; what ran has failed, as if its
 * thread had ended.
 */
#ifndef WEFTI_POOL_LOST_H
#define WEFTI_POOL_LOST_H

struct weft_future;

/*
 * The future, of which the caller has a reference, is in no queue; if it is not the calling thread that
 * runs it, it is done now. Not for one that the program completes.
 */
void wefti_future_lose(struct weft_future *future);

#endif
