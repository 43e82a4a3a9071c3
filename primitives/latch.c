/* SPDX-License-Identifier: MIT */
/*
 * The state is the count, in units of ONE, and two bits:
 *
 *   VALID   somebody has initialised it; zeroed memory refuses every call
 *   WAITED  the room may have threads that wait
 *
 *   state                   means
 *   0                       no latch
 *   n | VALID               closed, nobody waits
 *   n | VALID | WAITED      closed, threads wait
 *   VALID                   open, for ever
 *
 *   from                    to                         by                     in
 *   n | VALID               n-k | VALID (also n = k)   who counts down        count_down
 *   n | VALID               n | VALID | WAITED         who is going to wait   announce
 *   n | VALID | WAITED      n-k | VALID | WAITED       who counts, not to 0   count_down
 *   n | VALID | WAITED      VALID                      who counts to 0        the same, in the room
 *
 * No wake-up is lost: a thread parks only if the latch is closed and WAITED under the bucket's
 * lock, and WAITED is left only under the same lock, by the count that opens it and takes all
 * waiters out.
 *
 * The latch's memory may be freed by whoever sees it open: the count that opens it does not touch
 * it after its compare-and-swap. Another latch may lie there by then; nobody waits for that one
 * before the bucket's lock is free, so nobody is woken in error.
 */
#include <weft/latch.h>

#include "platform/atomic.h"
#include "platform/memory.h"
#include "primitives/deadline.h"
#include "primitives/park.h"
#include "primitives/self.h"
#include "primitives/thread.h"
#include "primitives/waitable.h"
#include "primitives/watch.h"

enum { VALID = 1, WAITED = 2, ONE = 4 };

static struct wefti_key key_of(const weft_latch *latch)
{
    return (struct wefti_key){latch, WEFTI_LATCH};
}

static bool is_open(uint32_t state)
{
    return state == VALID;
}

/* ---- count --------------------------------------------------------------------------------- */

struct counting {
    weft_latch *latch;
    uint32_t n;
    weft_status status;
    bool in_room;
    bool done;
    bool opened;
};

/* Counts, once; false if it has to be done in the room: it opens a latch that is waited for. */
static bool count_down(struct counting *counting)
{
    uint32_t *word = &counting->latch->state;
    uint32_t state = wefti_load(word, RELAXED);
    while (!counting->done) {
        bool to_zero = state / ONE == counting->n;
        if (to_zero && (state & WAITED) != 0 && !counting->in_room)
            return false;
        if ((state & VALID) == 0 || state / ONE < counting->n) {
            counting->status = WEFT_VALUE_ERROR;
            counting->done = true;
            /* Acquire and release: who opens it passes on what all who counted before have done. */
        } else if (wefti_cas(word, &state, to_zero ? (uint32_t)VALID : state - counting->n * ONE,
                             ACQ_REL)) {
            counting->status = WEFT_OK;
            counting->opened = to_zero;
            counting->done = true;
        }
    }
    return true;
}

static enum wefti_verdict choose(uintptr_t request, void *arg)
{
    struct counting *counting = arg;
    (void)request;
    (void)count_down(counting);
    return counting->opened ? WEFTI_TAKE : WEFTI_STOP;
}

static void finish(size_t taken, bool more, void *arg)
{
    (void)taken;
    (void)more;
    (void)count_down(arg);
}

/* Counts down by n; *opened: that has opened it, and it may be gone. */
static weft_status count(weft_latch *latch, int n, bool *opened)
{
    if (latch == NULL || n < 1)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        wefti_watch_releasing(latch);
    struct counting counting = {.latch = latch, .n = (uint32_t)n};
    if (!count_down(&counting)) {
        counting.in_room = true;
        const struct wefti_unparking how = {.arg = &counting, .choose = choose, .finish = finish};
        wefti_unpark(key_of(latch), &how);
    }
    *opened = counting.opened;
    return counting.status;
}

weft_status weft_latch_count_down(weft_latch *latch)
{
    bool opened;
    return count(latch, 1, &opened);
}

weft_status weft_latch_count_down_n(weft_latch *latch, int n)
{
    bool opened;
    return count(latch, n, &opened);
}

/* ---- wait ---------------------------------------------------------------------------------- */

/* Says in the state that somebody is going to wait; false if it has been opened. */
static bool announce(weft_latch *latch, uint32_t state)
{
    while (!is_open(state) && (state & WAITED) == 0)
        if (wefti_cas(&latch->state, &state, state | WAITED, RELAXED))
            return true;
    return !is_open(state);
}

static bool closed(void *arg)
{
    const weft_latch *latch = arg;
    return !is_open(wefti_load(&latch->state, RELAXED));
}

static weft_status wait_slow(weft_latch *latch, struct wefti_limit limit)
{
    const struct wefti_patience patience = {
        .deadline = wefti_limit_deadline(limit), .validate = closed, .arg = latch};
    if (patience.deadline == WEFTI_TRY)
        return WEFT_TIMEOUT;
    uint32_t state;
    /* Acquire: pairs with the release in count_down. */
    while (!is_open(state = wefti_load(&latch->state, ACQUIRE))) {
        if (!announce(latch, state))
            continue;
        struct wefti_parked parked = wefti_park(key_of(latch), &patience);
        if (parked.outcome == WEFTI_UNPARKED)
            return WEFT_OK;
        if (parked.outcome == WEFTI_TIMED_OUT)
            return WEFT_TIMEOUT;
        if (parked.outcome == WEFTI_INTERRUPTED)
            return WEFT_INTERRUPTED;
    }
    return WEFT_OK;
}

static weft_status wait_checked(weft_latch *latch, struct wefti_limit limit)
{
    if (latch == NULL || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    /* Acquire: pairs with the release in count_down. */
    uint32_t state = wefti_load(&latch->state, ACQUIRE);
    if ((state & VALID) == 0)
        return WEFT_VALUE_ERROR;
    weft_status status = is_open(state) ? WEFT_OK : wait_slow(latch, limit);
    if (wefti_watched() && status == WEFT_OK)
        wefti_watch_acquired(latch);
    return status;
}

weft_status weft_latch_wait(weft_latch *latch)
{
    return wait_checked(latch, wefti_for_ever());
}

weft_status weft_latch_wait_for(weft_latch *latch, double seconds)
{
    return wait_checked(latch, wefti_for(seconds));
}

weft_status weft_latch_wait_until(weft_latch *latch, double deadline)
{
    return wait_checked(latch, wefti_until(deadline));
}

weft_status weft_latch_arrive_and_wait(weft_latch *latch)
{
    bool opened = false;
    weft_status status = count(latch, 1, &opened);
    if (status != WEFT_OK)
        return status;
    if (!opened)
        return weft_latch_wait(latch);
    if (wefti_watched())
        wefti_watch_acquired(latch);
    return WEFT_OK;
}

/* ---- among others -------------------------------------------------------------------------- */

static bool is_valid(void *arg)
{
    const weft_latch *latch = arg;
    return (wefti_load(&latch->state, RELAXED) & VALID) != 0;
}

static bool claim_open(void *arg)
{
    const weft_latch *latch = arg;
    /* Acquire: pairs with the release in count_down. */
    return is_open(wefti_load(&latch->state, ACQUIRE));
}

static bool announce_any(void *arg)
{
    weft_latch *latch = arg;
    return announce(latch, wefti_load(&latch->state, RELAXED));
}

const struct weft_waitable_type wefti_latch_waitable = {
    .kind = WEFTI_LATCH, .valid = is_valid, .claim = claim_open, .must_wait = announce_any};

/* ---- queries ------------------------------------------------------------------------------- */

int weft_latch_count(const weft_latch *latch)
{
    if (latch == NULL)
        return 0;
    /* Acquire: pairs with the release in count_down. */
    uint32_t state = wefti_load(&latch->state, ACQUIRE);
    if (wefti_watched() && is_open(state))
        wefti_watch_acquired((void *)(uintptr_t)latch);
    return (int)(state / ONE);
}

size_t weft_latch_waiters(const weft_latch *latch)
{
    return latch != NULL ? wefti_waiters(key_of(latch)) : 0;
}

weft_status weft_latch_init(weft_latch *latch, int n)
{
    if (latch == NULL || n < 0 || n > WEFT_LATCH_MAX)
        return WEFT_VALUE_ERROR;
    *latch = (weft_latch)WEFT_LATCH_INIT(n);
    return WEFT_OK;
}

weft_status weft_latch_done(weft_latch *latch)
{
    if (latch == NULL || (wefti_load(&latch->state, RELAXED) & VALID) == 0)
        return WEFT_VALUE_ERROR;
    return wefti_done(latch, weft_latch_waiters(latch) != 0);
}

weft_latch *weft_latch_new(int n)
{
    weft_latch fresh;
    if (weft_latch_init(&fresh, n) != WEFT_OK)
        return wefti_failed(WEFT_VALUE_ERROR);
    weft_latch *latch = wefti_self_allocate(sizeof *latch);
    if (latch != NULL)
        *latch = fresh;
    return latch;
}

void weft_latch_free(weft_latch *latch)
{
    wefti_watch_done(latch);
    wefti_release(latch);
}
