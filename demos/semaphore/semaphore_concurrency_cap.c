/* SPDX-License-Identifier: MIT */
/**
 * @file semaphore_concurrency_cap.c
 * @brief Ten visitors, three permits: never more than three inside
 *
 * A semaphore is a number of permits. Who enters takes one, who leaves gives it back, and who finds
 * none waits. Ten visitors come at once to a room with three permits: they pass through it in
 * waves. Before that they come to a room without a semaphore, and all ten stand in it.
 *
 * Source: locks, section 4.1.
 *
 * Look for: the fourth visitor enters when the first one has left, not before.
 *
 * Facts:
 * - without a semaphore all ten are inside at once
 * - with three permits three are, and never more
 * - all ten get in; ten stays of 0.5 s, three at a time, take four waves: 2 s at least
 * - seven have waited; at the end all three permits are back
 */
#include "demo.h"
#include "demo_thread.h"

enum { VISITORS = 10, PERMITS = 3 };

static weft_semaphore permits = WEFT_SEMAPHORE_INIT(PERMITS);
static demo_rendezvous door = DEMO_RENDEZVOUS_INIT(VISITORS);
static demo_crowd open_room;
static demo_crowd limited_room;
static atomic_int found_none;

static void stay(demo_crowd *room)
{
    demo_crowd_enter(room);
    demo_say("is inside");
    /* Nobody leaves before all ten have come, and are inside or wait. */
    DEMO_AWAIT(room->peak + found_none >= VISITORS);
    demo_sleep(0.5);
    demo_say("leaves");
    demo_crowd_leave(room);
}

static void *visit_open_room(void *arg)
{
    demo_rendezvous_meet(&door);
    stay(&open_room);
    return arg;
}

static void *visit_limited_room(void *arg)
{
    demo_rendezvous_meet(&door);
    if (weft_semaphore_try_acquire(&permits) != WEFT_OK) {
        found_none++;
        demo_say("finds no permit, waits");
        weft_semaphore_acquire(&permits);
    }
    stay(&limited_room);
    weft_semaphore_release(&permits);
    return arg;
}

static double visit_all(weft_target *visit)
{
    weft_thread *visitors[VISITORS];
    double start = demo_now();
    for (int i = 0; i < VISITORS; i++)
        visitors[i] = demo_spawn(visit, NULL, "visitor-%d", i);
    demo_join_all(VISITORS, visitors);
    return demo_now() - start;
}

int main(void)
{
    demo_begin("Ten visitors, three permits: never more than three inside");

    demo_part("A room without a semaphore");
    visit_all(visit_open_room);
    CHECK(open_room.peak == VISITORS, "all ten were inside at once");

    demo_part("A room with three permits");
    size_t before = demo_count("visitor-? is inside");
    double elapsed = visit_all(visit_limited_room);
    demo_say("at most %d were inside at once", limited_room.peak);
    CHECK(limited_room.peak == PERMITS, "three were inside at once, and never more");
    CHECK(demo_count("visitor-? is inside") - before == VISITORS && demo_at_least(elapsed, 2.0),
          "all ten got in, in four waves: 2 s at least");
    CHECK(found_none == VISITORS - PERMITS, "seven found no permit and waited");
    CHECK(weft_semaphore_value(&permits) == PERMITS && weft_semaphore_waiters(&permits) == 0,
          "the three permits are back");
    return demo_end();
}
