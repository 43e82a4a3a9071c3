/* SPDX-License-Identifier: MIT */
/*
 * What a resource pool is made of: resource_pool.c lends, resource_pool_upkeep.c makes and ends.
 */
#ifndef PATTERNS_RESOURCE_POOL_H
#define PATTERNS_RESOURCE_POOL_H

#include <weft/lock.h>
#include <weft/memory.h>
#include <weft/patterns/resource_pool.h>
#include <weft/semaphore.h>
#include <weft/with.h>

/*
 * A place for a resource; it stays until the pool ends, so a stale loan never points to nothing.
 *
 *     state | in list | leaves by
 *     ------+---------+----------------------------------------------------
 *     EMPTY | empty   | somebody who has a permit, or maintains: BUSY
 *     IDLE  | idle    | the same, and whoever sees it expire: BUSY
 *     BUSY  | none    | the one thread that fills, tests or empties it: any
 *     OUT   | none    | give_back, discard with the right number: BUSY
 */
enum wefti_slot_state { WEFTI_SLOT_EMPTY, WEFTI_SLOT_IDLE, WEFTI_SLOT_BUSY, WEFTI_SLOT_OUT };

struct wefti_slot {
    weft_resource_pool *pool;
    enum wefti_slot_state state;
    bool filled; /* there is a resource */
    void *resource;
    double born;
    double since;    /* IDLE or OUT since then */
    uint64_t number; /* of the last loan */
    const char *file;
    int line;
    uint32_t thread;
    char thread_name[32];
    struct wefti_slot *prev, *next; /* in its list, utlist.h's */
    struct wefti_slot *next_of_all;
};

struct weft_resource_pool {
    weft_resource_pool_options options; /* but for max_size, constant */
    weft_bounded_semaphore permits;     /* as many as may still go out */
    weft_lock lock;                     /* guards what follows, and all slots that are not BUSY */
    struct wefti_slot *all;
    struct wefti_slot *empty;
    struct wefti_slot *idle; /* the one that came back last is first */
    size_t resources;        /* made or being made, and not destroyed */
    uint64_t numbers;
    bool closed;
    size_t users; /* loans, and the program until it gives the pool up: the last one ends it */
    weft_resource_pool_stats stats;
};

double wefti_pool_now(const weft_resource_pool *pool);

/* Ends the resource of a BUSY slot, which stays BUSY; counts it in *reason, too, unless it is NULL. */
void wefti_slot_end(struct wefti_slot *slot, uint64_t *reason);

/* Makes one in a BUSY slot; false: `create` has failed. */
bool wefti_slot_make(struct wefti_slot *slot);

/* An empty slot, BUSY now; NULL: there is no memory for one. With the lock. */
struct wefti_slot *wefti_slot_take_empty(weft_resource_pool *pool) WEFT_REQUIRES(pool->lock);

/* This idle slot, BUSY now. With the lock. */
struct wefti_slot *wefti_slot_take_idle(struct wefti_slot *slot);

/* A BUSY slot becomes idle, or empty. With the lock. */
void wefti_slot_put_down(struct wefti_slot *slot);

/* Whether an idle resource is one too many, or has lived or been idle for too long. With the lock. */
bool wefti_slot_expired(const struct wefti_slot *slot, double now);

/* Ends the one that has been idle longest if it has expired, or at close; whether it did. The caller
 * has a permit, so that no more than max_size are there at any moment, or has closed the pool. */
bool wefti_pool_trim(weft_resource_pool *pool);

#endif
