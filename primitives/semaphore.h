/* SPDX-License-Identifier: MIT */
/*
 * What bounded semaphores and scopes do with a semaphore. The counts are checked by the caller: 1
 * to WEFT_SEMAPHORE_MAX.
 */
#ifndef WEFTI_PRIMITIVES_SEMAPHORE_H
#define WEFTI_PRIMITIVES_SEMAPHORE_H

#include <stdbool.h>

#include <weft/semaphore.h>

#include "primitives/deadline.h"

/* Takes n permits; `firm`: an interruption does not end the wait, it stays pending. */
weft_status wefti_semaphore_acquire(weft_semaphore *semaphore, int n, struct wefti_limit limit,
                                    bool firm);

/* Gives n back; `most`: where the value's limit stands, NULL: there is none but the type's. */
weft_status wefti_semaphore_release(weft_semaphore *semaphore, int n, const uint32_t *most);

/* Sets another limit, and changes the value by as much. */
weft_status wefti_semaphore_set_limit(weft_semaphore *semaphore, uint32_t *limit, int to);

#endif
