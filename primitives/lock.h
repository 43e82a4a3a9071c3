/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the library does with locks.
 */
#ifndef WEFTI_PRIMITIVES_LOCK_H
#define WEFTI_PRIMITIVES_LOCK_H

#include <weft/lock.h>

#include "primitives/deadline.h"
#include "primitives/park.h"
#include "primitives/watch.h"

/* As the public calls acquire; `site` is the program's call. */
weft_status wefti_lock_acquire_at(weft_lock *lock, struct wefti_limit limit, bool firm,
                                  const void *site);

/* The same for ever and firmly, as a scope does that holds to its end. */
weft_status wefti_lock_acquire_firmly_at(weft_lock *lock, const void *site);

/* For Condition: a thread that has left its queue takes the lock; it said so before it let it go. */
void wefti_lock_sleeps(weft_lock *lock, const void *site);
void wefti_lock_resume(weft_lock *lock, const struct wefti_parked *parked, const void *site);

#endif
