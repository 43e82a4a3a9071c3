/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the library does with conditions.
 */
#ifndef WEFTI_PRIMITIVES_CONDITION_H
#define WEFTI_PRIMITIVES_CONDITION_H

#include <weft/condition.h>

#include "primitives/deadline.h"
#include "primitives/watch.h"

/* What a condition is over: one of the two, its own RLock or the caller's lock. */
struct wefti_base {
    weft_lock *lock;
    weft_rlock *rlock;
};

/* Both are NULL if there is no condition, or it is over nothing. */
struct wefti_base wefti_condition_base(weft_condition *condition);

/* Takes its lock as the public calls do; `site` is the program's call. */
weft_status wefti_condition_acquire_at(weft_condition *condition, struct wefti_limit limit,
                                       bool firm, const void *site);

#endif
