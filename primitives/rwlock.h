/* SPDX-License-Identifier: MIT */
/*
 * What the rest of the library does with readers-writer locks.
 */
#ifndef WEFTI_PRIMITIVES_RWLOCK_H
#define WEFTI_PRIMITIVES_RWLOCK_H

#include <weft/rwlock.h>

/* Acquire to read or to write; an interruption stays pending. */
weft_status wefti_rwlock_acquire_read_firmly(weft_rwlock *lock);
weft_status wefti_rwlock_acquire_write_firmly(weft_rwlock *lock);

#endif
