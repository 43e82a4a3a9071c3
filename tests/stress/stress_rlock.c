/* SPDX-License-Identifier: MIT */
/*
 * RLocks of many threads to random depths, by every call, timed, tried and interrupted; no entry is
 * lost, none is admitted twice.
 */
#include "test.h"

#include <stdatomic.h>

#include "interrupt.h"
#include "storm.h"

enum { THREADS = 6, LOCKS = 2, DEEPEST = 4 };

struct site {
    weft_rlock lock;
    unsigned inside;  /* guarded by the lock: the thread that is in */
    uint64_t entries; /* the same */
};

static struct site sites[LOCKS];
static atomic_uint_fast64_t entered[LOCKS];
static atomic_uint_fast64_t missed;
static int64_t end;

static weft_status acquire_somehow(weft_rlock *lock, uint64_t random)
{
    switch (random % 4) {
    case 0:
        return weft_rlock_try_acquire(lock);
    case 1:
        return weft_rlock_acquire_for(lock, (double)(random % 97) * 1e-6);
    case 2:
        return weft_rlock_acquire_until(lock, weft_now() + (double)(random % 97) * 1e-6);
    default:
        return weft_rlock_acquire(lock);
    }
}

/* What is done inside, `depth` times entered so far. */
static void deepen(struct site *site, uint32_t depth, uint64_t *random, unsigned me)
{
    uint32_t before = depth;
    for (uint64_t wanted = 1 + test_random(random) % DEEPEST; depth < wanted; depth++) {
        weft_status status = acquire_somehow(&site->lock, test_random(random));
        if (depth == 0 && (status == WEFT_TIMEOUT || status == WEFT_INTERRUPTED)) {
            atomic_fetch_add(&missed, 1);
            return;
        }
        WITNESS(status == WEFT_OK);
        WITNESS(site->inside == (depth == 0 ? 0 : me));
        site->inside = me;
    }
    WITNESS(weft_rlock_depth(&site->lock) == depth);
    WITNESS(weft_rlock_is_owned(&site->lock));
    site->entries++;
    atomic_fetch_add(&entered[site - sites], 1);
    for (; depth > before; depth--) {
        WITNESS(site->inside == me);
        if (depth == 1)
            site->inside = 0;
        WITNESS(weft_rlock_release(&site->lock) == WEFT_OK);
    }
}

static void visit(struct site *site, uint64_t *random, unsigned me)
{
    if (test_random(random) % 8 == 0) {
        WEFT_HOLD(&site->lock); /* no interruption keeps it from the lock */
        WITNESS(site->inside == 0);
        site->inside = me;
        deepen(site, 1, random, me);
        WITNESS(weft_rlock_depth(&site->lock) == 1);
        site->inside = 0;
    } else {
        deepen(site, 0, random, me);
        WITNESS(weft_rlock_release(&site->lock) == WEFT_NOT_OWNER);
    }
}

static void *visit_all(void *arg)
{
    unsigned me = weft_thread_ident(weft_thread_current());
    uint64_t random = test_stress_random();
    while (test_clock() < end)
        visit(&sites[test_random(&random) % LOCKS], &random, me);
    return arg;
}

static void run(void)
{
    end = test_clock() + test_stress_time();
    struct crew crew = crew_start(THREADS, visit_all, NULL);
    uint64_t sent = interrupt_at_random(&crew, end);
    crew_join(&crew);
    for (size_t i = 0; i < LOCKS; i++) {
        assert_int_equal(weft_rlock_done(&sites[i].lock), WEFT_OK);
        assert_true(sites[i].entries == atomic_load(&entered[i]));
        assert_true(sites[i].entries > 0);
        print_message("lock %zu: %llu entries\n", i, (unsigned long long)sites[i].entries);
    }
    print_message("%llu tried in vain, %llu interruptions\n",
                  (unsigned long long)atomic_load(&missed), (unsigned long long)sent);
}

TEST(rlocks_under_stress)
{
    run();
}

TEST(rlocks_under_stress_in_a_storm_of_signals)
{
    storm_begin();
    run();
    storm_end();
}
