/* SPDX-License-Identifier: MIT */
/**
 * @file release_from_other_thread.c
 * @brief Any thread may release a Lock, only its owner an RLock
 *
 * The text says that a lock must be released by the thread that holds it, or RuntimeError is
 * raised. Of a Lock that is not true, neither in Python nor here: it knows whether it is held, not
 * by whom. The main thread takes a Lock and a helper releases it; what fails is the main thread's
 * own release afterwards, as the Lock is free by then. The same steps with an RLock: it does have
 * an owner, refuses the helper, and stays with the main thread.
 *
 * Source: locks, section 1.2.
 *
 * Look for: who is refused. With the Lock it is the thread that took it, because it comes second;
 * with the RLock it is the thread that did not take it.
 *
 * Facts:
 * - a helper releases the Lock that the main thread holds, and the Lock is free
 * - the main thread's own release then reports "release unlocked lock"
 * - a helper that releases the RLock is told "cannot release un-acquired lock"
 * - the RLock is still the main thread's, until that releases it
 */
#include <string.h>

#include "demo.h"

static weft_lock lock = WEFT_LOCK_INIT;
static weft_rlock rlock = WEFT_RLOCK_INIT;

static void say_outcome(const char *what, weft_status status)
{
    if (status == WEFT_OK)
        demo_say("%s: ok", what);
    else
        demo_say("%s: %s: %s", what, weft_status_exception(status), weft_strerror(status));
}

/* clang's lock analysis would reject both at compile time: they release what they did not take. */
static void *release_lock(void *status) WEFT_NO_ANALYSIS
{
    *(weft_status *)status = weft_lock_release(&lock);
    say_outcome("releases it", *(weft_status *)status);
    return NULL;
}

static void *release_rlock(void *status) WEFT_NO_ANALYSIS
{
    *(weft_status *)status = weft_rlock_release(&rlock);
    say_outcome("releases it", *(weft_status *)status);
    return NULL;
}

/* What another thread is told when it releases. */
static weft_status let_helper(weft_target *release)
{
    weft_status status = WEFT_RUNTIME;
    weft_thread *helper = demo_must(weft_thread_spawn(release, &status, .name = "helper"));
    weft_thread_join(helper);
    weft_thread_free(helper);
    return status;
}

static void release_a_lock(void)
{
    demo_part("A Lock has no owner");
    say_outcome("takes the Lock", weft_lock_acquire(&lock));
    bool held = weft_lock_locked(&lock);
    weft_status helped = let_helper(release_lock);
    CHECK(held && helped == WEFT_OK, "a helper has released the Lock that the main thread held");
    CHECK(!weft_lock_locked(&lock), "the Lock is free");

    weft_status own = weft_lock_release(&lock);
    say_outcome("releases it, too", own);
    CHECK(own == WEFT_NOT_LOCKED && strcmp(weft_strerror(own), "release unlocked lock") == 0,
          "the error is that the Lock is free, not who releases it");
}

static void release_an_rlock(void)
{
    demo_part("An RLock has one");
    say_outcome("takes the RLock", weft_rlock_acquire(&rlock));
    weft_status helped = let_helper(release_rlock);
    CHECK(helped == WEFT_NOT_OWNER &&
              strcmp(weft_strerror(helped), "cannot release un-acquired lock") == 0,
          "the helper was refused: \"cannot release un-acquired lock\"");
    CHECK(weft_rlock_locked(&rlock) && weft_rlock_is_owned(&rlock) && weft_rlock_depth(&rlock) == 1,
          "the RLock is still held, once, by the main thread");

    weft_status own = weft_rlock_release(&rlock);
    say_outcome("releases the RLock", own);
    CHECK(own == WEFT_OK && !weft_rlock_locked(&rlock), "its owner releases it, and it is free");
}

int main(void)
{
    demo_begin("Any thread may release a Lock, only its owner an RLock");
    release_a_lock();
    release_an_rlock();

    demo_part("What the text says, and what is true");
    demo_line("    Only the holder may release a lock, anybody else gets RuntimeError.");
    demo_line("    So it is with an RLock. A Lock asks only whether it is held: any thread");
    demo_line("    may release it, and RuntimeError is for the release of one that is free.");
    return demo_end();
}
