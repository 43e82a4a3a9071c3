/* SPDX-License-Identifier: MIT */
/**
 * @file timed_acquire_retry.c
 * @brief Retrying a timed acquire: three attempts are too few, four are enough
 *
 * A long operation keeps the lock for two seconds. An updater waits for it half a second at a
 * time, with a rest of a tenth in between. Three attempts are over at 1.8 s, too early: the update
 * fails and says so. In the second part a fourth attempt finds the operation at its end.
 *
 * Source: locks, section 1.2, lines 320-361.
 *
 * Look for: the updater is never stuck. Between its attempts it could do something else, and in
 * the end it can tell its caller that it has failed.
 *
 * Facts:
 * - three attempts: three time-outs, the result is false, there are no data
 * - the operation lasts 2 s at least
 * - four attempts: the fourth gets the lock after 2 s at least, and the data are [100]
 */
#include "demo.h"

enum { TOO_FEW = 3, ENOUGH = 4 };

struct update {
    int value;
    int attempts;
    bool done;
};

static weft_lock lock = WEFT_LOCK_INIT;
static int data[1]; /* guarded by lock, as is its length */
static int length;

static demo_rendezvous begun = DEMO_RENDEZVOUS_INIT(2);  /* the operation has the lock */
static demo_rendezvous failed = DEMO_RENDEZVOUS_INIT(2); /* three attempts have failed */
static demo_rendezvous ended = DEMO_RENDEZVOUS_INIT(2);  /* the lock is free again */

static void *long_operation(void *arg)
{
    weft_lock_acquire(&lock);
    demo_say("begins, with the lock");
    double start = demo_now();
    demo_rendezvous_meet(&begun);
    demo_sleep(2.0);
    demo_rendezvous_meet(&failed);
    CHECK(demo_at_least(demo_now() - start, 2.0), "the operation has lasted 2 s at least");
    demo_say("ends, releases the lock");
    weft_lock_release(&lock);
    demo_rendezvous_meet(&ended);
    return arg;
}

/* On a machine that is busy a time-out may come late, and so may the end of the operation: they
   keep their order by meeting, not by being quick. */
static void see_the_operation_end(void)
{
    demo_rendezvous_meet(&failed);
    demo_rendezvous_meet(&ended);
}

static bool try_update(int value, int attempts)
{
    for (int attempt = 1; attempt <= attempts; attempt++) {
        if (attempt > TOO_FEW)
            see_the_operation_end();
        demo_say("attempt %d of %d", attempt, attempts);
        weft_status status;
        WEFT_WITH_FOR(&lock, demo_seconds(0.5), status) {
            data[length++] = value;
            demo_say("adds %d", value);
            return true;
        }
        demo_say("%s", weft_strerror(status));
        demo_sleep(0.1);
    }
    demo_say("fails: cannot add %d", value);
    return false;
}

static void *run_update(void *arg)
{
    struct update *update = arg;
    demo_rendezvous_meet(&begun);
    demo_sleep(0.1);
    update->done = try_update(update->value, update->attempts);
    if (update->attempts == TOO_FEW)
        see_the_operation_end();
    return arg;
}

static bool update_during_operation(int attempts)
{
    struct update update = {.value = 100, .attempts = attempts};
    weft_thread *operation =
        demo_must(weft_thread_spawn(long_operation, NULL, .name = "operation"));
    weft_thread *updater = demo_must(weft_thread_spawn(run_update, &update, .name = "updater"));
    weft_thread_join(operation);
    weft_thread_join(updater);
    weft_thread_free(operation);
    weft_thread_free(updater);
    return update.done;
}

int main(void)
{
    demo_begin("Retrying a timed acquire: three attempts are too few, four are enough");

    demo_part("Three attempts");
    bool done = update_during_operation(TOO_FEW);
    CHECK(demo_count("updater timed out") == 3, "three attempts, three time-outs");
    CHECK(!done && length == 0, "the update has failed, there are no data");
    CHECK(demo_in_order("updater fails*", "operation ends*"),
          "the updater gave up before the operation ended");

    demo_part("Four attempts");
    double start = demo_now();
    done = update_during_operation(ENOUGH);
    CHECK(demo_count("updater timed out") == 6, "the first three of four attempts time out");
    CHECK(demo_in_order("updater attempt 4 of 4", "updater adds 100"),
          "the fourth attempt gets the lock");
    CHECK(demo_at_least(demo_now() - start, 2.0), "the fourth attempt succeeds after 2 s at least");
    CHECK(done && length == 1 && data[0] == 100, "the data are [100]");
    return demo_end();
}
