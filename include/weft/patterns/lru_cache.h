/* SPDX-License-Identifier: MIT */
/**
 * @file lru_cache.h
 * @brief A cache that forgets what was used longest ago: Python's `functools.lru_cache`, shared.
 *
 * @code
 *     weft_lru_cache *pages = weft_lru_cache_new(1000, .destroy = free_page, .ttl = 60);
 *     weft_lru_handle page;
 *     if (weft_lru_cache_get_or_compute(pages, url, strlen(url), fetch, url, &page) == WEFT_OK) {
 *         show(page.value);
 *         weft_lru_cache_release(pages, &page);
 *     }
 *     weft_lru_cache_free(pages);
 * @endcode
 * A key is any bytes; they are copied. A value is a pointer, which belongs to the cache from the call
 * on that puts it in. It is lent, as by LevelDB's cache: who has a handle keeps the value alive. What
 * is evicted, erased or expired meanwhile is forgotten at once, and destroyed when the last handle
 * comes back.
 *
 * Entries may charge `capacity` together, one each or what `.charge` says. What is lent stays: to
 * evict it would free nothing. So the cache holds more than that while more is lent. An entry counts
 * as used until its last handle comes back.
 *
 * weft_lru_cache_get_or_compute() computes once for each key, while others who ask for it wait. If
 * that fails, all who have waited get the failure, and nothing is kept: were each of them to try
 * again, one after another, the last would wait for as many failures as there are threads.
 *
 * Every call is thread-safe and O(length of the key), but for prune, clear and free. The program's
 * functions are called in the calling thread and without any lock: they may be slow and use the
 * cache. None may be made from a signal handler, nor in the child of a fork on a cache of the
 * parent's. NULL is #WEFT_VALUE_ERROR. Unlike Python's, the cache is bounded always.
 */
#ifndef WEFT_PATTERNS_LRU_CACHE_H
#define WEFT_PATTERNS_LRU_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/error.h>
#include <weft/status.h>
#include <weft/thread.h>

WEFT_BEGIN_DECLS

/** A cache; opaque. */
typedef struct weft_lru_cache weft_lru_cache;

/** What a borrower has: `value` is what was put in; the rest is private. */
typedef struct weft_lru_handle {
    void *value;
    void *entry;
} weft_lru_handle;

/** The arguments of weft_lru_cache_new(). Zero is the default of every one but the capacity. */
typedef struct weft_lru_cache_options {
    size_t struct_size; /**< sizeof(weft_lru_cache_options), set by the macro. */
    size_t capacity;    /**< The most that all entries charge; 1 to SIZE_MAX / 2. */
    void (*destroy)(void *value, void *arg); /**< Ends a value; NULL: nothing is to be done. */
    size_t (*charge)(const void *value, void *arg); /**< What it charges; NULL: 1. */
    double ttl;               /**< Seconds that an entry lives from its putting in; 0: for ever. */
    double (*now)(void *arg); /**< The clock for that; NULL: weft_now(). */
    void *arg;                /**< What all of these are called with. */
} weft_lru_cache_options;

/**
 * Makes a cache: `weft_lru_cache_new(1000, .destroy = free)`.
 * @return the cache; NULL: weft_last_status() is WEFT_NO_MEMORY, or WEFT_VALUE_ERROR for a
 *         capacity out of its range, or a time below 0 or NaN.
 */
#define weft_lru_cache_new(...)                                                                    \
    weft_lru_cache_new_with(&(const weft_lru_cache_options){                                       \
        .struct_size = sizeof(weft_lru_cache_options), __VA_ARGS__})

/** The function behind weft_lru_cache_new(), for C++ and bindings. */
WEFT_API WEFT_CHECKED weft_lru_cache *
weft_lru_cache_new_with(const weft_lru_cache_options *options);

/**
 * Forgets all, and gives the cache up; NULL is allowed. No other call may be under way or come, but
 * handles may still be released: the last one frees the cache.
 */
WEFT_API void weft_lru_cache_free(weft_lru_cache *cache);

/**
 * Lends what is under the key. Never waits: what is being computed is not there yet.
 * @return WEFT_OK: @p handle is to be released; WEFT_KEY_ERROR: there is nothing, or it has expired.
 */
WEFT_API WEFT_CHECKED weft_status weft_lru_cache_lookup(weft_lru_cache *cache, const void *key,
                                                        size_t key_size, weft_lru_handle *handle);

/**
 * Puts a value in, in the place of what is there or is being computed, and evicts what is too much.
 * @param value any pointer but #WEFT_RAISED, NULL too; destroyed by the cache if it is WEFT_OK.
 * @param[out] handle lends it at once; NULL: nobody.
 * @return WEFT_OK. Else nothing has changed, the value stays the caller's: WEFT_FULL: it charges
 *         more than the capacity; WEFT_NO_MEMORY; WEFT_VALUE_ERROR for a key of 2 GiB or more.
 */
WEFT_API weft_status weft_lru_cache_insert(weft_lru_cache *cache, const void *key, size_t key_size,
                                           void *value, weft_lru_handle *handle);

/**
 * Lends what is under the key; if there is nothing, what @p compute returns of @p arg, which is put
 * in. Who finds that another thread computes it waits for that. What charges more than the capacity,
 * and what was erased or replaced while it was computed, is lent to those who have asked, and not
 * kept.
 * @return WEFT_OK: @p handle is to be released. Else nothing is lent: WEFT_FAILED: the computation
 *         has, be it another's: weft_last_error() says why (code WEFT_RUNTIME: it has ended its
 *         thread); WEFT_DEADLOCK: it asks for its own key, or for one whose computation waits for
 *         the caller's, in this cache and without a time limit; WEFT_INTERRUPTED while waiting for
 *         another's; WEFT_NO_MEMORY; WEFT_RUNTIME in a thread that is at its end.
 */
WEFT_API WEFT_CHECKED weft_status weft_lru_cache_get_or_compute(weft_lru_cache *cache,
                                                                const void *key, size_t key_size,
                                                                weft_target *compute, void *arg,
                                                                weft_lru_handle *handle);

/**
 * The same, but waits for another's computation for at most @p seconds; its own takes its time.
 * @return also WEFT_TIMEOUT, never early; WEFT_VALUE_ERROR for NaN.
 */
WEFT_API WEFT_CHECKED weft_status weft_lru_cache_get_or_compute_for(
    weft_lru_cache *cache, const void *key, size_t key_size, weft_target *compute, void *arg,
    weft_lru_handle *handle, double seconds);

/**
 * Gives a handle back; any thread may.
 * @return WEFT_OK, and the handle is zeroed; WEFT_VALUE_ERROR if it is already, or another cache's.
 */
WEFT_API weft_status weft_lru_cache_release(weft_lru_cache *cache, weft_lru_handle *handle);

/**
 * Forgets what is under the key, or what is being computed for it.
 * @return WEFT_OK; WEFT_KEY_ERROR: there was nothing.
 */
WEFT_API weft_status weft_lru_cache_erase(weft_lru_cache *cache, const void *key, size_t key_size);

/** Forgets what has expired, as a lookup would; a program may call it from a timer. O(entries). */
WEFT_API weft_status weft_lru_cache_prune(weft_lru_cache *cache);

/** Forgets all, also what is being computed: `cache_clear()`. The statistics stay. O(entries). */
WEFT_API weft_status weft_lru_cache_clear(weft_lru_cache *cache);

/** Sets the capacity, and evicts what is too much now. */
WEFT_API weft_status weft_lru_cache_resize(weft_lru_cache *cache, size_t capacity);

/** One moment of a cache: `cache_info()`. Hits and misses make all lookups and get_or_computes, but
 * for WEFT_NO_MEMORY. */
typedef struct weft_lru_cache_stats {
    uint64_t hits, misses;
    uint64_t waited;         /**< Of the misses: those that found it being computed. */
    uint64_t loads, failed;  /**< Computations that gave a value; that failed. */
    uint64_t inserts;        /**< Values that were put in; without the loads. */
    uint64_t evicted;        /**< Entries forgotten for others, or as too large to be kept. */
    uint64_t expired;        /**< Entries forgotten as too old. */
    size_t entries, charged; /**< What is kept, and what it charges. */
    size_t computing;        /**< Keys that are being computed, and kept then. */
    size_t lent;             /**< Handles that are out. */
    size_t capacity;
} weft_lru_cache_stats;

/** All of it. WEFT_OK; WEFT_VALUE_ERROR. */
WEFT_API weft_status weft_lru_cache_get_stats(weft_lru_cache *cache, weft_lru_cache_stats *stats);

WEFT_END_DECLS

#endif
