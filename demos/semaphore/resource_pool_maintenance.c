/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file resource_pool_maintenance.c
 * @brief A thread that keeps a pool in shape: idle timeout, lifetime, health
 *
 * A pool that was busy once has resources that nobody needs any more, one that is never touched
 * has resources that have died or grown too old. A maintenance thread looks every tick: what has
 * been idle for 150 ms goes, but one stays; what is older than 300 ms goes; what is dead goes; and
 * what is missing below one is made. Time is the pool's own clock here, a number that main moves,
 * so that each count is exact. A semaphore asks for a tick, an Event stops the thread.
 *
 * Source: locks, section 4.3.
 *
 * Look for: the survivor. It is never idle for too long, but it grows old.
 *
 * Facts:
 * - without maintenance all four stay, however long, and a dead one is there to be lent
 * - at 100 ms nothing goes; at 150 ms three of four go
 * - at 300 ms the survivor is replaced; a dead one is replaced at the next tick
 * - what is out is never touched; the thread ends when it is told to
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_clock.h"
#include "demo_patterns.h"
#include "demo_thread.h"

enum { CAPACITY = 4, LEAST = 1 };

static demo_clock now;
static atomic_int numbers;
static atomic_int dead; /* the number of the resource that has died; 0: none */
static weft_resource_pool *pool;

static void *make(void *arg)
{
    (void)arg;
    int *resource = demo_must(malloc(sizeof *resource));
    *resource = ++numbers;
    demo_say("%4d ms: makes r%d", now.ms, *resource);
    return resource;
}

static void destroy(void *resource, void *arg)
{
    (void)arg;
    demo_say("%4d ms: destroys r%d", now.ms, *(int *)resource);
    free(resource);
}

static bool is_alive(void *resource, void *arg)
{
    (void)arg;
    return *(int *)resource != dead;
}

static void open_pool(void)
{
    now.ms = 0;
    numbers = 0;
    dead = 0;
    pool = demo_must(weft_resource_pool_new(
        CAPACITY, .create = make, .destroy = destroy, .validate = is_alive, .min_size = LEAST,
        .idle_timeout = 0.150, .max_lifetime = 0.300, .now = demo_clock_seconds, .arg = &now));
}

static void borrow_all_and_give_back(void)
{
    weft_loan loans[CAPACITY];
    int have = 0;
    while (have < CAPACITY && weft_resource_pool_try_borrow(pool, &loans[have]) == WEFT_OK)
        have++;
    while (have > 0)
        weft_resource_pool_give_back(pool, &loans[--have]);
}

/* ---- the maintenance thread ---- */

static weft_semaphore tick = WEFT_SEMAPHORE_INIT(0);
static weft_event stop = WEFT_EVENT_INIT;
static atomic_int ticks;

static void *maintain(void *arg)
{
    for (;;) {
        weft_semaphore_acquire(&tick);
        if (weft_event_is_set(&stop))
            return arg;
        weft_resource_pool_maintain(pool);
        ticks++;
    }
}

/* Sets the clock, lets the thread do its work once, and returns what it has left. */
static weft_resource_pool_stats tick_at(int ms)
{
    int before = ticks;
    demo_sleep(0.3);
    now.ms = ms;
    weft_semaphore_release(&tick);
    DEMO_AWAIT(ticks == before + 1);
    weft_resource_pool_stats stats = demo_pool_stats(pool);
    demo_say("%4d ms: %zu idle, %zu out", ms, stats.idle, stats.out);
    return stats;
}

static void nobody_looks(void)
{
    demo_part("Nobody looks after the pool");
    open_pool();
    borrow_all_and_give_back();
    now.ms = 100000;
    dead = 2;
    weft_resource_pool_stats stats = demo_pool_stats(pool);
    demo_say("%d ms: %zu idle, one of them, r%d, is dead", now.ms, stats.idle, dead);
    CHECK(stats.idle == CAPACITY && stats.destroyed == 0,
          "all four stay, 100 s later, also the one that is dead");
    weft_resource_pool_free(pool);
}

static void grow_old(void)
{
    borrow_all_and_give_back();
    weft_resource_pool_stats stats = tick_at(100);
    CHECK(stats.idle == CAPACITY, "at 100 ms all four stay");
    stats = tick_at(150);
    CHECK(stats.idle == LEAST && stats.destroyed == CAPACITY - LEAST,
          "at 150 ms three go, one stays");
    stats = tick_at(299);
    CHECK(stats.idle == LEAST && stats.created == CAPACITY,
          "at 299 ms the survivor is not too old");
    stats = tick_at(300);
    CHECK(stats.idle == LEAST && stats.created == CAPACITY + 1,
          "at 300 ms it has been replaced by a new one");
    dead = numbers;
    demo_say("r%d dies", dead);
    stats = tick_at(320);
    CHECK(stats.idle == LEAST && stats.created == CAPACITY + 2 && stats.invalid == 1,
          "a dead one is replaced at the next tick");
}

static void somebody_looks(void)
{
    demo_part("A thread looks every tick");
    open_pool();
    weft_thread *thread = demo_spawn(maintain, NULL, "maintenance");
    grow_old();

    weft_loan loan;
    bool lent = weft_resource_pool_try_borrow(pool, &loan) == WEFT_OK;
    weft_resource_pool_stats stats = tick_at(5000);
    CHECK(lent && stats.out == 1 && weft_resource_pool_give_back(pool, &loan) == WEFT_OK,
          "what is out is not touched, however old");

    weft_event_set(&stop);
    weft_semaphore_release(&tick);
    weft_status joined = weft_thread_join(thread);
    CHECK(joined == WEFT_OK && !weft_thread_is_alive(thread), "told to stop, the thread has ended");
    weft_thread_free(thread);
    CHECK(weft_resource_pool_close(pool) == WEFT_OK, "and the pool is closed, nothing is out");
    weft_resource_pool_free(pool);
}

int main(void)
{
    demo_begin("A thread that keeps a pool in shape: idle timeout, lifetime, health");
    nobody_looks();
    somebody_looks();
    return demo_end();
}
