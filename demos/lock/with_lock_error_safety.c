/* SPDX-License-Identifier: MIT */
/**
 * @file with_lock_error_safety.c
 * @brief An early return: by hand the lock can be forgotten, a with-block lets it go
 *
 * Three functions append a number to a list and refuse negative ones half-way. The first releases
 * its lock by hand on every way out, and is right. The second forgets one way out: after its first
 * error the lock stays held for ever, and whoever wants it next is the one who suffers. The third
 * puts the critical section into WEFT_WITH and has no release to forget.
 *
 * Source: locks, section 1.3, lines 483-517.
 *
 * Look for: the leak shows nothing where it happens. It shows in the next acquire, which would
 * wait for ever; here it gives up after 100 ms. clang finds such a leak at compile time.
 *
 * Facts:
 * - the failing call reports "negative number", and the with-block has released the lock
 * - the next call succeeds: the data are [10, 20]
 * - by hand it works as long as no way out is forgotten
 * - a forgotten release leaves the lock held: an acquire for 100 ms times out
 */
#include "demo.h"

static weft_lock lock = WEFT_LOCK_INIT;
static int data[8]; /* guarded by lock, as is its length */
static int length;

static const char *const NEGATIVE = "negative number";

/* Right, but every new way out needs its own release. */
static const char *append_by_hand(int value)
{
    weft_lock_acquire(&lock);
    if (value < 0) {
        weft_lock_release(&lock);
        return NEGATIVE;
    }
    data[length++] = value;
    weft_lock_release(&lock);
    return NULL;
}

/* Wrong: without WEFT_NO_ANALYSIS, clang's -Wthread-safety says so. */
static const char *append_and_leak(int value) WEFT_NO_ANALYSIS
{
    weft_lock_acquire(&lock);
    if (value < 0)
        return NEGATIVE;
    data[length++] = value;
    weft_lock_release(&lock);
    return NULL;
}

static const char *append_in_block(int value)
{
    WEFT_WITH(&lock) {
        if (value < 0)
            return NEGATIVE;
        data[length++] = value;
    }
    return NULL;
}

/* Any thread may release a lock, so the leak can be mended. */
static void release_for_another(void) WEFT_NO_ANALYSIS
{
    weft_lock_release(&lock);
}

static const char *told(const char *error)
{
    return error != NULL ? error : "appended";
}

int main(void)
{
    demo_begin("An early return: by hand the lock can be forgotten, a with-block lets it go");

    demo_part("With a block");
    const char *first = append_in_block(10);
    demo_say("10: %s", told(first));
    const char *second = append_in_block(-5);
    demo_say("-5: %s", told(second));
    CHECK(first == NULL && second == NEGATIVE, "10 is appended, -5 is reported as negative number");
    CHECK(!weft_lock_locked(&lock), "the failure has released the lock");
    const char *third = append_in_block(20);
    demo_say("20: %s", told(third));
    CHECK(third == NULL && length == 2 && data[0] == 10 && data[1] == 20, "the data are [10, 20]");

    demo_part("By hand, every way out remembered");
    length = 0;
    first = append_by_hand(10);
    second = append_by_hand(-5);
    demo_say("10: %s, -5: %s, the lock is %s", told(first), told(second),
             weft_lock_locked(&lock) ? "held" : "free");
    CHECK(first == NULL && second == NEGATIVE && length == 1,
          "by hand: 10 is appended, -5 is refused");
    CHECK(!weft_lock_locked(&lock), "by hand: the failure has released the lock");

    demo_part("By hand, one way out forgotten");
    second = append_and_leak(-5);
    demo_say("-5: %s, the lock is %s", told(second), weft_lock_locked(&lock) ? "held" : "free");
    CHECK(second == NEGATIVE && weft_lock_locked(&lock), "the failure has left the lock held");
    double start = demo_now();
    weft_status next = weft_lock_acquire_for(&lock, demo_seconds(0.1));
    demo_say("the next acquire: %s", weft_strerror(next));
    CHECK(next == WEFT_TIMEOUT && demo_at_least(demo_now() - start, 0.1),
          "the next acquire waits 100 ms in vain");
    release_for_another();
    CHECK(append_in_block(30) == NULL, "after a release all goes on");
    return demo_end();
}
