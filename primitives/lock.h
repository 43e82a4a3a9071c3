/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the library does with locks.
 */
#ifndef WEFTI_PRIMITIVES_LOCK_H
#define WEFTI_PRIMITIVES_LOCK_H

#include <weft/lock.h>

/* Takes the lock; an interruption does not end the wait, it stays pending. */
void wefti_lock_acquire_firmly(weft_lock *lock);

/* For scopes, which call from elsewhere: `site` is the program's call. */
void wefti_lock_acquire_firmly_at(weft_lock *lock, const void *site);
weft_status wefti_lock_acquire_for_at(weft_lock *lock, double seconds, const void *site);

#endif
