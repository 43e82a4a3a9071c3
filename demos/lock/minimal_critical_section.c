/* SPDX-License-Identifier: MIT */
/**
 * @file minimal_critical_section.c
 * @brief Slow work belongs outside the lock: five threads wait together, not in a row
 *
 * Five threads fetch a value each, which takes 200 ms, and put it into a cache that a lock guards.
 * Who fetches while holding the lock makes the others queue for something that has nothing to do
 * with the cache: a second in all. Who fetches first and takes the lock for the writing alone is
 * as quick as one thread by itself. (The original waits a second each time; the point is the same.)
 *
 * Source: locks, section 1.2, lines 404-440.
 *
 * Look for: both functions do the same two things. Only the place of the acquire differs.
 *
 * Facts:
 * - fetching under the lock: never two fetch at once, 1 s at least in all
 * - fetching before it: all five fetch at the same time
 * - both leave exactly value_0 to value_4 in the cache
 */
#include <stdio.h>
#include <string.h>

#include "demo.h"

enum { KEYS = 5 };

static weft_lock lock = WEFT_LOCK_INIT;
static char cache[KEYS][16]; /* guarded by lock */
static demo_crowd fetching;
static demo_rendezvous all_fetching = DEMO_RENDEZVOUS_INIT(KEYS);

static void store(int key)
{
    snprintf(cache[key], sizeof cache[key], "value_%d", key);
}

static void *fetch_under_lock(void *arg)
{
    int key = *(const int *)arg;
    weft_lock_acquire(&lock);
    demo_crowd_enter(&fetching);
    demo_say("fetches value_%d, holding the lock", key);
    demo_sleep(0.2);
    demo_crowd_leave(&fetching);
    store(key);
    weft_lock_release(&lock);
    return arg;
}

static void *fetch_before_lock(void *arg)
{
    int key = *(const int *)arg;
    demo_crowd_enter(&fetching);
    demo_say("fetches value_%d, holding nothing", key);
    demo_rendezvous_meet(&all_fetching); /* no thread is done before all have begun */
    demo_sleep(0.2);
    demo_crowd_leave(&fetching);

    weft_lock_acquire(&lock);
    store(key);
    weft_lock_release(&lock);
    return arg;
}

/* Empties the cache, lets five threads fill it, and returns how long that took. */
static double fill_cache(weft_target *fetch)
{
    static const int keys[KEYS] = {0, 1, 2, 3, 4};
    weft_thread *threads[KEYS];
    memset(cache, 0, sizeof cache);
    fetching.peak = 0;
    double start = demo_now();
    for (int i = 0; i < KEYS; i++)
        threads[i] = demo_must(
            weft_thread_spawn(fetch, (void *)&keys[i], .name = demo_name("fetcher-%d", i)));
    for (int i = 0; i < KEYS; i++) {
        weft_thread_join(threads[i]);
        weft_thread_free(threads[i]);
    }
    double elapsed = demo_now() - start;
    demo_say("at most %d fetched at once, %.2f s in all", fetching.peak, elapsed);
    return elapsed;
}

static bool cache_is_complete(void)
{
    static const char *const values[KEYS] = {"value_0", "value_1", "value_2", "value_3", "value_4"};
    for (int i = 0; i < KEYS; i++)
        if (strcmp(cache[i], values[i]) != 0)
            return false;
    return true;
}

int main(void)
{
    demo_begin("Slow work belongs outside the lock: five threads wait together, not in a row");

    demo_part("Fetching while holding the lock");
    double elapsed = fill_cache(fetch_under_lock);
    CHECK(fetching.peak == 1, "never two threads fetched at once");
    CHECK(demo_at_least(elapsed, 1.0), "five times 200 ms in a row take 1 s at least");
    CHECK(cache_is_complete(), "the cache holds value_0 to value_4");

    demo_part("Fetching before taking the lock");
    fill_cache(fetch_before_lock);
    CHECK(fetching.peak == 5, "all five fetched at the same time");
    CHECK(cache_is_complete(), "the cache holds value_0 to value_4");
    return demo_end();
}
