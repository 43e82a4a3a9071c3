/* SPDX-License-Identifier: MIT */
/**
 * @file rate_limiter.h
 * @brief Rate limiters: at most so many requests in so much time.
 *
 * @code
 *     weft_rate_limiter *api = weft_rate_limiter_new(WEFT_TOKEN_BUCKET, 5, .burst = 10); // 5 a second
 *
 *     if (weft_rate_limiter_try_acquire(api) != WEFT_OK)
 *         return too_many_requests();
 *     if (weft_rate_limiter_acquire_for(api, 2.0) == WEFT_OK)      // its turn comes within 2 s
 *         call(request);
 * @endcode
 * | algorithm | lets pass | at once at most | memory |
 * |---|---|---|---|
 * | ::WEFT_FIXED_WINDOW | `limit` in each window; up to twice that around a boundary | `limit` | O(1) |
 * | ::WEFT_SLIDING_WINDOW | `limit` in any `period`, exactly | `limit` | O(limit) |
 * | ::WEFT_TOKEN_BUCKET | `limit` a period on the average | `burst` | O(1) |
 * | ::WEFT_LEAKY_BUCKET | one every `period / limit`, evenly; refuses what it cannot hold | 1 | O(1) |
 *
 * A request that passes has taken its place; there is nothing to give back. Who waits has a place in
 * the future, in the order of arrival: nobody who comes later passes before, and none starves. All is
 * counted in whole nanoseconds and fractions of `1 / limit`: nothing is rounded, nothing drifts, and
 * no interval lets more pass than it may, with any number of threads. A clock that goes back stands
 * still until it has caught up.
 *
 * Every call is thread-safe, O(1) (::WEFT_SLIDING_WINDOW: O(n)), and holds a lock for a few dozen
 * instructions; the functions of the program's own clock are called without it. None may be made
 * from a signal handler. NULL is #WEFT_VALUE_ERROR. Python has no such class.
 */
#ifndef WEFT_PATTERNS_RATE_LIMITER_H
#define WEFT_PATTERNS_RATE_LIMITER_H

#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** A rate limiter; opaque. */
typedef struct weft_rate_limiter weft_rate_limiter;

/** How it counts. */
typedef enum weft_rate_algorithm {
    WEFT_FIXED_WINDOW,   /**< Windows begin at multiples of the period on the clock. */
    WEFT_SLIDING_WINDOW, /**< A log of the last `limit` requests. */
    WEFT_TOKEN_BUCKET,   /**< Tokens come one by one; it begins full. */
    WEFT_LEAKY_BUCKET,   /**< A queue that drips; it begins empty, so the first passes at once. */
} weft_rate_algorithm;

/** The arguments of weft_rate_limiter_new(). Zero is the default of every one but `limit`. */
typedef struct weft_rate_limiter_options {
    size_t struct_size; /**< sizeof(weft_rate_limiter_options), set by the macro. */
    weft_rate_algorithm algorithm;
    int limit;     /**< So many requests in a period; at least 1. */
    double period; /**< In seconds, 1e-9 to 1e6; 0: one second. */
    int burst;     /**< What a bucket holds, 0: `limit`; for windows it must be 0. */
    /** The clock, in seconds; NULL: weft_now(). Below 0 and NaN are 0. */
    double (*now)(void *arg);
    /** Waits so long on that clock; NULL: weft_sleep(). Its failure ends the acquire. */
    weft_status (*sleep)(double seconds, void *arg);
    void *arg; /**< What both are called with. */
} weft_rate_limiter_options;

/**
 * Makes a limiter: `weft_rate_limiter_new(WEFT_SLIDING_WINDOW, 100, .period = 60)`.
 * @return the limiter; NULL: weft_last_status() is WEFT_NO_MEMORY, or WEFT_VALUE_ERROR for a number
 *         out of its range or `burst * period` beyond 2^60 nanoseconds.
 */
#define weft_rate_limiter_new(...)                                                                 \
    weft_rate_limiter_new_with(&(const weft_rate_limiter_options){                                 \
        .struct_size = sizeof(weft_rate_limiter_options), __VA_ARGS__})

/** The function behind weft_rate_limiter_new(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_rate_limiter *
weft_rate_limiter_new_with(const weft_rate_limiter_options *options);

/** Frees it; NULL is allowed. It must not be in use. */
WEFT_API void weft_rate_limiter_free(weft_rate_limiter *limiter);

/** Passes if that is allowed now, never waits. @return WEFT_OK, or WEFT_TIMEOUT. */
WEFT_API WEFT_CHECKED weft_status weft_rate_limiter_try_acquire(weft_rate_limiter *limiter);

/**
 * Passes, waiting as long as it takes.
 * @return WEFT_OK; WEFT_FULL, at once: a leaky bucket cannot hold one more; WEFT_INTERRUPTED, or what
 *         the limiter's own `sleep` has returned: the place that it had passes unused.
 */
WEFT_API weft_status weft_rate_limiter_acquire(weft_rate_limiter *limiter);

/**
 * The same, for at most @p seconds on the limiter's clock.
 * @return also WEFT_TIMEOUT, never early: it has no place; WEFT_VALUE_ERROR for NaN. Who does not want
 *         to wait in vain asks weft_rate_limiter_reserve().
 */
WEFT_API WEFT_CHECKED weft_status weft_rate_limiter_acquire_for(weft_rate_limiter *limiter,
                                                                double seconds);

/**
 * The same for @p n requests that pass together, all or none; in a leaky bucket they take the time
 * of n afterwards.
 * @return as above; WEFT_VALUE_ERROR unless @p n is 1 to what may pass or be held at once.
 */
WEFT_API WEFT_CHECKED weft_status weft_rate_limiter_try_acquire_n(weft_rate_limiter *limiter,
                                                                  int n);
WEFT_API weft_status weft_rate_limiter_acquire_n(weft_rate_limiter *limiter, int n);
WEFT_API WEFT_CHECKED weft_status weft_rate_limiter_acquire_n_for(weft_rate_limiter *limiter, int n,
                                                                  double seconds);

/**
 * Takes a place for @p n requests if they can pass within @p most seconds, and does not wait: for
 * event loops, and for who sends an answer "come back in 3 s".
 * @param[out] seconds how long to wait before they pass, 0: now; only if WEFT_OK.
 * @return WEFT_OK; WEFT_TIMEOUT, at once: no place within @p most; WEFT_FULL; WEFT_VALUE_ERROR.
 */
WEFT_API WEFT_CHECKED weft_status weft_rate_limiter_reserve(weft_rate_limiter *limiter, int n,
                                                            double most, double *seconds);

/**
 * How long @p n requests would have to wait if they came now; takes nothing.
 * @return WEFT_OK; WEFT_FULL; WEFT_VALUE_ERROR.
 */
WEFT_API WEFT_CHECKED weft_status weft_rate_limiter_delay(weft_rate_limiter *limiter, int n,
                                                          double *seconds);

/** What a limiter has done so far. */
typedef struct weft_rate_limiter_stats {
    uint64_t passed;  /**< Requests with a place, now or later. */
    uint64_t waited;  /**< Of these: those whose place was in the future. */
    uint64_t refused; /**< Requests that got none. */
} weft_rate_limiter_stats;

/** All of it at one moment. WEFT_OK; WEFT_VALUE_ERROR. */
WEFT_API weft_status weft_rate_limiter_get_stats(weft_rate_limiter *limiter,
                                                 weft_rate_limiter_stats *stats);

WEFT_END_DECLS

#endif
