/* SPDX-License-Identifier: MIT */
/**
 * @file clock.h
 * @brief Time: `double` seconds on the monotonic clock.
 *
 * One rule for all calls that may wait. A timeout (`_for`, last argument) is a number of seconds
 * from now; a deadline (`_until`) is a value of weft_now(). Zero and less try once, 1e9 and more
 * wait for ever, NaN is #WEFT_VALUE_ERROR. No change of the wall clock ever changes a wait, and no
 * wait ends before its time: deadlines are rounded up to the next nanosecond.
 * @code
 *     double deadline = weft_now() + 2.0;
 *     while (!done() && weft_lock_acquire_until(&lock, deadline) == WEFT_OK) ...
 * @endcode
 */
#ifndef WEFT_CLOCK_H
#define WEFT_CLOCK_H

#include <weft/status.h>

WEFT_BEGIN_DECLS

/** The timeout that never ends. */
#define WEFT_FOREVER 1e300

/** Seconds on the monotonic clock, as Python's time.monotonic(). Only differences mean something. */
WEFT_API double weft_now(void);

/**
 * Sleeps for @p seconds, as Python's time.sleep(); a negative time is 0.
 * @return WEFT_OK after the time, never before; WEFT_INTERRUPTED; WEFT_VALUE_ERROR for NaN.
 */
WEFT_API weft_status weft_sleep(double seconds);

/** Sleeps until weft_now() has reached @p deadline; returns as weft_sleep(). */
WEFT_API weft_status weft_sleep_until(double deadline);

WEFT_END_DECLS

#endif
