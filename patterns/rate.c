/* SPDX-License-Identifier: MIT */
/*
 * Each algorithm answers two questions: what is the first moment for n more, and what changes when
 * they get it. A place in the future is a place like any other, so those who wait need no queue: the
 * places that have been given are the queue.
 *
 * The token bucket is told by one moment, `full`: when it would be full again if nobody came (the
 * theoretical arrival time of ATM's generic cell rate algorithm). A token is one interval, period /
 * limit, before it. Intervals are no whole nanoseconds, hence the parts.
 */
#include "patterns/rate.h"

enum { PERIOD_MOST_S = 1000000 };

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- moments ------------------------------------------------------------------------------- */

/* n intervals later, or earlier if n is negative. */
static struct wefti_moment shifted(const struct wefti_rate *rate, struct wefti_moment moment, int n)
{
    int64_t sum = n * rate->period;
    moment.ns += sum / rate->limit;
    moment.part += sum % rate->limit;
    if (moment.part >= rate->limit) {
        moment.part -= rate->limit;
        moment.ns++;
    } else if (moment.part < 0) {
        moment.part += rate->limit;
        moment.ns--;
    }
    return moment;
}

/* The first whole nanosecond that is not before it. */
static int64_t whole(struct wefti_moment moment)
{
    return moment.ns + (moment.part > 0);
}

/* ---- the fixed window ---------------------------------------------------------------------- */

static int64_t window_earliest(const struct wefti_rate *rate, int n, int64_t now)
{
    int64_t begin = rate->of.window.begin;
    if (now >= begin + rate->period)
        return now;
    return later(now, rate->of.window.used + n <= rate->limit ? begin : begin + rate->period);
}

static void window_take(struct wefti_rate *rate, int n, int64_t at)
{
    int64_t begin = at - at % rate->period;
    if (begin > rate->of.window.begin) {
        rate->of.window.begin = begin;
        rate->of.window.used = 0;
    }
    rate->of.window.used += n;
}

/* ---- the sliding window -------------------------------------------------------------------- */

static int64_t *place(const struct wefti_rate *rate, uint64_t number)
{
    return &rate->of.log.times[number % (uint64_t)rate->limit];
}

/* The last of n is the limit's next after the one whose time it will take; times never decrease. */
static int64_t log_earliest(const struct wefti_rate *rate, int n, int64_t now)
{
    uint64_t count = rate->of.log.count;
    if (count > 0)
        now = later(now, *place(rate, count - 1));
    uint64_t last = count + (uint64_t)n - 1;
    return last >= (uint64_t)rate->limit ? later(now, *place(rate, last) + rate->period) : now;
}

static void log_take(struct wefti_rate *rate, int n, int64_t at)
{
    for (int i = 0; i < n; i++)
        *place(rate, rate->of.log.count++) = at;
}

/* ---- the buckets --------------------------------------------------------------------------- */

static int64_t token_earliest(const struct wefti_rate *rate, int n, int64_t now)
{
    return later(now, whole(shifted(rate, rate->of.full, n - rate->burst)));
}

static void token_take(struct wefti_rate *rate, int n, int64_t at)
{
    struct wefti_moment full = rate->of.full;
    if (full.ns < at)
        full = (struct wefti_moment){.ns = at}; /* it was full: no token came since */
    rate->of.full = shifted(rate, full, n);
}

static int64_t leaky_earliest(const struct wefti_rate *rate, int n, int64_t now)
{
    if (whole(shifted(rate, rate->of.next, n - rate->burst)) > now)
        return WEFTI_RATE_FULL;
    return later(now, whole(rate->of.next));
}

static void leaky_take(struct wefti_rate *rate, int n, int64_t at)
{
    struct wefti_moment next = rate->of.next;
    if (whole(next) < at)
        next = (struct wefti_moment){.ns = at}; /* it was empty */
    rate->of.next = shifted(rate, next, n);
}

/* ---- one interface ------------------------------------------------------------------------- */

static const struct {
    int64_t (*earliest)(const struct wefti_rate *rate, int n, int64_t now);
    void (*take)(struct wefti_rate *rate, int n, int64_t at);
} algorithms[] = {
    [WEFT_FIXED_WINDOW] = {window_earliest, window_take},
    [WEFT_SLIDING_WINDOW] = {log_earliest, log_take},
    [WEFT_TOKEN_BUCKET] = {token_earliest, token_take},
    [WEFT_LEAKY_BUCKET] = {leaky_earliest, leaky_take},
};

bool wefti_rate_is_valid(const struct wefti_rate *rate)
{
    if ((unsigned)rate->algorithm >= sizeof algorithms / sizeof algorithms[0] || rate->limit < 1 ||
        rate->burst < 1 || rate->period < 1 || rate->period > PERIOD_MOST_S * INT64_C(1000000000))
        return false;
    if (rate->algorithm <= WEFT_SLIDING_WINDOW)
        return rate->burst == rate->limit;
    return rate->burst <= (INT64_C(1) << 60) / rate->period;
}

int64_t wefti_rate_earliest(const struct wefti_rate *rate, int n, int64_t now)
{
    return algorithms[rate->algorithm].earliest(rate, n, now);
}

void wefti_rate_take(struct wefti_rate *rate, int n, int64_t at)
{
    algorithms[rate->algorithm].take(rate, n, at);
}
