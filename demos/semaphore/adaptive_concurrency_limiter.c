/* SPDX-License-Identifier: MIT */
/**
 * @file adaptive_concurrency_limiter.c
 * @brief A limit that finds out what the server can do
 *
 * Nobody knows that the server can do eight at once; above that its answers take twice as long. The
 * limiter tries: after each period without trouble one more, after a period of late answers half as
 * many. So the limit moves around the right value, as a TCP connection finds its rate. First on
 * paper, a period at a time; then with sixteen threads and a semaphore whose limit changes while
 * they work.
 *
 * Source: locks, section 4.4.
 *
 * Look for: nine, then four. It has to go one too far to notice.
 *
 * Facts:
 * - the limits are 2 3 4 5 6 7 8 9 4 5 6 7 8 9 4
 * - a fixed limit of 16 overloads the server in every period, the adaptive one in 2 of 15
 * - with threads, exactly as many are inside as the limit of the moment says, and never more
 * - nobody is thrown out when the limit is halved; the permits balance at the end
 */
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

enum { CAN_DO = 8, START = 2, FIXED = 16, PERIODS = 15, THREADS = 16 };

static const double late = 0.15; /* an answer that takes longer */

static double answer_time(int at_once)
{
    return at_once > CAN_DO ? 0.2 : 0.1;
}

static int adapt(int limit, double seconds)
{
    return seconds > late ? limit / 2 : limit + 1;
}

static void on_paper(void)
{
    demo_part("On paper: one more after a good period, half after a bad one");
    static const int right[PERIODS] = {2, 3, 4, 5, 6, 7, 8, 9, 4, 5, 6, 7, 8, 9, 4};
    int limits[PERIODS];
    int bad = 0;
    int bad_fixed = 0;
    int limit = START;
    for (int i = 0; i < PERIODS; i++) {
        limits[i] = limit;
        double seconds = answer_time(limit);
        demo_line("    period %2d: limit %d, answers take %.1f s", i, limit, seconds);
        demo_sleep(0.1);
        bad += seconds > late;
        bad_fixed += answer_time(FIXED) > late;
        limit = adapt(limit, seconds);
    }
    CHECK(memcmp(limits, right, sizeof right) == 0, "the limits are 2 3 4 5 6 7 8 9 4 5 6 7 8 9 4");
    CHECK(bad == 2 && bad_fixed == PERIODS,
          "late answers in 2 of 15 periods; with a fixed limit of 16 in all of them");
}

/* ---- threads ---- */

static weft_bounded_semaphore permits = WEFT_BOUNDED_SEMAPHORE_INIT(START);
static weft_semaphore may_leave = WEFT_SEMAPHORE_INIT(0);
static demo_crowd inside;
static atomic_bool stop;
static atomic_int requests;

static void *serve(void *arg)
{
    while (!stop) {
        weft_bounded_semaphore_acquire(&permits);
        demo_crowd_enter(&inside);
        weft_semaphore_acquire(&may_leave);
        demo_crowd_leave(&inside);
        requests++;
        weft_bounded_semaphore_release(&permits);
    }
    return arg;
}

/* A period in which as many are inside as may be; what it takes decides on the next limit. */
static int period(int limit, bool *exact)
{
    DEMO_AWAIT(inside.inside == limit);
    DEMO_AWAIT(weft_bounded_semaphore_waiters(&permits) == (size_t)(THREADS - limit));
    int seen = inside.inside;
    double seconds = answer_time(seen);
    int next = adapt(limit, seconds);
    demo_say("%d are inside, answers take %.1f s: limit %d", seen, seconds, next);
    demo_sleep(seconds);
    *exact = *exact && seen == limit && inside.peak == limit;
    weft_bounded_semaphore_resize(&permits, next);
    if (next < limit) { /* nobody is thrown out */
        *exact = *exact && inside.inside == limit;
        weft_semaphore_release_n(&may_leave, limit - next);
        DEMO_AWAIT(weft_bounded_semaphore_value(&permits) == 0);
        inside.peak = next;
    }
    return next;
}

static void with_threads(void)
{
    demo_part("With sixteen threads");
    weft_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(serve, NULL, "server-%02d", i);
    bool exact = true;
    int limit = START;
    for (int i = 0; i < PERIODS - 1; i++)
        limit = period(limit, &exact);
    CHECK(limit == 4, "the limit takes the same way and ends at 4");
    CHECK(exact, "as many were inside as the limit of the moment said, and never more");
    stop = true;
    weft_semaphore_release_n(&may_leave, THREADS);
    demo_join_all(THREADS, threads);
    demo_say("%d requests were served", requests);
    CHECK(weft_bounded_semaphore_value(&permits) == weft_bounded_semaphore_limit(&permits),
          "at the end all permits are back");
}

int main(void)
{
    demo_begin("A limit that finds out what the server can do");
    on_paper();
    with_threads();
    return demo_end();
}
