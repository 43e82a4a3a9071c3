/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file resource_pool_validation_rollback.c
 * @brief A pool that tests what it lends, and loses no permit when it cannot
 *
 * What comes out of a pool has lain there for a while and may be broken. So a borrow tests it,
 * destroys it if it fails, and makes a new one. That may fail, too, and the borrower, who has a
 * permit by then, gets nothing: the permit has to go back. A pool that forgets it has lost a place
 * for good, and after as many failures as it has places it serves nobody.
 *
 * Source: locks, section 4.3.
 *
 * Look for: "factory: fails". Each time the borrower gets nothing, and the pool loses nothing.
 *
 * Facts:
 * - a resource that is broken while it is idle is replaced at the next borrow
 * - if the factory fails the borrow fails, and is counted; nothing is out then
 * - once it is healed the pool has all its places: two can be out at once
 * - a pool that keeps the permit serves nobody after two failures
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_patterns.h"

enum { CAPACITY = 2 };

struct resource {
    int number;
    bool broken;
};

static weft_resource_pool *pool;
static int numbers;
static bool factory_fails;

static void *make(void *arg)
{
    (void)arg;
    if (factory_fails) {
        demo_say("factory: fails");
        return weft_raise(WEFT_USER, "the factory is on strike");
    }
    struct resource *resource = demo_must(malloc(sizeof *resource));
    *resource = (struct resource){.number = numbers++};
    demo_say("factory: makes r%d", resource->number);
    return resource;
}

static void destroy(void *resource, void *arg)
{
    (void)arg;
    demo_say("destroys r%d", ((struct resource *)resource)->number);
    free(resource);
}

static bool is_sound(void *resource, void *arg)
{
    (void)arg;
    return !((struct resource *)resource)->broken;
}

static weft_resource_pool_stats look(void)
{
    weft_resource_pool_stats stats = demo_pool_stats(pool);
    demo_say("%zu out, %zu idle; made %d, destroyed %d, failed %d", stats.out, stats.idle,
             (int)stats.created, (int)stats.destroyed, (int)stats.failed);
    return stats;
}

/* Borrows one, and may break it before it goes back; its number, or -1. */
static int use(bool breaks)
{
    weft_loan loan;
    if (weft_resource_pool_try_borrow(pool, &loan) != WEFT_OK)
        return -1;
    struct resource *resource = loan.resource;
    int number = resource->number;
    resource->broken = breaks;
    demo_say("uses r%d%s", number, breaks ? ", which breaks" : "");
    weft_resource_pool_give_back(pool, &loan);
    return number;
}

static void replace_the_broken(void)
{
    demo_part("One breaks, and lies in the pool");
    CHECK(use(true) == 0, "r0 is made and lent");
    demo_sleep(0.5);
    CHECK(use(true) == 1, "the next borrow gets a new one, r1");
    weft_resource_pool_stats stats = look();
    CHECK(stats.created == 2 && stats.destroyed == 1 && stats.invalid == 1 && stats.out == 0,
          "two made; r0 did not pass the test and was destroyed; nothing is out");
}

static void fail_and_heal(void)
{
    demo_part("The factory fails");
    weft_loan loans[CAPACITY];
    factory_fails = true;
    bool failed = true;
    for (int i = 0; i < 3; i++) {
        failed = failed && weft_resource_pool_try_borrow(pool, &loans[0]) == WEFT_FAILED;
        demo_sleep(0.3);
    }
    weft_resource_pool_stats stats = look();
    CHECK(failed && stats.failed == 3, "three borrows fail, each is counted");
    CHECK(stats.out == 0 && stats.destroyed == 2, "nothing is out; r1, broken, is destroyed");
    demo_say("the factory is healed");
    factory_fails = false;
    int have = 0;
    while (have < CAPACITY && weft_resource_pool_try_borrow(pool, &loans[have]) == WEFT_OK)
        have++;
    CHECK(have == CAPACITY, "two can be out at once: three failures cost no place");
    while (have > 0)
        weft_resource_pool_give_back(pool, &loans[--have]);
}

/* ---- a borrow that forgets the permit ---- */

static weft_status borrow_carelessly(weft_semaphore *permits)
{
    weft_status status = weft_semaphore_try_acquire(permits);
    if (status != WEFT_OK)
        return status;
    void *resource = make(NULL);
    if (resource == WEFT_RAISED)
        return WEFT_FAILED; /* and the permit stays out */
    free(resource);
    return weft_semaphore_release(permits);
}

static void forget_the_permit(void)
{
    demo_part("A pool that does not give the permit back");
    weft_semaphore permits = WEFT_SEMAPHORE_INIT(CAPACITY);
    factory_fails = true;
    for (int i = 0; i < CAPACITY; i++)
        borrow_carelessly(&permits);
    demo_say("the factory is healed");
    factory_fails = false;
    weft_status status = borrow_carelessly(&permits);
    demo_say("borrows: %s", weft_status_name(status));
    CHECK(status == WEFT_TIMEOUT, "after two failures it serves nobody, for good");
}

int main(void)
{
    demo_begin("A pool that tests what it lends, and loses no permit when it cannot");
    pool = demo_must(
        weft_resource_pool_new(CAPACITY, .create = make, .destroy = destroy, .validate = is_sound));
    replace_the_broken();
    fail_and_heal();
    forget_the_permit();
    demo_part("The end");
    CHECK(weft_resource_pool_close(pool) == WEFT_OK, "nothing is out");
    weft_resource_pool_free(pool);
    return demo_end();
}
