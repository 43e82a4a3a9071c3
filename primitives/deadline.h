/* SPDX-License-Identifier: MIT */
/*
 * From the seconds of the public calls to the deadlines inside: one conversion, at the entry.
 */
#ifndef WEFTI_PRIMITIVES_DEADLINE_H
#define WEFTI_PRIMITIVES_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/status.h>

#include "platform/clock.h"

/* The deadline of a call that tries once: a time that was never. */
#define WEFTI_TRY INT64_MIN

/* `seconds` from now: <= 0 is WEFTI_TRY, >= 1e9 is WEFTI_NEVER; WEFT_VALUE_ERROR for NaN. */
weft_status wefti_deadline_for(double seconds, int64_t *deadline);

/* The same for a time of weft_now(). */
weft_status wefti_deadline_until(double when, int64_t *deadline);

/*
 * How long a call may wait, as its caller said it. It becomes a deadline only where the thread is
 * about to wait: a call that need not does not look at the clock.
 */
struct wefti_limit {
    double time;
    weft_status (*convert)(double time, int64_t *deadline);
};

static inline struct wefti_limit wefti_for(double seconds)
{
    return (struct wefti_limit){seconds, wefti_deadline_for};
}

static inline struct wefti_limit wefti_until(double when)
{
    return (struct wefti_limit){when, wefti_deadline_until};
}

static inline struct wefti_limit wefti_for_ever(void)
{
    return wefti_for(WEFT_FOREVER);
}

static inline struct wefti_limit wefti_at_once(void)
{
    return wefti_for(0);
}

/* Whether it is a number; what is not one is WEFT_VALUE_ERROR, also where nobody would wait. */
static inline bool wefti_limit_valid(struct wefti_limit limit)
{
    return limit.time == limit.time;
}

/* The deadline of a valid limit. */
static inline int64_t wefti_limit_deadline(struct wefti_limit limit)
{
    int64_t deadline = WEFTI_TRY;
    (void)limit.convert(limit.time, &deadline);
    return deadline;
}

#endif
