/* SPDX-License-Identifier: MIT */
/* A program that uses weft::patterns as it finds it installed. */
#include <stdio.h>

#include <weft/patterns/patterns.h>

static void *make(void *arg)
{
    return arg;
}

static void *hear(const weft_bus_event *event, void *arg)
{
    (void)event;
    ++*(int *)arg;
    return NULL;
}

int main(void)
{
    int thing = 0;
    int heard = 0;
    weft_loan loan = {0};
    weft_rate_limiter *limiter = weft_rate_limiter_new(WEFT_TOKEN_BUCKET, 1, .period = 1000);
    weft_resource_pool *pool = weft_resource_pool_new(1, .create = make, .arg = &thing);
    int as_promised =
        limiter != NULL && pool != NULL && weft_rate_limiter_try_acquire(limiter) == WEFT_OK &&
        weft_rate_limiter_try_acquire(limiter) == WEFT_TIMEOUT &&
        weft_resource_pool_borrow(pool, &loan) == WEFT_OK && loan.resource == &thing &&
        weft_resource_pool_give_back(pool, &loan) == WEFT_OK;
    weft_lru_handle handle = {0};
    weft_lru_cache *cache = weft_lru_cache_new(1);
    weft_event_bus *bus = weft_event_bus_new();
    weft_subscription_free(weft_event_bus_subscribe(bus, "topic", hear, &heard));
    as_promised =
        as_promised && cache != NULL && bus != NULL &&
        weft_lru_cache_get_or_compute(cache, "key", 3, make, &thing, &handle) == WEFT_OK &&
        handle.value == &thing && weft_lru_cache_release(cache, &handle) == WEFT_OK &&
        weft_event_bus_publish(bus, "topic", NULL, 0) == WEFT_OK && heard == 1;
    weft_lru_cache_free(cache);
    weft_event_bus_free(bus);
    weft_rate_limiter_free(limiter);
    weft_resource_pool_free(pool);
    printf("weft::patterns: %s\n", as_promised ? "ok" : "wrong");
    return as_promised ? 0 : 1;
}
