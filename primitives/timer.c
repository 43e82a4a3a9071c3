/* SPDX-License-Identifier: MIT */
/*
 * A timer's state (WEFTI_TIMER_ before each name), guarded by the timers' lock:
 *
 *   NEW      made, not started
 *   ARMED    in the heap
 *   HANDED   its time has come: on its way to a worker
 *   RUNNING  its function runs
 *   OVER     the function has been left, or never will run (`cancelled`)
 *
 *   from     to       by                                          its thread's state
 *   NEW      ARMED    weft_timer_start                            NEW -> ALIVE
 *   NEW      OVER     the same, if it was cancelled before        NEW -> ALIVE -> GONE
 *   ARMED    HANDED   who finds it due: the waiting thread, or a worker that has just ended another
 *   HANDED   ARMED    the waiting thread, if there is no worker
 *   HANDED   RUNNING  the worker
 *   RUNNING  OVER     the worker, in the end hook of its self     ALIVE -> GONE
 *   ARMED    OVER     weft_timer_cancel                           ALIVE -> GONE
 *   HANDED   OVER     the same; the worker finds it, and drops it
 *   any      OVER     the child of a fork                         GONE
 *
 * The timer is a thread whose system's thread is borrowed: everything that can be asked of it is
 * its thread's, and who joins it waits for the thread's state. The reference that a thread has of
 * itself is the heap's while ARMED, and the worker's from HANDED on.
 */
#include "primitives/timer.h"

#include <string.h>

#include "primitives/deadline.h"

weft_timer *weft_timer_new_with(const weft_timer_options *given)
{
    /* A caller compiled against another version may know fewer options, or more. */
    weft_timer_options options = {0};
    if (given == NULL || given->struct_size < offsetof(weft_timer_options, name))
        return wefti_failed(WEFT_VALUE_ERROR);
    memcpy(&options, given,
           given->struct_size < sizeof options ? given->struct_size : sizeof options);
    if (options.interval != options.interval)
        return wefti_failed(WEFT_VALUE_ERROR);
    const weft_thread_options thread = {.target = options.target,
                                        .arg = options.arg,
                                        .name = options.name,
                                        .daemon = options.daemon,
                                        .free_value = options.free_value};
    struct weft_timer *timer = (void *)wefti_thread_new(sizeof *timer, &thread);
    if (timer == NULL)
        return NULL;
    timer->interval = options.interval;
    timer->thread.give_back = wefti_timer_over;
    return timer;
}

weft_status weft_timer_start(weft_timer *timer)
{
    int64_t deadline;
    if (timer == NULL)
        return WEFT_VALUE_ERROR;
    (void)wefti_deadline_for(timer->interval, &deadline); /* which is a number, as _new has seen */
    if (deadline == WEFTI_TRY)
        deadline = wefti_clock(); /* at once, but after what is due already */
    return wefti_timer_arm(timer, deadline);
}

weft_timer *weft_timer_spawn_with(const weft_timer_options *options)
{
    weft_timer *timer = weft_timer_new_with(options);
    weft_status status = timer != NULL ? weft_timer_start(timer) : WEFT_OK;
    if (status == WEFT_OK)
        return timer;
    weft_timer_free(timer);
    return wefti_failed(status);
}

weft_status weft_timer_cancel(weft_timer *timer)
{
    if (timer == NULL)
        return WEFT_VALUE_ERROR;
    return wefti_timer_disarm(timer) ? WEFT_OK : WEFT_RUNTIME;
}

/* ---- as a thread --------------------------------------------------------------------------- */

weft_thread *weft_timer_thread(weft_timer *timer)
{
    return timer != NULL ? &timer->thread : NULL;
}

static const weft_thread *thread_of(const weft_timer *timer)
{
    return timer != NULL ? &timer->thread : NULL;
}

weft_timer *weft_timer_ref(weft_timer *timer)
{
    (void)weft_thread_ref(weft_timer_thread(timer));
    return timer;
}

void weft_timer_free(weft_timer *timer)
{
    weft_thread_free(weft_timer_thread(timer));
}

weft_status weft_timer_join(weft_timer *timer)
{
    return weft_thread_join(weft_timer_thread(timer));
}

weft_status weft_timer_join_for(weft_timer *timer, double seconds)
{
    return weft_thread_join_for(weft_timer_thread(timer), seconds);
}

weft_status weft_timer_join_until(weft_timer *timer, double deadline)
{
    return weft_thread_join_until(weft_timer_thread(timer), deadline);
}

void *weft_timer_value(const weft_timer *timer)
{
    return weft_thread_value(thread_of(timer));
}

const weft_error *weft_timer_error(const weft_timer *timer)
{
    return weft_thread_error(thread_of(timer));
}
