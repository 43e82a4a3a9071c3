/* SPDX-License-Identifier: MIT */
/*
 * Who runs the functions of timers.
 */
#ifndef WEFTI_PRIMITIVES_TIMER_WORKERS_H
#define WEFTI_PRIMITIVES_TIMER_WORKERS_H

#include "primitives/timer.h"

/*
 * Gives a HANDED timer to an idle worker or to a new one; false: the system has no thread for it.
 */
bool wefti_timer_hand(struct weft_timer *timer);

/* In the child of a fork: there are no idle workers, and who calls this is none any more. */
void wefti_timer_workers_forked(void);

/* timer_wait.c's: the first timer if it is due, HANDED to the caller; NULL: none is. */
struct weft_timer *wefti_timers_take_due(void);

/* timer_wait.c's: HANDED becomes RUNNING; false if the timer has been cancelled. */
bool wefti_timer_begin(struct weft_timer *timer);

#endif
