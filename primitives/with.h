/* SPDX-License-Identifier: MIT */
/*
 * What the scopes of one lock and of several have in common.
 */
#ifndef WEFTI_PRIMITIVES_WITH_H
#define WEFTI_PRIMITIVES_WITH_H

#include <weft/status.h>

/* How a held object is released. Of two sides of one object the stronger comes first. */
enum wefti_held_kind {
    WEFTI_HELD_LOCK = 1,
    WEFTI_HELD_RLOCK,
    WEFTI_HELD_CONDITION,
    WEFTI_HELD_WRITING,
    WEFTI_HELD_READING,
    WEFTI_HELD_SEMAPHORE,
    WEFTI_HELD_BOUNDED_SEMAPHORE,
};

/* Releases what a scope holds. */
weft_status wefti_held_release(void *object, enum wefti_held_kind kind);

#endif
