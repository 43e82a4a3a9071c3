/* SPDX-License-Identifier: MIT */
/*
 * Records of one size, from the system's pages: no allocator of the program's is involved. The
 * caller guards the pool. Memory is kept for the next record, not given back.
 */
#ifndef WEFTI_PRIMITIVES_POOL_H
#define WEFTI_PRIMITIVES_POOL_H

#include <stddef.h>

struct wefti_pool {
    size_t size; /* of a record; a multiple of a pointer's size */
    void *free;  /* records that are not in use, each pointing to the next */
};

/* A record filled with zeros; NULL if there is no memory. */
void *wefti_pool_take(struct wefti_pool *pool);

/* Gives a record back. */
void wefti_pool_give(struct wefti_pool *pool, void *record);

#endif
