/* SPDX-License-Identifier: MIT */
/**
 * @file demo_patterns.h
 * @brief weft::patterns with less ado.
 *
 * @code
 *     DEMO_AWAIT(demo_pool_stats(pool).waiting == 2);
 * @endcode
 */
#ifndef DEMO_PATTERNS_H
#define DEMO_PATTERNS_H

#include <weft/patterns/resource_pool.h>

/** The counts of @p pool at this moment. Inline: demos without patterns need not link them. */
static inline weft_resource_pool_stats demo_pool_stats(weft_resource_pool *pool)
{
    weft_resource_pool_stats stats = {.max_size = 0};
    (void)weft_resource_pool_get_stats(pool, &stats);
    return stats;
}

#endif
