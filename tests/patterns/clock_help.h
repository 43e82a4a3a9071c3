/* SPDX-License-Identifier: MIT */
/*
 * A clock that only the test moves; to sleep on it is to move it.
 */
#ifndef TESTS_PATTERNS_CLOCK_HELP_H
#define TESTS_PATTERNS_CLOCK_HELP_H

#include "test.h"

struct clock {
    double now;
    double slept;       /* over all */
    weft_status answer; /* of a sleep: if it is not WEFT_OK, time stands still */
};

static inline double clock_now(void *arg)
{
    return ((struct clock *)arg)->now;
}

static inline weft_status clock_sleep(double seconds, void *arg)
{
    struct clock *clock = arg;
    if (clock->answer != WEFT_OK)
        return clock->answer;
    clock->now += seconds;
    clock->slept += seconds;
    return WEFT_OK;
}

#endif
