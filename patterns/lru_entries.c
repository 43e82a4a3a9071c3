/* SPDX-License-Identifier: MIT */
/*
 * The table of a cache, and the order in which its entries were used. lru_cache.h has the states.
 *
 * Entries that end are taken out under the lock and gathered in a list; their values are destroyed
 * when the lock is free, by the thread that has done it.
 */
#include <limits.h>
#include <string.h>
#include <utlist.h>

#include "patterns/lru_cache.h"

bool wefti_lru_key(const void *bytes, size_t size, struct wefti_lru_key *key)
{
    if ((bytes == NULL && size > 0) || size > INT_MAX)
        return false;
    *key = (struct wefti_lru_key){size > 0 ? bytes : "", (unsigned)size, 0};
    HASH_VALUE(key->bytes, key->size, key->hash);
    return true;
}

double wefti_lru_now(const weft_lru_cache *cache)
{
    const weft_lru_cache_options *options = &cache->options;
    if (!(options->ttl > 0))
        return 0;
    return options->now != NULL ? options->now(options->arg) : weft_now();
}

size_t wefti_lru_charge(const weft_lru_cache *cache, const void *value)
{
    const weft_lru_cache_options *options = &cache->options;
    return options->charge != NULL ? options->charge(value, options->arg) : 1;
}

struct wefti_lru_entry *wefti_lru_entry_new(weft_lru_cache *cache, const struct wefti_lru_key *key)
{
    struct wefti_lru_entry *entry = weft_allocate(sizeof *entry + key->size);
    if (entry == NULL)
        return NULL;
    entry->cache = cache;
    entry->users = 1;
    memcpy(entry->key, key->bytes, key->size);
    return entry;
}

void wefti_lru_end_all(weft_lru_cache *cache, struct wefti_lru_entry *dead)
{
    for (struct wefti_lru_entry *next; dead != NULL; dead = next) {
        next = dead->next;
        if (dead->filled && cache->options.destroy != NULL)
            cache->options.destroy(dead->value, cache->options.arg);
        weft_free(dead);
    }
}

/* ---- with the lock ------------------------------------------------------------------------- */

struct wefti_lru_entry *wefti_lru_find(weft_lru_cache *cache, const struct wefti_lru_key *key,
                                       double now, struct wefti_lru_entry **dead)
{
    struct wefti_lru_entry *entry;
    HASH_FIND_BYHASHVALUE(hh, cache->table, key->bytes, key->size, key->hash, entry);
    if (entry == NULL || !entry->filled || !(cache->options.ttl > 0) || now < entry->expires)
        return entry;
    cache->stats.expired++;
    wefti_lru_unlist(entry, dead);
    return NULL;
}

bool wefti_lru_list(struct wefti_lru_entry *entry, const struct wefti_lru_key *key,
                    struct wefti_lru_entry *old, struct wefti_lru_entry **dead)
{
    weft_lru_cache *cache = entry->cache;
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, cache->table, entry->key, key->size, key->hash, entry);
    if (entry->hh.tbl == NULL)
        return false;
    if (old != NULL)
        wefti_lru_unlist(old, dead);
    entry->listed = true;
    cache->stats.computing++;
    return true;
}

void wefti_lru_unlist(struct wefti_lru_entry *entry, struct wefti_lru_entry **dead)
{
    weft_lru_cache *cache = entry->cache;
    /* What is listed is in the table. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    HASH_DELETE(hh, cache->table, entry);
    entry->listed = false;
    if (entry->filled) {
        cache->stats.entries--;
        cache->stats.charged -= entry->charge;
    } else {
        cache->stats.computing--;
    }
    if (entry->users > 0)
        return;
    DL_DELETE(cache->idle, entry);
    LL_PREPEND(*dead, entry);
}

void wefti_lru_fill(struct wefti_lru_entry *entry, void *value, size_t charge, double now)
{
    weft_lru_cache *cache = entry->cache;
    entry->value = value;
    entry->filled = true;
    entry->charge = charge;
    entry->expires = now + cache->options.ttl;
    if (!entry->listed)
        return;
    cache->stats.computing--;
    cache->stats.entries++;
    cache->stats.charged += charge;
}

void wefti_lru_lend(struct wefti_lru_entry *entry, weft_lru_handle *handle)
{
    weft_lru_cache *cache = entry->cache;
    if (entry->users++ == 0)
        DL_DELETE(cache->idle, entry);
    cache->stats.lent++;
    *handle = (weft_lru_handle){entry->value, entry};
}

void wefti_lru_leave(struct wefti_lru_entry *entry, struct wefti_lru_entry **dead)
{
    weft_lru_cache *cache = entry->cache;
    if (--entry->users > 0)
        return;
    if (entry->listed)
        DL_APPEND(cache->idle, entry);
    else
        LL_PREPEND(*dead, entry);
}

bool wefti_lru_fits(const weft_lru_cache *cache, size_t charge)
{
    return charge <= cache->options.capacity && charge <= SIZE_MAX - cache->stats.charged;
}

void wefti_lru_trim(weft_lru_cache *cache, struct wefti_lru_entry **dead)
{
    while (cache->idle != NULL && cache->stats.charged > cache->options.capacity) {
        cache->stats.evicted++;
        wefti_lru_unlist(cache->idle, dead);
    }
}
