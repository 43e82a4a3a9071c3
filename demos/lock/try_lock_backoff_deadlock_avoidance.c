/* SPDX-License-Identifier: MIT */
/**
 * @file try_lock_backoff_deadlock_avoidance.c
 * @brief No waiting while holding a lock: try the second, or let go of the first
 *
 * A deadlock needs threads that wait for a lock while they hold another. These two never do: who
 * finds its second lock busy releases its first at once and rests for a few milliseconds. In the
 * first attempt both hold one lock before either tries the other, so at least one must back off.
 *
 * The original allows ten attempts with rests of 1 to 10 ms, about as long as the other thread
 * works: often one of them gives up. Here the rests grow and nobody gives up. The second part runs
 * the original's limits a few times and reports, without judging, how often it fails.
 *
 * Source: locks, section 1.4, lines 866-909.
 *
 * Look for: a try answers at once. Trying is cheap, so the resting must be done by oneself.
 *
 * Facts:
 * - no try ever waits
 * - at least one thread finds its second lock busy; both succeed in the end
 * - every failed attempt has released its first lock: both are free at the end
 */
#include "demo.h"
#include "demo_random.h"

DEMO_INVERTS_LOCK_ORDER

enum { ROUNDS = 8, ORIGINAL_LIMIT = 10 };

struct worker {
    weft_lock *first;
    weft_lock *second;
    demo_random random;
    int limit; /* attempts allowed; 0: any number */
    int attempts;
    int waits; /* tries that have waited */
    bool done;
};

static weft_lock lock1 = WEFT_LOCK_INIT;
static weft_lock lock2 = WEFT_LOCK_INIT;
static demo_rendezvous both_here = DEMO_RENDEZVOUS_INIT(2);
static demo_rendezvous both_hold_one = DEMO_RENDEZVOUS_INIT(2);

static void tell(const struct worker *worker, const char *text)
{
    if (worker->limit == 0)
        demo_say("%s", text);
}

static bool attempt(struct worker *worker)
{
    uint64_t waits = weft_park_count();
    weft_status got = weft_lock_try_acquire(worker->first);
    worker->waits += weft_park_count() != waits;
    if (got != WEFT_OK)
        return false;

    tell(worker, "has its first lock");
    if (worker->limit == 0 && worker->attempts == 1)
        demo_rendezvous_meet(&both_hold_one);
    demo_sleep(0.01);
    waits = weft_park_count();
    got = weft_lock_try_acquire(worker->second);
    worker->waits += weft_park_count() != waits;
    if (got == WEFT_OK) {
        tell(worker, "has both locks, does its work");
        demo_sleep(0.05);
        weft_lock_release(worker->second);
        weft_lock_release(worker->first);
        return true;
    }
    tell(worker, "finds its second lock busy, releases its first");
    weft_lock_release(worker->first);
    return false;
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    double longest = 0.010;
    demo_rendezvous_meet(&both_here);
    while (!worker->done && (worker->limit == 0 || worker->attempts < worker->limit)) {
        worker->attempts++;
        worker->done = attempt(worker);
        if (!worker->done)
            demo_sleep(demo_random_between(&worker->random, 0.001, longest));
        if (worker->limit == 0)
            longest *= 1.5; /* sooner or later the other one is done within one rest */
    }
    return arg;
}

static void run_both(struct worker *one, struct worker *two)
{
    weft_thread *first = demo_must(weft_thread_spawn(work, one, .name = "thread-1"));
    weft_thread *second = demo_must(weft_thread_spawn(work, two, .name = "thread-2"));
    weft_thread_join(first);
    weft_thread_join(second);
    weft_thread_free(first);
    weft_thread_free(second);
}

int main(void)
{
    demo_begin("No waiting while holding a lock: try the second, or let go of the first");

    demo_part("Rests that grow, as many attempts as it takes");
    struct worker one = {.first = &lock1, .second = &lock2, .random = demo_random_stream(1)};
    struct worker two = {.first = &lock2, .second = &lock1, .random = demo_random_stream(2)};
    run_both(&one, &two);
    demo_say("attempts: %d and %d", one.attempts, two.attempts);
    CHECK(one.attempts + two.attempts >= 3, "at least one of them needed more than one attempt");
    CHECK(demo_count("* finds its second lock busy*") >= 1, "a busy second lock was seen");
    CHECK(one.done && two.done, "both succeed in the end");
    CHECK(one.waits + two.waits == 0, "no try has waited");
    CHECK(!weft_lock_locked(&lock1) && !weft_lock_locked(&lock2), "both locks are free");

    demo_part("The original's limits: ten attempts, rests of 1 to 10 ms");
    int gave_up = 0;
    for (int round = 0; round < ROUNDS; round++) {
        one = (struct worker){&lock1, &lock2, one.random, ORIGINAL_LIMIT, 0, 0, false};
        two = (struct worker){&lock2, &lock1, two.random, ORIGINAL_LIMIT, 0, 0, false};
        run_both(&one, &two);
        gave_up += !one.done || !two.done;
    }
    demo_say("in %d of %d rounds a thread gave up", gave_up, ROUNDS);
    CHECK(!weft_lock_locked(&lock1) && !weft_lock_locked(&lock2),
          "who gives up has released what it held");
    return demo_end();
}
