/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the library does with readers-writer locks.
 */
#ifndef WEFTI_PRIMITIVES_RWLOCK_H
#define WEFTI_PRIMITIVES_RWLOCK_H

#include <weft/rwlock.h>

#include "primitives/deadline.h"
#include "primitives/watch.h"

/* As the public calls acquire; `site` is the program's call. */
weft_status wefti_rwlock_acquire_read_at(weft_rwlock *lock, struct wefti_limit limit, bool firm,
                                         const void *site);
weft_status wefti_rwlock_acquire_write_at(weft_rwlock *lock, struct wefti_limit limit, bool firm,
                                          const void *site);

#endif
