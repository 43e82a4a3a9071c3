/* SPDX-License-Identifier: MIT */
/**
 * @file lock_vs_rlock_recursion.c
 * @brief Recursion deadlocks on a plain Lock and works on an RLock
 *
 * The same recursion on two kinds of lock. A Lock has no owner: when its holder asks for it again
 * it waits, like anybody, for a release that only it could make. That is shown twice: in a child
 * process it happens for good, while the library watches and says so; then with a time-out of 0.2 s
 * at each level, so that the thread comes back and tells. With an RLock all levels succeed.
 *
 * Source: locks, section 2.1, lines 1083-1117.
 *
 * Look for: the report comes before any time has passed. It says "possible", because any other
 * thread could still release a Lock.
 *
 * Facts:
 * - the child never gets to its second level, is told why, and does not end by itself
 * - with a time-out: level 2 gets the Lock, level 1 times out
 * - RLock: levels 3, 2, 1 all succeed
 * - both locks are free at the end
 */
#include <string.h>

#include "demo.h"
#include "demo_child.h"
#include "demo_thread.h"

static weft_lock lock = WEFT_LOCK_INIT;
static weft_rlock rlock = WEFT_RLOCK_INIT;

static void on_lock(int level) /* NOLINT(misc-no-recursion): the subject */
{
    if (level == 0)
        return;
    demo_say("Lock: wants it at level %d", level);
    weft_lock_acquire(&lock);
    demo_say("Lock: has it at level %d", level);
    on_lock(level - 1);
    weft_lock_release(&lock);
}

/* The library calls this before the wait that it is about. */
static void tell(const weft_report *report, void *arg)
{
    (void)arg;
    demo_line("%s", report->text);
    demo_child_ready();
}

static int deadlock(void *arg)
{
    (void)arg;
    weft_set_report(tell, NULL);
    weft_watch_deadlocks(WEFT_WATCH_REPORT);
    weft_name(&lock, "the Lock");
    on_lock(2);
    return 0;
}

static void on_lock_for_a_while(int level) /* NOLINT(misc-no-recursion) */
{
    if (level == 0)
        return;
    weft_status status;
    WEFT_WITH_FOR(&lock, demo_seconds(0.2), status) {
        demo_say("Lock: takes it at level %d", level);
        on_lock_for_a_while(level - 1);
    }
    if (status != WEFT_OK)
        demo_say("Lock: level %d %s, it would wait for ever", level, weft_strerror(status));
}

static void on_rlock(int level) /* NOLINT(misc-no-recursion) */
{
    if (level == 0)
        return;
    WEFT_WITH(&rlock) {
        demo_say("RLock: takes it at level %d, depth %u", level, weft_rlock_depth(&rlock));
        on_rlock(level - 1);
    }
}

int main(void)
{
    demo_begin("Recursion deadlocks on a plain Lock and works on an RLock");

    demo_part("A Lock, in a child process");
    demo_child child = demo_child_run(deadlock, NULL, 0.5);
    CHECK(demo_count("child Lock: has it at level 2") == 1 &&
              demo_count("child Lock: has it at level 1") == 0,
          "the child had it at level 2 and never at level 1");
    CHECK(strstr(child.output, "possible deadlock") != NULL,
          "the library has told it so before it waited");
    CHECK(child.ready && child.killed, "the child did not end by itself");

    demo_part("A Lock, with a time-out at each level");
    double start = demo_now();
    on_lock_for_a_while(2);
    CHECK(demo_in_order("* Lock: takes it at level 2", "* Lock: level 1 timed out*"),
          "level 2 gets the Lock, level 1 times out");
    CHECK(demo_at_least(demo_now() - start, 0.2), "not before 0.2 s have passed");

    demo_part("An RLock");
    on_rlock(3);
    CHECK(demo_in_order("* RLock: takes it at level 3, depth 1",
                        "* RLock: takes it at level 2, depth 2",
                        "* RLock: takes it at level 1, depth 3"),
          "levels 3, 2, 1 all succeed");
    CHECK(!weft_lock_locked(&lock), "the Lock is free at the end");
    CHECK(demo_others_can_take(&rlock), "the RLock is free at the end");
    return demo_end();
}
