/* SPDX-License-Identifier: MIT */
/*
 * From the seconds of the public calls to the deadlines inside: one conversion, at the entry.
 */
#ifndef WEFTI_PRIMITIVES_DEADLINE_H
#define WEFTI_PRIMITIVES_DEADLINE_H

#include <stdint.h>

#include <weft/status.h>

#include "platform/clock.h"

/* The deadline of a call that tries once: a time that was never. */
#define WEFTI_TRY INT64_MIN

/* `seconds` from now: <= 0 is WEFTI_TRY, >= 1e9 is WEFTI_NEVER; WEFT_VALUE_ERROR for NaN. */
weft_status wefti_deadline_for(double seconds, int64_t *deadline);

/* The same for a time of weft_now(). */
weft_status wefti_deadline_until(double when, int64_t *deadline);

#endif
