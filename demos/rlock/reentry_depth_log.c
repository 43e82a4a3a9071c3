/* SPDX-License-Identifier: MIT */
/**
 * @file reentry_depth_log.c
 * @brief Log every acquire and release of an RLock through four nested levels
 *
 * A monitor wraps an RLock and says at each acquire and release how often it is held. It keeps a
 * count of its own, under the lock, and compares it each time with the lock's: they are the same
 * number. The count falls before the release, for after the last one it is no longer the thread's.
 *
 * Source: locks, section 2.3, lines 1618-1649.
 *
 * Look for: the order of the levels. They are taken 4, 3, 2, 1 and released 1, 2, 3, 4: what is
 * taken last goes first.
 *
 * Facts:
 * - acquires at levels 4, 3, 2, 1 bring the count to 1, 2, 3, 4
 * - releases at levels 1, 2, 3, 4 leave 3, 2, 1, 0
 * - the monitor's count and the lock's depth agree at every step
 * - at the end the count is 0, and another thread can take the lock
 */
#include "demo.h"
#include "demo_thread.h"

struct monitor {
    weft_rlock lock; /* guards all below */
    uint32_t held;
    uint32_t disagreed;
};

static void monitor_acquire(struct monitor *monitor, int level) WEFT_ACQUIRES(monitor->lock)
{
    weft_rlock_acquire(&monitor->lock);
    monitor->held++;
    monitor->disagreed += weft_rlock_depth(&monitor->lock) != monitor->held;
    demo_say("level %d: acquires, count %u", level, monitor->held);
}

static void monitor_release(struct monitor *monitor, int level) WEFT_RELEASES(monitor->lock)
{
    monitor->disagreed += weft_rlock_depth(&monitor->lock) != monitor->held;
    monitor->held--;
    demo_say("level %d: releases, %u left", level, monitor->held);
    weft_rlock_release(&monitor->lock);
}

static void descend(struct monitor *monitor, int level) /* NOLINT(misc-no-recursion): the subject */
{
    if (level == 0)
        return;
    monitor_acquire(monitor, level);
    demo_say("level %d: works", level);
    demo_sleep(0.01);
    descend(monitor, level - 1);
    monitor_release(monitor, level);
}

int main(void)
{
    struct monitor monitor = {.lock = WEFT_RLOCK_INIT};
    demo_begin("Log every acquire and release of an RLock through four nested levels");
    descend(&monitor, 4);

    CHECK(demo_in_order("* level 4: acquires, count 1", "* level 3: acquires, count 2",
                        "* level 2: acquires, count 3", "* level 1: acquires, count 4"),
          "acquires at levels 4, 3, 2, 1 bring the count to 1, 2, 3, 4");
    CHECK(demo_in_order("* level 1: releases, 3 left", "* level 2: releases, 2 left",
                        "* level 3: releases, 1 left", "* level 4: releases, 0 left"),
          "releases at levels 1, 2, 3, 4 leave 3, 2, 1, 0");
    CHECK(demo_in_order("* level 1: acquires*", "* level 1: works", "* level 1: releases*"),
          "every acquire comes before the first release");
    CHECK(monitor.disagreed == 0, "the monitor's count and the lock's depth agree at every step");
    CHECK(monitor.held == 0 && demo_others_can_take(&monitor.lock),
          "the count is 0, and another thread can take the lock");
    return demo_end();
}
