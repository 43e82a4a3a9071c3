/* SPDX-License-Identifier: MIT */
/*
 * Values for a cache: places of an array, each of which knows whether it has been destroyed.
 */
#ifndef TESTS_PATTERNS_SHELF_HELP_H
#define TESTS_PATTERNS_SHELF_HELP_H

#include <stdatomic.h>
#include <string.h>

#include <weft/patterns/patterns.h>

#include "faulty_memory.h"
#include "tests/patterns/clock_help.h"

enum { SHELF = 64 };

struct shelf {
    struct clock clock; /* first: the cache's clock gets this struct, too */
    atomic_bool ended[SHELF];
    atomic_int ends;
    size_t charge[SHELF]; /* 0: 1 */
};

static inline void shelf_end(void *value, void *arg)
{
    struct shelf *shelf = arg;
    WITNESS(!atomic_exchange((atomic_bool *)value, true));
    atomic_fetch_add(&shelf->ends, 1);
}

static inline size_t shelf_charge(const void *value, void *arg)
{
    const struct shelf *shelf = arg;
    size_t charge = shelf->charge[(const atomic_bool *)value - shelf->ended];
    return charge != 0 ? charge : 1;
}

/* The options of a cache of such values. */
#define ON(shelf) .destroy = shelf_end, .charge = shelf_charge, .now = clock_now, .arg = &(shelf)

static inline weft_status put(weft_lru_cache *cache, struct shelf *shelf, const char *key, int i)
{
    return weft_lru_cache_insert(cache, key, strlen(key), &shelf->ended[i], NULL);
}

/* The number of the value under the key, which it uses for a moment; -1: there is none. */
static inline int look_up(weft_lru_cache *cache, const struct shelf *shelf, const char *key)
{
    weft_lru_handle handle;
    weft_status status = weft_lru_cache_lookup(cache, key, strlen(key), &handle);
    if (status != WEFT_OK) {
        assert_int_equal(status, WEFT_KEY_ERROR);
        return -1;
    }
    int number = (int)((atomic_bool *)handle.value - shelf->ended);
    assert_false(atomic_load(&shelf->ended[number]));
    assert_int_equal(weft_lru_cache_release(cache, &handle), WEFT_OK);
    return number;
}

static inline weft_lru_cache_stats cache_stats(weft_lru_cache *cache)
{
    weft_lru_cache_stats stats;
    assert_int_equal(weft_lru_cache_get_stats(cache, &stats), WEFT_OK);
    return stats;
}

#endif
