/* SPDX-License-Identifier: MIT */
/*
 * How resources begin and end. The program's functions are called without the lock, on a slot that is
 * BUSY: nobody else looks at it. Whoever has a BUSY slot has a permit, too, so idle resources and
 * permits that are taken are never more than max_size together.
 */
#include <utlist.h>

#include "patterns/resource_pool.h"

double wefti_pool_now(const weft_resource_pool *pool)
{
    return pool->options.now != NULL ? pool->options.now(pool->options.arg) : weft_now();
}

/* ---- slots --------------------------------------------------------------------------------- */

void wefti_slot_end(struct wefti_slot *slot, uint64_t *reason)
{
    weft_resource_pool *pool = slot->pool;
    if (pool->options.destroy != NULL)
        pool->options.destroy(slot->resource, pool->options.arg);
    WEFT_HOLD(&pool->lock);
    slot->filled = false;
    slot->resource = NULL;
    pool->resources--;
    pool->stats.destroyed++;
    if (reason != NULL)
        ++*reason;
}

bool wefti_slot_make(struct wefti_slot *slot)
{
    weft_resource_pool *pool = slot->pool;
    void *resource = pool->options.create(pool->options.arg);
    double now = wefti_pool_now(pool);
    WEFT_HOLD(&pool->lock);
    if (resource == WEFT_RAISED) {
        pool->stats.failed++;
        return false;
    }
    slot->filled = true;
    slot->resource = resource;
    slot->born = slot->since = now;
    pool->resources++;
    pool->stats.created++;
    return true;
}

struct wefti_slot *wefti_slot_take_empty(weft_resource_pool *pool)
{
    struct wefti_slot *slot = pool->empty;
    if (slot != NULL) {
        DL_DELETE(pool->empty, slot);
    } else {
        slot = weft_allocate(sizeof *slot);
        if (slot == NULL)
            return NULL;
        slot->pool = pool;
        slot->next_of_all = pool->all;
        pool->all = slot;
    }
    slot->state = WEFTI_SLOT_BUSY;
    return slot;
}

struct wefti_slot *wefti_slot_take_idle(struct wefti_slot *slot)
{
    DL_DELETE(slot->pool->idle, slot);
    slot->state = WEFTI_SLOT_BUSY;
    return slot;
}

void wefti_slot_put_down(struct wefti_slot *slot)
{
    weft_resource_pool *pool = slot->pool;
    slot->state = slot->filled ? WEFTI_SLOT_IDLE : WEFTI_SLOT_EMPTY;
    if (slot->filled)
        DL_PREPEND(pool->idle, slot);
    else
        DL_PREPEND(pool->empty, slot);
}

bool wefti_slot_expired(const struct wefti_slot *slot, double now)
{
    const weft_resource_pool *pool = slot->pool;
    const weft_resource_pool_options *options = &pool->options;
    if (pool->resources > (size_t)options->max_size)
        return true;
    if (options->max_lifetime > 0 && now - slot->born >= options->max_lifetime)
        return true;
    return options->idle_timeout > 0 && now - slot->since >= options->idle_timeout &&
           pool->resources > (size_t)options->min_size;
}

bool wefti_pool_trim(weft_resource_pool *pool)
{
    struct wefti_slot *slot;
    uint64_t *reason;
    double now = wefti_pool_now(pool);
    {
        WEFT_HOLD(&pool->lock);
        slot = pool->idle != NULL ? pool->idle->prev : NULL;
        reason = pool->closed ? NULL : &pool->stats.expired;
        if (slot == NULL || !(pool->closed || wefti_slot_expired(slot, now)))
            return false;
        (void)wefti_slot_take_idle(slot);
    }
    wefti_slot_end(slot, reason);
    WEFT_HOLD(&pool->lock);
    wefti_slot_put_down(slot);
    return true;
}

/* ---- maintenance --------------------------------------------------------------------------- */

/* Looks at the one that has been idle longest, which goes to the front if it is well: after one round
 * all stand as they stood. */
static void look_at_last(weft_resource_pool *pool)
{
    struct wefti_slot *slot;
    double now = wefti_pool_now(pool);
    bool expired;
    {
        WEFT_HOLD(&pool->lock);
        if (pool->idle == NULL)
            return;
        slot = wefti_slot_take_idle(pool->idle->prev);
        expired = wefti_slot_expired(slot, now);
    }
    const weft_resource_pool_options *options = &pool->options;
    if (expired)
        wefti_slot_end(slot, &pool->stats.expired);
    else if (options->validate != NULL && !options->validate(slot->resource, options->arg))
        wefti_slot_end(slot, &pool->stats.invalid);
    WEFT_HOLD(&pool->lock);
    wefti_slot_put_down(slot);
}

/* Makes one if there are too few. */
static weft_status make_one(weft_resource_pool *pool, bool *missing)
{
    struct wefti_slot *slot;
    {
        WEFT_HOLD(&pool->lock);
        *missing = !pool->closed && pool->resources < (size_t)pool->options.min_size;
        if (!*missing)
            return WEFT_OK;
        slot = wefti_slot_take_empty(pool);
    }
    if (slot == NULL)
        return WEFT_NO_MEMORY;
    bool made = wefti_slot_make(slot);
    WEFT_HOLD(&pool->lock);
    wefti_slot_put_down(slot);
    return made ? WEFT_OK : WEFT_FAILED;
}

weft_status weft_resource_pool_maintain(weft_resource_pool *pool)
{
    if (pool == NULL)
        return WEFT_VALUE_ERROR;
    size_t idle;
    {
        WEFT_HOLD(&pool->lock);
        const struct wefti_slot *slot;
        DL_COUNT(pool->idle, slot, idle);
    }
    weft_status status = WEFT_OK;
    bool missing = true;
    while (status == WEFT_OK && (idle > 0 || missing)) {
        if (weft_bounded_semaphore_try_acquire(&pool->permits) != WEFT_OK)
            break; /* all are out, and none is idle */
        if (idle > 0) {
            look_at_last(pool);
            idle--;
        } else {
            status = make_one(pool, &missing);
        }
        (void)weft_bounded_semaphore_release(&pool->permits);
    }
    {
        WEFT_HOLD(&pool->lock);
        if (!pool->closed)
            return status;
    }
    while (wefti_pool_trim(pool)) { /* what was being looked at when it was closed */
    }
    return WEFT_SHUTDOWN;
}
