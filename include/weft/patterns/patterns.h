/* SPDX-License-Identifier: MIT */
/**
 * @file patterns.h
 * @brief Everything of weft::patterns: ideas in use, a library on top of weft.
 *
 * @code
 *     #include <weft/patterns/patterns.h>      // cc program.c $(pkg-config --cflags --libs weft-patterns)
 * @endcode
 */
#ifndef WEFT_PATTERNS_PATTERNS_H
#define WEFT_PATTERNS_PATTERNS_H

#include <weft/patterns/event_bus.h>
#include <weft/patterns/lru_cache.h>
#include <weft/patterns/rate_limiter.h>
#include <weft/patterns/resource_pool.h>

#endif
