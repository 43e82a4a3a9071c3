/* SPDX-License-Identifier: MIT */
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
 * Look for: the last two columns. A cold pool makes everybody wait who is not served by what is
 * left from before.
 *
 * Facts:
 * - one thread, 100 loans: one goes to the shared pool, 99 to its own tier; without a tier all 100
 * - demands 2 4 6 8 8 2 make it warm 2, 3, 5, 7, 8, 5 resources
 * - so 3 borrowers wait for the factory; in a pool that is cold at each period 30 do
 */
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_pool.h"

enum { CAPACITY = 8, PERIODS = 6, LOANS = 100, OWN = 2 };

static void *make(void *arg)
{
    (void)arg;
    return demo_must(malloc(1));
}

static void destroy(void *arg, void *resource)
{
    (void)arg;
    free(resource);
}

static const demo_pool_kind kind = {.create = make, .destroy = destroy};

/* ---- two tiers ---- */

struct tier {
    demo_loan loans[OWN]; /* of the shared pool, and used by one thread */
    int count;
    int hits;
};

static bool tier_borrow(struct tier *tier, demo_pool *shared, demo_loan *loan)
{
    if (tier->count == 0)
        return demo_pool_borrow(shared, DEMO_PATIENCE, loan) == WEFT_OK;
    *loan = tier->loans[--tier->count];
    tier->hits++;
    return true;
}

static void tier_give_back(struct tier *tier, demo_pool *shared, demo_loan loan)
{
    if (tier->count < OWN)
        tier->loans[tier->count++] = loan;
    else
        demo_pool_give_back(shared, loan);
}

static void two_tiers(void)
{
    demo_part("Two tiers, 100 loans of one thread");
    demo_pool shared;
    demo_loan loan;
    struct tier tier = {.count = 0};
    demo_pool_init(&shared, &kind, CAPACITY);
    for (int i = 0; i < LOANS; i++)
        if (demo_pool_borrow(&shared, DEMO_PATIENCE, &loan) == WEFT_OK)
            demo_pool_give_back(&shared, loan);
    int without = demo_pool_count(&shared).borrowed;
    for (int i = 0; i < LOANS; i++)
        if (tier_borrow(&tier, &shared, &loan))
            tier_give_back(&tier, &shared, loan);
    int with = demo_pool_count(&shared).borrowed - without;
    demo_say("shared pool only: %d loans of it; with a tier of its own: %d, and %d from the tier",
             without, with, tier.hits);
    CHECK(without == LOANS, "without a tier all 100 go to the shared pool");
    CHECK(with == 1 && tier.hits == LOANS - 1,
          "with one a single loan does, 99 are the thread's own");
    while (tier.count > 0)
        demo_pool_give_back(&shared, tier.loans[--tier.count]);
    CHECK(demo_pool_close(&shared) == WEFT_OK, "what the tier kept has gone back");
}

/* ---- forecast ---- */

static const int demands[PERIODS] = {2, 4, 6, 8, 8, 2};

/* All borrow at once; how many had to wait for the factory. */
static int period(demo_pool *pool, int demand)
{
    demo_loan loans[CAPACITY];
    int before = demo_pool_count(pool).created;
    if (demo_pool_borrow_many(pool, demand, DEMO_PATIENCE, loans, __FILE__, __LINE__) != WEFT_OK)
        return -1;
    for (int i = 0; i < demand; i++)
        demo_pool_give_back(pool, loans[i]);
    return demo_pool_count(pool).created - before;
}

/* Between two periods: so many are warm, no more and no less. */
static void prepare(demo_pool *pool, int warm)
{
    demo_pool_evict(pool, WEFT_FOREVER, 0, warm);
    demo_pool_warm(pool, warm);
}

static void forecast(void)
{
    demo_part("Forecast: half of the last demand, half of the last guess");
    static const int right[PERIODS] = {2, 3, 5, 7, 8, 5};
    demo_pool guessing;
    demo_pool cold;
    int warm[PERIODS];
    int waited = 0;
    int waited_cold = 0;
    double guess = 2;
    demo_pool_init(&guessing, &kind, CAPACITY);
    demo_pool_init(&cold, &kind, CAPACITY);
    demo_line("    %6s %6s %6s %6s %6s", "demand", "guess", "warm", "wait", "cold");
    for (int i = 0; i < PERIODS; i++) {
        guess = (demands[i] + guess) / 2;
        warm[i] = (int)guess + (guess > (int)guess); /* rounded up */
        prepare(&guessing, warm[i]);
        prepare(&cold, 0);
        int waits = period(&guessing, demands[i]);
        int waits_cold = period(&cold, demands[i]);
        demo_line("    %6d %6.3f %6d %6d %6d", demands[i], guess, warm[i], waits, waits_cold);
        demo_sleep(0.3);
        waited += waits;
        waited_cold += waits_cold;
    }
    CHECK(memcmp(warm, right, sizeof right) == 0, "it makes 2, 3, 5, 7, 8, 5 warm");
    CHECK(waited_cold == 30, "cold, all 30 borrowers wait for the factory");
    CHECK(waited == 3, "warm, three do: those by which the demand grew faster than the guess");
    CHECK(demo_pool_close(&guessing) == WEFT_OK && demo_pool_close(&cold) == WEFT_OK,
          "both pools are closed, nothing is out");
}

int main(void)
{
    demo_begin("A pool in two tiers, and a pool that is warm before it is needed");
    two_tiers();
    forecast();
    return demo_end();
}
