/* SPDX-License-Identifier: MIT */
/*
 * A bounded semaphore says how many may go out, strictly in the order of arrival; the lock guards the
 * lists. Who has a permit takes an idle resource or makes one, so it never waits a second time. The
 * permit goes back last of all: whoever gets it finds what was put down.
 *
 * A close raises the semaphore's limit beyond any number of waiters: each of them gets a permit, finds
 * the pool closed and leaves. resource_pool.h has the table of a slot's states.
 */
#include "patterns/resource_pool.h"

#include <stdio.h>
#include <string.h>
#include <utlist.h>

static bool is_closed(weft_resource_pool *pool)
{
    WEFT_HOLD(&pool->lock);
    return pool->closed;
}

/* ---- borrow -------------------------------------------------------------------------------- */

/* A slot for one who has a permit: the first idle one, or an empty one; NULL: closed, or no memory. */
static struct wefti_slot *claim(weft_resource_pool *pool, double now, bool *expired)
{
    WEFT_HOLD(&pool->lock);
    if (pool->closed)
        return NULL;
    *expired = false;
    if (pool->idle == NULL)
        return wefti_slot_take_empty(pool);
    *expired = wefti_slot_expired(pool->idle, now);
    return wefti_slot_take_idle(pool->idle);
}

/* Ends what is in the slot if it does not serve; whether it did not. */
static bool reject(struct wefti_slot *slot, bool expired)
{
    weft_resource_pool *pool = slot->pool;
    bool (*validate)(void *, void *) = pool->options.validate;
    if (expired)
        wefti_slot_end(slot, &pool->stats.expired);
    else if (validate != NULL && !validate(slot->resource, pool->options.arg))
        wefti_slot_end(slot, &pool->stats.invalid);
    return !slot->filled;
}

/* A slot with a resource that serves. */
static weft_status fill(weft_resource_pool *pool, struct wefti_slot **filled, bool *reused)
{
    for (;;) {
        bool expired;
        struct wefti_slot *slot = claim(pool, wefti_pool_now(pool), &expired);
        if (slot == NULL)
            return WEFT_NO_MEMORY;
        *filled = slot;
        *reused = slot->filled;
        if (slot->filled ? !reject(slot, expired) : wefti_slot_make(slot))
            return WEFT_OK;
        bool failed = !*reused;
        WEFT_HOLD(&pool->lock);
        wefti_slot_put_down(slot);
        if (failed)
            return WEFT_FAILED;
    }
}

static void lend(struct wefti_slot *slot, bool reused, double now, const char *file, int line)
{
    weft_resource_pool *pool = slot->pool;
    const weft_thread *thread = weft_thread_current();
    slot->state = WEFTI_SLOT_OUT;
    slot->number = ++pool->numbers;
    slot->since = now;
    slot->file = file;
    slot->line = line;
    slot->thread = thread != NULL ? weft_thread_ident(thread) : 0;
    snprintf(slot->thread_name, sizeof slot->thread_name, "%.*s", (int)sizeof slot->thread_name - 1,
             thread != NULL ? weft_thread_name(thread) : "");
    pool->stats.borrowed++;
    pool->stats.reused += reused;
    pool->users++;
    if (++pool->stats.out > pool->stats.peak)
        pool->stats.peak = pool->stats.out;
}

/* With a permit; lends a resource, or gives the permit back. */
static weft_status borrow(weft_resource_pool *pool, weft_loan *loan, const char *file, int line)
{
    struct wefti_slot *slot;
    bool reused;
    weft_status status = fill(pool, &slot, &reused);
    if (status == WEFT_OK) {
        double now = wefti_pool_now(pool);
        WEFT_HOLD(&pool->lock);
        if (!pool->closed) {
            lend(slot, reused, now, file, line);
            *loan = (weft_loan){slot->resource, slot, slot->number};
            return WEFT_OK;
        }
        wefti_slot_put_down(slot);
    }
    bool closed = is_closed(pool);
    if (closed)
        (void)wefti_pool_trim(pool);
    (void)weft_bounded_semaphore_release(&pool->permits);
    return closed ? WEFT_SHUTDOWN : status;
}

weft_status weft_resource_pool_borrow_at(weft_resource_pool *pool, weft_loan *loan, double seconds,
                                         const char *file, int line)
{
    if (pool == NULL || loan == NULL)
        return WEFT_VALUE_ERROR;
    if (is_closed(pool))
        return WEFT_SHUTDOWN;
    weft_status status = weft_bounded_semaphore_acquire_for(&pool->permits, seconds);
    if (status == WEFT_OK)
        return borrow(pool, loan, file != NULL ? file : "", line);
    WEFT_HOLD(&pool->lock);
    pool->stats.timed_out += status == WEFT_TIMEOUT;
    return status;
}

/* ---- give back ----------------------------------------------------------------------------- */

/* One user less; nobody but the last one looks at the pool afterwards. */
static void leave(weft_resource_pool *pool)
{
    {
        WEFT_HOLD(&pool->lock);
        if (--pool->users > 0)
            return;
    }
    while (wefti_pool_trim(pool)) {
    }
    for (struct wefti_slot *next, *slot = pool->all; slot != NULL; slot = next) {
        next = slot->next_of_all;
        weft_free(slot);
    }
    weft_free(pool);
}

/* The slot of a loan, BUSY now; NULL: the loan is stale. */
static struct wefti_slot *end_loan(weft_resource_pool *pool, weft_loan *loan)
{
    struct wefti_slot *slot = loan->slot;
    WEFT_HOLD(&pool->lock);
    if (slot == NULL || slot->pool != pool || slot->state != WEFTI_SLOT_OUT ||
        slot->number != loan->number) {
        pool->stats.refused++;
        return NULL;
    }
    slot->state = WEFTI_SLOT_BUSY;
    pool->stats.returned++;
    *loan = (weft_loan){0};
    return slot;
}

static weft_status take_back(weft_resource_pool *pool, weft_loan *loan, bool discard)
{
    if (pool == NULL || loan == NULL)
        return WEFT_VALUE_ERROR;
    struct wefti_slot *slot = end_loan(pool, loan);
    if (slot == NULL)
        return WEFT_VALUE_ERROR;
    if (discard || is_closed(pool))
        wefti_slot_end(slot, NULL);
    double now = wefti_pool_now(pool);
    {
        WEFT_HOLD(&pool->lock);
        pool->stats.out--;
        slot->since = now;
        wefti_slot_put_down(slot);
    }
    (void)wefti_pool_trim(pool);
    (void)weft_bounded_semaphore_release(&pool->permits);
    leave(pool);
    return WEFT_OK;
}

weft_status weft_resource_pool_give_back(weft_resource_pool *pool, weft_loan *loan)
{
    return take_back(pool, loan, false);
}

weft_status weft_resource_pool_discard(weft_resource_pool *pool, weft_loan *loan)
{
    return take_back(pool, loan, true);
}

/* ---- what is out --------------------------------------------------------------------------- */

weft_status weft_resource_pool_loans(weft_resource_pool *pool, double seconds,
                                     weft_loan_info *infos, size_t most, size_t *count)
{
    if (pool == NULL || count == NULL || (infos == NULL && most > 0) || seconds != seconds)
        return WEFT_VALUE_ERROR;
    double now = wefti_pool_now(pool);
    size_t found = 0;
    WEFT_HOLD(&pool->lock);
    for (const struct wefti_slot *slot = pool->all; slot != NULL; slot = slot->next_of_all) {
        if (slot->state != WEFTI_SLOT_OUT || now - slot->since < seconds)
            continue;
        if (found < most) {
            weft_loan_info *info = &infos[found];
            *info = (weft_loan_info){.resource = slot->resource,
                                     .file = slot->file,
                                     .line = slot->line,
                                     .thread = slot->thread,
                                     .seconds = now - slot->since};
            memcpy(info->thread_name, slot->thread_name, sizeof info->thread_name);
        }
        found++;
    }
    *count = found;
    return WEFT_OK;
}

weft_status weft_resource_pool_get_stats(weft_resource_pool *pool, weft_resource_pool_stats *stats)
{
    if (pool == NULL || stats == NULL)
        return WEFT_VALUE_ERROR;
    WEFT_HOLD(&pool->lock);
    const struct wefti_slot *slot;
    *stats = pool->stats;
    DL_COUNT(pool->idle, slot, stats->idle);
    stats->waiting = weft_bounded_semaphore_waiters(&pool->permits);
    stats->max_size = pool->options.max_size;
    return WEFT_OK;
}

/* ---- begin, change and end ----------------------------------------------------------------- */

static bool is_size(int size)
{
    return size >= 1 && size <= WEFT_SEMAPHORE_MAX;
}

static bool is_valid(const weft_resource_pool_options *options)
{
    return options != NULL && is_size(options->max_size) && options->min_size >= 0 &&
           options->min_size <= options->max_size && options->create != NULL &&
           options->idle_timeout >= 0 && options->max_lifetime >= 0;
}

static weft_resource_pool *fail(weft_status status)
{
    weft_set_last_status(status);
    return NULL;
}

weft_resource_pool *weft_resource_pool_new_with(const weft_resource_pool_options *options)
{
    if (!is_valid(options))
        return fail(WEFT_VALUE_ERROR);
    weft_resource_pool *pool = weft_allocate(sizeof *pool);
    if (pool == NULL)
        return fail(WEFT_NO_MEMORY);
    pool->options = *options;
    pool->users = 1;
    (void)weft_bounded_semaphore_init(&pool->permits, options->max_size);
    weft_status status = weft_resource_pool_maintain(pool);
    if (status == WEFT_OK)
        return pool;
    weft_resource_pool_free(pool);
    return fail(status);
}

weft_status weft_resource_pool_resize(weft_resource_pool *pool, int max_size)
{
    if (pool == NULL || !is_size(max_size))
        return WEFT_VALUE_ERROR;
    WEFT_HOLD(&pool->lock);
    if (max_size < pool->options.min_size)
        return WEFT_VALUE_ERROR;
    if (pool->closed)
        return WEFT_SHUTDOWN;
    pool->options.max_size = max_size;
    return weft_bounded_semaphore_resize(&pool->permits, max_size);
}

weft_status weft_resource_pool_close(weft_resource_pool *pool)
{
    if (pool == NULL)
        return WEFT_VALUE_ERROR;
    {
        WEFT_HOLD(&pool->lock);
        pool->closed = true;
        (void)weft_bounded_semaphore_resize(&pool->permits, WEFT_SEMAPHORE_MAX);
    }
    while (wefti_pool_trim(pool)) {
    }
    WEFT_HOLD(&pool->lock);
    return pool->stats.out == 0 ? WEFT_OK : WEFT_BUSY;
}

void weft_resource_pool_free(weft_resource_pool *pool)
{
    if (pool == NULL)
        return;
    (void)weft_resource_pool_close(pool);
    leave(pool);
}
