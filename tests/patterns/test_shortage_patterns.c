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

#define MADE(site)                                                                                 \
    {                                                                                              \
        MEMORY, WEFT_NO_MEMORY, site " memory.c:weft_allocate memory.c:malloc_allocate"            \
    }
#define LIMITER MADE("rate_limiter.c:weft_rate_limiter_new_with")
#define SLOT MADE("resource_pool_upkeep.c:wefti_slot_take_empty")

static const struct row patterns[] = {
    {"a limiter", new_limiter, {LIMITER}},
    {"a limiter with a log", new_limiter_with_a_log, {LIMITER, LIMITER}},
    {"a pool of resources", new_pool, {MADE("resource_pool.c:weft_resource_pool_new_with"), SLOT}},
    {"a loan", borrow, {SLOT}},
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
