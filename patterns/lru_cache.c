/* SPDX-License-Identifier: MIT */
/*
 * One lock guards the table, the order and the numbers. It is held for one step in the table; the
 * clock, the charge and the hash are asked for before, values are destroyed after. lru_cache.h has
 * the table of an entry's states.
 */
#include "patterns/lru_cache.h"

#include <utlist.h>

static bool is_capacity(size_t capacity)
{
    return capacity >= 1 && capacity <= SIZE_MAX / 2;
}

/* ---- lend and put in ----------------------------------------------------------------------- */

weft_status weft_lru_cache_lookup(weft_lru_cache *cache, const void *bytes, size_t size,
                                  weft_lru_handle *handle)
{
    struct wefti_lru_key key;
    if (cache == NULL || handle == NULL || !wefti_lru_key(bytes, size, &key))
        return WEFT_VALUE_ERROR;
    double now = wefti_lru_now(cache);
    struct wefti_lru_entry *dead = NULL;
    bool found;
    {
        WEFT_HOLD(&cache->lock);
        struct wefti_lru_entry *entry = wefti_lru_find(cache, &key, now, &dead);
        found = entry != NULL && entry->filled;
        if (found)
            wefti_lru_lend(entry, handle);
        cache->stats.hits += found;
        cache->stats.misses += !found;
    }
    wefti_lru_end_all(cache, dead);
    return found ? WEFT_OK : WEFT_KEY_ERROR;
}

/* Puts an entry with one user, the caller, in the place of what is there. With the lock. */
static weft_status put_in(struct wefti_lru_entry *entry, const struct wefti_lru_key *key,
                          void *value, size_t charge, double now, struct wefti_lru_entry **dead)
{
    weft_lru_cache *cache = entry->cache;
    if (!wefti_lru_fits(cache, charge))
        return WEFT_FULL;
    if (!wefti_lru_list(entry, key, wefti_lru_find(cache, key, now, dead), dead))
        return WEFT_NO_MEMORY;
    wefti_lru_fill(entry, value, charge, now);
    cache->stats.inserts++;
    return WEFT_OK;
}

weft_status weft_lru_cache_insert(weft_lru_cache *cache, const void *bytes, size_t size,
                                  void *value, weft_lru_handle *handle)
{
    struct wefti_lru_key key;
    if (cache == NULL || value == WEFT_RAISED || !wefti_lru_key(bytes, size, &key))
        return WEFT_VALUE_ERROR;
    struct wefti_lru_entry *entry = wefti_lru_entry_new(cache, &key);
    if (entry == NULL)
        return WEFT_NO_MEMORY;
    size_t charge = wefti_lru_charge(cache, value);
    double now = wefti_lru_now(cache);
    struct wefti_lru_entry *dead = NULL;
    weft_status status;
    {
        WEFT_HOLD(&cache->lock);
        status = put_in(entry, &key, value, charge, now, &dead);
        if (status == WEFT_OK && handle != NULL)
            wefti_lru_lend(entry, handle);
        wefti_lru_leave(entry, &dead);
        wefti_lru_trim(cache, &dead);
    }
    wefti_lru_end_all(cache, dead);
    return status;
}

static bool is_unused(const weft_lru_cache *cache)
{
    return cache->given_up && cache->stats.lent == 0;
}

weft_status weft_lru_cache_release(weft_lru_cache *cache, weft_lru_handle *handle)
{
    if (cache == NULL || handle == NULL || handle->entry == NULL)
        return WEFT_VALUE_ERROR;
    struct wefti_lru_entry *entry = handle->entry;
    if (entry->cache != cache)
        return WEFT_VALUE_ERROR;
    *handle = (weft_lru_handle){0};
    struct wefti_lru_entry *dead = NULL;
    {
        WEFT_HOLD(&cache->lock);
        wefti_lru_leave(entry, &dead);
        wefti_lru_trim(cache, &dead);
    }
    wefti_lru_end_all(cache, dead);
    bool last;
    {
        WEFT_HOLD(&cache->lock); /* after the value's end: `destroy` may need the cache */
        cache->stats.lent--;
        last = is_unused(cache);
    }
    if (last)
        weft_free(cache);
    return WEFT_OK;
}

/* ---- forget -------------------------------------------------------------------------------- */

weft_status weft_lru_cache_erase(weft_lru_cache *cache, const void *bytes, size_t size)
{
    struct wefti_lru_key key;
    if (cache == NULL || !wefti_lru_key(bytes, size, &key))
        return WEFT_VALUE_ERROR;
    double now = wefti_lru_now(cache);
    struct wefti_lru_entry *dead = NULL;
    bool found;
    {
        WEFT_HOLD(&cache->lock);
        struct wefti_lru_entry *entry = wefti_lru_find(cache, &key, now, &dead);
        found = entry != NULL;
        if (found)
            wefti_lru_unlist(entry, &dead);
    }
    wefti_lru_end_all(cache, dead);
    return found ? WEFT_OK : WEFT_KEY_ERROR;
}

/* Forgets what has expired, or all. */
static void forget(weft_lru_cache *cache, bool all, double now)
{
    struct wefti_lru_entry *dead = NULL;
    {
        WEFT_HOLD(&cache->lock);
        struct wefti_lru_entry *next;
        for (struct wefti_lru_entry *entry = cache->table; entry != NULL; entry = next) {
            next = entry->hh.next;
            bool expired = !all && entry->filled && now >= entry->expires;
            if (all || expired)
                wefti_lru_unlist(entry, &dead);
            cache->stats.expired += expired;
        }
    }
    wefti_lru_end_all(cache, dead);
}

weft_status weft_lru_cache_prune(weft_lru_cache *cache)
{
    if (cache == NULL)
        return WEFT_VALUE_ERROR;
    if (cache->options.ttl > 0)
        forget(cache, false, wefti_lru_now(cache));
    return WEFT_OK;
}

weft_status weft_lru_cache_clear(weft_lru_cache *cache)
{
    if (cache == NULL)
        return WEFT_VALUE_ERROR;
    forget(cache, true, 0);
    return WEFT_OK;
}

weft_status weft_lru_cache_resize(weft_lru_cache *cache, size_t capacity)
{
    if (cache == NULL || !is_capacity(capacity))
        return WEFT_VALUE_ERROR;
    struct wefti_lru_entry *dead = NULL;
    {
        WEFT_HOLD(&cache->lock);
        cache->options.capacity = capacity;
        wefti_lru_trim(cache, &dead);
    }
    wefti_lru_end_all(cache, dead);
    return WEFT_OK;
}

weft_status weft_lru_cache_get_stats(weft_lru_cache *cache, weft_lru_cache_stats *stats)
{
    if (cache == NULL || stats == NULL)
        return WEFT_VALUE_ERROR;
    WEFT_HOLD(&cache->lock);
    *stats = cache->stats;
    stats->capacity = cache->options.capacity;
    return WEFT_OK;
}

/* ---- begin and end ------------------------------------------------------------------------- */

static weft_lru_cache *fail(weft_status status)
{
    weft_set_last_status(status);
    return NULL;
}

weft_lru_cache *weft_lru_cache_new_with(const weft_lru_cache_options *options)
{
    if (options == NULL || !is_capacity(options->capacity) || !(options->ttl >= 0))
        return fail(WEFT_VALUE_ERROR);
    weft_lru_cache *cache = weft_allocate(sizeof *cache);
    if (cache == NULL)
        return fail(WEFT_NO_MEMORY);
    cache->options = *options;
    return cache;
}

void weft_lru_cache_free(weft_lru_cache *cache)
{
    if (cache == NULL)
        return;
    (void)weft_lru_cache_clear(cache);
    bool last;
    {
        WEFT_HOLD(&cache->lock);
        cache->given_up = true;
        last = is_unused(cache);
    }
    if (last)
        weft_free(cache);
}
