/* SPDX-License-Identifier: MIT */
/**
 * @file
 * @brief A clock that stands still until it is moved.
 */
#include "demo_clock.h"

double demo_clock_seconds(void *clock)
{
    return ((demo_clock *)clock)->ms / 1000.0;
}
