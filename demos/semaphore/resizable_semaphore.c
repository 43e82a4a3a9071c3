/* SPDX-License-Identifier: MIT */
/**
 * @file resizable_semaphore.c
 * @brief More permits, fewer permits, while the work goes on
 *
 * A limit of two turns out to be too low, then five are too many. resize() changes the limit of a
 * bounded semaphore at any time and never waits: a higher limit lets waiting threads in at once; a
 * lower one interrupts nobody, but nobody comes in until enough have left. Meanwhile the value is
 * negative: so many permits are owed.
 *
 * Source: locks, sections 4.2 and 4.4.
 *
 * Look for: the value after the shrink. Five are inside, one is allowed: four are owed.
 *
 * Facts:
 * - with limit 2 two are inside, after the growth five, without anybody having left
 * - after the shrink all five stay; the next one comes in when all five have left
 * - then never more than one is inside
 * - a new semaphore in the old one's place forgets who is inside: six are there
 * - a negative limit is refused; at the end the value is the limit
 */
#include "demo.h"
#include "demo_thread.h"

enum { FIRST = 5, LATER = 4 };

static weft_bounded_semaphore permits = WEFT_BOUNDED_SEMAPHORE_INIT(2);
static demo_crowd inside;
static demo_crowd inside_later;
static weft_semaphore may_leave = WEFT_SEMAPHORE_INIT(0);
static atomic_int found_inside; /* how many of the first are there when a later one comes in */

static void *stay_until_told(void *arg)
{
    WEFT_WITH(&permits) {
        demo_crowd_enter(&inside);
        demo_say("comes in");
        weft_semaphore_acquire(&may_leave);
        demo_say("leaves");
        demo_crowd_leave(&inside);
    }
    return arg;
}

static void *come_later(void *arg)
{
    WEFT_WITH(&permits) {
        found_inside += inside.inside;
        demo_crowd_enter(&inside_later);
        demo_say("comes in");
        demo_sleep(0.1);
        demo_crowd_leave(&inside_later);
    }
    return arg;
}

static void grow(weft_thread **threads)
{
    demo_part("Limit 2, then 5");
    for (int i = 0; i < FIRST; i++)
        threads[i] = demo_spawn(stay_until_told, NULL, "first-%d", i);
    DEMO_AWAIT(inside.inside == 2 && weft_bounded_semaphore_waiters(&permits) == FIRST - 2);
    CHECK(inside.peak == 2, "with limit 2 two are inside, three wait");
    demo_sleep(0.5);
    weft_bounded_semaphore_resize(&permits, FIRST);
    demo_say("limit 5");
    DEMO_AWAIT(inside.inside == FIRST);
    CHECK(inside.peak == FIRST && demo_count("first-? leaves") == 0,
          "the three that waited are inside, and nobody had to leave");
}

/* What people do who cannot resize: a new one of the right size in its place. */
static void replace(void)
{
    weft_bounded_semaphore fresh = WEFT_BOUNDED_SEMAPHORE_INIT(1);
    weft_status status = weft_bounded_semaphore_try_acquire(&fresh);
    demo_say("a new semaphore of 1 lets one in at once, next to %d", inside.inside);
    CHECK(status == WEFT_OK && inside.inside == FIRST,
          "a new one in its place forgets who is inside: that makes six");
}

static void shrink(weft_thread **threads)
{
    demo_part("Limit 1, while five are inside");
    weft_bounded_semaphore_resize(&permits, 1);
    demo_say("limit 1, value %d", weft_bounded_semaphore_value(&permits));
    CHECK(inside.inside == FIRST && weft_bounded_semaphore_value(&permits) == 1 - FIRST,
          "nobody is interrupted; four permits are owed");
    replace();
    weft_thread *later[LATER];
    for (int i = 0; i < LATER; i++)
        later[i] = demo_spawn(come_later, NULL, "later-%d", i);
    DEMO_AWAIT(weft_bounded_semaphore_waiters(&permits) == LATER);
    bool nobody = true;
    for (int i = 1; i < FIRST; i++) {
        demo_sleep(0.2);
        weft_semaphore_release(&may_leave);
        DEMO_AWAIT(weft_bounded_semaphore_value(&permits) == 1 - FIRST + i);
        nobody = nobody && inside_later.peak == 0;
    }
    CHECK(nobody && weft_bounded_semaphore_waiters(&permits) == LATER,
          "four have left, one is inside: nobody has come in");
    weft_semaphore_release(&may_leave);
    demo_join_all(FIRST, threads);
    demo_join_all(LATER, later);
    CHECK(found_inside == 0 && inside_later.peak == 1,
          "the others came in when all five had left, one at a time");
}

int main(void)
{
    demo_begin("More permits, fewer permits, while the work goes on");
    weft_thread *threads[FIRST];
    grow(threads);
    shrink(threads);

    demo_part("Limits of the limit");
    weft_status refused = weft_bounded_semaphore_resize(&permits, -1);
    demo_say("limit -1: %s", weft_status_exception(refused));
    CHECK(refused == WEFT_VALUE_ERROR && weft_bounded_semaphore_limit(&permits) == 1,
          "a negative limit is refused and changes nothing");
    weft_bounded_semaphore_resize(&permits, 0);
    weft_status closed = weft_bounded_semaphore_try_acquire(&permits);
    demo_say("limit 0, somebody tries: %s", weft_strerror(closed));
    CHECK(closed == WEFT_TIMEOUT, "0 is allowed: closed until it is raised again");
    weft_bounded_semaphore_resize(&permits, 3);
    CHECK(weft_bounded_semaphore_value(&permits) == 3, "nobody is inside: the value is the limit");
    return demo_end();
}
