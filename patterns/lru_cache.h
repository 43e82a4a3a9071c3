/* SPDX-License-Identifier: MIT */
/*
 * What a cache is made of: lru_cache.c lends, lru_cache_compute.c computes, lru_entries.c keeps the
 * table and the order.
 */
#ifndef PATTERNS_LRU_CACHE_H
#define PATTERNS_LRU_CACHE_H

#include <stdbool.h>

#include <weft/future.h>
#include <weft/lock.h>
#include <weft/memory.h>
#include <weft/patterns/lru_cache.h>
#include <weft/with.h>

/* A hash table whose memory is weft's, and that survives when there is none. */
#define HASH_NONFATAL_OOM 1
#define uthash_malloc(size) weft_allocate(size)
#define uthash_free(memory, size) weft_free(memory)
#include <uthash.h>

/*
 * A value under its key, or one to come.
 *
 *     state     | in table | load  | users | leaves by
 *     ----------+----------+-------+-------+--------------------------------------------------------
 *     COMPUTING | yes      | there | some  | its computation: LENT; its failure, erase, clear: LOOSE
 *     LENT      | yes      | NULL  | some  | the last release: IDLE; erase, clear, age: LOOSE
 *     IDLE      | yes      | NULL  | 0     | a lookup: LENT; erase, clear, age, eviction: its end
 *     LOOSE     | no       | any   | some  | the last release: its end
 *
 * Users are handles, who computes it, and who waits for that: each of these has a handle when it is
 * done, so that nobody can evict a value between its making and their waking.
 */
struct wefti_lru_entry {
    weft_lru_cache *cache;
    void *value;
    bool filled; /* there is a value */
    bool listed; /* it is in the table */
    size_t users;
    size_t charge;
    double expires;
    weft_future *load;                   /* who waits for the computation waits for it */
    uint32_t owner;                      /* the thread that computes */
    struct wefti_lru_entry *prev, *next; /* among the idle, or the dead: utlist.h's */
    UT_hash_handle hh;
    unsigned char key[];
};

/* A thread that waits for a computation without a time limit; on its stack. */
struct wefti_lru_wait {
    uint32_t thread;
    struct wefti_lru_entry *entry;
    struct wefti_lru_wait *prev, *next;
};

struct weft_lru_cache {
    weft_lru_cache_options options; /* but for the capacity, constant */
    weft_lock lock;                 /* guards what follows, and all entries' fields but the key */
    struct wefti_lru_entry *table;
    struct wefti_lru_entry *idle; /* the one that was used longest ago is first */
    struct wefti_lru_wait *waits;
    bool given_up;
    weft_lru_cache_stats stats;
};

/* A key with its hash, which is made without the lock. */
struct wefti_lru_key {
    const void *bytes;
    unsigned size;
    unsigned hash;
};

/* Whether it is one. */
bool wefti_lru_key(const void *bytes, size_t size, struct wefti_lru_key *key);

/* The moment; 0 where nothing expires. Without the lock. */
double wefti_lru_now(const weft_lru_cache *cache);

/* What a value charges. Without the lock. */
size_t wefti_lru_charge(const weft_lru_cache *cache, const void *value);

/* A LOOSE entry with one user; NULL: there is no memory. */
struct wefti_lru_entry *wefti_lru_entry_new(weft_lru_cache *cache, const struct wefti_lru_key *key);

/* Ends those of a list that nobody uses any more, the first being `dead`. Without the lock. */
void wefti_lru_end_all(weft_lru_cache *cache, struct wefti_lru_entry *dead);

/* The rest is called with the lock; what ends goes onto the list `dead`. */

/* The entry under the key, unless it has expired; NULL: there is none. */
struct wefti_lru_entry *wefti_lru_find(weft_lru_cache *cache, const struct wefti_lru_key *key,
                                       double now, struct wefti_lru_entry **dead);

/* Puts it into the table in the place of `old`, which may be NULL; false: there is no memory. */
bool wefti_lru_list(struct wefti_lru_entry *entry, const struct wefti_lru_key *key,
                    struct wefti_lru_entry *old, struct wefti_lru_entry **dead);

/* Takes it out of the table: it is LOOSE, or ends. */
void wefti_lru_unlist(struct wefti_lru_entry *entry, struct wefti_lru_entry **dead);

/* It has a value from now on. */
void wefti_lru_fill(struct wefti_lru_entry *entry, void *value, size_t charge, double now);

/* Lends it to one more. */
void wefti_lru_lend(struct wefti_lru_entry *entry, weft_lru_handle *handle);

/* One user less. */
void wefti_lru_leave(struct wefti_lru_entry *entry, struct wefti_lru_entry **dead);

/* Whether what charges that may be kept: it is not more than the capacity, and can be counted. */
bool wefti_lru_fits(const weft_lru_cache *cache, size_t charge);

/* Evicts idle entries until the others fit. */
void wefti_lru_trim(weft_lru_cache *cache, struct wefti_lru_entry **dead);

#endif
