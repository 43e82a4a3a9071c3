/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file fixed_window_limiter.c
 * @brief Fixed window: a counter that starts anew each second, and its boundary
 *
 * At most ten requests in each second: one counter, set to zero when the next second begins. It is
 * the cheapest limiter, and right on the average. But it counts by the calendar: ten requests at
 * the end of one second and ten at the beginning of the next all pass, twenty within 190 ms. The
 * clock is a number here, so the times are exact.
 *
 * Source: locks, section 4.4.
 *
 * Look for: the row of the boundary. On its left and on its right all is in order.
 *
 * Facts:
 * - a steady 20 a second for ten seconds: exactly 100 pass, ten in each second
 * - across a boundary twenty pass within 190 ms, twice the limit
 * - with many threads exactly ten pass in a second; a counter that is read and then written lets
 *   an eleventh pass
 */
#include <weft/patterns/rate_limiter.h>

#include "demo.h"
#include "demo_clock.h"
#include "demo_thread.h"

enum { LIMIT = 10, WINDOWS = 10, THREADS = 8, EACH = 5 };

static demo_clock now;
static weft_rate_limiter *limiter;

/* In each part another one, whose first second begins at 0. */
static void begin(void)
{
    weft_rate_limiter_free(limiter);
    limiter = demo_must(weft_rate_limiter_new(WEFT_FIXED_WINDOW, LIMIT, .period = 1,
                                              .now = demo_clock_seconds, .arg = &now));
}

static bool passes_at(int ms)
{
    now.ms = ms;
    return weft_rate_limiter_try_acquire(limiter) == WEFT_OK;
}

static void steady(void)
{
    demo_part("20 a second, for ten seconds");
    begin();
    int passed[WINDOWS] = {0};
    int all = 0;
    bool even = true;
    for (int ms = 0; ms < 1000 * WINDOWS; ms += 50)
        passed[ms / 1000] += passes_at(ms);
    for (int i = 0; i < WINDOWS; i++) {
        demo_line("    second %d: %2d passed", i, passed[i]);
        demo_sleep(0.1);
        all += passed[i];
        even = even && passed[i] == LIMIT;
    }
    CHECK(all == WINDOWS * LIMIT && even, "exactly 100 pass, ten in each second");
}

/* Ten requests, 10 ms apart; prints a mark for each and returns how many passed. */
static int ten_requests(int from)
{
    char marks[LIMIT + 1] = "";
    int passed = 0;
    for (int i = 0; i < LIMIT; i++) {
        bool admitted = passes_at(from + 10 * i);
        marks[i] = admitted ? '+' : '-';
        passed += admitted;
    }
    demo_line("    %4d to %4d ms  %s", from, from + 10 * (LIMIT - 1), marks);
    demo_sleep(0.3);
    return passed;
}

static void boundary(void)
{
    demo_part("Ten before a boundary, ten after it");
    begin();
    int before = ten_requests(900);
    int after = ten_requests(1000);
    int again = ten_requests(1100);
    CHECK(before == LIMIT && after == LIMIT,
          "twenty pass from 900 to 1090 ms: within 190 ms, twice the limit");
    CHECK(again == 0, "the second has had its ten: no more until 2000 ms");
}

/* ---- many threads ---- */

static atomic_int passed_together;
static atomic_int unprotected_count;
static atomic_int passed_unprotected;
static demo_rendezvous both_have_looked = DEMO_RENDEZVOUS_INIT(2);

static void *ask(void *arg)
{
    for (int i = 0; i < EACH; i++)
        passed_together += weft_rate_limiter_try_acquire(limiter) == WEFT_OK;
    return arg;
}

static void *look_then_count(void *arg)
{
    int used = atomic_load_explicit(&unprotected_count, memory_order_relaxed);
    demo_say("sees that %d have passed", used);
    demo_rendezvous_meet(&both_have_looked);
    if (used < LIMIT) {
        atomic_store_explicit(&unprotected_count, used + 1, memory_order_relaxed);
        passed_unprotected++;
        demo_say("lets its request pass");
    }
    return arg;
}

static void many_threads(void)
{
    demo_part("40 requests of eight threads in the same second");
    weft_thread *threads[THREADS];
    begin();
    now.ms = 500;
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(ask, NULL, "thread-%d", i);
    demo_join_all(THREADS, threads);
    demo_say("%d of %d have passed", passed_together, THREADS * EACH);
    CHECK(passed_together == LIMIT, "exactly ten pass");

    demo_part("The same without a lock: nine have passed, two ask");
    unprotected_count = LIMIT - 1;
    passed_unprotected = LIMIT - 1;
    threads[0] = demo_spawn(look_then_count, NULL, "thread-0");
    threads[1] = demo_spawn(look_then_count, NULL, "thread-1");
    demo_join_all(2, threads);
    demo_say("%d have passed, the counter says %d", passed_unprotected, unprotected_count);
    CHECK(passed_unprotected == LIMIT + 1 && unprotected_count == LIMIT,
          "eleven pass, and the counter knows of ten");
}

int main(void)
{
    demo_begin("Fixed window: a counter that starts anew each second, and its boundary");
    steady();
    boundary();
    many_threads();
    weft_rate_limiter_free(limiter);
    return demo_end();
}
