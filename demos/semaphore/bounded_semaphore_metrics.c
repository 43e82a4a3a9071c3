/* SPDX-License-Identifier: MIT */
/**
 * @file bounded_semaphore_metrics.c
 * @brief A semaphore at work: waits, use, errors, a permit that nobody gives back
 *
 * A semaphore tells its value, its limit and how many wait; the rest one has to measure around it.
 * Twelve threads do five operations each on four permits, and a few lines around acquire and
 * release count and time them. Then come the two things that such numbers are for: releases too
 * many, and a holder that has been inside for far too long.
 *
 * Source: locks, section 4.2.
 *
 * Look for: the waits. Most operations wait longer than they work: four permits are few for twelve.
 *
 * Facts:
 * - 60 operations are counted, four at once and never more; they take 15 times 0.1 s at least
 * - the time inside adds up to 60 times 0.1 s at least
 * - value and holders alone do not show two releases too many; the refusals do, both of them
 * - a holder that stays longer than 0.5 s is reported by name, and its permit is recovered
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_thread.h"

enum { PERMITS = 4, THREADS = 12, EACH = 5, OPERATIONS = THREADS * EACH };

static struct metered {
    weft_bounded_semaphore permits;
    weft_lock lock; /* guards the rest */
    double wait[OPERATIONS + 1];
    int acquired;
    int waited; /* found no permit at first */
    int refused;
    double busy;
    const char *holder; /* the last one that came in and has not left */
    double since;
} metered = {.permits = WEFT_BOUNDED_SEMAPHORE_INIT(PERMITS)};

static void metered_acquire(void)
{
    double start = demo_now();
    bool waits = weft_bounded_semaphore_try_acquire(&metered.permits) != WEFT_OK;
    if (waits)
        weft_bounded_semaphore_acquire(&metered.permits);
    double now = demo_now();
    WEFT_HOLD(&metered.lock);
    metered.wait[metered.acquired++] = now - start;
    metered.waited += waits;
    metered.holder = weft_thread_name(weft_thread_current());
    metered.since = now;
}

static void metered_release(double inside)
{
    weft_status status = weft_bounded_semaphore_release(&metered.permits);
    WEFT_HOLD(&metered.lock);
    metered.busy += inside;
    metered.refused += status == WEFT_VALUE_ERROR;
    metered.holder = NULL;
}

/* ---- the load ---- */

static demo_crowd users;

static void *operate(void *arg)
{
    for (int i = 0; i < EACH; i++) {
        metered_acquire();
        double start = demo_now();
        demo_crowd_enter(&users);
        DEMO_AWAIT(users.peak >= PERMITS);
        demo_sleep(0.1);
        demo_crowd_leave(&users);
        metered_release(demo_now() - start);
    }
    return arg;
}

static int compare_waits(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void load(void)
{
    demo_part("Twelve threads, five operations of 0.1 s each, four permits");
    weft_thread *threads[THREADS];
    double start = demo_now();
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(operate, NULL, "thread-%d", i);
    demo_join_all(THREADS, threads);
    double elapsed = demo_now() - start;

    WEFT_HOLD(&metered.lock);
    qsort(metered.wait, (size_t)metered.acquired, sizeof *metered.wait, compare_waits);
    demo_line("    %d operations in %.3f s, %d had to wait", metered.acquired, elapsed,
              metered.waited);
    demo_line("    waits: half up to %.3f s, 95%% up to %.3f s, the longest %.3f s",
              metered.wait[OPERATIONS / 2], metered.wait[OPERATIONS * 95 / 100],
              metered.wait[OPERATIONS - 1]);
    demo_line("    in use %.0f%% of the time", metered.busy / (PERMITS * elapsed) * 100);
    CHECK(metered.acquired == OPERATIONS && users.peak == PERMITS,
          "60 operations are counted, four at once and never more");
    CHECK(demo_at_least(elapsed, OPERATIONS * 0.1 / PERMITS), "they took 15 times 0.1 s at least");
    CHECK(demo_at_least(metered.busy, OPERATIONS * 0.1 - 1e-4),
          "the time inside adds up to 60 times 0.1 s at least");
    CHECK(metered.waited >= THREADS - PERMITS, "at least the eight that came last had to wait");
}

static void releases_too_many(void)
{
    demo_part("Two releases too many");
    metered_release(0);
    metered_release(0);
    demo_say("value %d, limit %d, %d refused", weft_bounded_semaphore_value(&metered.permits),
             weft_bounded_semaphore_limit(&metered.permits), metered.refused);
    CHECK(weft_bounded_semaphore_value(&metered.permits) == PERMITS,
          "the value looks as if nothing had happened");
    CHECK(metered.refused == 2, "the count of refusals shows both");
}

/* ---- a permit that nobody gives back ---- */

static atomic_bool may_go;

static void *forget(void *arg)
{
    metered_acquire();
    DEMO_AWAIT(may_go); /* and never releases */
    return arg;
}

/* The name of who has been inside for longer than `seconds`, or NULL. */
static const char *overdue(double seconds)
{
    WEFT_HOLD(&metered.lock);
    if (metered.holder == NULL || !demo_at_least(demo_now() - metered.since, seconds))
        return NULL;
    return metered.holder;
}

static void forgotten_release(void)
{
    demo_part("A permit that nobody gives back");
    weft_thread *thread = demo_spawn(forget, NULL, "forgetful");
    DEMO_AWAIT(weft_bounded_semaphore_value(&metered.permits) == PERMITS - 1);
    DEMO_AWAIT(overdue(0.5) != NULL);
    demo_say("%s has held a permit for more than 0.5 s", overdue(0.5));
    CHECK(overdue(0.5) == weft_thread_name(thread), "the holder that stays too long is named");
    may_go = true;
    demo_join(thread);
    CHECK(weft_bounded_semaphore_value(&metered.permits) == PERMITS - 1,
          "its thread has ended, and its permit is still missing");
    metered_release(0);
    demo_say("recovers the permit");
    CHECK(weft_bounded_semaphore_value(&metered.permits) == PERMITS, "recovered: four permits");
}

int main(void)
{
    demo_begin("A semaphore at work: waits, use, errors, a permit that nobody gives back");
    load();
    releases_too_many();
    forgotten_release();
    return demo_end();
}
