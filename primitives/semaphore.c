/* SPDX-License-Identifier: MIT */
/*
 * Permits are taken and given back by one compare-and-swap on the state, unless others wait: then by
 * a pass through the room. semaphore_pass.c has the table of states.
 */
#include "primitives/semaphore.h"

#include "platform/atomic.h"
#include "platform/memory.h"
#include "platform/processor.h"
#include "primitives/park.h"
#include "primitives/self.h"
#include "primitives/semaphore_pass.h"
#include "primitives/thread.h"
#include "primitives/waitable.h"
#include "primitives/watch.h"

enum { WAITED = WEFTI_PERMIT_WAITED, ONE = WEFTI_PERMIT };
enum { SPINS = 100 };

/* A short name, as in the table. */
#define INVALID WEFTI_PERMITS_INVALID

static uint32_t load(const weft_semaphore *semaphore)
{
    return wefti_load(&semaphore->state, RELAXED);
}

/* ---- acquire ------------------------------------------------------------------------------- */

/* Takes n permits if they are free and nobody waits. */
static bool acquire_now(weft_semaphore *semaphore, int n)
{
    uint32_t state = load(semaphore);
    while (wefti_permits(state) >= n) {
        if (__builtin_expect((state & WAITED) != 0, 0))
            return wefti_pass_run(&(struct wefti_pass){.semaphore = semaphore, .wanted = n}) ==
                   WEFT_OK;
        /* Acquire: pairs with the release of wefti_semaphore_release and finish. */
        if (__builtin_expect(
                wefti_cas(&semaphore->state, &state, state - (uint32_t)n * ONE, ACQUIRE), 1))
            return true;
    }
    return false;
}

/* Waits a little for permits that are about to come; true if they were taken. */
static bool spin(weft_semaphore *semaphore, int n)
{
    if (wefti_processors() == 1)
        return false;
    for (int i = 0; i < SPINS; i++) {
        uint32_t state = load(semaphore);
        if ((state & WAITED) != 0)
            return false; /* others are in line already */
        if (wefti_permits(state) >= n && acquire_now(semaphore, n))
            return true;
        wefti_pause();
    }
    return false;
}

struct request {
    weft_semaphore *semaphore;
    int n;
};

/* Under the bucket's lock: stands in line behind others, or because there is not enough. */
static bool must_wait(void *arg)
{
    const struct request *request = arg;
    uint32_t state = load(request->semaphore);
    while ((state & WAITED) == 0) {
        if (wefti_permits(state) >= request->n)
            return false;
        if (wefti_cas(&request->semaphore->state, &state, state | WAITED, RELAXED))
            break;
    }
    return true;
}

static weft_status acquire_slow(weft_semaphore *semaphore, int n, struct wefti_limit limit,
                                bool firm)
{
    if (load(semaphore) == INVALID)
        return WEFT_VALUE_ERROR;
    int64_t deadline = wefti_limit_deadline(limit);
    if (deadline == WEFTI_TRY)
        return WEFT_TIMEOUT;
    if (spin(semaphore, n))
        return WEFT_OK;
    struct request request = {semaphore, n};
    const struct wefti_patience patience = {.deadline = deadline,
                                            .firm = firm,
                                            .validate = must_wait,
                                            .arg = &request,
                                            .request = (uintptr_t)n};
    struct wefti_parked parked;
    do {
        parked = wefti_park(wefti_semaphore_key(semaphore), &patience);
        if (parked.outcome == WEFTI_UNPARKED)
            return WEFT_OK;
        if (parked.outcome == WEFTI_INVALID && acquire_now(semaphore, n))
            return WEFT_OK;
    } while (parked.outcome == WEFTI_INVALID);
    (void)wefti_pass_run(&(struct wefti_pass){.semaphore = semaphore});
    return parked.outcome == WEFTI_TIMED_OUT ? WEFT_TIMEOUT : WEFT_INTERRUPTED;
}

static inline weft_status acquire(weft_semaphore *semaphore, int n, struct wefti_limit limit,
                                  bool firm)
{
    weft_status status =
        acquire_now(semaphore, n) ? WEFT_OK : acquire_slow(semaphore, n, limit, firm);
    if (wefti_watched() && status == WEFT_OK)
        wefti_watch_acquired(semaphore);
    return status;
}

weft_status wefti_semaphore_acquire(weft_semaphore *semaphore, int n, struct wefti_limit limit,
                                    bool firm)
{
    return acquire(semaphore, n, limit, firm);
}

static inline weft_status acquire_checked(weft_semaphore *semaphore, int n,
                                          struct wefti_limit limit)
{
    if (semaphore == NULL || n < 1 || n > WEFT_SEMAPHORE_MAX || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    return acquire(semaphore, n, limit, false);
}

weft_status weft_semaphore_acquire(weft_semaphore *semaphore)
{
    if (semaphore == NULL)
        return WEFT_VALUE_ERROR;
    if (!wefti_watched() && wefti_permit_taken(semaphore))
        return WEFT_OK;
    return wefti_semaphore_acquire(semaphore, 1, wefti_for_ever(), false);
}

weft_status weft_semaphore_try_acquire(weft_semaphore *semaphore)
{
    return acquire_checked(semaphore, 1, wefti_at_once());
}

weft_status weft_semaphore_acquire_for(weft_semaphore *semaphore, double seconds)
{
    return acquire_checked(semaphore, 1, wefti_for(seconds));
}

weft_status weft_semaphore_acquire_until(weft_semaphore *semaphore, double deadline)
{
    return acquire_checked(semaphore, 1, wefti_until(deadline));
}

weft_status weft_semaphore_acquire_n(weft_semaphore *semaphore, int n)
{
    return acquire_checked(semaphore, n, wefti_for_ever());
}

weft_status weft_semaphore_try_acquire_n(weft_semaphore *semaphore, int n)
{
    return acquire_checked(semaphore, n, wefti_at_once());
}

weft_status weft_semaphore_acquire_n_for(weft_semaphore *semaphore, int n, double seconds)
{
    return acquire_checked(semaphore, n, wefti_for(seconds));
}

/* ---- among others -------------------------------------------------------------------------- */

static bool is_valid(void *semaphore)
{
    return load(semaphore) != INVALID;
}

static bool claim_permit(void *semaphore)
{
    return acquire_now(semaphore, 1);
}

static bool must_wait_for_one(void *semaphore)
{
    return must_wait(&(struct request){semaphore, 1});
}

static void let_others_pass(void *semaphore)
{
    (void)wefti_pass_run(&(struct wefti_pass){.semaphore = semaphore});
}

const struct weft_waitable_type wefti_semaphore_waitable = {.kind = WEFTI_SEMAPHORE,
                                                            .valid = is_valid,
                                                            .claim = claim_permit,
                                                            .must_wait = must_wait_for_one,
                                                            .request = 1,
                                                            .left = let_others_pass};

/* ---- release ------------------------------------------------------------------------------- */

static int64_t most_of(const uint32_t *most)
{
    /* Relaxed: it is exact under the bucket's lock, and a refusal is decided there. */
    return most != NULL ? (int64_t)wefti_load(most, RELAXED) : WEFT_SEMAPHORE_MAX;
}

static weft_status add(struct wefti_pass *pass)
{
    if (pass->value + pass->amount > most_of(pass->most))
        return pass->most != NULL ? WEFT_VALUE_ERROR : WEFT_OVERFLOW;
    pass->value += pass->amount;
    return WEFT_OK;
}

weft_status wefti_semaphore_release(weft_semaphore *semaphore, int n, const uint32_t *most)
{
    if (wefti_watched())
        wefti_watch_releasing(semaphore);
    uint32_t state = load(semaphore);
    while ((state & WAITED) == 0 && (int64_t)wefti_permits(state) + n <= most_of(most))
        /* Release: pairs with the acquire in acquire_now and begin. */
        if (__builtin_expect(
                wefti_cas(&semaphore->state, &state, state + (uint32_t)n * ONE, RELEASE), 1))
            return WEFT_OK;
    if (state == INVALID)
        return WEFT_VALUE_ERROR;
    return wefti_pass_run(
        &(struct wefti_pass){.semaphore = semaphore, .change = add, .amount = n, .most = most});
}

weft_status weft_semaphore_release(weft_semaphore *semaphore)
{
    if (semaphore == NULL)
        return WEFT_VALUE_ERROR;
    if (!wefti_watched() && wefti_permit_given(semaphore, WEFT_SEMAPHORE_MAX))
        return WEFT_OK;
    return wefti_semaphore_release(semaphore, 1, NULL);
}

weft_status weft_semaphore_release_n(weft_semaphore *semaphore, int n)
{
    if (semaphore == NULL || n < 1)
        return WEFT_VALUE_ERROR;
    return wefti_semaphore_release(semaphore, n, NULL);
}

/* ---- resize -------------------------------------------------------------------------------- */

static weft_status shift(struct wefti_pass *pass)
{
    int64_t value = pass->value + pass->amount;
    if (value > WEFT_SEMAPHORE_MAX || value < -WEFT_SEMAPHORE_MAX)
        return WEFT_OVERFLOW;
    pass->value = value;
    return WEFT_OK;
}

/* What is out is at most the limit, so the value stays in its range. */
static weft_status set_limit(struct wefti_pass *pass)
{
    pass->value += pass->amount - most_of(pass->limit);
    wefti_store(pass->limit, (uint32_t)pass->amount, RELAXED);
    return WEFT_OK;
}

weft_status weft_semaphore_resize(weft_semaphore *semaphore, int delta)
{
    if (semaphore == NULL || load(semaphore) == INVALID)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        wefti_watch_releasing(semaphore);
    return wefti_pass_run(
        &(struct wefti_pass){.semaphore = semaphore, .change = shift, .amount = delta});
}

weft_status wefti_semaphore_set_limit(weft_semaphore *semaphore, uint32_t *limit, int to)
{
    if (load(semaphore) == INVALID)
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        wefti_watch_releasing(semaphore);
    return wefti_pass_run(&(struct wefti_pass){
        .semaphore = semaphore, .change = set_limit, .amount = to, .limit = limit});
}

/* ---- queries ------------------------------------------------------------------------------- */

int weft_semaphore_value(const weft_semaphore *semaphore)
{
    uint32_t state = semaphore != NULL ? load(semaphore) : 0;
    return state != INVALID ? wefti_permits(state) : 0;
}

size_t weft_semaphore_waiters(const weft_semaphore *semaphore)
{
    return semaphore != NULL ? wefti_waiters(wefti_semaphore_key(semaphore)) : 0;
}

weft_status weft_semaphore_init(weft_semaphore *semaphore, int value)
{
    if (semaphore == NULL || value < 0 || value > WEFT_SEMAPHORE_MAX)
        return WEFT_VALUE_ERROR;
    *semaphore = (weft_semaphore)WEFT_SEMAPHORE_INIT(value);
    return WEFT_OK;
}

weft_status weft_semaphore_done(weft_semaphore *semaphore)
{
    if (semaphore == NULL || load(semaphore) == INVALID)
        return WEFT_VALUE_ERROR;
    return wefti_done(semaphore, weft_semaphore_waiters(semaphore) != 0);
}

weft_semaphore *weft_semaphore_new(int value)
{
    weft_semaphore fresh;
    if (weft_semaphore_init(&fresh, value) != WEFT_OK)
        return wefti_failed(WEFT_VALUE_ERROR);
    weft_semaphore *semaphore = wefti_self_allocate(sizeof *semaphore);
    if (semaphore != NULL)
        *semaphore = fresh;
    return semaphore;
}

void weft_semaphore_free(weft_semaphore *semaphore)
{
    wefti_watch_done(semaphore);
    wefti_release(semaphore);
}
