/* SPDX-License-Identifier: MIT */
#include "faulty_memory.h"

#include <stdlib.h>

static void *allocate(size_t size, void *context)
{
    struct faulty_memory *memory = context;
    if (atomic_fetch_add(&memory->calls, 1) + 1 == memory->fail_at)
        return NULL;
    atomic_fetch_add(&memory->blocks, 1);
    return malloc(size);
}

static void release(void *block, void *context)
{
    struct faulty_memory *memory = context;
    atomic_fetch_sub(&memory->blocks, 1);
    free(block);
}

void faulty_memory_begin(struct faulty_memory *memory)
{
    const weft_allocator allocator = {allocate, release, memory};
    assert_int_equal(weft_set_allocator(&allocator), WEFT_OK);
}

void faulty_memory_end(struct faulty_memory *memory)
{
    assert_int_equal(atomic_load(&memory->blocks), 0);
    assert_int_equal(weft_set_allocator(NULL), WEFT_OK);
}
