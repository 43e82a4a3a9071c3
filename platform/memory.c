/* SPDX-License-Identifier: MIT */
#include "platform/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <weft/memory.h>

#include "platform/atomic.h"

static void *malloc_allocate(size_t size, void *context)
{
    (void)context;
    return malloc(size);
}

static void malloc_release(void *memory, void *context)
{
    (void)context;
    free(memory);
}

static const weft_allocator standard = {malloc_allocate, malloc_release, NULL};
static weft_allocator allocator = {malloc_allocate, malloc_release, NULL};
static size_t blocks; /* in use: while there are any, the allocator cannot change */

void *wefti_allocate(size_t size)
{
    void *memory = allocator.allocate(size, allocator.context);
    if (memory == NULL)
        return NULL;
    wefti_fetch_add(&blocks, 1, RELAXED);
    return memset(memory, 0, size);
}

void wefti_release(void *memory)
{
    if (memory == NULL)
        return;
    wefti_fetch_sub(&blocks, 1, RELAXED);
    allocator.release(memory, allocator.context);
}

void *wefti_pages(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED ? memory : NULL;
}

void *weft_allocate(size_t size)
{
    return wefti_allocate(size);
}

void weft_free(void *memory)
{
    wefti_release(memory);
}

weft_status weft_set_allocator(const weft_allocator *replacement)
{
    if (replacement == NULL)
        replacement = &standard;
    if (replacement->allocate == NULL || replacement->release == NULL)
        return WEFT_VALUE_ERROR;
    /* Relaxed: the program promises that no other thread uses the library yet. */
    if (wefti_load(&blocks, RELAXED) != 0)
        return WEFT_RUNTIME;
    allocator = *replacement;
    return WEFT_OK;
}
