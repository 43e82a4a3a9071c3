/* SPDX-License-Identifier: MIT */
/*
 * A semaphore and its limit. The limit changes only under the lock of the semaphore's bucket, in a
 * pass that changes the value by as much (semaphore.c): what is out, limit - value, stays the same.
 * A release reads the limit without that lock: it goes on if the value fits, and if not it asks
 * again in the room.
 */
#include "platform/atomic.h"
#include "platform/memory.h"
#include "primitives/self.h"
#include "primitives/semaphore.h"
#include "primitives/semaphore_pass.h"
#include "primitives/thread.h"
#include "primitives/watch.h"

int weft_bounded_semaphore_limit(const weft_bounded_semaphore *semaphore)
{
    return semaphore != NULL ? (int)wefti_load(&semaphore->limit, RELAXED) : 0;
}

/* ---- acquire ------------------------------------------------------------------------------- */

static weft_status acquire(weft_bounded_semaphore *semaphore, int n, struct wefti_limit limit)
{
    if (semaphore == NULL || n < 1 || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    /* One permit may be waited for under a limit of 0, which a resize will raise. */
    if (n > 1 && n > weft_bounded_semaphore_limit(semaphore))
        return WEFT_VALUE_ERROR;
    return wefti_semaphore_acquire(&semaphore->semaphore, n, limit, false);
}

weft_status weft_bounded_semaphore_acquire(weft_bounded_semaphore *semaphore)
{
    if (semaphore == NULL)
        return WEFT_VALUE_ERROR;
    if (!wefti_watched() && wefti_permit_taken(&semaphore->semaphore))
        return WEFT_OK;
    return wefti_semaphore_acquire(&semaphore->semaphore, 1, wefti_for_ever(), false);
}

weft_status weft_bounded_semaphore_try_acquire(weft_bounded_semaphore *semaphore)
{
    return acquire(semaphore, 1, wefti_at_once());
}

weft_status weft_bounded_semaphore_acquire_for(weft_bounded_semaphore *semaphore, double seconds)
{
    return acquire(semaphore, 1, wefti_for(seconds));
}

weft_status weft_bounded_semaphore_acquire_until(weft_bounded_semaphore *semaphore, double deadline)
{
    return acquire(semaphore, 1, wefti_until(deadline));
}

weft_status weft_bounded_semaphore_acquire_n(weft_bounded_semaphore *semaphore, int n)
{
    return acquire(semaphore, n, wefti_for_ever());
}

weft_status weft_bounded_semaphore_try_acquire_n(weft_bounded_semaphore *semaphore, int n)
{
    return acquire(semaphore, n, wefti_at_once());
}

weft_status weft_bounded_semaphore_acquire_n_for(weft_bounded_semaphore *semaphore, int n,
                                                 double seconds)
{
    return acquire(semaphore, n, wefti_for(seconds));
}

/* ---- release, resize ----------------------------------------------------------------------- */

weft_status weft_bounded_semaphore_release(weft_bounded_semaphore *semaphore)
{
    if (semaphore == NULL)
        return WEFT_VALUE_ERROR;
    /* Relaxed: as in most_of. */
    if (!wefti_watched() &&
        wefti_permit_given(&semaphore->semaphore, wefti_load(&semaphore->limit, RELAXED)))
        return WEFT_OK;
    return wefti_semaphore_release(&semaphore->semaphore, 1, &semaphore->limit);
}

weft_status weft_bounded_semaphore_release_n(weft_bounded_semaphore *semaphore, int n)
{
    if (semaphore == NULL || n < 1)
        return WEFT_VALUE_ERROR;
    return wefti_semaphore_release(&semaphore->semaphore, n, &semaphore->limit);
}

weft_status weft_bounded_semaphore_resize(weft_bounded_semaphore *semaphore, int limit)
{
    if (semaphore == NULL || limit < 0 || limit > WEFT_SEMAPHORE_MAX)
        return WEFT_VALUE_ERROR;
    return wefti_semaphore_set_limit(&semaphore->semaphore, &semaphore->limit, limit);
}

/* ---- queries ------------------------------------------------------------------------------- */

int weft_bounded_semaphore_value(const weft_bounded_semaphore *semaphore)
{
    return semaphore != NULL ? weft_semaphore_value(&semaphore->semaphore) : 0;
}

size_t weft_bounded_semaphore_waiters(const weft_bounded_semaphore *semaphore)
{
    return semaphore != NULL ? weft_semaphore_waiters(&semaphore->semaphore) : 0;
}

weft_status weft_bounded_semaphore_init(weft_bounded_semaphore *semaphore, int value)
{
    if (semaphore == NULL || value < 0 || value > WEFT_SEMAPHORE_MAX)
        return WEFT_VALUE_ERROR;
    *semaphore = (weft_bounded_semaphore)WEFT_BOUNDED_SEMAPHORE_INIT(value);
    return WEFT_OK;
}

weft_status weft_bounded_semaphore_done(weft_bounded_semaphore *semaphore)
{
    if (semaphore == NULL)
        return WEFT_VALUE_ERROR;
    if (weft_bounded_semaphore_value(semaphore) < weft_bounded_semaphore_limit(semaphore))
        return WEFT_BUSY;
    return weft_semaphore_done(&semaphore->semaphore);
}

weft_bounded_semaphore *weft_bounded_semaphore_new(int value)
{
    weft_bounded_semaphore fresh;
    if (weft_bounded_semaphore_init(&fresh, value) != WEFT_OK)
        return wefti_failed(WEFT_VALUE_ERROR);
    weft_bounded_semaphore *semaphore = wefti_self_allocate(sizeof *semaphore);
    if (semaphore != NULL)
        *semaphore = fresh;
    return semaphore;
}

void weft_bounded_semaphore_free(weft_bounded_semaphore *semaphore)
{
    wefti_watch_done(semaphore);
    wefti_release(semaphore);
}
