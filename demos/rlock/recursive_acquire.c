/* SPDX-License-Identifier: MIT */
/**
 * @file recursive_acquire.c
 * @brief One thread takes the same RLock at every level of a recursion
 *
 * A function takes a lock and calls itself before it releases it. Three levels deep the lock is
 * taken three times, always by the main thread. An RLock knows whose it is: to its owner it says
 * yes at once and counts. It is free again when it has been released as often as it was taken.
 *
 * Source: locks, section 2.1, lines 1055-1078.
 *
 * Look for: who is asked whether the lock is free at the end. The main thread could not tell: it
 * would get the lock even if a level had kept it.
 *
 * Facts:
 * - levels 3, 2, 1 run in this order, all in the main thread
 * - no acquire has waited: no deadlock with itself
 * - another thread can take the lock afterwards
 */
#include "demo.h"
#include "demo_thread.h"

static weft_rlock lock = WEFT_RLOCK_INIT;

static void descend(int level) /* NOLINT(misc-no-recursion): the subject */
{
    if (level == 0)
        return;
    weft_rlock_acquire(&lock);
    demo_say("is at level %d", level);
    descend(level - 1);
    weft_rlock_release(&lock);
}

int main(void)
{
    demo_begin("One thread takes the same RLock at every level of a recursion");
    uint64_t waits = weft_park_count();
    descend(3);
    waits = weft_park_count() - waits;
    demo_say("is back");

    CHECK(demo_in_order("MainThread is at level 3", "MainThread is at level 2",
                        "MainThread is at level 1", "MainThread is back"),
          "levels 3, 2, 1 ran in this order, all in the main thread");
    CHECK(demo_count("* is at level *") == 3, "there were no others");
    CHECK(waits == 0, "no acquire has waited: the thread does not block itself");
    CHECK(demo_others_can_take(&lock), "another thread can take the lock: it is free");
    return demo_end();
}
