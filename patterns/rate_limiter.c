/* SPDX-License-Identifier: MIT */
/*
 * The lock guards the rate, the latest time and the numbers. It is held for the arithmetic of
 * patterns/rate.c only: the clock is read before, a sleep comes after, and the program's functions
 * are never called with it. A thread that was overtaken between its look at the clock and the lock
 * counts as having come at the latest time.
 *
 * A wait is a place in the future and a sleep until then; nobody has to be woken, so none is
 * forgotten. Who gets no place before its deadline sleeps until that, and tries once more.
 */
#include <weft/patterns/rate_limiter.h>

#include <weft/lock.h>
#include <weft/memory.h>
#include <weft/with.h>

#include "patterns/rate.h"

struct weft_rate_limiter {
    double (*now)(void *arg);
    weft_status (*sleep)(double seconds, void *arg);
    void *arg;
    weft_lock lock; /* guards what follows; of `rate`, its numbers are constant */
    struct wefti_rate rate;
    int64_t latest;
    weft_rate_limiter_stats stats;
};

/* ---- the clock ----------------------------------------------------------------------------- */

static int64_t in_ns(double seconds)
{
    if (!(seconds > 0))
        return 0;
    return seconds * 1e9 < (double)WEFTI_RATE_END ? (int64_t)(seconds * 1e9 + 0.5) : WEFTI_RATE_END;
}

static double in_seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

static double weft_clock(void *arg)
{
    (void)arg;
    return weft_now();
}

static weft_status sleep_by_weft(double seconds, void *arg)
{
    (void)arg;
    return weft_sleep(seconds);
}

static int64_t now(const weft_rate_limiter *limiter)
{
    return in_ns(limiter->now(limiter->arg));
}

static weft_status sleep_until(const weft_rate_limiter *limiter, int64_t moment)
{
    for (;;) {
        int64_t time = now(limiter);
        if (time >= moment)
            return WEFT_OK;
        weft_status status = limiter->sleep(in_seconds(moment - time), limiter->arg);
        if (status != WEFT_OK)
            return status;
    }
}

/* ---- places -------------------------------------------------------------------------------- */

/* The moment at which n who come now could pass; *time is when they came. */
static weft_status find_place(weft_rate_limiter *limiter, int n, int64_t *time, int64_t *at)
    WEFT_REQUIRES(limiter->lock)
{
    if (*time > limiter->latest)
        limiter->latest = *time;
    *time = limiter->latest;
    *at = wefti_rate_earliest(&limiter->rate, n, *time);
    return *at != WEFTI_RATE_FULL ? WEFT_OK : WEFT_FULL;
}

static weft_status take_place(weft_rate_limiter *limiter, int n, int64_t *time, int64_t deadline,
                              int64_t *at)
{
    WEFT_HOLD(&limiter->lock);
    weft_status status = find_place(limiter, n, time, at);
    if (status == WEFT_OK && *at > *time && *at > deadline)
        status = WEFT_TIMEOUT;
    if (status == WEFT_OK) {
        wefti_rate_take(&limiter->rate, n, *at);
        limiter->stats.passed += (uint64_t)n;
        limiter->stats.waited += *at > *time ? (uint64_t)n : 0;
    }
    return status;
}

static weft_status refuse(weft_rate_limiter *limiter, int n, weft_status status)
{
    WEFT_HOLD(&limiter->lock);
    limiter->stats.refused += (uint64_t)n;
    return status;
}

static bool is_valid(const weft_rate_limiter *limiter, int n, double seconds)
{
    return limiter != NULL && n >= 1 && n <= wefti_rate_most(&limiter->rate) && seconds == seconds;
}

/* The last moment of a wait that begins at `time`. */
static int64_t end_of(int64_t time, double seconds)
{
    int64_t length = in_ns(seconds);
    return seconds >= 1e9 || length > WEFTI_RATE_END - time ? WEFTI_RATE_END : time + length;
}

weft_status weft_rate_limiter_acquire_n_for(weft_rate_limiter *limiter, int n, double seconds)
{
    if (!is_valid(limiter, n, seconds))
        return WEFT_VALUE_ERROR;
    int64_t at;
    int64_t time = now(limiter);
    int64_t deadline = end_of(time, seconds);
    weft_status status = take_place(limiter, n, &time, deadline, &at);
    if (status == WEFT_OK)
        return at > time ? sleep_until(limiter, at) : WEFT_OK;
    if (seconds > 0 && status == WEFT_TIMEOUT) {
        status = sleep_until(limiter, deadline);
        time = deadline;
        if (status == WEFT_OK)
            status = take_place(limiter, n, &time, deadline, &at);
    }
    if (status == WEFT_OK)
        return WEFT_OK;
    if (!(seconds > 0))
        status = WEFT_TIMEOUT; /* a try: a full bucket is like any other */
    return refuse(limiter, n, status);
}

weft_status weft_rate_limiter_acquire_n(weft_rate_limiter *limiter, int n)
{
    return weft_rate_limiter_acquire_n_for(limiter, n, WEFT_FOREVER);
}

weft_status weft_rate_limiter_try_acquire_n(weft_rate_limiter *limiter, int n)
{
    return weft_rate_limiter_acquire_n_for(limiter, n, 0);
}

weft_status weft_rate_limiter_acquire_for(weft_rate_limiter *limiter, double seconds)
{
    return weft_rate_limiter_acquire_n_for(limiter, 1, seconds);
}

weft_status weft_rate_limiter_acquire(weft_rate_limiter *limiter)
{
    return weft_rate_limiter_acquire_n_for(limiter, 1, WEFT_FOREVER);
}

weft_status weft_rate_limiter_try_acquire(weft_rate_limiter *limiter)
{
    return weft_rate_limiter_acquire_n_for(limiter, 1, 0);
}

weft_status weft_rate_limiter_reserve(weft_rate_limiter *limiter, int n, double most,
                                      double *seconds)
{
    if (!is_valid(limiter, n, most) || seconds == NULL)
        return WEFT_VALUE_ERROR;
    int64_t at;
    int64_t time = now(limiter);
    weft_status status = take_place(limiter, n, &time, end_of(time, most), &at);
    if (status != WEFT_OK)
        return refuse(limiter, n, status);
    *seconds = in_seconds(at - time);
    return WEFT_OK;
}

weft_status weft_rate_limiter_delay(weft_rate_limiter *limiter, int n, double *seconds)
{
    if (!is_valid(limiter, n, 0) || seconds == NULL)
        return WEFT_VALUE_ERROR;
    int64_t at;
    int64_t time = now(limiter);
    WEFT_HOLD(&limiter->lock);
    weft_status status = find_place(limiter, n, &time, &at);
    if (status == WEFT_OK)
        *seconds = in_seconds(at - time);
    return status;
}

weft_status weft_rate_limiter_get_stats(weft_rate_limiter *limiter, weft_rate_limiter_stats *stats)
{
    if (limiter == NULL || stats == NULL)
        return WEFT_VALUE_ERROR;
    WEFT_HOLD(&limiter->lock);
    *stats = limiter->stats;
    return WEFT_OK;
}

/* ---- begin and end ------------------------------------------------------------------------- */

static weft_rate_limiter *fail(weft_status status)
{
    weft_set_last_status(status);
    return NULL;
}

weft_rate_limiter *weft_rate_limiter_new_with(const weft_rate_limiter_options *options)
{
    if (options == NULL)
        return fail(WEFT_VALUE_ERROR);
    struct wefti_rate rate = {.algorithm = options->algorithm,
                              .limit = options->limit,
                              .burst = options->burst != 0 ? options->burst : options->limit,
                              .period = in_ns(options->period != 0 ? options->period : 1)};
    if (!wefti_rate_is_valid(&rate))
        return fail(WEFT_VALUE_ERROR);
    size_t logged = options->algorithm == WEFT_SLIDING_WINDOW ? (size_t)rate.limit : 0;
    if (logged > SIZE_MAX / 2 / sizeof(int64_t))
        return fail(WEFT_NO_MEMORY);
    weft_rate_limiter *limiter = weft_allocate(sizeof *limiter);
    int64_t *times = logged > 0 ? weft_allocate(logged * sizeof *times) : NULL;
    if (limiter == NULL || (logged > 0 && times == NULL)) {
        weft_free(limiter);
        weft_free(times);
        return fail(WEFT_NO_MEMORY);
    }
    if (logged > 0)
        rate.of.log.times = times;
    *limiter = (weft_rate_limiter){.now = options->now != NULL ? options->now : weft_clock,
                                   .sleep = options->sleep != NULL ? options->sleep : sleep_by_weft,
                                   .arg = options->arg,
                                   .rate = rate};
    return limiter;
}

void weft_rate_limiter_free(weft_rate_limiter *limiter)
{
    if (limiter != NULL && limiter->rate.algorithm == WEFT_SLIDING_WINDOW)
        weft_free(limiter->rate.of.log.times);
    weft_free(limiter);
}
