/* SPDX-License-Identifier: MIT */
/**
 * @file reentry_support_compare.c
 * @brief Second acquire by the same thread: refused by Lock, granted by RLock
 *
 * The main thread holds a lock and asks for it again: once without waiting, which gives the verdict
 * at once, and once for 0.2 s, which shows that waiting would not help. Then the same two questions
 * to an RLock.
 *
 * Source: locks, section 2.4, lines 1762-1788.
 *
 * Look for: the time stamps. The RLock's answers take no time at all.
 *
 * Facts:
 * - Lock: a second acquire without waiting is refused; one of 0.2 s times out after 0.2 s
 * - RLock: both succeed without waiting, the depth is then 3
 * - both locks are free at the end
 */
#include "demo.h"
#include "demo_thread.h"

static weft_lock lock = WEFT_LOCK_INIT;
static weft_rlock rlock = WEFT_RLOCK_INIT;

/* The analysis of clang would reject a second acquire at compile time. */
static void ask_lock(void) WEFT_NO_ANALYSIS
{
    demo_part("Lock");
    weft_lock_acquire(&lock);
    demo_say("first acquire: has it");
    uint64_t waits = weft_park_count();
    weft_status at_once = weft_lock_try_acquire(&lock);
    waits = weft_park_count() - waits;
    demo_say("second acquire, without waiting: %s", weft_strerror(at_once));
    double start = demo_now();
    weft_status in_time = weft_lock_acquire_for(&lock, demo_seconds(0.2));
    double elapsed = demo_now() - start;
    demo_say("second acquire, for 0.2 s: %s", weft_strerror(in_time));
    CHECK(at_once == WEFT_TIMEOUT && waits == 0,
          "a second acquire without waiting is refused, and has not waited");
    CHECK(in_time == WEFT_TIMEOUT && demo_at_least(elapsed, 0.2),
          "one of 0.2 s times out after 0.2 s; without a limit it would never end");
    weft_lock_release(&lock);
    CHECK(!weft_lock_locked(&lock), "one release sets it free, as it was taken once");
}

static void ask_rlock(void) WEFT_NO_ANALYSIS
{
    demo_part("RLock");
    uint64_t waits = weft_park_count();
    weft_rlock_acquire(&rlock);
    demo_say("first acquire: has it");
    weft_status at_once = weft_rlock_try_acquire(&rlock);
    demo_say("second acquire, without waiting: %s",
             at_once == WEFT_OK ? "has it twice" : weft_strerror(at_once));
    weft_status in_time = weft_rlock_acquire_for(&rlock, demo_seconds(0.2));
    demo_say("third acquire, for 0.2 s: %s",
             in_time == WEFT_OK ? "has it three times" : weft_strerror(in_time));
    waits = weft_park_count() - waits;
    CHECK(at_once == WEFT_OK && in_time == WEFT_OK && weft_rlock_depth(&rlock) == 3,
          "the second and third acquire succeed: depth 3");
    CHECK(waits == 0, "none of them has waited");
    weft_rlock_release(&rlock);
    weft_rlock_release(&rlock);
    CHECK(!demo_others_can_take(&rlock), "after two releases it is still held");
    weft_rlock_release(&rlock);
    CHECK(demo_others_can_take(&rlock), "after three it is free");
}

int main(void)
{
    demo_begin("Second acquire by the same thread: refused by Lock, granted by RLock");
    ask_lock();
    ask_rlock();
    return demo_end();
}
