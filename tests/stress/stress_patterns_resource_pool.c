/* SPDX-License-Identifier: MIT */
/*
 * A resource pool under load: threads borrow in every way, give back or discard, are interrupted at
 * random, while resources fail to be made, become invalid and expire, and one thread maintains.
 * Nobody shares a resource, never are more there than may be, and each ends exactly once.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include <weft/patterns/patterns.h>

#include "interrupt.h"

enum { WORKERS = 6, MOST = 4 };

struct resource {
    atomic_int users;
};

struct load {
    weft_resource_pool *pool;
    atomic_int there, tick;
    atomic_bool over;
    atomic_ullong lent;
    int64_t end;
};

static void *make(void *arg)
{
    struct load *load = arg;
    if (atomic_fetch_add(&load->tick, 1) % 17 == 0)
        return weft_raise(WEFT_USER, "now and then");
    struct resource *resource = calloc(1, sizeof *resource);
    WITNESS(resource != NULL);
    WITNESS(atomic_fetch_add(&load->there, 1) < MOST);
    return resource;
}

static void end(void *resource, void *arg)
{
    struct load *load = arg;
    WITNESS(atomic_load(&((struct resource *)resource)->users) == 0);
    atomic_fetch_sub(&load->there, 1);
    free(resource);
}

static bool is_valid(void *resource, void *arg)
{
    struct load *load = arg;
    WITNESS(atomic_load(&((struct resource *)resource)->users) == 0);
    return atomic_fetch_add(&load->tick, 1) % 13 != 0;
}

static void *work(void *arg)
{
    struct load *load = arg;
    uint64_t random = test_stress_random();
    while (test_clock() < load->end) {
        weft_loan loan;
        double seconds = (double)(test_random(&random) % 30) * 1e-5;
        weft_status status = test_random(&random) % 2 == 0
                                 ? weft_resource_pool_borrow(load->pool, &loan)
                                 : weft_resource_pool_borrow_for(load->pool, &loan, seconds);
        WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT || status == WEFT_INTERRUPTED ||
                status == WEFT_FAILED);
        if (status != WEFT_OK)
            continue;
        struct resource *resource = loan.resource;
        WITNESS(atomic_fetch_add(&resource->users, 1) == 0);
        atomic_fetch_add(&load->lent, 1);
        if (test_random(&random) % 4 == 0)
            test_yield();
        atomic_fetch_sub(&resource->users, 1);
        WITNESS((test_random(&random) % 8 == 0
                     ? weft_resource_pool_discard(load->pool, &loan)
                     : weft_resource_pool_give_back(load->pool, &loan)) == WEFT_OK);
    }
    return NULL;
}

static void *maintain(void *arg)
{
    struct load *load = arg;
    while (!atomic_load(&load->over)) {
        weft_status status = weft_resource_pool_maintain(load->pool);
        WITNESS(status == WEFT_OK || status == WEFT_FAILED);
        WITNESS(weft_sleep(0.0005) == WEFT_OK);
    }
    return NULL;
}

TEST(no_resource_is_shared_lost_or_one_too_many)
{
    struct load load = {.tick = 1, .end = test_clock() + test_stress_time()};
    load.pool = weft_resource_pool_new(MOST, .create = make, .destroy = end, .validate = is_valid,
                                       .arg = &load, .min_size = 1, .idle_timeout = 1e-4,
                                       .max_lifetime = 5e-3);
    assert_non_null(load.pool);
    struct crew keeper = crew_start(1, maintain, &load);
    struct crew crew = crew_start(WORKERS, work, &load);
    (void)interrupt_at_random(&crew, load.end);
    crew_join(&crew);
    atomic_store(&load.over, true);
    crew_join(&keeper);
    weft_resource_pool_stats stats;
    assert_int_equal(weft_resource_pool_get_stats(load.pool, &stats), WEFT_OK);
    print_message("%llu lent, %llu made, %llu expired, %llu invalid\n", atomic_load(&load.lent),
                  (unsigned long long)stats.created, (unsigned long long)stats.expired,
                  (unsigned long long)stats.invalid);
    assert_int_equal(stats.borrowed, atomic_load(&load.lent));
    assert_int_equal(stats.returned, stats.borrowed);
    assert_int_equal(stats.created, stats.destroyed + stats.idle);
    assert_int_equal(stats.out, 0);
    assert_true(stats.borrowed > 100);
    assert_int_equal(weft_resource_pool_close(load.pool), WEFT_OK);
    assert_int_equal(atomic_load(&load.there), 0);
    weft_resource_pool_free(load.pool);
}
