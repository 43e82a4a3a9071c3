/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file token_bucket_limiter.c
 * @brief Token bucket: a constant rate, and bursts up to the capacity
 *
 * Five tokens a second drop into a bucket that holds ten; a request takes one, or is refused. Who
 * has been quiet for a while may send ten at once; in the long run it is five a second. Time is in
 * whole nanoseconds, so nothing gets lost in rounding. A blocking acquire knows when its token
 * will be there, and sleeps until then.
 *
 * Source: locks, section 4.4.
 *
 * Look for: the 1000 requests in ten seconds. 50 tokens drop in meanwhile, and ten were there.
 *
 * Facts:
 * - 15 at once: ten pass; 8 a second later: five pass
 * - a request every 10 ms for ten seconds: exactly 59 of 1000 pass; a long rest gives ten, not
 *   more
 * - several tokens are taken all or none
 * - four threads in real time: never more than the capacity and the rate allow
 * - a bucket that is looked into first and then taken from gives its last token twice
 */
#include <weft/patterns/rate_limiter.h>

#include "demo.h"
#include "demo_clock.h"
#include "demo_thread.h"

enum { RATE = 5, CAPACITY = 10, THREADS = 4 };

static demo_clock now;

static weft_rate_limiter *five_a_second(int capacity)
{
    return demo_must(weft_rate_limiter_new(WEFT_TOKEN_BUCKET, RATE, .burst = capacity,
                                           .now = demo_clock_seconds, .arg = &now));
}

static int ask(weft_rate_limiter *bucket, int requests, int ms)
{
    int passed = 0;
    now.ms = ms;
    for (int i = 0; i < requests; i++)
        passed += weft_rate_limiter_try_acquire(bucket) == WEFT_OK;
    return passed;
}

static int ask_aloud(weft_rate_limiter *bucket, int requests, int ms)
{
    int passed = ask(bucket, requests, ms);
    demo_say("%7d ms: %3d ask, %2d pass", ms, requests, passed);
    demo_sleep(0.3);
    return passed;
}

static void bursts(void)
{
    demo_part("Bursts: 5 a second, ten at once");
    weft_rate_limiter *bucket = five_a_second(CAPACITY);
    CHECK(ask_aloud(bucket, 15, 0) == CAPACITY, "of 15 at once ten pass");
    CHECK(ask_aloud(bucket, 8, 1000) == RATE, "of 8 a second later five");
    CHECK(ask_aloud(bucket, 100, 3600000) == CAPACITY, "after an hour's rest ten, and not more");
    weft_rate_limiter_free(bucket);
}

static void long_run(void)
{
    demo_part("The long run: a request every 10 ms, for ten seconds");
    now.ms = 0;
    weft_rate_limiter *bucket = five_a_second(CAPACITY);
    int passed = 0;
    for (int ms = 0; ms < 10000; ms += 10)
        passed += ask(bucket, 1, ms);
    demo_say("%d of 1000 pass", passed);
    CHECK(passed == 59, "59 pass: the ten that were there, and 49 that came meanwhile");
    weft_rate_limiter_free(bucket);
}

static void several_tokens(void)
{
    demo_part("Several tokens at once, of ten");
    weft_rate_limiter *bucket = five_a_second(CAPACITY);
    static const int wanted[] = {7, 4, 3};
    bool passed[3];
    for (int i = 0; i < 3; i++) {
        passed[i] = weft_rate_limiter_try_acquire_n(bucket, wanted[i]) == WEFT_OK;
        demo_say("asks for %d: %s", wanted[i], passed[i] ? "passes" : "is refused");
    }
    CHECK(passed[0] && !passed[1], "all or none: of the three that are left four get nothing");
    CHECK(passed[2], "and the refused one has used up nothing: three pass");
    weft_rate_limiter_free(bucket);
}

/* ---- real time ---- */

static weft_rate_limiter *shared;
static atomic_int passed_together;

static void *hammer(void *end)
{
    for (int i = 0; i < 20 || demo_now() < *(double *)end; i++)
        passed_together += weft_rate_limiter_try_acquire(shared) == WEFT_OK;
    return end;
}

static void real_time(void)
{
    demo_part("Real time: four threads, 200 a second, twenty at once");
    weft_thread *threads[THREADS];
    double began = weft_now();
    shared = demo_must(weft_rate_limiter_new(WEFT_TOKEN_BUCKET, 200, .burst = 20));
    double end = demo_now() + 1.0;
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(hammer, &end, "thread-%d", i);
    demo_join_all(THREADS, threads);
    double elapsed = weft_now() - began;
    demo_say("%d have passed in %.3f real seconds", passed_together, elapsed);
    CHECK(passed_together >= 20, "the twenty that were there pass");
    CHECK(passed_together <= 20 + 200 * elapsed + 1, "and no more than came in that time");

    double start;
    do
        start = weft_now();
    while (weft_rate_limiter_try_acquire(shared) == WEFT_OK);
    demo_say("the bucket is empty");
    for (int i = 0; i < 3; i++)
        weft_rate_limiter_acquire(shared);
    double waited = weft_now() - start;
    demo_say("three more, one after the other, took %.3f real seconds", waited);
    CHECK(waited >= 0.010, "who waits for three tokens waits 10 ms at least");
    weft_rate_limiter_free(shared);
}

/* ---- looking first, taking later ---- */

static atomic_int tokens = 1;
static atomic_int taken;
static demo_rendezvous both_have_looked = DEMO_RENDEZVOUS_INIT(2);

static void *look_then_take(void *arg)
{
    int seen = atomic_load_explicit(&tokens, memory_order_relaxed);
    demo_rendezvous_meet(&both_have_looked);
    if (seen > 0) {
        atomic_store_explicit(&tokens, seen - 1, memory_order_relaxed);
        taken++;
        demo_say("has taken the last token");
    }
    return arg;
}

static void *take(void *bucket)
{
    taken += weft_rate_limiter_try_acquire(bucket) == WEFT_OK;
    return bucket;
}

static void last_token(void)
{
    demo_part("Two threads, one token");
    weft_thread *threads[] = {demo_spawn(look_then_take, NULL, "thread-1"),
                              demo_spawn(look_then_take, NULL, "thread-2")};
    demo_join_all(2, threads);
    CHECK(taken == 2, "looked first, taken later: both have the last token");
    weft_rate_limiter *bucket = five_a_second(1);
    taken = 0;
    threads[0] = demo_spawn(take, bucket, "thread-1");
    threads[1] = demo_spawn(take, bucket, "thread-2");
    demo_join_all(2, threads);
    weft_rate_limiter_free(bucket);
    CHECK(taken == 1, "looked and taken under one lock: one of them has it");
}

int main(void)
{
    demo_begin("Token bucket: a constant rate, and bursts up to the capacity");
    bursts();
    long_run();
    several_tokens();
    real_time();
    last_token();
    return demo_end();
}
