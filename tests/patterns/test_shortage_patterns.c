/* SPDX-License-Identifier: MIT */
/* Every call of weft::patterns that wants memory, with each block refused in turn. */
// LINK: -Wl,--wrap=malloc,--wrap=free,--wrap=mmap,--wrap=pthread_create,--wrap=pthread_attr_init
// LINK: -Wl,--wrap=pthread_attr_setstacksize,--wrap=sem_init
#include <weft/patterns/patterns.h>

#include "shortage_help.h"

NEW(new_limiter, weft_rate_limiter, weft_rate_limiter_new(WEFT_TOKEN_BUCKET, 5))
NEW(new_limiter_with_a_log, weft_rate_limiter, weft_rate_limiter_new(WEFT_SLIDING_WINDOW, 5))

static int resources;

static void *create(void *arg)
{
    (void)arg;
    resources++;
    return &resources;
}

static void end(void *resource, void *arg)
{
    (void)arg;
    WITNESS(resource == &resources);
    resources--;
}

static weft_status new_pool(void)
{
    weft_resource_pool *pool =
        weft_resource_pool_new(2, .create = create, .destroy = end, .min_size = 1);
    weft_status status = pool != NULL ? WEFT_OK : weft_last_status();
    WITNESS(resources == (pool != NULL));
    weft_resource_pool_free(pool);
    WITNESS(resources == 0);
    return status;
}

static weft_status borrow(void)
{
    weft_loan loan;
    atomic_store(&armed, false);
    weft_resource_pool *pool = weft_resource_pool_new(1, .create = create, .destroy = end);
    atomic_store(&armed, true);
    weft_status status = weft_resource_pool_borrow(pool, &loan);
    if (status == WEFT_OK) {
        WITNESS(weft_resource_pool_give_back(pool, &loan) == WEFT_OK);
    } else { /* the permit is back */
        atomic_store(&armed, false);
        WITNESS(weft_resource_pool_try_borrow(pool, &loan) == WEFT_OK);
        WITNESS(weft_resource_pool_give_back(pool, &loan) == WEFT_OK);
        atomic_store(&armed, true);
    }
    weft_resource_pool_free(pool);
    WITNESS(resources == 0);
    return status;
}

NEW(new_cache, weft_lru_cache, weft_lru_cache_new(2))
NEW(new_bus, weft_event_bus, weft_event_bus_new())

static weft_lru_cache *cache_at_hand(void)
{
    atomic_store(&armed, false);
    weft_lru_cache *cache = weft_lru_cache_new(2, .destroy = end);
    atomic_store(&armed, true);
    return cache;
}

static weft_status insert(void)
{
    weft_lru_cache *cache = cache_at_hand();
    weft_status status = weft_lru_cache_insert(cache, "key", 3, create(NULL), NULL);
    WITNESS(resources == 1);
    if (status != WEFT_OK) /* the value is the caller's */
        end(&resources, NULL);
    weft_lru_cache_free(cache);
    WITNESS(resources == 0);
    return status;
}

static weft_status compute(void)
{
    weft_lru_cache *cache = cache_at_hand();
    weft_lru_handle handle;
    weft_status status = weft_lru_cache_get_or_compute(cache, "key", 3, create, NULL, &handle);
    if (status == WEFT_OK)
        WITNESS(weft_lru_cache_release(cache, &handle) == WEFT_OK);
    weft_lru_cache_free(cache);
    WITNESS(resources == 0);
    return status;
}

static void *hear(const weft_bus_event *event, void *arg)
{
    (void)event;
    return create(arg);
}

/* Subscribes, armed or not, and publishes. */
static weft_status use_bus(bool subscribes)
{
    atomic_store(&armed, false);
    weft_event_bus *bus = weft_event_bus_new();
    atomic_store(&armed, subscribes);
    weft_subscription *subscription = weft_event_bus_subscribe(bus, "topic", hear, NULL);
    weft_status status = subscription != NULL ? WEFT_OK : weft_last_status();
    atomic_store(&armed, !subscribes);
    if (status == WEFT_OK)
        status = weft_event_bus_publish(bus, "topic", NULL, 0);
    WITNESS(resources == (status == WEFT_OK)); /* nobody has heard of it, or all have */
    atomic_store(&armed, true);
    resources = 0;
    weft_subscription_free(subscription);
    weft_event_bus_free(bus);
    return status;
}

static weft_status subscribe(void)
{
    return use_bus(true);
}

static weft_status publish(void)
{
    return use_bus(false);
}

#define MADE(site)                                                                                 \
    {                                                                                              \
        MEMORY, WEFT_NO_MEMORY, site " memory.c:weft_allocate memory.c:malloc_allocate"            \
    }
#define LIMITER MADE("rate_limiter.c:weft_rate_limiter_new_with")
#define ENTRY MADE("lru_entries.c:wefti_lru_entry_new")
/* uthash's, and its buckets */
#define TABLE MADE(""), MADE("")
#define SLOT MADE("resource_pool_upkeep.c:wefti_slot_take_empty")

static const struct row patterns[] = {
    {"a limiter", new_limiter, {LIMITER}},
    {"a limiter with a log", new_limiter_with_a_log, {LIMITER, LIMITER}},
    {"a pool of resources", new_pool, {MADE("resource_pool.c:weft_resource_pool_new_with"), SLOT}},
    {"a loan", borrow, {SLOT}},
    {"a cache", new_cache, {MADE("lru_cache.c:weft_lru_cache_new_with")}},
    {"an entry of a cache", insert, {ENTRY, TABLE}},
    {"an entry that is computed",
     compute,
     {ENTRY, {MEMORY, WEFT_NO_MEMORY, "future.c:wefti_future_new"}, TABLE}},
    {"a bus", new_bus, {MADE("event_bus.c:weft_event_bus_new")}},
    {"a subscription", subscribe, {MADE("event_bus.c:weft_event_bus_subscribe_with")}},
    {"an event", publish, {MADE("event_bus_publish.c:make_publication")}},
};

static const struct part parts[] = {PART(patterns)};

PROGRAM(sweeps)
{
    return sweep_named(parts, sizeof parts / sizeof parts[0]);
}

TEST(patterns_survive_every_shortage)
{
    sweep_part(&parts[0]);
}
