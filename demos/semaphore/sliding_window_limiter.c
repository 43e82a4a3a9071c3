/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file sliding_window_limiter.c
 * @brief Sliding window: never more than ten in any second, whenever it begins
 *
 * The limiter remembers when the last ten requests passed. One more may pass if the oldest of them
 * was a second ago or more. That is exact, and costs ten times as much memory as a counter, for
 * each key. A cheap approximation keeps two counters, of this second and of the one before, and
 * counts the latter in part.
 *
 * Source: locks, section 4.4.
 *
 * Look for: the boundary at 1000 ms. To this limiter it is a moment as any other.
 *
 * Facts:
 * - ten at 900 to 990 ms pass, ten at 1000 to 1090 ms do not; the next one passes at 1900 ms
 * - a fixed window lets all twenty pass
 * - no second, wherever it begins, has more than ten
 * - the approximation lets ten of the twenty pass, too
 * - eight threads, a request each millisecond for four seconds: exactly 40 pass
 */
#include <weft/patterns/rate_limiter.h>

#include "demo.h"
#include "demo_clock.h"
#include "demo_thread.h"

enum { LIMIT = 10, SECOND = 1000, THREADS = 8 };

static demo_clock now;

static weft_rate_limiter *ten_a_second(weft_rate_algorithm algorithm)
{
    return demo_must(weft_rate_limiter_new(algorithm, LIMIT, .period = 1, .now = demo_clock_seconds,
                                           .arg = &now));
}

static bool passes_at(weft_rate_limiter *limiter, int ms)
{
    now.ms = ms;
    return weft_rate_limiter_try_acquire(limiter) == WEFT_OK;
}

/* The times in ms: ten before the boundary, ten after it. */
static int trace(int i)
{
    return i < LIMIT ? 900 + 10 * i : 1000 + 10 * (i - LIMIT);
}

static void exact(void)
{
    demo_part("Times of the last ten");
    weft_rate_limiter *limiter = ten_a_second(WEFT_SLIDING_WINDOW);
    weft_rate_limiter *fixed = ten_a_second(WEFT_FIXED_WINDOW);
    int early = 0;
    int late = 0;
    int passed_fixed = 0;
    for (int i = 0; i < 2 * LIMIT; i++) {
        bool passed = passes_at(limiter, trace(i));
        passed_fixed += passes_at(fixed, trace(i));
        demo_line("    %4d ms  %s", trace(i), passed ? "passes" : "is refused");
        demo_sleep(0.05);
        *(i < LIMIT ? &early : &late) += passed;
    }
    CHECK(early == LIMIT && late == 0, "ten pass before the boundary, none of the ten after it");
    CHECK(passed_fixed == 2 * LIMIT, "a fixed window lets all twenty pass");
    bool before = passes_at(limiter, 1899);
    bool at = passes_at(limiter, 1900);
    demo_say("the next one: %s at 1899 ms, %s at 1900 ms", before ? "passes" : "is refused",
             at ? "passes" : "is refused");
    CHECK(!before && at, "the next one passes at 1900 ms, and not before");
    weft_rate_limiter_free(limiter);
    weft_rate_limiter_free(fixed);
}

/* ---- any second has ten at most ---- */

static void any_second(void)
{
    demo_part("A request every 7 ms for ten seconds");
    weft_rate_limiter *limiter = ten_a_second(WEFT_SLIDING_WINDOW);
    int times[10 * LIMIT + LIMIT];
    int count = 0;
    for (int ms = 0; ms < 10 * SECOND; ms += 7)
        if (passes_at(limiter, ms))
            times[count++] = ms;
    bool never_more = true;
    for (int i = LIMIT; i < count; i++)
        never_more = never_more && times[i] - times[i - LIMIT] >= SECOND;
    demo_say("%d of %d have passed", count, 10 * SECOND / 7 + 1);
    CHECK(count == 10 * LIMIT && never_more, "100 pass, and no second has more than ten");
    weft_rate_limiter_free(limiter);
}

/* ---- two counters ---- */

struct approximation {
    int64_t window;
    int used;
    int used_before;
};

static bool approximation_admit(struct approximation *limiter, int64_t ms)
{
    int64_t window = ms / SECOND;
    if (window != limiter->window) {
        limiter->used_before = window == limiter->window + 1 ? limiter->used : 0;
        limiter->used = 0;
        limiter->window = window;
    }
    /* What the last second still has in this one, in thousandths of a request. */
    int64_t overlap = limiter->used_before * (SECOND - ms % SECOND);
    if (overlap + (limiter->used + 1) * (int64_t)SECOND > LIMIT * (int64_t)SECOND)
        return false;
    limiter->used++;
    return true;
}

static void approximate(void)
{
    demo_part("Two counters");
    struct approximation limiter = {.window = 0};
    int passed = 0;
    for (int i = 0; i < 2 * LIMIT; i++)
        passed += approximation_admit(&limiter, trace(i));
    demo_say("%d of 20 have passed, with %zu bytes", passed, sizeof limiter);
    CHECK(passed == LIMIT, "the approximation lets ten of the same twenty pass");
}

/* ---- threads ---- */

static weft_rate_limiter *shared;
static atomic_int passed_together;

/* All threads move one clock, a millisecond after each request, until four seconds are over. */
static void *ask(void *arg)
{
    for (int ms = 0; ms < 4 * SECOND - THREADS; ms = atomic_fetch_add(&now.ms, 1) + 1)
        passed_together += weft_rate_limiter_try_acquire(shared) == WEFT_OK;
    return arg;
}

static void threads_ask(void)
{
    demo_part("Eight threads, a request each millisecond, four seconds");
    weft_thread *threads[THREADS];
    shared = ten_a_second(WEFT_SLIDING_WINDOW);
    now.ms = 0;
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(ask, NULL, "thread-%d", i);
    demo_join_all(THREADS, threads);
    demo_say("%d of %d have passed", passed_together, now.ms);
    CHECK(passed_together == 4 * LIMIT, "exactly 40 pass");
    weft_rate_limiter_free(shared);
}

int main(void)
{
    demo_begin("Sliding window: never more than ten in any second, whenever it begins");
    exact();
    any_second();
    approximate();
    threads_ask();
    return demo_end();
}
