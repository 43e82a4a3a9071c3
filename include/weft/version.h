/* SPDX-License-Identifier: MIT */
/**
 * @file version.h
 * @brief Which weft this is.
 *
 * @code
 *     if (weft_version() != WEFT_VERSION)
 *         fprintf(stderr, "compiled against another weft than the one that runs\n");
 * @endcode
 */
#ifndef WEFT_VERSION_H
#define WEFT_VERSION_H

#include <stddef.h>

#include <weft/attributes.h>

WEFT_BEGIN_DECLS

#define WEFT_VERSION_MAJOR 0
#define WEFT_VERSION_MINOR 1
#define WEFT_VERSION_PATCH 0

/** The version of the headers as one number: 10000 * major + 100 * minor + patch. */
#define WEFT_VERSION (10000 * WEFT_VERSION_MAJOR + 100 * WEFT_VERSION_MINOR + WEFT_VERSION_PATCH)

/** The version of the library that runs, as #WEFT_VERSION. */
WEFT_API int weft_version(void);

/** The types that a binding may have to allocate. */
typedef enum weft_kind {
    WEFT_KIND_LOCK = 1,              /**< ::weft_lock */
    WEFT_KIND_RLOCK = 2,             /**< ::weft_rlock */
    WEFT_KIND_CONDITION = 3,         /**< ::weft_condition */
    WEFT_KIND_SEMAPHORE = 4,         /**< ::weft_semaphore */
    WEFT_KIND_BOUNDED_SEMAPHORE = 5, /**< ::weft_bounded_semaphore */
    WEFT_KIND_EVENT = 6,             /**< ::weft_event */
    WEFT_KIND_BARRIER = 7,           /**< ::weft_barrier */
    WEFT_KIND_RWLOCK = 8,            /**< ::weft_rwlock */
    WEFT_KIND_LATCH = 9,             /**< ::weft_latch */
    WEFT_KIND_QUEUE = 10,            /**< ::weft_queue */
    WEFT_KIND_LOCAL = 11,            /**< ::weft_local */
    WEFT_KIND_NAMESPACE = 12,        /**< ::weft_namespace */
} weft_kind;

/** The size in bytes of an object of that kind in the library that runs; 0 for an unknown kind. */
WEFT_API size_t weft_sizeof(weft_kind kind);

WEFT_END_DECLS

#endif
