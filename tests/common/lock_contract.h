/* SPDX-License-Identifier: MIT */
/*
 * What everything promises that can be held by one thread at a time: one set of cases, driven
 * through a table of calls. A primitive's own test program describes it and runs the contract; what
 * only that primitive promises has cases of its own.
 *
 *     TEST(a_lock_keeps_the_contract)
 *     {
 *         lock_contract(&(const struct lockable){.name = "weft_lock", ...});
 *     }
 */
#ifndef TESTS_COMMON_LOCK_CONTRACT_H
#define TESTS_COMMON_LOCK_CONTRACT_H

#include "test.h"

enum { LOCKABLE_MOST = 256 }; /* bytes of the largest */

struct lockable {
    const char *name;
    size_t size;
    void (*init)(void *lock); /* makes a free one; its memory is only forgotten */
    weft_status (*acquire)(void *lock);
    weft_status (*try_acquire)(void *lock);
    weft_status (*acquire_for)(void *lock, double seconds);
    weft_status (*release)(void *lock);
    bool (*locked)(const void *lock);    /* NULL: it cannot say */
    size_t (*waiters)(const void *lock); /* NULL: it cannot say */
};

/* Runs all cases, each on a fresh object; says on standard output which. */
void lock_contract(const struct lockable *kind);

#endif
