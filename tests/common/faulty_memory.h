/* SPDX-License-Identifier: MIT */
/*
 * An allocator for the library that fails when it is told to, and counts.
 *
 *     struct faulty_memory memory = {.fail_at = 2};
 *     faulty_memory_begin(&memory);
 *     ...                                the second allocation fails
 *     faulty_memory_end(&memory);        asserts that nothing is left
 */
#ifndef TESTS_COMMON_FAULTY_MEMORY_H
#define TESTS_COMMON_FAULTY_MEMORY_H

#include <stdatomic.h>

#include "test.h"

struct faulty_memory {
    size_t fail_at; /* the first call is 1; 0: none fails */
    atomic_size_t calls;
    atomic_size_t blocks; /* in use */
};

void faulty_memory_begin(struct faulty_memory *memory);
void faulty_memory_end(struct faulty_memory *memory);

#endif
