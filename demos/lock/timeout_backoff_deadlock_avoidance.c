/* SPDX-License-Identifier: MIT */
/**
 * @file timeout_backoff_deadlock_avoidance.c
 * @brief Out of a deadlock by time-out: give up, let go, rest, try again
 *
 * Two threads take the same two locks in opposite orders, which would be a deadlock. But they ask
 * for half a second only. Who does not get its second lock in that time releases its first, and
 * that lets the other one through. Then it rests for a while and starts over. In the first round
 * both hold one lock before either asks for the other, so the collision is certain.
 *
 * The original rests 0.1 s, always, and gives up after three rounds: two threads in step collide
 * again each time, and both fail. Here the rests are random and grow, so the threads fall out of
 * step, and each goes on until it has succeeded.
 *
 * Source: locks, section 1.4, lines 817-861.
 *
 * Look for: the release after a time-out. Without it the time-out would help nobody.
 *
 * Facts:
 * - at least one thread times out on its second lock and releases its first
 * - both operations succeed: no deadlock
 * - both locks are free at the end
 */
#include "demo.h"
#include "demo_random.h"

DEMO_INVERTS_LOCK_ORDER

struct operation {
    weft_lock *first;
    weft_lock *second;
    uint32_t number;
    int attempts;
    bool done;
};

static weft_lock lock1 = WEFT_LOCK_INIT;
static weft_lock lock2 = WEFT_LOCK_INIT;
static demo_rendezvous both_hold_one = DEMO_RENDEZVOUS_INIT(2);

static bool attempt(struct operation *operation)
{
    weft_status status;
    WEFT_WITH_FOR(operation->first, demo_seconds(0.5), status) {
        demo_say("has its first lock");
        if (operation->attempts == 1)
            demo_rendezvous_meet(&both_hold_one);
        demo_sleep(0.1);
        WEFT_WITH_FOR(operation->second, demo_seconds(0.5), status) {
            demo_say("has both locks, does its work");
            return true;
        }
        demo_say("second lock: %s, releases its first", weft_strerror(status));
        return false;
    }
    demo_say("first lock: %s", weft_strerror(status));
    return false;
}

static void *operate(void *arg)
{
    struct operation *operation = arg;
    demo_random random = demo_random_stream(operation->number);
    double longest = 0.1;
    while (!operation->done) {
        operation->attempts++;
        operation->done = attempt(operation);
        if (!operation->done) {
            double rest = demo_random_between(&random, 0, longest);
            demo_say("rests for %.2f s", rest);
            demo_sleep(rest);
            longest *= 2;
        }
    }
    return arg;
}

int main(void)
{
    demo_begin("Out of a deadlock by time-out: give up, let go, rest, try again");
    struct operation one = {.first = &lock1, .second = &lock2, .number = 1};
    struct operation two = {.first = &lock2, .second = &lock1, .number = 2};
    weft_thread *first = demo_must(weft_thread_spawn(operate, &one, .name = "thread-1"));
    weft_thread *second = demo_must(weft_thread_spawn(operate, &two, .name = "thread-2"));
    weft_thread_join(first);
    weft_thread_join(second);
    weft_thread_free(first);
    weft_thread_free(second);

    demo_say("attempts: %d and %d", one.attempts, two.attempts);
    CHECK(demo_count("* second lock: timed out, releases its first") >= 1,
          "at least one thread timed out on its second lock and released its first");
    CHECK(one.done && two.done, "both operations have succeeded: no deadlock");
    CHECK(demo_count("* has both locks, does its work") == 2, "each did its work once");
    CHECK(!weft_lock_locked(&lock1) && !weft_lock_locked(&lock2), "both locks are free");
    return demo_end();
}
