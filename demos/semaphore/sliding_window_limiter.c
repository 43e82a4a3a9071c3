/* SPDX-License-Identifier: MIT */
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
#include "demo.h"
#include "demo_limiter.h"
#include "demo_thread.h"

enum { LIMIT = 10, SECOND = 1000, THREADS = 8 };

/* The times in ms: ten before the boundary, ten after it. */
static int trace(int i)
{
    return i < LIMIT ? 900 + 10 * i : 1000 + 10 * (i - LIMIT);
}

static void exact(void)
{
    demo_part("Times of the last ten");
    demo_sliding_window limiter = {.limit = LIMIT, .length = demo_ms(SECOND)};
    demo_fixed_window fixed = {.limit = LIMIT, .length = demo_ms(SECOND)};
    int early = 0;
    int late = 0;
    int passed_fixed = 0;
    for (int i = 0; i < 2 * LIMIT; i++) {
        bool passed = demo_sliding_window_admit(&limiter, demo_ms(trace(i)));
        passed_fixed += demo_fixed_window_admit(&fixed, demo_ms(trace(i)));
        demo_line("    %4d ms  %s", trace(i), passed ? "passes" : "is refused");
        demo_sleep(0.05);
        *(i < LIMIT ? &early : &late) += passed;
    }
    CHECK(early == LIMIT && late == 0, "ten pass before the boundary, none of the ten after it");
    CHECK(passed_fixed == 2 * LIMIT, "a fixed window lets all twenty pass");
    bool before = demo_sliding_window_admit(&limiter, demo_ms(1899));
    bool at = demo_sliding_window_admit(&limiter, demo_ms(1900));
    demo_say("the next one: refused at 1899 ms, passes at 1900 ms");
    CHECK(!before && at, "the next one passes at 1900 ms, and not before");
}

/* ---- any second has ten at most ---- */

static void any_second(void)
{
    demo_part("A request every 7 ms for ten seconds");
    demo_sliding_window limiter = {.limit = LIMIT, .length = demo_ms(SECOND)};
    int times[10 * LIMIT + LIMIT];
    int count = 0;
    for (int ms = 0; ms < 10 * SECOND; ms += 7)
        if (demo_sliding_window_admit(&limiter, demo_ms(ms)))
            times[count++] = ms;
    bool never_more = true;
    for (int i = LIMIT; i < count; i++)
        never_more = never_more && times[i] - times[i - LIMIT] >= SECOND;
    demo_say("%d of %d have passed", count, 10 * SECOND / 7 + 1);
    CHECK(count == 10 * LIMIT && never_more, "100 pass, and no second has more than ten");
    CHECK(LIMIT * sizeof *limiter.times == 80, "for that it remembers 80 bytes for each key");
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

static demo_sliding_window shared = {.limit = LIMIT, .length = 1000000000};
static atomic_int clock_ms;

static void *ask(void *passed)
{
    for (;;) {
        int now = atomic_fetch_add(&clock_ms, 1); /* a request each millisecond */
        if (now >= 4 * SECOND)
            return passed;
        if (demo_sliding_window_admit(&shared, demo_ms(now)))
            atomic_fetch_add((atomic_int *)passed, 1);
    }
}

static void threads_ask(void)
{
    demo_part("Eight threads, a request each millisecond, four seconds");
    static atomic_int passed;
    weft_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(ask, &passed, "thread-%d", i);
    demo_join_all(THREADS, threads);
    demo_say("%d of 4000 have passed", passed);
    CHECK(passed == 4 * LIMIT, "exactly 40 pass");
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
