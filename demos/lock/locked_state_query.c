/* SPDX-License-Identifier: MIT */
/**
 * @file locked_state_query.c
 * @brief locked() tells whether a lock is held, and neither waits nor takes it
 *
 * A look at a lock before it is taken, while it is held, and after it has been released: free,
 * held, free. Another thread looks a thousand times while the lock is held and gets the same
 * answer every time, without ever waiting and without changing anything.
 *
 * Source: locks, section 1.1, lines 55-70.
 *
 * Look for: the answer is about this moment. The next moment another thread may have taken the
 * lock, so an answer of "free" is no permission: only acquire and try_acquire give that.
 *
 * Facts:
 * - locked() is false on a fresh lock, true after acquire, false after release
 * - it never waits, not even on a lock that is held
 * - it never changes the state
 */
#include "demo.h"

enum { LOOKS = 1000 };

static weft_lock lock = WEFT_LOCK_INIT;

static const char *state(bool locked)
{
    return locked ? "held" : "free";
}

static void *look(void *arg)
{
    int seen_held = 0;
    uint64_t waits = weft_park_count();
    for (int i = 0; i < LOOKS; i++)
        seen_held += weft_lock_locked(&lock);
    waits = weft_park_count() - waits;

    demo_say("looks %d times: %d times held", LOOKS, seen_held);
    CHECK(seen_held == LOOKS, "another thread sees that the lock is held");
    CHECK(waits == 0, "a thousand looks at a held lock never wait");
    return arg;
}

int main(void)
{
    demo_begin("locked() tells whether a lock is held, and neither waits nor takes it");

    bool before = weft_lock_locked(&lock);
    demo_say("a fresh lock: %s", state(before));
    CHECK(!before, "a fresh lock is free");

    weft_lock_acquire(&lock);
    bool held = weft_lock_locked(&lock);
    demo_say("after acquire: %s", state(held));
    CHECK(held, "after acquire the lock is held");

    weft_thread *looker = demo_must(weft_thread_spawn(look, NULL, .name = "looker"));
    weft_thread_join(looker);
    weft_thread_free(looker);
    CHECK(weft_lock_locked(&lock), "the looks have not released the lock");

    weft_lock_release(&lock);
    bool after = weft_lock_locked(&lock);
    demo_say("after release: %s", state(after));
    CHECK(!after, "after release the lock is free");

    for (int i = 0; i < LOOKS; i++)
        after |= weft_lock_locked(&lock);
    CHECK(!after && weft_lock_try_acquire(&lock) == WEFT_OK,
          "a thousand looks at a free lock leave it free to be taken");
    return demo_end();
}
