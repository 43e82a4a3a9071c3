/* SPDX-License-Identifier: MIT */
/*
 * The state is two bits:
 *
 *   SET     wait() does not wait
 *   WAITED  the room may have threads that wait for the event
 *
 *   state       means
 *   0           not set, nobody waits
 *   WAITED      not set, threads wait
 *   SET         set
 *   SET|WAITED  set by a signal handler, which could not wake those who wait
 *
 *   from        to          by                            in
 *   0           SET         who sets                      weft_event_set, .._set_from_signal
 *   SET         0           who clears                    weft_event_clear
 *   0           WAITED      who is going to wait          announce
 *   any         SET         who sets, and wakes all       settle, in the room
 *   WAITED      SET|WAITED  a signal handler              weft_event_set_from_signal
 *   SET|WAITED  0           who clears, and wakes all     settle, in the room
 *
 * No wake-up is lost: a thread parks only if the state is WAITED under the bucket's lock. That
 * state is left under the same lock, by a set that takes all waiters out; or by a signal handler, which
 * rings for the helper afterwards. The helper comes with the bucket's lock, finds who waits for
 * an event that is set, and wakes them; it reaches an event only through a thread that waits for
 * it, so the event is there. A clear that comes before the helper does the helper's work.
 *
 * Who was blocked has been taken out of the room before a later clear can store anything: that is
 * why set, clear and the waiters' check agree under one lock as soon as there are waiters.
 *
 * The event's memory may be freed by whoever sees it set: a set does not touch it after the store
 * (or the compare-and-swap) that sets it.
 */
#include <weft/event.h>

#include "platform/atomic.h"
#include "platform/memory.h"
#include "platform/signal.h"
#include "primitives/deadline.h"
#include "primitives/park.h"
#include "primitives/self.h"
#include "primitives/waitable.h"
#include "primitives/watch.h"

enum { SET = 1, WAITED = 2 };

static struct wefti_key key_of(const weft_event *event)
{
    return (struct wefti_key){event, WEFTI_EVENT};
}

bool weft_event_is_set(const weft_event *event)
{
    /* Acquire: pairs with the release of weft_event_set; who sees it set sees what came before. */
    bool set = event != NULL && (wefti_load(&event->state, ACQUIRE) & SET) != 0;
    if (wefti_watched() && set)
        wefti_watch_acquired((void *)(uintptr_t)event);
    return set;
}

/* ---- set and clear ------------------------------------------------------------------------- */

/* Takes all waiters out of the room and stores a new state. */
struct settling {
    weft_event *event;
    uint32_t state;
    bool wanted; /* decided at the first look, under the bucket's lock */
    bool looked;
};

static bool wanted(struct settling *settling)
{
    if (!settling->looked) {
        uint32_t state = wefti_load(&settling->event->state, RELAXED);
        settling->wanted = settling->state == SET || (state & SET) != 0;
        settling->looked = true;
    }
    return settling->wanted;
}

static enum wefti_verdict choose(uintptr_t request, void *arg)
{
    (void)request;
    return wanted(arg) ? WEFTI_TAKE : WEFTI_STOP;
}

static void finish(size_t taken, bool more, void *arg)
{
    struct settling *settling = arg;
    (void)taken;
    (void)more;
    if (wanted(settling))
        /* Release: pairs with the acquire in weft_event_is_set. */
        wefti_store(&settling->event->state, settling->state, RELEASE);
}

static void settle(weft_event *event, uint32_t state)
{
    struct settling settling = {.event = event, .state = state};
    const struct wefti_unparking how = {.arg = &settling, .choose = choose, .finish = finish};
    wefti_unpark(key_of(event), &how);
}

weft_status weft_event_set(weft_event *event)
{
    if (event == NULL)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        wefti_watch_releasing(event);
    uint32_t state = 0;
    /* Release: pairs with the acquire in weft_event_is_set. */
    if (!wefti_cas(&event->state, &state, SET, RELEASE) && state != SET)
        settle(event, SET);
    return WEFT_OK;
}

weft_status weft_event_clear(weft_event *event)
{
    if (event == NULL)
        return WEFT_VALUE_ERROR;
    uint32_t state = SET;
    if (!wefti_cas(&event->state, &state, 0, RELAXED) && state == (SET | WAITED))
        settle(event, 0);
    return WEFT_OK;
}

/* ---- wait ---------------------------------------------------------------------------------- */

/* Says in the state that somebody is going to wait; false if the event is set by now. */
static bool announce(weft_event *event)
{
    uint32_t state = 0;
    return wefti_cas(&event->state, &state, WAITED, RELAXED) || state == WAITED;
}

static bool not_set(void *arg)
{
    const weft_event *event = arg;
    return wefti_load(&event->state, RELAXED) == WAITED;
}

static weft_status wait_slow(weft_event *event, struct wefti_limit limit)
{
    const struct wefti_patience patience = {.deadline = wefti_limit_deadline(limit),
                                            .validate = not_set,
                                            .arg = event,
                                            .request = (uintptr_t)event};
    if (patience.deadline == WEFTI_TRY)
        return WEFT_TIMEOUT;
    if (wefti_helper_knows(WEFTI_HELP_EVENTS))
        wefti_signal_revive(); /* after a fork it is gone, and a handler could wake nobody */
    while (!weft_event_is_set(event)) {
        if (!announce(event))
            continue;
        struct wefti_parked parked = wefti_park(key_of(event), &patience);
        if (parked.outcome == WEFTI_UNPARKED)
            break;
        if (parked.outcome == WEFTI_INTERRUPTED)
            return WEFT_INTERRUPTED;
        /* A signal handler may have set it in time, and its helper not have come yet. */
        if (parked.outcome == WEFTI_TIMED_OUT)
            return weft_event_is_set(event) ? WEFT_OK : WEFT_TIMEOUT;
    }
    if (wefti_watched())
        wefti_watch_acquired(event);
    return WEFT_OK;
}

static inline weft_status wait_checked(weft_event *event, struct wefti_limit limit)
{
    if (event == NULL || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    return weft_event_is_set(event) ? WEFT_OK : wait_slow(event, limit);
}

weft_status weft_event_wait(weft_event *event)
{
    return wait_checked(event, wefti_for_ever());
}

weft_status weft_event_wait_for(weft_event *event, double seconds)
{
    return wait_checked(event, wefti_for(seconds));
}

weft_status weft_event_wait_until(weft_event *event, double deadline)
{
    return wait_checked(event, wefti_until(deadline));
}

/* ---- among others -------------------------------------------------------------------------- */

static bool claim_set(void *event)
{
    return weft_event_is_set(event);
}

static bool announce_any(void *event)
{
    return announce(event);
}

const struct weft_waitable_type wefti_event_waitable = {
    .kind = WEFTI_EVENT, .claim = claim_set, .must_wait = announce_any};

/* ---- from a signal handler ----------------------------------------------------------------- */

static enum wefti_verdict choose_set(uintptr_t request, void *arg)
{
    const weft_event *event =
        (const weft_event *)request; /* it is there: this thread waits for it */
    (void)arg;
    return wefti_load(&event->state, RELAXED) & SET ? WEFTI_TAKE : WEFTI_SKIP;
}

/* In the helper: wakes whoever waits for an event that a handler has set. */
static void wake_for_handlers(void)
{
    wefti_unpark_kind(WEFTI_EVENT, &(struct wefti_unparking){.choose = choose_set});
}

weft_status weft_event_allow_signals(void)
{
    return wefti_helper_start(WEFTI_HELP_EVENTS, wake_for_handlers);
}

weft_status weft_event_set_from_signal(weft_event *event)
{
    if (event == NULL)
        return WEFT_VALUE_ERROR;
    if (!wefti_helper_knows(WEFTI_HELP_EVENTS))
        return WEFT_RUNTIME;
    if (wefti_watched())
        wefti_watch_releasing(event);
    uint32_t state = wefti_load(&event->state, RELAXED);
    do {
        if ((state & SET) != 0)
            return WEFT_OK;
        /* Release: pairs with the acquire in weft_event_is_set. */
    } while (!wefti_cas(&event->state, &state, state | SET, RELEASE));
    if (state == WAITED)
        wefti_helper_ring(WEFTI_HELP_EVENTS);
    return WEFT_OK;
}

/* ---- queries ------------------------------------------------------------------------------- */

size_t weft_event_waiters(const weft_event *event)
{
    return event != NULL ? wefti_waiters(key_of(event)) : 0;
}

weft_status weft_event_done(weft_event *event)
{
    if (event == NULL)
        return WEFT_VALUE_ERROR;
    return wefti_done(event, weft_event_waiters(event) != 0);
}

weft_event *weft_event_new(void)
{
    return wefti_self_allocate(sizeof(weft_event));
}

void weft_event_free(weft_event *event)
{
    wefti_watch_done(event);
    wefti_release(event);
}
