/* SPDX-License-Identifier: MIT */
// NEEDS: header uthash.h
/**
 * @file thread_safe_lru_cache.c
 * @brief A cache of ten entries that five threads share, and what it counts
 *
 * The cache drops the entry that was used longest ago. Every function works under the cache's own
 * lock. Five workers ask for fifteen keys in turn and put in what they miss. One after another they
 * hit 20 times in 100; at the same time it depends on who comes first, but the sums still hold.
 * Two calls, get and then put, are two critical sections: two threads can miss and both compute.
 * The last part does it in one call, and each value is computed once.
 *
 * Source: locks, section 1.3, lines 645-707.
 *
 * Look for: ten places and fifteen keys in turn: a key has just been dropped when it is asked for
 * again. The order of the hash table is the order of use; a hit moves its entry to the end.
 *
 * Facts:
 * - one after another: 20 hits, 80 misses, 20.00 %
 * - together: hits and misses make 100, every value belongs to its key
 * - never more than 10 entries, and exactly 10 at the end
 * - get_or_compute computes each of ten keys exactly once
 */
#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

#include "demo.h"

enum { WORKERS = 5, ROUNDS = 20, KEYS = 15, CAPACITY = 10 };

struct entry {
    int key;
    int value;
    UT_hash_handle hh;
};

struct cache {
    weft_lock lock; /* guards all below */
    unsigned capacity;
    struct entry *entries; /* in the order of their last use */
    unsigned hits;
    unsigned misses;
    unsigned largest;
};

/* The entry, which becomes the last used; NULL: a miss. Under the lock. */
static struct entry *use(struct cache *cache, int key) WEFT_REQUIRES(cache->lock)
{
    struct entry *entry;
    HASH_FIND_INT(cache->entries, &key, entry);
    if (entry == NULL) {
        cache->misses++;
        return NULL;
    }
    cache->hits++;
    HASH_DEL(cache->entries, entry);
    HASH_ADD_INT(cache->entries, key, entry);
    return entry;
}

/* Puts the value in, in the place of one that is there or of the oldest. Under the lock. */
static void insert(struct cache *cache, int key, int value) WEFT_REQUIRES(cache->lock)
{
    struct entry *entry;
    HASH_FIND_INT(cache->entries, &key, entry);
    if (entry == NULL && HASH_COUNT(cache->entries) == cache->capacity)
        entry = cache->entries; /* the first is the oldest */
    if (entry != NULL)
        HASH_DEL(cache->entries, entry);
    else
        entry = demo_must(malloc(sizeof *entry));
    entry->key = key;
    entry->value = value;
    HASH_ADD_INT(cache->entries, key, entry);
    if (HASH_COUNT(cache->entries) > cache->largest)
        cache->largest = HASH_COUNT(cache->entries);
}

/* Whether the key is there: a value may be anything, so it cannot say so itself. */
static bool cache_get(struct cache *cache, int key, int *value)
{
    WEFT_HOLD(&cache->lock);
    struct entry *entry = use(cache, key);
    if (entry != NULL)
        *value = entry->value;
    return entry != NULL;
}

static void cache_put(struct cache *cache, int key, int value)
{
    WEFT_HOLD(&cache->lock);
    insert(cache, key, value);
}

static int cache_get_or_compute(struct cache *cache, int key, int (*compute)(int key))
{
    WEFT_HOLD(&cache->lock);
    struct entry *entry = use(cache, key);
    if (entry != NULL)
        return entry->value;
    int value = compute(key);
    insert(cache, key, value);
    return value;
}

static void cache_clear(struct cache *cache)
{
    WEFT_HOLD(&cache->lock);
    struct entry *entry = cache->entries;
    HASH_CLEAR(hh, cache->entries);
    while (entry != NULL) {
        struct entry *next = entry->hh.next;
        free(entry);
        entry = next;
    }
}

static struct cache cache = {.capacity = CAPACITY};
static atomic_int wrong;          /* values that do not belong to their key */
static atomic_int computed[KEYS]; /* how often each value was computed */
static demo_rendezvous all_here = DEMO_RENDEZVOUS_INIT(WORKERS);

/* The value of round i goes under key i % 15: the key of a value can be told from it. */
static void *work(void *arg)
{
    int hits = 0;
    for (int i = 0; i < ROUNDS; i++) {
        int key = i % KEYS;
        int value;
        if (cache_get(&cache, key, &value)) {
            hits++;
            wrong += value % KEYS != key;
        } else {
            cache_put(&cache, key, i);
        }
    }
    demo_say("hits %d times in %d", hits, ROUNDS);
    return arg;
}

static void *work_together(void *arg)
{
    demo_rendezvous_meet(&all_here);
    return work(arg);
}

static int square(int key)
{
    computed[key]++;
    demo_say("computes the value of key %d", key);
    return key * key;
}

static void *work_atomically(void *arg)
{
    demo_rendezvous_meet(&all_here);
    for (int key = 0; key < CAPACITY; key++)
        wrong += cache_get_or_compute(&cache, key, square) != key * key;
    return arg;
}

static weft_thread *start_worker(weft_target *target, int number)
{
    return demo_must(weft_thread_spawn(target, NULL, .name = demo_name("worker-%d", number)));
}

static void join_worker(weft_thread *worker)
{
    weft_thread_join(worker);
    weft_thread_free(worker);
}

/* Runs five workers at the same time on an empty cache. */
static void run_together(weft_target *target)
{
    weft_thread *workers[WORKERS];
    cache_clear(&cache);
    cache.hits = cache.misses = 0;
    for (int i = 0; i < WORKERS; i++)
        workers[i] = start_worker(target, i + 1);
    for (int i = 0; i < WORKERS; i++)
        join_worker(workers[i]);
}

int main(void)
{
    demo_begin("A cache of ten entries that five threads share, and what it counts");

    demo_part("One after another");
    for (int i = 0; i < WORKERS; i++)
        join_worker(start_worker(work, i + 1));
    demo_say("%u hits, %u misses: %.2f %%", cache.hits, cache.misses, 100.0 * cache.hits / 100);
    CHECK(cache.hits == 20 && cache.misses == 80, "20 hits and 80 misses: a rate of 20.00 %%");
    CHECK(HASH_COUNT(cache.entries) == 10, "the cache holds 10 entries");

    demo_part("All at the same time");
    run_together(work_together);
    demo_say("%u hits, %u misses", cache.hits, cache.misses);
    CHECK(cache.hits + cache.misses == 100, "hits and misses make 100");
    CHECK(HASH_COUNT(cache.entries) == 10, "the cache holds exactly 10 entries at the end");

    demo_part("All at the same time, looking and computing in one call");
    run_together(work_atomically);
    bool once = true;
    for (int key = 0; key < CAPACITY; key++)
        once = once && computed[key] == 1;
    CHECK(once, "each of ten values was computed exactly once");
    CHECK(wrong == 0, "every value that was ever returned belongs to its key");
    CHECK(cache.largest == 10, "the cache has never held more than 10 entries");
    cache_clear(&cache);
    return demo_end();
}
