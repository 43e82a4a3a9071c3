/* SPDX-License-Identifier: MIT */
/*
 * All memory of the library. Failures of allocation are injected here.
 */
#ifndef WEFTI_PLATFORM_MEMORY_H
#define WEFTI_PLATFORM_MEMORY_H

#include <stddef.h>

/* Memory filled with zeros, or NULL. */
void *wefti_allocate(size_t size);

/* Gives it back; NULL is allowed. */
void wefti_release(void *memory);

/*
 * Zeroed memory straight from the system, for good; NULL if there is none. For those who watch
 * locks: the program's allocator may use locks itself.
 */
void *wefti_pages(size_t size);

#endif
