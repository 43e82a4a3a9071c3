/* SPDX-License-Identifier: MIT */
/*
 * A worker runs a function, then what else is due, and then waits a while for more in the room,
 * under one key with the other idle ones; it is unparked with the timer as the token. The last that
 * came is the first that goes, so that those that are not needed come to their end.
 */
#include "primitives/timer_workers.h"

#include "platform/atomic.h"
#include "platform/clock.h"
#include "primitives/park.h"
#include "primitives/self.h"

enum { MOST_IDLE = 8 };

#define IDLE_TIME (2 * WEFTI_SECOND)

static uint32_t idle;
static uint32_t forks; /* how often this process is the child of one */

static const struct wefti_key idle_key = {&idle, WEFTI_TIMER};

/* ---- a worker ------------------------------------------------------------------------------ */

/* Waits for a timer; NULL: there was none for long, or others wait already. */
static struct weft_timer *wait_for_work(void)
{
    const struct wefti_patience patience = {.deadline = wefti_clock() + IDLE_TIME, .front = true};
    struct wefti_parked parked = {.outcome = WEFTI_TIMED_OUT};
    /* Relaxed, here and below: it is only a count. */
    if (wefti_fetch_add(&idle, 1, RELAXED) < MOST_IDLE)
        parked = wefti_park(idle_key, &patience);
    wefti_fetch_sub(&idle, 1, RELAXED);
    return parked.outcome == WEFTI_UNPARKED ? (struct weft_timer *)parked.token : NULL;
}

static void run(struct weft_timer *timer)
{
    if (!wefti_timer_begin(timer)) {
        weft_timer_free(timer);
        return;
    }
    wefti_self_become(&timer->thread);
    wefti_thread_run(&timer->thread);
    wefti_self_resign();
    wefti_os_thread_set_name("weft-worker");
}

static void *work(void *first)
{
    uint32_t process = wefti_load(&forks, RELAXED);
    wefti_self_begin_helper("(timer worker)");
    for (struct weft_timer *timer = first; timer != NULL;) {
        run(timer);
        if (wefti_load(&forks, RELAXED) != process)
            break; /* the function has forked: in the child this is its thread, and ends with it */
        timer = wefti_timers_take_due();
        if (timer == NULL)
            timer = wait_for_work();
    }
    return NULL;
}

/* ---- giving work --------------------------------------------------------------------------- */

static uintptr_t tell(uintptr_t request, int64_t since, void *timer)
{
    (void)request;
    (void)since;
    return (uintptr_t)timer;
}

bool wefti_timer_hand(struct weft_timer *timer)
{
    const struct wefti_unparking how = {.limit = 1, .arg = timer, .take = tell};
    return wefti_unpark(idle_key, &how) == 1 || wefti_os_helper_create(work, timer) == WEFT_OK;
}

void wefti_timer_workers_forked(void)
{
    wefti_store(&idle, 0, RELAXED);
    wefti_fetch_add(&forks, 1, RELAXED);
}
