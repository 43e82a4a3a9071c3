/* SPDX-License-Identifier: MIT */
/*
 * Waiting for one future; future.c says why no wake-up is lost.
 *
 * A task that waits for a composed future is woken when something has been handed to its executor, and
 * runs that in place if it needs it: all other workers may wait as well (helpers.h).
 */
#include "platform/processor.h"
#include "platform/symbol.h"
#include "pool/helpers.h"
#include "pool/state.h"
#include "pool/task.h"
#include "pool/wait.h"
#include "primitives/deadline.h"
#include "primitives/self.h"
#include "primitives/waitable.h"
#include "primitives/watch.h"

enum { SPINS = 100 };

/* What waits under a future's key: for a result, or (the request is its address) among others. */
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
    struct wefti_helper
        helper;     /* entered, if the future is composed and the wait has no deadline */
    uint32_t calls; /* of it, before the thread tried to run something in place */
};

static bool must_wait(void *arg)
{
    const struct wait *wait = arg;
    return !wefti_future_is_done(wait->future) && wefti_helper_calls(&wait->helper) == wait->calls;
}

static struct wefti_parked park(struct wait *wait, int64_t deadline, const void *site)
{
    const struct wefti_want want = {.object = wait->future,
                                    .kind = WEFTI_FUTURE,
                                    .ownership = WEFTI_OWNER,
                                    .interruptible = true,
                                    .timed = deadline != WEFTI_NEVER,
                                    .site = site};
    const struct wefti_patience patience = {
        .deadline = deadline, .validate = must_wait, .arg = wait, .request = FOR_RESULT};
    if (wefti_watched())
        wefti_watch_wants(&want);
    struct wefti_parked parked = wefti_park(wefti_future_key(wait->future), &patience);
    if (wefti_watched())
        wefti_watch_gave_up(&want);
    return parked;
}

/* The same, as who waits for ever does it: in nobody's circle. */
static bool park_for_ever(struct wait *wait, const void *site, struct wefti_parked *parked)
{
    if (!wefti_task_waits(wait->future))
        return false;
    *parked = park(wait, WEFTI_NEVER, site);
    wefti_task_waited();
    return true;
}

static void end(struct wait *wait)
{
    wefti_helper_end(&wait->helper);
}

static weft_status wait_slow(struct weft_future *future, int64_t deadline, const void *site)
{
    struct wait wait __attribute__((cleanup(end))) = {.future = future};
    bool spun = false;
    if (deadline == WEFTI_TRY)
        return WEFT_TIMEOUT;
    if (deadline == WEFTI_NEVER && future->composed)
        wefti_helper_begin(&wait.helper, wefti_future_key(future), FOR_RESULT);
    for (;;) {
        struct wefti_parked parked = {.outcome = WEFTI_INVALID};
        if (wefti_future_is_done(future))
            return WEFT_OK;
        wait.calls = wefti_helper_calls(&wait.helper);
        if (deadline == WEFTI_NEVER && wefti_task_run_here(future))
            continue;
        if (!spun && (spun = true) && spin(future))
            return WEFT_OK;
        if (!wefti_future_announce(future, WEFTI_TASK_WAITED))
            continue;
        if (deadline != WEFTI_NEVER)
            parked = park(&wait, deadline, site);
        else if (!park_for_ever(&wait, site, &parked))
            return WEFT_DEADLOCK;
        if (parked.outcome == WEFTI_TIMED_OUT)
            return WEFT_TIMEOUT;
        if (parked.outcome == WEFTI_INTERRUPTED)
            return WEFT_INTERRUPTED;
    }
}

weft_status wefti_future_wait(struct weft_future *future, int64_t deadline, const void *site)
{
    weft_status status = wefti_future_is_done(future) ? WEFT_OK : wait_slow(future, deadline, site);
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
        status = wefti_future_wait(future, wefti_limit_deadline(limit), site);
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
