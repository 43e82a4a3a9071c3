/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the library does with rlocks.
 */
#ifndef WEFTI_PRIMITIVES_RLOCK_H
#define WEFTI_PRIMITIVES_RLOCK_H

#include <weft/rlock.h>

#include "primitives/park.h"

/* Takes the lock; an interruption stays pending. WEFT_OK, or WEFT_OVERFLOW. */
weft_status wefti_rlock_acquire_firmly(weft_rlock *lock);

/* For Condition. The owner lets the lock go at whatever depth, which is returned ... */
uint32_t wefti_rlock_save(weft_rlock *lock);

/* ... and takes it back at that depth, after it has left the condition's queue. */
void wefti_rlock_restore(weft_rlock *lock, uint32_t depth, const struct wefti_parked *parked);

#endif
