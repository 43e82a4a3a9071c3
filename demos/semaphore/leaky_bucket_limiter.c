/* SPDX-License-Identifier: MIT */
/**
 * @file leaky_bucket_limiter.c
 * @brief Leaky bucket: whatever comes in, it leaves at a constant rate
 *
 * Requests drip out of a queue, one each interval; what comes while the queue is full is lost. A
 * burst is smoothed, not passed on. The convention: the request that is being served counts as one
 * of the ten in the queue, and takes one interval, so of those that come at time 0 the k-th leaves
 * at k times 200 ms.
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
#include "demo.h"
#include "demo_limiter.h"
#include "demo_thread.h"

enum { CAPACITY = 10, ARRIVALS = 15, GAP = 200, JOBS = 8 };

static void burst(void)
{
    demo_part("15 at once");
    demo_leaky_bucket bucket = {.capacity = CAPACITY, .interval = demo_ms(GAP)};
    demo_token_bucket tokens = demo_token_bucket_full(1000 / GAP, CAPACITY);
    int64_t departures[CAPACITY] = {0};
    int taken_in = 0;
    int at_once = 0;
    for (int i = 0; i < ARRIVALS; i++) {
        int64_t departure;
        if (demo_leaky_bucket_admit(&bucket, 0, &departure))
            departures[taken_in++] = departure;
        at_once += demo_token_bucket_admit(&tokens, 1, 0);
    }
    bool even = true;
    for (int i = 0; i < taken_in; i++) {
        demo_line("    request %2d leaves at %4lld ms", i + 1,
                  (long long)(departures[i] / demo_ms(1)));
        demo_sleep(0.2);
        even = even && departures[i] == demo_ms((int64_t)GAP * (i + 1));
    }
    CHECK(taken_in == CAPACITY, "ten are taken in, five are dropped");
    CHECK(even, "they leave at 200, 400, ... 2000 ms, each gap exactly 200 ms");
    CHECK(at_once == CAPACITY, "a token bucket of that size lets all ten out at once");

    int64_t departure;
    bool at_199 = demo_leaky_bucket_admit(&bucket, demo_ms(199), &departure);
    bool at_200 = demo_leaky_bucket_admit(&bucket, demo_ms(200), &departure);
    CHECK(!at_199 && at_200 && departure == demo_ms(2200),
          "after one interval, and not before, there is room for one more");
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
    real_time();
    return demo_end();
}
