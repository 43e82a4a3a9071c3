/* SPDX-License-Identifier: MIT */
/**
 * @file reentry_depth_limit.c
 * @brief How deep an RLock can nest: 500 recursive levels, and a limit that refuses
 *
 * Python stops a recursion at a limit of its own, long before the RLock's. In C only the lock's
 * counter sets one, at 4294967295. 501 levels by recursion are nothing to it, nor are a million by
 * a loop. To see what happens at the limit without waiting for it the demo writes a large depth
 * into the lock; a program never does that, the field is private. The next acquire but one is
 * refused, and the lock stays as it was.
 *
 * Source: locks, section 2.3, lines 1693-1722.
 *
 * Look for: the refusal. A counter that wrapped round to 0 would free a lock that is held.
 *
 * Facts:
 * - levels 0 to 500 nest: 501 acquires
 * - a million acquires and as many releases leave the lock free
 * - beyond the limit an acquire is refused, and the depth stays
 * - after each, another thread can take the lock
 */
#include "demo.h"
#include "demo_thread.h"

enum { LEVELS = 500, MANY = 1000000 };

static weft_rlock lock = WEFT_RLOCK_INIT;
static int max_level;
static uint32_t max_depth;

static void descend(int level) /* NOLINT(misc-no-recursion): the subject */
{
    WEFT_HOLD(&lock);
    max_level = level;
    max_depth = weft_rlock_depth(&lock);
    if (level < LEVELS)
        descend(level + 1);
}

/* Takes and releases in different loops, which clang's analysis cannot follow. */
static uint32_t take_many(void) WEFT_NO_ANALYSIS
{
    for (int i = 0; i < MANY; i++)
        weft_rlock_acquire(&lock);
    uint32_t depth = weft_rlock_depth(&lock);
    for (int i = 0; i < MANY; i++)
        weft_rlock_release(&lock);
    return depth;
}

static void reach_the_limit(void) WEFT_NO_ANALYSIS
{
    weft_rlock_acquire(&lock);
    lock.depth = UINT32_MAX - 1; /* as if taken 4294967294 times */
    weft_status last = weft_rlock_acquire(&lock);
    weft_status beyond = weft_rlock_acquire(&lock);
    uint32_t depth = weft_rlock_depth(&lock);
    demo_say("depth %u, the next acquire: %s", depth, weft_status_name(beyond));
    CHECK(last == WEFT_OK && depth == UINT32_MAX, "the last acquire below the limit succeeds");
    CHECK(beyond == WEFT_OVERFLOW, "the next one is refused: WEFT_OVERFLOW");
    CHECK(weft_rlock_try_acquire(&lock) == WEFT_OVERFLOW && weft_rlock_depth(&lock) == UINT32_MAX,
          "so is a try, and the depth stays as it was");
    CHECK(!demo_others_can_take(&lock), "the lock is still held");
    lock.depth = 1;
    weft_rlock_release(&lock);
}

int main(void)
{
    demo_begin("How deep an RLock can nest: 500 recursive levels, and a limit that refuses");

    demo_part("By recursion");
    descend(0);
    demo_say("deepest level %d, depth %u", max_level, max_depth);
    CHECK(max_level == 500 && max_depth == 501, "levels 0 to 500 nest: 501 acquires");
    CHECK(demo_others_can_take(&lock), "every level was released");

    demo_part("By a loop");
    uint32_t depth = take_many();
    demo_say("depth %u", depth);
    CHECK(depth == MANY, "a million acquires nest");
    CHECK(demo_others_can_take(&lock), "a million releases set the lock free");

    demo_part("At the limit");
    reach_the_limit();
    CHECK(demo_others_can_take(&lock), "and can be released as ever");
    return demo_end();
}
