/* SPDX-License-Identifier: MIT */
/**
 * @file memory.h
 * @brief Where weft gets its memory.
 *
 * The primitives allocate nothing; handles (threads) do. All of it goes through one allocator, which
 * a program may replace before its first use of the library.
 * @code
 *     static void *count_allocate(size_t size, void *context) { ++*(int *)context; return malloc(size); }
 *     static void count_free(void *memory, void *context) { free(memory); }
 *
 *     static int calls;
 *     weft_set_allocator(&(weft_allocator){count_allocate, count_free, &calls});
 * @endcode
 */
#ifndef WEFT_MEMORY_H
#define WEFT_MEMORY_H

#include <stddef.h>

#include <weft/status.h>

WEFT_BEGIN_DECLS

/** An allocator: malloc and free with a context. Both are called from any thread. */
typedef struct weft_allocator {
    void *(*allocate)(size_t size, void *context); /**< NULL when there is no memory. */
    void (*release)(void *memory, void *context);  /**< Never called with NULL. */
    void *context;                                 /**< Handed to both. */
} weft_allocator;

/**
 * Replaces malloc and free, for all memory of the library. The struct is copied; NULL brings malloc
 * and free back.
 * @return WEFT_OK; WEFT_VALUE_ERROR if a function is missing; WEFT_RUNTIME if memory of the present
 *         allocator is still in use.
 */
WEFT_API weft_status weft_set_allocator(const weft_allocator *allocator);

/**
 * Memory of that allocator, filled with zeros, for libraries on top of this one: what they make goes
 * the same way. weft::patterns does so.
 * @return the memory, to be given to weft_free(); NULL: there is none, also for @p size 0 if the
 *         allocator has none of that size. weft_last_status() is not changed.
 */
WEFT_API WEFT_CHECKED void *weft_allocate(size_t size);

/** Gives back what weft_allocate() returned; NULL is allowed. */
WEFT_API void weft_free(void *memory);

WEFT_END_DECLS

#endif
