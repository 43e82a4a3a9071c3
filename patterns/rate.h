/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of the four rate limiters, without clock and lock. A moment is in nanoseconds from 0;
 * nobody comes earlier than the last one came, and n is 1 to wefti_rate_most().
 */
#ifndef PATTERNS_RATE_H
#define PATTERNS_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/patterns/rate_limiter.h>

/* What wefti_rate_earliest() says of a bucket that cannot hold them. */
enum { WEFTI_RATE_FULL = -1 };

/* No clock and no place goes beyond; there is room for a burst above it. */
#define WEFTI_RATE_END (INT64_C(1) << 62)

/* ns + part / limit, exactly. */
struct wefti_moment {
    int64_t ns;
    int64_t part; /* 0 to limit - 1 */
};

struct wefti_rate {
    weft_rate_algorithm algorithm;
    int limit;
    int burst;      /* limit for the windows */
    int64_t period; /* in nanoseconds */
    union {
        struct {
            int64_t begin; /* of the last window that somebody has a place in */
            int used;
        } window;
        struct {
            int64_t *times; /* of the last `limit` places, a ring */
            uint64_t count; /* of all */
        } log;
        struct wefti_moment full; /* when the tokens that are out will have come back */
        struct wefti_moment next; /* when the leaky bucket lets the next one go */
    } of;
};

/* How many may pass or be held at once. */
static inline int wefti_rate_most(const struct wefti_rate *rate)
{
    return rate->burst;
}

/* Whether the numbers fit, and no sum of them overflows. */
bool wefti_rate_is_valid(const struct wefti_rate *rate);

/* The first moment from `now` on at which n can pass after all that have a place; or RATE_FULL. */
int64_t wefti_rate_earliest(const struct wefti_rate *rate, int n, int64_t now);

/* Gives n a place at such a moment. */
void wefti_rate_take(struct wefti_rate *rate, int n, int64_t at);

#endif
