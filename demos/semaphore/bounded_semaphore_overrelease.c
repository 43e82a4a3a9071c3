/* SPDX-License-Identifier: MIT */
/**
 * @file bounded_semaphore_overrelease.c
 * @brief A BoundedSemaphore refuses a release too many
 *
 * A bounded semaphore acquires as a plain one does. It also knows how many permits it was made
 * with, and a release that would make more is an error: nothing changes, also if only the last one
 * of several is too many. The program hears of its mistake and goes on; a plain semaphore would
 * have let one more in from then on.
 *
 * Source: locks, section 4.2.
 *
 * Look for: release(2) with one permit out. Not even the one that fits is added.
 *
 * Facts:
 * - a release too many is refused, and exactly two tries succeed afterwards
 * - a plain semaphore in its place has three permits then
 * - release(2) with one permit out is refused as a whole
 * - a timed acquire gives up, not before its time; -1 permits are refused
 * - all errors are counted, and the work goes on
 */
#include "demo.h"

enum { PERMITS = 2, JOBS = 6 };

static weft_bounded_semaphore permits = WEFT_BOUNDED_SEMAPHORE_INIT(PERMITS);

static int take_all(void)
{
    int taken = 0;
    while (weft_bounded_semaphore_try_acquire(&permits) == WEFT_OK)
        taken++;
    return taken;
}

static void one_too_many(void)
{
    demo_part("One release too many");
    weft_status acquired = weft_bounded_semaphore_acquire(&permits);
    weft_status released = weft_bounded_semaphore_release(&permits);
    demo_say("acquires and releases: %d permits", weft_bounded_semaphore_value(&permits));
    CHECK(acquired == WEFT_OK && released == WEFT_OK, "acquire and release go together");
    weft_status status = weft_bounded_semaphore_release(&permits);
    demo_say("releases once more: %s, %d permits", weft_status_exception(status),
             weft_bounded_semaphore_value(&permits));
    CHECK(status == WEFT_VALUE_ERROR && weft_bounded_semaphore_value(&permits) == PERMITS,
          "the release is refused and changes nothing");
    CHECK(take_all() == PERMITS, "exactly two tries succeed, the third fails");
    weft_bounded_semaphore_release_n(&permits, PERMITS);

    weft_semaphore plain = WEFT_SEMAPHORE_INIT(PERMITS);
    weft_semaphore_release(&plain);
    demo_say("a plain one has %d now", weft_semaphore_value(&plain));
    CHECK(weft_semaphore_value(&plain) == PERMITS + 1, "a plain semaphore takes it for a new one");
}

static void several(void)
{
    demo_part("Several at once");
    weft_bounded_semaphore_acquire(&permits);
    weft_status status = weft_bounded_semaphore_release_n(&permits, 2);
    demo_say("one is out, releases two: %s", weft_status_exception(status));
    CHECK(status == WEFT_VALUE_ERROR && weft_bounded_semaphore_value(&permits) == 1,
          "all or nothing: not even the one that fits is added");
    weft_bounded_semaphore_release(&permits);
}

static void limits(void)
{
    demo_part("Time limit and creation");
    weft_bounded_semaphore_acquire_n(&permits, PERMITS);
    double start = demo_now();
    weft_status status = weft_bounded_semaphore_acquire_for(&permits, demo_seconds(0.5));
    demo_say("both are out, waits for 0.5 s: %s", weft_strerror(status));
    CHECK(status == WEFT_TIMEOUT && demo_at_least(demo_now() - start, 0.5),
          "a timed acquire gives up, not before its 0.5 s");
    weft_bounded_semaphore_release_n(&permits, PERMITS);
    weft_bounded_semaphore wrong;
    CHECK(weft_bounded_semaphore_init(&wrong, -1) == WEFT_VALUE_ERROR, "-1 permits are refused");
}

/* ---- a program that hears of its mistakes ---- */

static int errors;

static void give_back(int job)
{
    weft_status status = weft_bounded_semaphore_release(&permits);
    if (status == WEFT_OK)
        return;
    errors++;
    demo_say("job %d releases too often: error %d is logged, all goes on", job, errors);
}

static void go_on(void)
{
    demo_part("Six jobs, two of which release twice");
    int done = 0;
    for (int job = 0; job < JOBS; job++) {
        weft_bounded_semaphore_acquire(&permits);
        demo_sleep(0.1);
        done++;
        give_back(job);
        if (job % 3 == 1)
            give_back(job);
    }
    CHECK(done == JOBS && errors == 2, "six jobs are done, two errors are counted");
    CHECK(weft_bounded_semaphore_value(&permits) == PERMITS, "and there are still two permits");
}

int main(void)
{
    demo_begin("A BoundedSemaphore refuses a release too many");
    one_too_many();
    several();
    limits();
    go_on();
    return demo_end();
}
