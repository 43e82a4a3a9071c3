/* SPDX-License-Identifier: MIT */
/**
 * @file demo_limiter.h
 * @brief Four rate limiters: fixed window, sliding window, token bucket, leaky bucket.
 *
 * Each answers one question: may this request pass now? What "now" is the caller says, in
 * nanoseconds, so a demo can move its own clock, and every number is exact. A time that is earlier
 * than one that was given before counts as that one. Every call is thread-safe.
 * @code
 *     demo_token_bucket bucket = demo_token_bucket_full(5, 10);     // 5 a second, 10 at once
 *     if (demo_token_bucket_admit(&bucket, 1, demo_ms(250)))
 *         serve(request);
 * @endcode
 */
#ifndef DEMO_LIMITER_H
#define DEMO_LIMITER_H

#include <stdint.h>

#include "demo.h"

enum { DEMO_LIMITER_MOST = 32 /**< The largest limit of a sliding window. */ };

/** @p milliseconds in nanoseconds. */
static inline int64_t demo_ms(int64_t milliseconds)
{
    return milliseconds * 1000000;
}

/** At most `limit` in each window; windows begin at multiples of `length`. */
typedef struct demo_fixed_window {
    int limit;
    int64_t length;
    weft_lock lock; /* guards what follows */
    int64_t window;
    int used;
} demo_fixed_window;

/** At most `limit` in any `length`, exactly: it remembers the times of the last `limit`. */
typedef struct demo_sliding_window {
    int limit;
    int64_t length;
    weft_lock lock; /* guards what follows */
    int64_t times[DEMO_LIMITER_MOST];
    long admitted;
} demo_sliding_window;

/** Tokens come at a constant rate, as long as there are fewer than the capacity. */
typedef struct demo_token_bucket {
    int64_t interval; /* between two tokens */
    int64_t capacity; /* as the time that it takes to fill it */
    weft_lock lock;   /* guards what follows */
    int64_t level;    /* the time that it took to fill it so far */
    int64_t last;
} demo_token_bucket;

/**
 * A queue that is served at a constant rate. The request that is being served counts: of those that
 * come to an empty one at time 0, the k-th departs at k times `interval`.
 */
typedef struct demo_leaky_bucket {
    int capacity;
    int64_t interval;
    weft_lock lock;    /* guards what follows */
    int64_t departure; /* of the last one */
} demo_leaky_bucket;

/** Whether a request passes at @p now; if so it has been counted. */
bool demo_fixed_window_admit(demo_fixed_window *limiter, int64_t now);
bool demo_sliding_window_admit(demo_sliding_window *limiter, int64_t now);

/** A full bucket: @p rate tokens a second (a divisor of 10^9), at most @p capacity at once. */
demo_token_bucket demo_token_bucket_full(int rate, int capacity);

/** Takes @p tokens at @p now, all or none; whether it did. */
bool demo_token_bucket_admit(demo_token_bucket *limiter, int tokens, int64_t now);

/** How long after @p now so many tokens will be there, in nanoseconds, if nobody takes any. */
int64_t demo_token_bucket_wait(demo_token_bucket *limiter, int tokens, int64_t now);

/** Whether there is room for a request at @p now, and when it departs. */
bool demo_leaky_bucket_admit(demo_leaky_bucket *limiter, int64_t now, int64_t *departure);

#endif
