/* SPDX-License-Identifier: MIT */
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
 * Look for: the value after each step.
 *
 * Facts:
 * - a resource that is broken while it is idle is replaced at the next borrow
 * - if the factory fails the borrow fails, and the permit is back; it works again once it is healed
 * - a pool that keeps the permit serves nobody after two failures
 * - several at once: if the second cannot be made, the first one stays in the pool
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_pool.h"

enum { CAPACITY = 2 };

struct resource {
    int number;
    bool broken;
};

static int numbers;
static int may_make = 1000; /* so many before the factory fails */

static void *make(void *arg)
{
    (void)arg;
    if (may_make == 0) {
        demo_say("factory: fails");
        return NULL;
    }
    may_make--;
    struct resource *resource = demo_must(malloc(sizeof *resource));
    *resource = (struct resource){.number = numbers++};
    demo_say("factory: makes r%d", resource->number);
    return resource;
}

static void destroy(void *arg, void *resource)
{
    (void)arg;
    demo_say("destroys r%d", ((struct resource *)resource)->number);
    free(resource);
}

static bool is_sound(void *arg, void *resource)
{
    (void)arg;
    return !((struct resource *)resource)->broken;
}

static demo_pool pool;

static bool all_back(void)
{
    demo_say("%d permits, %d idle", weft_bounded_semaphore_value(&pool.permits),
             demo_pool_count(&pool).idle);
    return weft_bounded_semaphore_value(&pool.permits) == CAPACITY;
}

static void replace_the_broken(void)
{
    demo_part("One breaks while it is idle");
    demo_loan loan;
    weft_status first = demo_pool_borrow(&pool, 0, &loan);
    struct resource *resource = loan.resource;
    CHECK(first == WEFT_OK && resource->number == 0, "r0 is lent");
    resource->broken = true;
    demo_say("r0 breaks, and is given back");
    demo_pool_give_back(&pool, loan);
    demo_sleep(0.3);
    weft_status second = demo_pool_borrow(&pool, 0, &loan);
    CHECK(second == WEFT_OK && ((struct resource *)loan.resource)->number == 1,
          "the next borrow gets a new one, r1");
    ((struct resource *)loan.resource)->broken = true;
    demo_pool_give_back(&pool, loan);
    demo_pool_counts counts = demo_pool_count(&pool);
    CHECK(counts.created == 2 && counts.destroyed == 1 && all_back(),
          "two made, one destroyed, all permits are back");
}

static void fail_and_heal(void)
{
    demo_part("The factory fails");
    demo_loan loan;
    may_make = 0;
    bool failed = true;
    for (int i = 0; i < 3; i++)
        failed = failed && demo_pool_borrow(&pool, 0, &loan) == DEMO_POOL_CREATE_FAILED;
    CHECK(failed && demo_pool_count(&pool).failed == 3, "three borrows fail, each is counted");
    CHECK(all_back(), "and all permits are back");
    demo_sleep(0.3);
    demo_say("the factory is healed");
    may_make = 1000;
    weft_status healed = demo_pool_borrow(&pool, 0, &loan);
    CHECK(healed == WEFT_OK && ((struct resource *)loan.resource)->number == 2,
          "the next borrow works: r2");
    demo_pool_give_back(&pool, loan);
}

/* ---- a borrow that forgets the permit ---- */

static weft_status borrow_carelessly(weft_bounded_semaphore *permits)
{
    weft_status status = weft_bounded_semaphore_try_acquire(permits);
    if (status != WEFT_OK)
        return status;
    void *resource = make(NULL);
    if (resource == NULL)
        return DEMO_POOL_CREATE_FAILED; /* and the permit stays out */
    free(resource);
    return weft_bounded_semaphore_release(permits);
}

static void forget_the_permit(void)
{
    demo_part("A pool that does not give the permit back");
    weft_bounded_semaphore permits = WEFT_BOUNDED_SEMAPHORE_INIT(CAPACITY);
    may_make = 0;
    for (int i = 0; i < CAPACITY; i++)
        borrow_carelessly(&permits);
    may_make = 1000;
    weft_status status = borrow_carelessly(&permits);
    demo_say("after two failures, the factory healed: %s", weft_strerror(status));
    CHECK(status == WEFT_TIMEOUT, "after two failures it serves nobody, for good");
}

static void two_at_once(void)
{
    demo_part("Two at once, and only one can be had");
    demo_loan loans[2];
    may_make = 0; /* r2 is there, a second one cannot be made */
    weft_status status = demo_pool_borrow_many(&pool, 2, 0, loans, __FILE__, __LINE__);
    demo_pool_counts counts = demo_pool_count(&pool);
    CHECK(status == DEMO_POOL_CREATE_FAILED && counts.idle == 1 && counts.out == 0 && all_back(),
          "all or none: r2 is in the pool again, both permits are back");
}

int main(void)
{
    demo_begin("A pool that tests what it lends, and loses no permit when it cannot");
    demo_pool_kind kind = {.create = make, .destroy = destroy, .is_valid = is_sound};
    demo_pool_init(&pool, &kind, CAPACITY);
    replace_the_broken();
    fail_and_heal();
    forget_the_permit();
    two_at_once();
    if (demo_pool_close(&pool) != WEFT_OK)
        demo_say("something is still out");
    return demo_end();
}
