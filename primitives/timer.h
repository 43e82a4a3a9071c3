/* SPDX-License-Identifier: MIT */
/*
 * Timers inside the library: timer.c is the handle, timer_heap.c knows what is due first, and
 * timer_wait.c waits for it and has it run.
 */
#ifndef WEFTI_PRIMITIVES_TIMER_H
#define WEFTI_PRIMITIVES_TIMER_H

#include <weft/timer.h>

#include "primitives/thread.h"
#include "primitives/timer_heap.h"

/* timer.c has the table of the states. */
enum wefti_timer_state {
    WEFTI_TIMER_NEW,
    WEFTI_TIMER_ARMED,
    WEFTI_TIMER_HANDED,
    WEFTI_TIMER_RUNNING,
    WEFTI_TIMER_OVER,
};

struct weft_timer {
    struct weft_thread thread; /* first: a timer is a thread */
    double interval;

    /* Guarded by the timers' lock. */
    enum wefti_timer_state state;
    bool cancelled;
    struct wefti_heap_node node; /* in the heap while ARMED */
    struct weft_timer *next;     /* the list of all between start and end */
    struct weft_timer *previous;
};

/* Starts the timer with its deadline; returns as weft_timer_start. */
weft_status wefti_timer_arm(struct weft_timer *timer, int64_t deadline);

/* Cancels the timer; whether its function will never run. */
bool wefti_timer_disarm(struct weft_timer *timer);

/* The thread of a timer ends: the function has been left, by return or pthread_exit. */
void wefti_timer_over(struct weft_thread *thread);

/* When the library is loaded. */
void wefti_timers_startup(void);

/*
 * At exit: waits for all timers that are no daemons, but for the caller's; true if there were any.
 */
bool wefti_timers_join_all(void);

/* Around fork, after the same of the registry; in the child before that of the threads. */
void wefti_timers_before_fork(void);
void wefti_timers_after_fork_parent(void);
void wefti_timers_after_fork_child(void);

#endif
