/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file tiered_predictive_pool.c
 * @brief A pool in two tiers, and a pool that is warm before it is needed
 *
 * Tiers: each thread keeps two resources of its own, so only the first borrow goes to the shared
 * pool. Forecast: what will be needed next is guessed from what was needed so far, half of the
 * guess being the last demand; so many are made beforehand, in the quiet time between two periods.
 * A borrower waits for the factory only if there are too few.
 *
 * Source: locks, section 4.3.
 *
 * Look for: the last two columns: who waits for the factory in a pool that was warmed, and in one
 * that is cold, emptied before each period.
 *
 * Facts:
 * - one thread, 100 loans: one goes to the shared pool, 99 to its own tier; without a tier all 100
 * - demands 2 4 6 8 8 2 make it warm 2, 3, 5, 7, 8, 5 resources
 * - so 3 borrowers wait for the factory; in a pool that is cold at each period 30 do
 */
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_patterns.h"

enum { CAPACITY = 8, PERIODS = 6, LOANS = 100, OWN = 2 };

static void *make(void *arg)
{
    (void)arg;
    return demo_must(malloc(1));
}

static void destroy(void *resource, void *arg)
{
    (void)arg;
    free(resource);
}

static weft_resource_pool *new_pool(void)
{
    return demo_must(weft_resource_pool_new(CAPACITY, .create = make, .destroy = destroy));
}

/* ---- two tiers ---- */

struct tier {
    weft_loan loans[OWN]; /* of the shared pool, and used by one thread */
    int count;
    int hits;
};

static bool tier_borrow(struct tier *tier, weft_resource_pool *shared, weft_loan *loan)
{
    if (tier->count == 0)
        return weft_resource_pool_borrow(shared, loan) == WEFT_OK;
    *loan = tier->loans[--tier->count];
    tier->hits++;
    return true;
}

static void tier_give_back(struct tier *tier, weft_resource_pool *shared, weft_loan *loan)
{
    if (tier->count < OWN)
        tier->loans[tier->count++] = *loan;
    else
        weft_resource_pool_give_back(shared, loan);
}

static void two_tiers(void)
{
    demo_part("Two tiers, 100 loans of one thread");
    weft_resource_pool *shared = new_pool();
    weft_loan loan;
    struct tier tier = {.count = 0};
    for (int i = 0; i < LOANS; i++)
        if (weft_resource_pool_borrow(shared, &loan) == WEFT_OK)
            weft_resource_pool_give_back(shared, &loan);
    int without = (int)demo_pool_stats(shared).borrowed;
    demo_say("without a tier: %d of the shared pool", without);
    demo_sleep(0.5);
    for (int i = 0; i < LOANS; i++)
        if (tier_borrow(&tier, shared, &loan))
            tier_give_back(&tier, shared, &loan);
    int with = (int)demo_pool_stats(shared).borrowed - without;
    demo_say("with a tier: %d of the shared pool, %d of the tier", with, tier.hits);
    CHECK(without == LOANS, "without a tier all 100 go to the shared pool");
    CHECK(with == 1 && tier.hits == LOANS - 1,
          "with one a single loan does, 99 are the thread's own");
    while (tier.count > 0)
        weft_resource_pool_give_back(shared, &tier.loans[--tier.count]);
    CHECK(weft_resource_pool_close(shared) == WEFT_OK, "what the tier kept has gone back");
    weft_resource_pool_free(shared);
}

/* ---- forecast ---- */

static const int demands[PERIODS] = {2, 4, 6, 8, 8, 2};

/* Borrows so many at once, and gives `kept` of them back; the others are not needed any more. */
static void borrow_and_keep(weft_resource_pool *pool, int count, int kept)
{
    weft_loan loans[CAPACITY];
    int have = 0;
    while (have < count && weft_resource_pool_try_borrow(pool, &loans[have]) == WEFT_OK)
        have++;
    for (int i = 0; i < have; i++)
        (void)(i < kept ? weft_resource_pool_give_back(pool, &loans[i])
                        : weft_resource_pool_discard(pool, &loans[i]));
}

/* Between two periods: so many are warm, no more and no less. */
static void prepare(weft_resource_pool *pool, int warm)
{
    int idle = (int)demo_pool_stats(pool).idle;
    borrow_and_keep(pool, idle > warm ? idle : warm, warm);
}

/* All borrow at once; how many had to wait for the factory. */
static int period(weft_resource_pool *pool, int demand)
{
    uint64_t before = demo_pool_stats(pool).created;
    borrow_and_keep(pool, demand, demand);
    return (int)(demo_pool_stats(pool).created - before);
}

static void forecast(void)
{
    demo_part("Forecast: half of the last demand, half of the last guess");
    static const int right[PERIODS] = {2, 3, 5, 7, 8, 5};
    weft_resource_pool *guessing = new_pool();
    weft_resource_pool *cold = new_pool();
    int warm[PERIODS];
    int waited = 0;
    int waited_cold = 0;
    double guess = 2;
    demo_line("    %6s %6s %6s %6s %6s", "demand", "guess", "warm", "wait", "cold");
    for (int i = 0; i < PERIODS; i++) {
        guess = (demands[i] + guess) / 2;
        warm[i] = (int)guess + (guess > (int)guess); /* rounded up */
        prepare(guessing, warm[i]);
        prepare(cold, 0);
        int waits = period(guessing, demands[i]);
        int waits_cold = period(cold, demands[i]);
        demo_line("    %6d %6.3f %6d %6d %6d", demands[i], guess, warm[i], waits, waits_cold);
        demo_sleep(0.3);
        waited += waits;
        waited_cold += waits_cold;
    }
    CHECK(memcmp(warm, right, sizeof right) == 0, "it makes 2, 3, 5, 7, 8, 5 warm");
    CHECK(waited_cold == 30, "cold, all 30 borrowers wait for the factory");
    CHECK(waited == 3, "warm, three do: those by which the demand grew faster than the guess");
    CHECK(weft_resource_pool_close(guessing) == WEFT_OK &&
              weft_resource_pool_close(cold) == WEFT_OK,
          "both pools are closed, nothing is out");
    weft_resource_pool_free(guessing);
    weft_resource_pool_free(cold);
}

int main(void)
{
    demo_begin("A pool in two tiers, and a pool that is warm before it is needed");
    two_tiers();
    forecast();
    return demo_end();
}
