/* SPDX-License-Identifier: MIT */
/**
 * @file refactor_away_reentry.c
 * @brief Refactoring: compute under the lock, act outside it, and a plain Lock is enough
 *
 * Five threads append to a list, and each reports how long it is now. In the first design add()
 * calls report() with the lock in hand, and report() takes it again: it needs an RLock, and nobody
 * can append while a line is being printed. In the second one add() copies the number under the
 * lock, lets go, and reports then. It needs nothing but a Lock, and printing holds nobody up.
 *
 * Source: locks, section 2.4, lines 1923-1961.
 *
 * Look for: the price. Who has let go may be overtaken before it speaks, so the second design's
 * lines can come in any order.
 *
 * Facts:
 * - each list ends with 5 items
 * - the five reported numbers are 1, 2, 3, 4, 5, each once
 * - the first design reports in order, with the lock held
 * - the second reports with the lock free: all five threads report at once
 */
#include "demo.h"
#include "demo_thread.h"

enum { ITEMS = 5 };

/* ---- report while locked: an RLock ---- */

static struct {
    weft_rlock lock; /* guards the others */
    int items[ITEMS];
    int count;
} nested = {.lock = WEFT_RLOCK_INIT};

static demo_crowd nested_reporters;

static void nested_report(void)
{
    WEFT_HOLD(&nested.lock);
    demo_crowd_enter(&nested_reporters);
    demo_say("nested: count %d, depth %u", nested.count, weft_rlock_depth(&nested.lock));
    demo_sleep(0.01);
    demo_crowd_leave(&nested_reporters);
}

static void *nested_add(void *item)
{
    WEFT_HOLD(&nested.lock);
    nested.items[nested.count++] = *(int *)item;
    nested_report();
    return item;
}

/* ---- report outside: a Lock ---- */

static struct {
    weft_lock lock; /* guards the others */
    int items[ITEMS];
    int count;
} flat = {.lock = WEFT_LOCK_INIT};

static demo_crowd flat_reporters;
static demo_rendezvous all_report = DEMO_RENDEZVOUS_INIT(ITEMS);

static void flat_report(int count)
{
    demo_crowd_enter(&flat_reporters);
    demo_rendezvous_meet(&all_report); /* could not take place if one of them held the lock */
    demo_say("flat: count %d", count);
    demo_crowd_leave(&flat_reporters);
}

static void *flat_add(void *item)
{
    int count = 0;
    WEFT_WITH(&flat.lock) {
        flat.items[flat.count++] = *(int *)item;
        count = flat.count;
    }
    flat_report(count);
    return item;
}

static void add_all(weft_target *add)
{
    int items[ITEMS];
    weft_thread *threads[ITEMS];
    for (int i = 0; i < ITEMS; i++) {
        items[i] = i;
        threads[i] = demo_spawn(add, &items[i], "thread-%d", i + 1);
    }
    demo_join_all(ITEMS, threads);
}

/* Whether each number from 1 to 5 was said exactly once. */
static bool each_once(const char *pattern)
{
    bool once = true;
    for (int i = 1; i <= ITEMS; i++)
        once = once && demo_count(demo_name(pattern, i)) == 1;
    return once;
}

int main(void)
{
    demo_begin("Refactoring: compute under the lock, act outside it, and a plain Lock is enough");

    demo_part("Reporting with the lock held: an RLock");
    add_all(nested_add);
    CHECK(nested.count == ITEMS, "the list has 5 items");
    CHECK(each_once("* nested: count %d, depth 2"), "1, 2, 3, 4, 5 were reported, each once");
    CHECK(demo_in_order("* nested: count 1,*", "* nested: count 2,*", "* nested: count 3,*",
                        "* nested: count 4,*", "* nested: count 5,*"),
          "in this order");
    CHECK(nested_reporters.peak == 1, "only one thread at a time could report");

    demo_part("Reporting outside: a Lock");
    add_all(flat_add);
    CHECK(flat.count == ITEMS, "the list has 5 items");
    CHECK(each_once("* flat: count %d"), "1, 2, 3, 4, 5 were reported, each once, in some order");
    CHECK(flat_reporters.peak == ITEMS, "all five threads have reported at once");
    CHECK(!weft_rlock_locked(&nested.lock) && !weft_lock_locked(&flat.lock), "both locks are free");
    return demo_end();
}
