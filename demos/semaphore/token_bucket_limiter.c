/* SPDX-License-Identifier: MIT */
/**
 * @file token_bucket_limiter.c
 * @brief Token bucket: a constant rate, and bursts up to the capacity
 *
 * Five tokens a second drop into a bucket that holds ten; a request takes one, or is refused. Who
 * has been quiet for a while may send ten at once; in the long run it is five a second. Time is in
 * whole nanoseconds, so nothing gets lost in rounding. A blocking acquire asks how long it will
 * take and sleeps so long.
 *
 * Source: locks, section 4.4.
 *
 * Look for: the 1000 requests in ten seconds. 50 tokens drop in meanwhile, and ten were there.
 *
 * Facts:
 * - 15 at once: ten pass; 8 a second later: five pass
 * - a request every 10 ms for ten seconds: exactly 59 of 1000 pass; a long rest gives ten, not more
 * - several tokens are taken all or none
 * - four threads in real time: never more than the capacity and the rate allow
 * - a bucket that is looked into first and then taken from gives its last token twice
 */
#include "demo.h"
#include "demo_limiter.h"
#include "demo_thread.h"

enum { RATE = 5, CAPACITY = 10, THREADS = 4 };

static int ask(demo_token_bucket *bucket, int requests, int64_t ms)
{
    int passed = 0;
    for (int i = 0; i < requests; i++)
        passed += demo_token_bucket_admit(bucket, 1, demo_ms(ms));
    demo_say("%6lld ms: %2d ask, %2d pass", (long long)ms, requests, passed);
    demo_sleep(0.3);
    return passed;
}

static void bursts(void)
{
    demo_part("Bursts: 5 a second, ten at once");
    demo_token_bucket bucket = demo_token_bucket_full(RATE, CAPACITY);
    CHECK(ask(&bucket, 15, 0) == CAPACITY, "of 15 at once ten pass");
    CHECK(ask(&bucket, 8, 1000) == RATE, "of 8 a second later five");
    CHECK(ask(&bucket, 100, 3600000) == CAPACITY, "after an hour's rest ten, and not more");

    demo_token_bucket steady = demo_token_bucket_full(RATE, CAPACITY);
    int passed = 0;
    for (int ms = 0; ms < 10000; ms += 10)
        passed += demo_token_bucket_admit(&steady, 1, demo_ms(ms));
    demo_say("one every 10 ms for 10 s: %d of 1000 pass", passed);
    CHECK(passed == 59, "in the long run: the ten that were there, and 49 that came meanwhile");
}

static void several_tokens(void)
{
    demo_part("Several tokens");
    demo_token_bucket bucket = demo_token_bucket_full(RATE, CAPACITY);
    bool seven = demo_token_bucket_admit(&bucket, 7, 0);
    bool four = demo_token_bucket_admit(&bucket, 4, 0);
    bool three = demo_token_bucket_admit(&bucket, 3, 0);
    demo_say("of ten: seven %s, then four %s, then three %s", seven ? "pass" : "do not",
             four ? "pass" : "do not", three ? "pass" : "do not");
    CHECK(seven && !four && three, "all or none: four of the last three are none, three are three");
}

/* ---- real time ---- */

static demo_token_bucket shared;
static double began;
static atomic_int passed_shared;

static int64_t nanoseconds(void)
{
    return (int64_t)((weft_now() - began) * 1e9);
}

static void *hammer(void *arg)
{
    for (int i = 0; i < 20 || demo_now() < *(double *)arg; i++)
        passed_shared += demo_token_bucket_admit(&shared, 1, nanoseconds());
    return arg;
}

static void *acquire(void *arg)
{
    while (!demo_token_bucket_admit(&shared, 1, nanoseconds()))
        weft_sleep((double)demo_token_bucket_wait(&shared, 1, nanoseconds()) / 1e9);
    return arg;
}

static void real_time(void)
{
    demo_part("Real time: four threads, 200 a second, twenty at once");
    weft_thread *threads[THREADS];
    shared = demo_token_bucket_full(200, 20);
    began = weft_now();
    double end = demo_now() + 1.0;
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(hammer, &end, "thread-%d", i);
    demo_join_all(THREADS, threads);
    double elapsed = weft_now() - began;
    demo_say("%d have passed in %.3f real seconds", passed_shared, elapsed);
    CHECK(passed_shared >= 20 && passed_shared <= 20 + 200 * elapsed + 1,
          "the twenty that were there pass, and no more than came in that time");

    double start;
    do
        start = weft_now();
    while (demo_token_bucket_admit(&shared, 1, nanoseconds()));
    demo_say("the bucket is empty");
    for (int i = 0; i < 3; i++)
        acquire(NULL);
    demo_say("three more, one after the other, took %.3f real seconds", weft_now() - start);
    CHECK(weft_now() - start >= 0.010, "who waits for three tokens waits 10 ms at least");
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
    taken += demo_token_bucket_admit(bucket, 1, 0);
    return bucket;
}

static void last_token(void)
{
    demo_part("Two threads, one token");
    weft_thread *threads[] = {demo_spawn(look_then_take, NULL, "thread-1"),
                              demo_spawn(look_then_take, NULL, "thread-2")};
    demo_join_all(2, threads);
    CHECK(taken == 2, "looked first, taken later: both have the last token");
    demo_token_bucket bucket = demo_token_bucket_full(RATE, 1);
    taken = 0;
    threads[0] = demo_spawn(take, &bucket, "thread-1");
    threads[1] = demo_spawn(take, &bucket, "thread-2");
    demo_join_all(2, threads);
    CHECK(taken == 1, "looked and taken under one lock: one of them has it");
}

int main(void)
{
    demo_begin("Token bucket: a constant rate, and bursts up to the capacity");
    bursts();
    several_tokens();
    real_time();
    last_token();
    return demo_end();
}
