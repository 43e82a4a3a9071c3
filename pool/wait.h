/* SPDX-License-Identifier: MIT */
/*
 * Waiting for one future, for the files beside future_wait.c.
 */
#ifndef WEFTI_POOL_WAIT_H
#define WEFTI_POOL_WAIT_H

#include "pool/future.h"

struct wefti_helper;

/*
 * Waits until it is done. WEFT_OK, WEFT_TIMEOUT, WEFT_INTERRUPTED, WEFT_DEADLOCK. If it is part of a
 * wait for several, without a deadline, the helper is that wait's, and has begun; else NULL.
 */
weft_status wefti_future_wait(struct weft_future *future, int64_t deadline, const void *site,
                              struct wefti_helper *helper);

#endif
