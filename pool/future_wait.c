/* SPDX-License-Identifier: MIT */
/*
 * Waiting for one future; future.c says why no wake-up is lost.
 *
 * Who waits for a composed future without a deadline is woken when something has been handed to its
 * executor that it needs, and runs that in place (helpers.h).
 */
#include "platform/processor.h"
#include "platform/symbol.h"
#include "pool/circle.h"
#include "pool/helpers.h"
#include "pool/state.h"
#include "pool/task.h"
#include "pool/wait.h"
#include "primitives/deadline.h"
#include "primitives/self.h"
#include "primitives/waitable.h"
#include "primitives/watch.h"

enum { SPINS = 100 };

/* What waits under a future's key: for a result, or (the request is an address) also for others. */
enum { FOR_RESULT = 1 };

/* Waits a little for a task that is about to end; true: it is done. */
static bool spin(const struct weft_future *future)
{
    for (int i = 0; i < SPINS && wefti_processors() > 1; i++) {
        if (wefti_future_is_done(future))
            return true;
        wefti_pause();
    }
    return false;
}

struct wait {
    struct weft_future *future;
    struct wefti_helper *helper; /* NULL: nothing needs to be run for it but itself */
    int64_t deadline;
    const void *site;
};

static bool must_wait(void *arg)
{
    const struct wait *wait = arg;
    return !wefti_future_is_done(wait->future) &&
           (wait->helper == NULL || !wefti_helper_called(wait->helper));
}

static struct wefti_parked park(struct wait *wait)
{
    const struct wefti_want want = {.object = wait->future,
                                    .kind = WEFTI_FUTURE,
                                    .ownership = WEFTI_OWNER,
                                    .interruptible = true,
                                    .timed = wait->deadline != WEFTI_NEVER,
                                    .site = wait->site};
    const struct wefti_patience patience = {
        .deadline = wait->deadline,
        .validate = must_wait,
        .arg = wait,
        .request = wait->helper != NULL ? (uintptr_t)wait->helper : FOR_RESULT};
    if (wefti_watched())
        wefti_watch_wants(&want);
    struct wefti_parked parked = wefti_park(wefti_future_key(wait->future), &patience);
    if (wefti_watched())
        wefti_watch_gave_up(&want);
    return parked;
}

/* The same, as who waits for ever does it: in nobody's circle; false: that is where it would be. */
static bool park_for_ever(struct wait *wait, struct wefti_parked *parked)
{
    struct wefti_reason reason = {.need = WEFTI_NEED(&wait->future, 1)};
    if (wait->helper == NULL && !wefti_task_waits(&reason))
        return false;
    *parked = park(wait);
    if (wait->helper == NULL)
        wefti_task_waited(&reason);
    return true;
}

/* Runs what is needed, if it waits to be started; false: nothing does. */
static bool run_here(const struct wait *wait)
{
    return wait->helper != NULL ? wefti_helper_run(wait->helper)
                                : wefti_task_run_here(wait->future);
}

static weft_status wait_slow(struct wait *wait)
{
    struct weft_future *future = wait->future;
    bool for_ever = wait->deadline == WEFTI_NEVER;
    bool spun = false;
    if (wait->deadline == WEFTI_TRY)
        return WEFT_TIMEOUT;
    for (;;) {
        struct wefti_parked parked = {.outcome = WEFTI_INVALID};
        if (wefti_future_is_done(future))
            return WEFT_OK;
        if (for_ever && run_here(wait))
            continue;
        if (!spun && (spun = true) && spin(future))
            return WEFT_OK;
        if (!wefti_future_announce(future, WEFTI_TASK_WAITED))
            continue;
        if (!for_ever)
            parked = park(wait);
        else if (!park_for_ever(wait, &parked))
            return WEFT_DEADLOCK;
        if (parked.outcome == WEFTI_TIMED_OUT)
            return WEFT_TIMEOUT;
        if (parked.outcome == WEFTI_INTERRUPTED)
            return WEFT_INTERRUPTED;
    }
}

/* A task's, for what is composed: it helps. */
static weft_status wait_and_help(struct wait *wait)
{
    struct wefti_helper helper
        __attribute__((cleanup(wefti_helper_end))) = {.reason.need = WEFTI_NEED(&wait->future, 1)};
    wait->helper = &helper;
    if (!wefti_helper_begin(&helper, wefti_future_key(wait->future)))
        return WEFT_DEADLOCK;
    return wait_slow(wait);
}

weft_status wefti_future_wait(struct weft_future *future, int64_t deadline, const void *site,
                              struct wefti_helper *helper)
{
    struct wait wait = {future, helper, deadline, site};
    weft_status status = WEFT_OK;
    bool done = wefti_future_is_done(future);
    if (helper != NULL && !done)
        wefti_helper_move(helper, wefti_future_key(future));
    if (!done && helper == NULL && deadline == WEFTI_NEVER && future->composed)
        status = wait_and_help(&wait);
    else if (!done)
        status = wait_slow(&wait);
    if (status == WEFT_OK && wefti_watched())
        wefti_watch_acquired(future);
    return status;
}

/* ---- the result ---------------------------------------------------------------------------- */

/* Waits, and tells a result that is there: not WEFT_CANCELLED. */
static weft_status wait_for_result(weft_future *future, struct wefti_limit limit, const void *site)
{
    if (future == NULL || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    weft_status status = WEFT_OK;
    if (!wefti_future_is_done(future) || wefti_watched())
        status = wefti_future_wait(future, wefti_limit_deadline(limit), site, NULL);
    if (status == WEFT_OK && wefti_future_phase(future) != WEFT_TASK_FINISHED)
        status = WEFT_CANCELLED;
    return status;
}

static weft_status result(weft_future *future, void **value, struct wefti_limit limit,
                          const void *site)
{
    weft_status status = wait_for_result(future, limit, site);
    if (status == WEFT_OK && future->result.error != NULL)
        status = WEFT_FAILED;
    if (status == WEFT_OK && value != NULL)
        *value = future->result.value;
    return status;
}

static weft_status exception(weft_future *future, const weft_error **error,
                             struct wefti_limit limit, const void *site)
{
    weft_status status = wait_for_result(future, limit, site);
    if (status == WEFT_OK && error != NULL)
        *error = future->result.error;
    return status;
}

weft_status weft_future_result(weft_future *future, void **value)
{
    return result(future, value, wefti_for_ever(), WEFTI_CALLER);
}

weft_status weft_future_result_for(weft_future *future, void **value, double seconds)
{
    return result(future, value, wefti_for(seconds), WEFTI_CALLER);
}

weft_status weft_future_result_until(weft_future *future, void **value, double deadline)
{
    return result(future, value, wefti_until(deadline), WEFTI_CALLER);
}

weft_status weft_future_exception(weft_future *future, const weft_error **error)
{
    return exception(future, error, wefti_for_ever(), WEFTI_CALLER);
}

weft_status weft_future_exception_for(weft_future *future, const weft_error **error, double seconds)
{
    return exception(future, error, wefti_for(seconds), WEFTI_CALLER);
}

/* ---- among others -------------------------------------------------------------------------- */

static bool claim_done(void *future)
{
    return wefti_future_is_done(future);
}

static bool announce(void *future)
{
    return wefti_future_announce(future, WEFTI_TASK_WAITED);
}

static const struct weft_waitable_type waitable_type = {
    .kind = WEFTI_FUTURE, .claim = claim_done, .must_wait = announce};

weft_waitable weft_future_waitable(weft_future *future)
{
    return (weft_waitable){.object = future, .type = &waitable_type};
}
