/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the library does with rlocks.
 */
#ifndef WEFTI_PRIMITIVES_RLOCK_H
#define WEFTI_PRIMITIVES_RLOCK_H

#include <weft/rlock.h>

#include "primitives/deadline.h"
#include "primitives/park.h"
#include "primitives/watch.h"

/* As the public calls acquire; `site` is the program's call. */
weft_status wefti_rlock_acquire_at(weft_rlock *lock, struct wefti_limit limit, bool firm,
                                   const void *site);

/*
 * For Condition. The owner says that it is going to wait, lets the lock go at whatever depth, which
 * is returned, and takes it back at that depth after it has left the condition's queue.
 */
void wefti_rlock_sleeps(weft_rlock *lock, const void *site);
uint32_t wefti_rlock_save(weft_rlock *lock);
void wefti_rlock_restore(weft_rlock *lock, uint32_t depth, const struct wefti_parked *parked,
                         const void *site);

#endif
