/* SPDX-License-Identifier: MIT */
/**
 * @file demo_clock.h
 * @brief A clock that stands still until it is moved, for what takes its time from one.
 *
 * With it every number of a limiter or a pool is exact, at every speed:
 * @code
 *     static demo_clock now;
 *     weft_rate_limiter *limiter = demo_must(weft_rate_limiter_new(
 *         WEFT_TOKEN_BUCKET, 5, .burst = 10, .now = demo_clock_seconds, .arg = &now));
 *     now.ms = 250;
 *     if (weft_rate_limiter_try_acquire(limiter) == WEFT_OK)
 *         serve(request);
 * @endcode
 */
#ifndef DEMO_CLOCK_H
#define DEMO_CLOCK_H

#include <stdatomic.h>

/** A clock; whoever likes sets and reads it. */
typedef struct demo_clock {
    atomic_int ms; /**< The time, in milliseconds. */
} demo_clock;

/** The time that @p clock shows, in seconds: what an option `.now` asks for. */
double demo_clock_seconds(void *clock);

#endif
