/* SPDX-License-Identifier: MIT */
/**
 * @file unbalanced_release_leak.c
 * @brief An RLock acquired twice but released once stays locked for everybody else
 *
 * A function takes the lock twice and releases it once. Its own thread notices nothing: to its
 * owner the lock always says yes. Everybody else waits, and the dump of the library says for whom.
 * One more release by the owner sets it right. Then the right way: two scopes, which cannot be
 * unbalanced.
 *
 * Source: locks, section 2.3, lines 1655-1687.
 *
 * Look for: the check of the original, a try-acquire by the thread that leaked. It succeeds and
 * proves nothing; another thread has to ask.
 *
 * Facts:
 * - after the bad function the owner's own try succeeds, another thread's fails
 * - a thread that waits is shown with the owner's name
 * - weft_rlock_done() says that the lock is still held
 * - after one more release another thread can take it
 * - after the good function another thread can take it at once
 */
#include <unistd.h>

#include "demo.h"
#include "demo_thread.h"

static weft_rlock lock = WEFT_RLOCK_INIT;

/* The analysis of clang would reject it at compile time. */
static void bad_practice(void) WEFT_NO_ANALYSIS
{
    weft_rlock_acquire(&lock);
    weft_rlock_acquire(&lock);
    demo_say("has taken the lock twice");
    weft_rlock_release(&lock);
    demo_say("has released it once, and returns");
}

static void good_practice(void) WEFT_NO_ANALYSIS
{
    WEFT_WITH(&lock) {
        WEFT_WITH(&lock) {
            demo_say("has taken the lock twice, in two scopes");
        }
    }
    demo_say("has left both scopes, and returns");
}

static bool try_myself(void)
{
    if (weft_rlock_try_acquire(&lock) != WEFT_OK)
        return false;
    weft_rlock_release(&lock);
    return true;
}

static void *wait_for_it(void *arg)
{
    demo_say("wants the lock");
    WEFT_WITH(&lock) {
        demo_say("has it");
    }
    return arg;
}

int main(void)
{
    demo_begin("An RLock acquired twice but released once stays locked for everybody else");

    demo_part("Taken twice, released once");
    bad_practice();
    CHECK(try_myself(), "the owner's own try succeeds: it shows nothing");
    CHECK(!demo_others_can_take(&lock), "another thread's try fails: the lock has leaked");
    CHECK(weft_rlock_depth(&lock) == 1 && weft_rlock_done(&lock) == WEFT_BUSY,
          "its depth is 1, and weft_rlock_done() says that it is still held");

    weft_thread *victim = demo_spawn(wait_for_it, NULL, "victim");
    DEMO_AWAIT(weft_rlock_waiters(&lock) == 1);
    demo_sleep(0.1);
    weft_dump(STDOUT_FILENO);
    CHECK(weft_rlock_owner(&lock) == weft_thread_ident(weft_thread_main()),
          "the victim waits for the main thread, and the library knows it");

    demo_part("The missing release");
    demo_say("releases it once more");
    weft_rlock_release(&lock);
    demo_join(victim);
    CHECK(demo_in_order("MainThread releases it once more", "victim has it"),
          "only then does the victim get it");
    CHECK(demo_others_can_take(&lock), "another thread's try succeeds");
    CHECK(weft_rlock_release(&lock) == WEFT_NOT_OWNER, "one release more would be one too many");

    demo_part("In scopes");
    good_practice();
    CHECK(demo_others_can_take(&lock), "another thread's try succeeds at once");
    CHECK(weft_rlock_done(&lock) == WEFT_OK, "weft_rlock_done() says that nobody holds it");
    return demo_end();
}
