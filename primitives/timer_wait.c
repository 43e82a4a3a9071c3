/* SPDX-License-Identifier: MIT */
/*
 * One thread waits for all timers: in the room, until the first deadline or until somebody starts a
 * timer that is due earlier. What is due it hands to a worker. With nothing to wait for it sleeps
 * without a deadline, and an idle process uses no time.
 *
 * No start is missed: `changed` counts the new firsts, under the timers' lock. The waiting thread
 * reads it together with the first deadline, and does not begin to wait if it has changed since;
 * after it has begun, the unpark of who changed it finds it.
 *
 * Lock order: the registry's mutex, then the timers'. Under the timers' nothing is called but the
 * heap, and the system for the start of the waiting thread.
 */
#include "primitives/timer.h"

#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/parker.h"
#include "primitives/park.h"
#include "primitives/self.h"
#include "primitives/timer_workers.h"
#include "primitives/watch.h"

#define RETRY_AFTER (10 * WEFTI_MILLISECOND) /* when the system has no thread for a worker */

static struct wefti_mutex mutex; /* guards all below, and what timer.h says of a timer */
static struct wefti_heap heap;
static struct weft_timer *all;
static bool waiting; /* the thread that waits has been started */
static uint32_t changed;

static const struct wefti_key first_key = {&heap, WEFTI_TIMER};

static void enter(struct weft_timer *timer)
{
    timer->previous = NULL;
    timer->next = all;
    if (all != NULL)
        all->previous = timer;
    all = timer;
}

static void leave(struct weft_timer *timer)
{
    *(timer->previous != NULL ? &timer->previous->next : &all) = timer->next;
    if (timer->next != NULL)
        timer->next->previous = timer->previous;
}

/* OVER, with the lock held. */
static void end(struct weft_timer *timer)
{
    leave(timer);
    timer->state = WEFTI_TIMER_OVER;
}

static struct weft_timer *timer_of(struct wefti_heap_node *node)
{
    return (void *)((char *)node - offsetof(struct weft_timer, node));
}

/* ---- the thread that waits ----------------------------------------------------------------- */

static bool unchanged(void *seen)
{
    /* Relaxed: the bucket's lock orders it, see the top. */
    return wefti_load(&changed, RELAXED) == *(const uint32_t *)seen;
}

/* Sleeps until the first deadline, but not to before `earliest`. */
static void wait_for_first(int64_t earliest)
{
    wefti_mutex_lock(&mutex);
    int64_t deadline = heap.first != NULL ? heap.first->deadline : WEFTI_NEVER;
    uint32_t seen = wefti_load(&changed, RELAXED);
    wefti_mutex_unlock(&mutex);
    const struct wefti_patience patience = {
        .deadline = deadline > earliest ? deadline : earliest, .validate = unchanged, .arg = &seen};
    (void)wefti_park(first_key, &patience);
}

/* Puts a timer back that no worker could be found for. */
static void put_back(struct weft_timer *timer)
{
    wefti_mutex_lock(&mutex);
    bool wanted = timer->state == WEFTI_TIMER_HANDED;
    if (wanted) {
        timer->state = WEFTI_TIMER_ARMED;
        wefti_heap_insert(&heap, &timer->node);
    }
    wefti_mutex_unlock(&mutex);
    if (!wanted)
        weft_timer_free(timer);
}

static void *wait_for_all(void *unused)
{
    (void)unused;
    wefti_self_begin_helper("(timers)");
    wefti_os_thread_set_name("weft-timers");
    for (;;) {
        struct weft_timer *timer = wefti_timers_take_due();
        if (timer == NULL) {
            wait_for_first(INT64_MIN + 1);
        } else if (!wefti_timer_hand(timer)) {
            put_back(timer);
            wait_for_first(wefti_clock() + RETRY_AFTER);
        }
    }
    return NULL;
}

static weft_status start_waiting(void)
{
    weft_status status = WEFT_OK;
    wefti_mutex_lock(&mutex);
    if (!waiting) {
        status = wefti_os_helper_create(wait_for_all, NULL);
        waiting = status == WEFT_OK;
    }
    wefti_mutex_unlock(&mutex);
    return status;
}

/* ---- a timer's way ------------------------------------------------------------------------- */

/*
 * With the registry locked: ARMED, or OVER if it has been cancelled. Whether it is the first now.
 */
static bool arm(struct weft_timer *timer, int64_t deadline)
{
    wefti_mutex_lock(&mutex);
    enter(timer);
    timer->state = timer->cancelled ? WEFTI_TIMER_HANDED : WEFTI_TIMER_ARMED;
    timer->node.deadline = deadline;
    if (!timer->cancelled)
        wefti_heap_insert(&heap, &timer->node);
    bool first = heap.first == &timer->node;
    if (first)
        wefti_store(&changed, changed + 1, RELAXED); /* see the top */
    wefti_mutex_unlock(&mutex);
    return first;
}

weft_status wefti_timer_arm(struct weft_timer *timer, int64_t deadline)
{
    weft_status status = start_waiting();
    if (status != WEFT_OK)
        return status;
    if (wefti_watched())
        wefti_watch_releasing(timer);
    wefti_registry_lock();
    bool fresh = wefti_thread_start(&timer->thread);
    bool first = fresh && arm(timer, deadline);
    bool over = fresh && timer->cancelled;
    if (over)
        wefti_thread_ends(&timer->thread);
    wefti_registry_unlock();
    if (over)
        wefti_thread_ended(&timer->thread);
    if (first)
        wefti_unpark(first_key, &(struct wefti_unparking){.limit = 1});
    return fresh ? WEFT_OK : WEFT_RUNTIME;
}

struct weft_timer *wefti_timers_take_due(void)
{
    struct weft_timer *timer = NULL;
    wefti_mutex_lock(&mutex);
    if (heap.first != NULL && heap.first->deadline <= wefti_clock()) {
        timer = timer_of(heap.first);
        wefti_heap_remove(&heap, &timer->node);
        timer->state = WEFTI_TIMER_HANDED;
    }
    wefti_mutex_unlock(&mutex);
    return timer;
}

bool wefti_timer_begin(struct weft_timer *timer)
{
    wefti_mutex_lock(&mutex);
    bool wanted = timer->state == WEFTI_TIMER_HANDED;
    if (wanted)
        timer->state = WEFTI_TIMER_RUNNING;
    wefti_mutex_unlock(&mutex);
    if (wanted && wefti_watched())
        wefti_watch_acquired(timer);
    return wanted;
}

bool wefti_timer_disarm(struct weft_timer *timer)
{
    wefti_registry_lock(); /* who forks sees the timer and its thread agree */
    wefti_mutex_lock(&mutex);
    enum wefti_timer_state state = timer->state;
    bool pending = state == WEFTI_TIMER_ARMED || state == WEFTI_TIMER_HANDED;
    if (pending || state == WEFTI_TIMER_NEW)
        timer->cancelled = true;
    if (state == WEFTI_TIMER_ARMED)
        wefti_heap_remove(&heap, &timer->node);
    if (pending)
        end(timer); /* from here on no worker begins it */
    bool cancelled = timer->cancelled;
    wefti_mutex_unlock(&mutex);
    if (pending)
        wefti_thread_ends(&timer->thread);
    if (state == WEFTI_TIMER_HANDED)
        weft_timer_ref(timer); /* the present one is its worker's */
    wefti_registry_unlock();
    if (pending)
        wefti_thread_ended(&timer->thread);
    return cancelled;
}

void wefti_timer_over(struct weft_thread *thread)
{
    struct weft_timer *timer = (void *)thread;
    wefti_mutex_lock(&mutex);
    if (timer->state != WEFTI_TIMER_OVER)
        end(timer);
    wefti_mutex_unlock(&mutex);
}

/* ---- start-up, exit, fork ------------------------------------------------------------------ */

void wefti_timers_startup(void)
{
    wefti_mutex_init(&mutex);
}

bool wefti_timers_join_all(void)
{
    const struct weft_thread *caller = wefti_thread_own();
    for (bool any = false;; any = true) {
        wefti_mutex_lock(&mutex);
        struct weft_timer *timer = all;
        while (timer != NULL && (weft_thread_is_daemon(&timer->thread) || &timer->thread == caller))
            timer = timer->next;
        weft_timer_ref(timer);
        wefti_mutex_unlock(&mutex);
        if (timer == NULL)
            return any;
        (void)wefti_thread_join(&timer->thread, WEFTI_NEVER, WEFTI_CALLER);
        weft_timer_free(timer);
    }
}

void wefti_timers_before_fork(void)
{
    wefti_mutex_lock(&mutex);
}

void wefti_timers_after_fork_parent(void)
{
    wefti_mutex_unlock(&mutex);
}

void wefti_timers_after_fork_child(void)
{
    wefti_mutex_unlock(&mutex); /* it is this thread that has locked it */
    const struct weft_thread *caller = wefti_thread_own();
    heap.first = NULL;
    waiting = false;
    wefti_timer_workers_forked();
    for (struct weft_timer *next, *timer = all; timer != NULL; timer = next) {
        next = timer->next;
        if (&timer->thread == caller)
            continue;
        timer->cancelled = timer->state != WEFTI_TIMER_RUNNING;
        end(timer);
        if (timer->thread.number != 0)
            continue; /* it is in the list of threads, which does the rest */
        wefti_store(&timer->thread.state, WEFTI_THREAD_GONE, RELAXED);
        weft_timer_free(timer);
    }
}
