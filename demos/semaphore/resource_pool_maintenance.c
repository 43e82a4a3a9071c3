/* SPDX-License-Identifier: MIT */
/**
 * @file resource_pool_maintenance.c
 * @brief A thread that keeps a pool in shape: idle timeout, lifetime, health
 *
 * A pool that was busy once has resources that nobody needs any more, one that is never touched has
 * resources that have died or grown too old. A maintenance thread looks every tick: what has been
 * idle for 150 ms goes, but one stays; what is older than 300 ms goes; what is dead goes; and what
 * is missing below one is made. Time is the pool's own clock here, a number that main moves, so
 * that each count is exact. A semaphore asks for a tick, an Event stops the thread.
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
#include "demo_pool.h"
#include "demo_thread.h"

enum { CAPACITY = 4, LEAST = 1 };

static atomic_int clock_ms;
static atomic_int numbers;
static atomic_int dead; /* the number of the resource that has died; 0: none */
static demo_pool pool;

static double pool_clock(void *arg)
{
    (void)arg;
    return clock_ms;
}

static void *make(void *arg)
{
    (void)arg;
    int *resource = demo_must(malloc(sizeof *resource));
    *resource = ++numbers;
    return resource;
}

static void destroy(void *arg, void *resource)
{
    (void)arg;
    demo_say("destroys r%d at %d ms", *(int *)resource, clock_ms);
    free(resource);
}

static bool is_alive(void *arg, void *resource)
{
    (void)arg;
    return *(int *)resource != dead;
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
        demo_pool_evict(&pool, 300, 150, LEAST);
        demo_pool_warm(&pool, LEAST);
        ticks++;
    }
}

/* Sets the clock, lets the thread do its work once, and returns what it has left idle. */
static int idle_at(int milliseconds)
{
    int before = ticks;
    demo_sleep(0.3);
    clock_ms = milliseconds;
    weft_semaphore_release(&tick);
    DEMO_AWAIT(ticks == before + 1);
    int idle = demo_pool_count(&pool).idle;
    demo_say("%d ms: %d idle", milliseconds, idle);
    return idle;
}

static void borrow_all_and_give_back(void)
{
    demo_loan loans[CAPACITY];
    if (demo_pool_borrow_many(&pool, CAPACITY, 0, loans, __FILE__, __LINE__) != WEFT_OK)
        return;
    for (int i = 0; i < CAPACITY; i++)
        demo_pool_give_back(&pool, loans[i]);
}

static void nobody_looks(void)
{
    demo_part("Nobody looks after the pool");
    borrow_all_and_give_back();
    clock_ms = 100000;
    dead = 2;
    demo_pool_counts counts = demo_pool_count(&pool);
    demo_say("%d ms: %d idle, r%d is dead", clock_ms, counts.idle, dead);
    CHECK(counts.idle == CAPACITY && counts.destroyed == 0,
          "all four stay, 100 s later, also the one that is dead");
    if (demo_pool_close(&pool) != WEFT_OK)
        demo_say("something is still out");
}

static void somebody_looks(void)
{
    demo_part("A thread looks every tick");
    weft_thread *thread = demo_spawn(maintain, NULL, "maintenance");
    borrow_all_and_give_back();
    CHECK(idle_at(100) == CAPACITY, "at 100 ms all four stay");
    CHECK(idle_at(150) == LEAST && demo_pool_count(&pool).destroyed == CAPACITY - LEAST,
          "at 150 ms three go, one stays");
    CHECK(idle_at(299) == LEAST && demo_pool_count(&pool).created == CAPACITY,
          "at 299 ms the survivor is not too old");
    CHECK(idle_at(300) == LEAST && demo_pool_count(&pool).created == CAPACITY + 1,
          "at 300 ms it has been replaced by a new one");
    dead = numbers;
    demo_say("r%d dies", dead);
    CHECK(idle_at(320) == LEAST && demo_pool_count(&pool).created == CAPACITY + 2,
          "a dead one is replaced at the next tick");

    demo_loan loan;
    bool lent = demo_pool_borrow(&pool, 0, &loan) == WEFT_OK;
    idle_at(5000);
    CHECK(lent && demo_pool_count(&pool).out == 1 && demo_pool_give_back(&pool, loan) == WEFT_OK,
          "what is out is not touched, however old");

    weft_event_set(&stop);
    weft_semaphore_release(&tick);
    weft_status joined = weft_thread_join(thread);
    CHECK(joined == WEFT_OK && !weft_thread_is_alive(thread), "told to stop, the thread has ended");
    weft_thread_free(thread);
}

static void begin(void)
{
    demo_pool_kind kind = {
        .create = make, .destroy = destroy, .is_valid = is_alive, .now = pool_clock};
    clock_ms = 0;
    numbers = 0;
    dead = 0;
    demo_pool_init(&pool, &kind, CAPACITY);
}

int main(void)
{
    demo_begin("A thread that keeps a pool in shape: idle timeout, lifetime, health");
    begin();
    nobody_looks();
    begin();
    somebody_looks();
    if (demo_pool_close(&pool) != WEFT_OK)
        demo_say("something is still out");
    return demo_end();
}
