/* SPDX-License-Identifier: MIT */
/*
 * How a cache computes once. Who finds nothing puts an entry without a value into the table, computes
 * without the lock, and fills it; who finds such an entry becomes its user and waits for its future.
 * The future says that it is over, and why it has failed; the value is the entry's.
 *
 * A computation ends in one way or another, also if it ends its thread: nobody waits for ever but for
 * one that does not end. One that would wait for itself is found by a walk, under the lock: who
 * computes this, what does that thread wait for, who computes that ... Only waits without a time limit
 * are on the list, so what it finds would never have ended.
 */
#include "patterns/lru_cache.h"

#include <utlist.h>

/* ---- compute ------------------------------------------------------------------------------- */

/* The one who computes: as a cleanup it learns that the thread ends. */
struct computation {
    struct wefti_lru_entry *entry;
    void *value; /* WEFT_RAISED: it has failed */
    bool over;
    weft_lru_handle *handle;
};

/* The entry has its value, and the one who computes its handle. */
static void keep(const struct computation *computation)
{
    struct wefti_lru_entry *entry = computation->entry;
    weft_lru_cache *cache = entry->cache;
    size_t charge = wefti_lru_charge(cache, computation->value);
    double now = wefti_lru_now(cache);
    struct wefti_lru_entry *dead = NULL;
    {
        WEFT_HOLD(&cache->lock);
        cache->stats.loads++;
        entry->load = NULL;
        if (entry->listed && !wefti_lru_fits(cache, charge)) {
            cache->stats.evicted++;
            wefti_lru_unlist(entry, &dead);
        }
        wefti_lru_fill(entry, computation->value, charge, now);
        wefti_lru_lend(entry, computation->handle);
        wefti_lru_leave(entry, &dead);
        wefti_lru_trim(cache, &dead);
    }
    wefti_lru_end_all(cache, dead);
}

/* Nothing comes of it. */
static void drop(const struct computation *computation)
{
    struct wefti_lru_entry *entry = computation->entry;
    weft_lru_cache *cache = entry->cache;
    struct wefti_lru_entry *dead = NULL;
    {
        WEFT_HOLD(&cache->lock);
        cache->stats.failed++;
        entry->load = NULL;
        if (entry->listed)
            wefti_lru_unlist(entry, &dead);
        wefti_lru_leave(entry, &dead);
    }
    wefti_lru_end_all(cache, dead);
}

/* Raises in this thread what the future says has been raised. */
static weft_status pass_on(weft_future *load)
{
    const weft_error *error = weft_future_error(load);
    (void)weft_raise_at(error->file, error->line, error->code, "%s", error->message);
    return WEFT_FAILED;
}

static weft_status end_computation(const struct computation *computation)
{
    weft_future *load = computation->entry->load;
    bool failed = computation->value == WEFT_RAISED;
    if (failed)
        drop(computation);
    else
        keep(computation);
    (void)weft_future_set_result(load, failed ? WEFT_RAISED : NULL);
    weft_status status = failed ? pass_on(load) : WEFT_OK;
    weft_future_free(load);
    return status;
}

static void end_with_thread(struct computation *computation)
{
    if (computation->over)
        return;
    computation->value = weft_raise_text(WEFT_RUNTIME, "the computation has ended its thread");
    (void)end_computation(computation);
}

static weft_status compute(struct wefti_lru_entry *entry, weft_target *target, void *arg,
                           weft_lru_handle *handle)
{
    struct computation computation
        __attribute__((cleanup(end_with_thread))) = {.entry = entry, .handle = handle};
    computation.value = target(arg);
    computation.over = true;
    return end_computation(&computation);
}

/* ---- wait for another's -------------------------------------------------------------------- */

/* Whether a thread that waits for the entry would wait for itself. With the lock. */
static bool closes_circle(const weft_lru_cache *cache, const struct wefti_lru_entry *entry,
                          uint32_t thread, double seconds)
{
    while (entry->owner != thread) {
        const struct wefti_lru_wait *wait;
        DL_SEARCH_SCALAR(cache->waits, wait, thread, entry->owner);
        if (wait == NULL || seconds < 1e9 || wait->entry->load == NULL)
            return false; /* nobody; or one whose wait ends, or is over and has not awoken yet */
        entry = wait->entry;
    }
    return true;
}

/* The caller has become a user, and stands in the list if it waits for ever. */
static weft_status wait_for(struct wefti_lru_wait *wait, weft_future *load, double seconds,
                            weft_lru_handle *handle)
{
    struct wefti_lru_entry *entry = wait->entry;
    weft_lru_cache *cache = entry->cache;
    weft_status status = weft_future_result_for(load, NULL, seconds);
    struct wefti_lru_entry *dead = NULL;
    {
        WEFT_HOLD(&cache->lock);
        if (seconds >= 1e9)
            DL_DELETE(cache->waits, wait);
        if (status == WEFT_TIMEOUT && entry->filled)
            status = WEFT_OK; /* at the last moment */
        if (status == WEFT_OK)
            wefti_lru_lend(entry, handle);
        wefti_lru_leave(entry, &dead);
        wefti_lru_trim(cache, &dead);
    }
    wefti_lru_end_all(cache, dead);
    if (status == WEFT_FAILED)
        status = pass_on(load);
    weft_future_free(load);
    return status;
}

/* ---- get or compute ------------------------------------------------------------------------ */

/* What a look into the table has found to be done. */
enum todo { NOTHING, WAIT, COMPUTE };

struct request {
    struct wefti_lru_key key;
    uint32_t thread;
    double seconds;
    struct wefti_lru_entry *spare; /* to be computed, if there is nothing */
    struct wefti_lru_wait wait;
    weft_future *load; /* to be waited for */
    weft_status status;
};

/* Another computes it. With the lock. */
static enum todo join_in(struct request *request, struct wefti_lru_entry *entry)
{
    weft_lru_cache *cache = entry->cache;
    cache->stats.misses++;
    cache->stats.waited++;
    if (closes_circle(cache, entry, request->thread, request->seconds)) {
        request->status = WEFT_DEADLOCK;
        return NOTHING;
    }
    entry->users++;
    request->load = weft_future_ref(entry->load);
    request->wait = (struct wefti_lru_wait){request->thread, entry, NULL, NULL};
    if (request->seconds >= 1e9) {
        struct wefti_lru_wait *wait = &request->wait;
        DL_APPEND(cache->waits, wait);
    }
    return WAIT;
}

/* Takes what is there, or says what is to be done. */
static enum todo look(weft_lru_cache *cache, struct request *request, double now,
                      weft_lru_handle *handle, struct wefti_lru_entry **dead)
{
    WEFT_HOLD(&cache->lock);
    struct wefti_lru_entry *entry = wefti_lru_find(cache, &request->key, now, dead);
    request->status = WEFT_OK;
    if (entry != NULL && entry->filled) {
        cache->stats.hits++;
        wefti_lru_lend(entry, handle);
        return NOTHING;
    }
    if (request->spare == NULL)
        return COMPUTE; /* or wait, but with a spare and a number */
    if (entry != NULL)
        return join_in(request, entry);
    cache->stats.misses++;
    if (wefti_lru_list(request->spare, &request->key, NULL, dead))
        return COMPUTE;
    request->status = WEFT_NO_MEMORY;
    return NOTHING;
}

static weft_status make_spare(weft_lru_cache *cache, struct request *request)
{
    const weft_thread *thread = weft_thread_current();
    if (thread == NULL)
        return weft_last_status() == WEFT_NO_MEMORY ? WEFT_NO_MEMORY : WEFT_RUNTIME;
    request->thread = weft_thread_ident(thread);
    request->spare = wefti_lru_entry_new(cache, &request->key);
    if (request->spare == NULL)
        return WEFT_NO_MEMORY;
    request->spare->owner = request->thread;
    request->spare->load = weft_future_new(.free_value = NULL);
    return request->spare->load != NULL ? WEFT_OK : WEFT_NO_MEMORY;
}

static void free_spare(struct wefti_lru_entry *spare)
{
    if (spare == NULL)
        return;
    weft_future_free(spare->load);
    weft_free(spare);
}

weft_status weft_lru_cache_get_or_compute_for(weft_lru_cache *cache, const void *bytes, size_t size,
                                              weft_target *target, void *arg,
                                              weft_lru_handle *handle, double seconds)
{
    struct request request = {.seconds = seconds};
    if (cache == NULL || target == NULL || handle == NULL || seconds != seconds ||
        !wefti_lru_key(bytes, size, &request.key))
        return WEFT_VALUE_ERROR;
    double now = wefti_lru_now(cache);
    struct wefti_lru_entry *dead = NULL;
    enum todo todo = look(cache, &request, now, handle, &dead);
    if (todo == COMPUTE) {
        request.status = make_spare(cache, &request);
        todo = request.status == WEFT_OK ? look(cache, &request, now, handle, &dead) : NOTHING;
    }
    wefti_lru_end_all(cache, dead);
    if (todo == COMPUTE)
        return compute(request.spare, target, arg, handle);
    free_spare(request.spare);
    return todo == WAIT ? wait_for(&request.wait, request.load, seconds, handle) : request.status;
}

weft_status weft_lru_cache_get_or_compute(weft_lru_cache *cache, const void *key, size_t key_size,
                                          weft_target *compute_it, void *arg,
                                          weft_lru_handle *handle)
{
    return weft_lru_cache_get_or_compute_for(cache, key, key_size, compute_it, arg, handle,
                                             WEFT_FOREVER);
}
