/* SPDX-License-Identifier: MIT */
/*
 * Tells the program what was found. Called without any lock of the library's.
 */
#ifndef WEFTI_PRIMITIVES_REPORT_H
#define WEFTI_PRIMITIVES_REPORT_H

#include "primitives/deadlock.h"
#include "primitives/lock_order.h"
#include "primitives/misuse.h"

void wefti_report_deadlock(const struct wefti_cycle *cycle);
void wefti_report_inversion(const struct wefti_inversion *inversion);
void wefti_report_misuse(const struct wefti_misuse *misuse);

#endif
