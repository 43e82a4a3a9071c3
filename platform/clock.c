/* SPDX-License-Identifier: MIT */
#include "platform/clock.h"

#include <time.h>

int64_t wefti_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * WEFTI_SECOND + now.tv_nsec;
}
