/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the library does with locks.
 */
#ifndef WEFTI_PRIMITIVES_LOCK_H
#define WEFTI_PRIMITIVES_LOCK_H

#include <weft/lock.h>

#include "primitives/park.h"

/* Takes the lock; an interruption does not end the wait, it stays pending. */
void wefti_lock_acquire_firmly(weft_lock *lock);

/* The same for a thread that has left a condition's queue. */
void wefti_lock_resume(weft_lock *lock, const struct wefti_parked *parked);

#endif
