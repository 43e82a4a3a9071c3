/* SPDX-License-Identifier: MIT */
/**
 * @file
 * @brief A pool of resources: permits, and a list of what is idle.
 *
 * A permit stands for a slot that is not out, so who has one always finds a slot. The functions of
 * the kind may take long, so they are called without the lock: a slot that is being filled, tested
 * or emptied is busy, and nobody else touches it.
 */
#include <stdio.h>
#include <string.h>

#include "demo_pool.h"

static double now(const demo_pool *pool)
{
    return pool->kind.now != NULL ? pool->kind.now(pool->kind.arg) : demo_now();
}

static bool is_valid(const demo_pool *pool, void *resource)
{
    return pool->kind.is_valid == NULL || pool->kind.is_valid(pool->kind.arg, resource);
}

static void destroy(demo_pool *pool, void *resource)
{
    if (pool->kind.destroy != NULL)
        pool->kind.destroy(pool->kind.arg, resource);
    WEFT_HOLD(&pool->lock);
    pool->counts.destroyed++;
}

static void *create(demo_pool *pool)
{
    void *resource = pool->kind.create(pool->kind.arg);
    WEFT_HOLD(&pool->lock);
    if (resource != NULL)
        pool->counts.created++;
    else
        pool->counts.failed++;
    return resource;
}

weft_status demo_pool_init(demo_pool *pool, const demo_pool_kind *kind, int capacity)
{
    if (capacity < 1 || capacity > DEMO_POOL_MOST)
        return WEFT_VALUE_ERROR;
    memset(pool, 0, sizeof *pool);
    pool->kind = *kind;
    return weft_bounded_semaphore_init(&pool->permits, capacity);
}

/* Takes the idle slot that came back last, or an empty one; its resource is NULL then. */
static demo_pool_slot *claim(demo_pool *pool)
{
    demo_pool_slot *best = NULL;
    WEFT_HOLD(&pool->lock);
    for (int i = 0; i < DEMO_POOL_MOST; i++) {
        demo_pool_slot *slot = &pool->slots[i];
        if (slot->state != DEMO_SLOT_EMPTY && slot->state != DEMO_SLOT_IDLE)
            continue;
        bool idle = slot->state == DEMO_SLOT_IDLE;
        if (best == NULL ||
            (idle && (best->state == DEMO_SLOT_EMPTY || slot->number > best->number)))
            best = slot;
    }
    best->state = DEMO_SLOT_BUSY;
    return best;
}

static void put_down(demo_pool *pool, demo_pool_slot *slot, void *resource)
{
    WEFT_HOLD(&pool->lock);
    slot->resource = resource;
    slot->state = resource != NULL ? DEMO_SLOT_IDLE : DEMO_SLOT_EMPTY;
    slot->number = ++pool->numbers;
    slot->since = now(pool);
}

/* Fills a claimed slot with what is valid; whether it could. */
static bool fill(demo_pool *pool, demo_pool_slot *slot)
{
    if (slot->resource != NULL && !is_valid(pool, slot->resource)) {
        destroy(pool, slot->resource);
        slot->resource = NULL;
    }
    bool reused = slot->resource != NULL;
    if (!reused) {
        slot->resource = create(pool);
        slot->born = now(pool);
    }
    WEFT_HOLD(&pool->lock);
    pool->counts.reused += reused;
    return slot->resource != NULL;
}

void demo_pool_warm(demo_pool *pool, int count)
{
    for (;;) {
        demo_pool_counts counts = demo_pool_count(pool);
        if (counts.idle + counts.out >= count)
            return;
        void *resource = create(pool);
        if (resource == NULL)
            return;
        WEFT_HOLD(&pool->lock);
        demo_pool_slot *slot = pool->slots;
        while (slot->state != DEMO_SLOT_EMPTY)
            slot++;
        *slot = (demo_pool_slot){.state = DEMO_SLOT_IDLE, .resource = resource, .born = now(pool)};
        slot->since = slot->born;
        slot->number = ++pool->numbers;
    }
}

static void lend(demo_pool *pool, demo_pool_slot *slot, demo_loan *loan, const char *file, int line)
{
    WEFT_HOLD(&pool->lock);
    const char *name = weft_thread_name(weft_thread_current());
    snprintf(slot->borrower, sizeof slot->borrower, "%s", name);
    slot->state = DEMO_SLOT_OUT;
    slot->number = ++pool->numbers;
    slot->since = now(pool);
    slot->file = file;
    slot->line = line;
    *loan = (demo_loan){slot->resource, (int)(slot - pool->slots), slot->number};
    pool->counts.borrowed++;
}

weft_status demo_pool_borrow_many(demo_pool *pool, int count, double seconds, demo_loan *loans,
                                  const char *file, int line)
{
    demo_pool_slot *slots[DEMO_POOL_MOST];
    weft_status status = weft_bounded_semaphore_acquire_n_for(&pool->permits, count, seconds);
    if (status != WEFT_OK) {
        WEFT_HOLD(&pool->lock);
        pool->counts.timed_out += status == WEFT_TIMEOUT;
        return status;
    }
    bool all = true;
    int claimed = 0;
    for (; all && claimed < count; claimed++) {
        slots[claimed] = claim(pool);
        all = fill(pool, slots[claimed]);
    }
    if (all) {
        for (int i = 0; i < count; i++)
            lend(pool, slots[i], &loans[i], file, line);
        return WEFT_OK;
    }
    for (int i = 0; i < claimed; i++)
        put_down(pool, slots[i], slots[i]->resource);
    weft_bounded_semaphore_release_n(&pool->permits, count);
    return DEMO_POOL_CREATE_FAILED;
}

/* Ends a loan: the slot, busy now, or NULL if the loan is stale. */
static demo_pool_slot *end_loan(demo_pool *pool, demo_loan loan)
{
    WEFT_HOLD(&pool->lock);
    demo_pool_slot *slot = &pool->slots[loan.slot];
    if (slot->state != DEMO_SLOT_OUT || slot->number != loan.number) {
        pool->counts.stale++;
        return NULL;
    }
    slot->state = DEMO_SLOT_BUSY;
    pool->counts.returned++;
    return slot;
}

weft_status demo_pool_give_back(demo_pool *pool, demo_loan loan)
{
    demo_pool_slot *slot = end_loan(pool, loan);
    if (slot == NULL)
        return WEFT_VALUE_ERROR;
    put_down(pool, slot, slot->resource);
    return weft_bounded_semaphore_release(&pool->permits);
}

weft_status demo_pool_discard(demo_pool *pool, demo_loan loan)
{
    demo_pool_slot *slot = end_loan(pool, loan);
    if (slot == NULL)
        return WEFT_VALUE_ERROR;
    destroy(pool, slot->resource);
    put_down(pool, slot, NULL);
    return weft_bounded_semaphore_release(&pool->permits);
}

weft_status demo_pool_resize(demo_pool *pool, int capacity)
{
    if (capacity < 1 || capacity > DEMO_POOL_MOST)
        return WEFT_VALUE_ERROR;
    return weft_bounded_semaphore_resize(&pool->permits, capacity);
}

int demo_pool_evict(demo_pool *pool, double lifetime, double idle_timeout, int least)
{
    int evicted = 0;
    for (int i = 0; i < DEMO_POOL_MOST; i++) {
        demo_pool_slot *slot = &pool->slots[i];
        demo_pool_counts counts = demo_pool_count(pool);
        /* What is looked at cannot be borrowed meanwhile, so that takes a permit. */
        if (weft_bounded_semaphore_try_acquire(&pool->permits) != WEFT_OK)
            break;
        bool idle = false;
        bool old = false;
        WEFT_WITH(&pool->lock) {
            double time = now(pool);
            idle = slot->state == DEMO_SLOT_IDLE;
            old = idle && (time - slot->born >= lifetime ||
                           (time - slot->since >= idle_timeout && counts.idle > least));
            if (idle)
                slot->state = DEMO_SLOT_BUSY;
        }
        if (idle && (old || !is_valid(pool, slot->resource))) {
            destroy(pool, slot->resource);
            put_down(pool, slot, NULL);
            evicted++;
        } else if (idle) {
            WEFT_HOLD(&pool->lock);
            slot->state = DEMO_SLOT_IDLE; /* as if nobody had looked */
        }
        weft_bounded_semaphore_release(&pool->permits);
    }
    return evicted;
}

bool demo_pool_find_leak(demo_pool *pool, double age, demo_pool_leak *leak)
{
    bool found = false;
    WEFT_HOLD(&pool->lock);
    double time = now(pool);
    for (int i = 0; i < DEMO_POOL_MOST; i++) {
        const demo_pool_slot *slot = &pool->slots[i];
        double held = time - slot->since;
        if (slot->state != DEMO_SLOT_OUT || !demo_at_least(held, age) ||
            (found && held <= leak->age))
            continue;
        found = true;
        *leak = (demo_pool_leak){.loan = {slot->resource, i, slot->number},
                                 .age = held,
                                 .file = slot->file,
                                 .line = slot->line};
        memcpy(leak->borrower, slot->borrower, sizeof leak->borrower);
    }
    return found;
}

demo_pool_counts demo_pool_count(demo_pool *pool)
{
    WEFT_HOLD(&pool->lock);
    demo_pool_counts counts = pool->counts;
    for (int i = 0; i < DEMO_POOL_MOST; i++) {
        counts.idle += pool->slots[i].state == DEMO_SLOT_IDLE;
        counts.out += pool->slots[i].state >= DEMO_SLOT_BUSY;
    }
    counts.permits = weft_bounded_semaphore_value(&pool->permits);
    return counts;
}

weft_status demo_pool_close(demo_pool *pool)
{
    demo_pool_evict(pool, 0, 0, 0);
    return weft_bounded_semaphore_done(&pool->permits);
}
