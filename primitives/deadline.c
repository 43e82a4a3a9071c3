/* SPDX-License-Identifier: MIT */
#include "primitives/deadline.h"

#include <stdbool.h>

#include <weft/clock.h>

#include "primitives/park.h"
#include "primitives/self.h"

#define FOR_EVER 1e9 /* seconds: some thirty years */

/* Up to the next whole number; the value fits. */
static int64_t round_up(double value)
{
    int64_t whole = (int64_t)value;
    return (double)whole < value ? whole + 1 : whole;
}

weft_status wefti_deadline_for(double seconds, int64_t *deadline)
{
    if (seconds != seconds)
        return WEFT_VALUE_ERROR;
    if (seconds <= 0)
        *deadline = WEFTI_TRY;
    else if (seconds >= FOR_EVER)
        *deadline = WEFTI_NEVER;
    else
        *deadline = wefti_clock() + round_up(seconds * (double)WEFTI_SECOND);
    return WEFT_OK;
}

weft_status wefti_deadline_until(double when, int64_t *deadline)
{
    if (when != when)
        return WEFT_VALUE_ERROR;
    double now = weft_now();
    if (when <= now)
        *deadline = WEFTI_TRY;
    else if (when - now >= FOR_EVER)
        *deadline = WEFTI_NEVER;
    else
        *deadline = round_up(when * (double)WEFTI_SECOND);
    return WEFT_OK;
}

double weft_now(void)
{
    return (double)wefti_clock() / (double)WEFTI_SECOND;
}

/* Sleeps until the deadline: a wait for something that nobody else knows of. */
static weft_status sleep_until(int64_t deadline)
{
    char nobody;
    if (deadline == WEFTI_TRY)
        return WEFT_OK;
    const struct wefti_key key = {&nobody, WEFTI_SLEEP};
    struct wefti_parked parked = wefti_park(key, &(struct wefti_patience){.deadline = deadline});
    return parked.outcome == WEFTI_INTERRUPTED ? WEFT_INTERRUPTED : WEFT_OK;
}

weft_status weft_sleep(double seconds)
{
    int64_t deadline;
    weft_status status = wefti_deadline_for(seconds, &deadline);
    return status == WEFT_OK ? sleep_until(deadline) : status;
}

weft_status weft_sleep_until(double when)
{
    int64_t deadline;
    weft_status status = wefti_deadline_until(when, &deadline);
    return status == WEFT_OK ? sleep_until(deadline) : status;
}
