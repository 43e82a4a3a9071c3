/* SPDX-License-Identifier: MIT */
/*
 * All or none, in the order of addresses: whoever waits here waits for a lock that lies behind all
 * those it holds, so a circle of such waits would have to go up for ever.
 */
#include <weft/with_all.h>

#include <weft/clock.h>

#include "platform/symbol.h"
#include "primitives/condition.h"
#include "primitives/deadline.h"
#include "primitives/lock.h"
#include "primitives/rlock.h"
#include "primitives/rwlock.h"
#include "primitives/self.h"
#include "primitives/watch.h"
#include "primitives/with.h"

/* The kind of an entry that names an object again: it stands for nothing, and is sorted last. */
enum { DOUBLE = 0xFFFF };

weft_holdable weft_lock_holdable(weft_lock *lock)
{
    return (weft_holdable){lock, WEFTI_HELD_LOCK};
}

weft_holdable weft_rlock_holdable(weft_rlock *lock)
{
    return (weft_holdable){lock, WEFTI_HELD_RLOCK};
}

/* A condition is held by its lock, and may be over one that is named beside it. */
weft_holdable weft_condition_holdable(weft_condition *condition)
{
    struct wefti_base base = wefti_condition_base(condition);
    return base.lock != NULL ? weft_lock_holdable(base.lock) : weft_rlock_holdable(base.rlock);
}

weft_holdable weft_read_holdable(weft_read_side *side)
{
    return (weft_holdable){side, WEFTI_HELD_READING};
}

weft_holdable weft_write_holdable(weft_write_side *side)
{
    return (weft_holdable){side, WEFTI_HELD_WRITING};
}

static bool before(const weft_holdable *a, const weft_holdable *b)
{
    if (a->object != b->object)
        return (uintptr_t)a->object < (uintptr_t)b->object;
    return a->kind < b->kind;
}

/* By insertion: they are few, and nothing is allocated. */
static void sort(size_t count, weft_holdable *held)
{
    for (size_t i = 1; i < count; i++) {
        weft_holdable moving = held[i];
        size_t place = i;
        for (; place > 0 && before(&moving, &held[place - 1]); place--)
            held[place] = held[place - 1];
        held[place] = moving;
    }
}

static weft_status acquire(const weft_holdable *held, struct wefti_limit limit, const void *site)
{
    switch (held->kind) {
    case WEFTI_HELD_LOCK:
        return wefti_lock_acquire_at(held->object, limit, false, site);
    case WEFTI_HELD_RLOCK:
        return wefti_rlock_acquire_at(held->object, limit, false, site);
    case WEFTI_HELD_WRITING:
        return wefti_rwlock_acquire_write_at(held->object, limit, false, site);
    case WEFTI_HELD_READING:
        return wefti_rwlock_acquire_read_at(held->object, limit, false, site);
    case DOUBLE:
        return WEFT_OK;
    default:
        return WEFT_VALUE_ERROR;
    }
}

static weft_status acquire_sorted(size_t count, weft_holdable *held, struct wefti_limit limit,
                                  const void *site)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && held[i].object != NULL && held[i].object == held[i - 1].object)
            held[i].kind = DOUBLE;
        weft_status status = acquire(&held[i], limit, site);
        if (status != WEFT_OK) {
            (void)weft_release_all(i, held);
            return status;
        }
    }
    return WEFT_OK;
}

static weft_status acquire_all(size_t count, weft_holdable *held, double seconds, const void *site)
{
    if (seconds != seconds || (held == NULL && count > 0))
        return WEFT_VALUE_ERROR;
    struct wefti_limit limit = wefti_until(weft_now() + seconds);
    bool watched = wefti_watched();
    sort(count, held);
    if (watched)
        wefti_watch_group_begins();
    weft_status status = acquire_sorted(count, held, limit, site);
    if (watched)
        wefti_watch_group_ends();
    return status;
}

weft_status weft_acquire_all(size_t count, weft_holdable *held, double seconds)
{
    return acquire_all(count, held, seconds, WEFTI_CALLER);
}

weft_status weft_release_all(size_t count, weft_holdable *held)
{
    weft_status first = held != NULL || count == 0 ? WEFT_OK : WEFT_VALUE_ERROR;
    for (size_t i = held != NULL ? count : 0; i > 0; i--) {
        const weft_holdable *last = &held[i - 1];
        weft_status status = WEFT_OK;
        if (last->kind != DOUBLE)
            status = wefti_held_release(last->object, (enum wefti_held_kind)last->kind);
        if (first == WEFT_OK)
            first = status;
    }
    return first;
}

bool weft_guards_enter(weft_guards *guards, size_t count, const weft_holdable *held, double seconds)
{
    weft_status status = WEFT_VALUE_ERROR;
    if (count <= WEFT_WITH_ALL_MOST) {
        for (size_t i = 0; i < count; i++)
            guards->held[i] = held[i];
        status = acquire_all(count, guards->held, seconds, WEFTI_CALLER);
    }
    if (guards->status != NULL)
        *guards->status = status;
    if (status != WEFT_OK)
        wefti_self()->last_status = status;
    guards->count = status == WEFT_OK ? (uint32_t)count : 0;
    return status == WEFT_OK;
}

void weft_guards_leave(weft_guards *guards)
{
    if (guards == NULL)
        return;
    /* The block may have released one itself: that is its own affair. */
    (void)weft_release_all(guards->count, guards->held);
    guards->count = 0;
}
