/* SPDX-License-Identifier: MIT */
/**
 * @file release_unlocked_error.c
 * @brief Releasing a lock that nobody holds is reported and does no harm
 *
 * Acquire and release belong together. One release too many is a mistake in the program: Python
 * raises RuntimeError, weft returns WEFT_NOT_LOCKED. The lock is as good as before. (A plain
 * pthread mutex promises nothing here: the behaviour is undefined.)
 *
 * Source: locks, section 1.2, lines 254-270.
 *
 * Look for: it is about the lock, not about the thread. A lock has no owner, so any thread may
 * release a lock that is held; only an RLock asks who does it.
 *
 * Facts:
 * - the first acquire and release succeed
 * - the second release reports "release unlocked lock"
 * - the lock is still usable afterwards
 */
#include <string.h>

#include "demo.h"

static weft_lock lock = WEFT_LOCK_INIT;

/* clang's lock analysis would reject this at compile time; the demo wants to see it at run time. */
static weft_status release_once_more(void) WEFT_NO_ANALYSIS
{
    return weft_lock_release(&lock);
}

int main(void)
{
    demo_begin("Releasing a lock that nobody holds is reported and does no harm");

    weft_status acquired = weft_lock_acquire(&lock);
    demo_say("acquires: %s", weft_status_name(acquired));
    weft_status released = weft_lock_release(&lock);
    demo_say("releases: %s", weft_status_name(released));
    CHECK(acquired == WEFT_OK && released == WEFT_OK, "the first acquire and release succeed");

    weft_status again = release_once_more();
    demo_say("releases again: %s", weft_status_name(again));
    demo_say("in Python's words, %s: %s", weft_status_exception(again), weft_strerror(again));
    CHECK(again == WEFT_NOT_LOCKED, "the second release is an error");
    CHECK(strcmp(weft_strerror(again), "release unlocked lock") == 0,
          "the error's text is \"release unlocked lock\"");
    CHECK(!weft_lock_locked(&lock), "the lock is still free");

    acquired = weft_lock_acquire(&lock);
    bool held = weft_lock_locked(&lock);
    released = weft_lock_release(&lock);
    demo_say("acquires and releases once more: %s, %s", weft_status_name(acquired),
             weft_status_name(released));
    CHECK(acquired == WEFT_OK && held && released == WEFT_OK, "the lock works as before");
    return demo_end();
}
