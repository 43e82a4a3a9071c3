/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file leaky_bucket_limiter.c
 * @brief Leaky bucket: whatever comes in, it leaves at a constant rate
 *
 * Requests drip out of a queue, one each interval; what comes while the queue is full is lost. A
 * burst is smoothed, not passed on. The limiter tells when a request's service begins; it takes
 * one interval, and the request that is being served counts as one of the ten in the queue. So of
 * those that come at time 0 the k-th leaves at k times 200 ms.
 *
 * Then the same in real time: a thread takes jobs out of a bounded queue, one each 100 ms.
 *
 * Source: locks, section 4.4.
 *
 * Look for: the gaps. They are all the same, but the arrivals came at once.
 *
 * Facts:
 * - of 15 at once ten are taken in, five are dropped
 * - they leave at 200, 400, ... 2000 ms, each gap exactly 200 ms; a token bucket lets all ten out
 *   at once
 * - a full bucket has room for one more after one interval
 * - in real time no gap is shorter than 100 ms, and what did not fit was refused
 */
#include <weft/patterns/rate_limiter.h>

#include "demo.h"
#include "demo_clock.h"
#include "demo_thread.h"

enum { CAPACITY = 10, ARRIVALS = 15, GAP = 200, JOBS = 8 };

static demo_clock now;

static weft_rate_limiter *limiter(weft_rate_algorithm algorithm)
{
    return demo_must(weft_rate_limiter_new(algorithm, 1, .period = GAP / 1000.0, .burst = CAPACITY,
                                           .now = demo_clock_seconds, .arg = &now));
}

/* When a request that comes now leaves, in ms; 0: it is dropped. */
static int departure(weft_rate_limiter *bucket)
{
    double wait;
    if (weft_rate_limiter_reserve(bucket, 1, WEFT_FOREVER, &wait) != WEFT_OK)
        return 0;
    return now.ms + (int)(wait * 1000 + 0.5) + GAP;
}

static void burst(void)
{
    demo_part("15 at once");
    weft_rate_limiter *bucket = limiter(WEFT_LEAKY_BUCKET);
    int departures[ARRIVALS];
    int taken_in = 0;
    bool even = true;
    for (int i = 0; i < ARRIVALS; i++)
        if ((departures[taken_in] = departure(bucket)) != 0)
            taken_in++;
    for (int i = 0; i < taken_in; i++) {
        demo_line("    request %2d leaves at %4d ms", i + 1, departures[i]);
        demo_sleep(0.2);
        even = even && departures[i] == GAP * (i + 1);
    }
    demo_line("    %d are dropped", ARRIVALS - taken_in);
    CHECK(taken_in == CAPACITY, "ten are taken in, five are dropped");
    CHECK(even, "they leave at 200, 400, ... 2000 ms, each gap exactly 200 ms");

    now.ms = 199;
    int at_199 = departure(bucket);
    now.ms = 200;
    int at_200 = departure(bucket);
    CHECK(at_199 == 0 && at_200 == 2200,
          "after one interval, and not before, there is room for one more");
    weft_rate_limiter_free(bucket);
}

static void burst_of_tokens(void)
{
    demo_part("The same 15 at a token bucket of that size");
    weft_rate_limiter *tokens = limiter(WEFT_TOKEN_BUCKET);
    int at_once = 0;
    for (int i = 0; i < ARRIVALS; i++)
        at_once += weft_rate_limiter_try_acquire(tokens) == WEFT_OK;
    demo_say("%d pass, all at the same moment", at_once);
    CHECK(at_once == CAPACITY, "a token bucket lets all ten out at once: the burst is passed on");
    weft_rate_limiter_free(tokens);
}

/* ---- real time ---- */

typedef void job(void);

static double done_at[JOBS];
static atomic_int done;

static void note_the_time(void)
{
    int place = done; /* only the drain gets here */
    done_at[place] = demo_now();
    demo_say("job %d", place + 1);
    done = place + 1;
}

static weft_queue jobs;

static void *drain(void *arg)
{
    job *next;
    while (weft_queue_get(&jobs, &next) == WEFT_OK) {
        next();
        demo_sleep(0.1);
    }
    return arg;
}

static void real_time(void)
{
    demo_part("A queue of eight jobs, drained one each 100 ms");
    weft_queue_init(&jobs, sizeof(job *), .maxsize = JOBS);
    job *next = note_the_time;
    int refused = 0;
    for (int i = 0; i < JOBS + 3; i++)
        refused += weft_queue_try_put(&jobs, &next) == WEFT_FULL;
    demo_say("%d of %d jobs are refused", refused, JOBS + 3);
    weft_queue_shutdown(&jobs, false);
    demo_join(demo_spawn(drain, NULL, "drain"));
    bool slow = true;
    for (int i = 1; i < JOBS; i++)
        slow = slow && demo_at_least(done_at[i] - done_at[i - 1], 0.1);
    CHECK(done == JOBS && refused == 3, "eight are done, the three that did not fit were refused");
    CHECK(slow, "no gap between two jobs is shorter than 100 ms");
    weft_queue_destroy(&jobs);
}

int main(void)
{
    demo_begin("Leaky bucket: whatever comes in, it leaves at a constant rate");
    burst();
    burst_of_tokens();
    real_time();
    return demo_end();
}
