/* SPDX-License-Identifier: MIT */
/*
 * The monotonic clock, in nanoseconds: 292 years fit.
 */
#ifndef WEFTI_PLATFORM_CLOCK_H
#define WEFTI_PLATFORM_CLOCK_H

#include <stdint.h>

#define WEFTI_SECOND INT64_C(1000000000)
#define WEFTI_MICROSECOND INT64_C(1000)
#define WEFTI_MILLISECOND INT64_C(1000000)

/* The deadline that never comes. */
#define WEFTI_NEVER INT64_MAX

/* Now. Never goes back, never stands still for good, and no setting of the wall clock moves it. */
int64_t wefti_clock(void);

#endif
