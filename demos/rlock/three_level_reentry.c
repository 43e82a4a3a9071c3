/* SPDX-License-Identifier: MIT */
/**
 * @file three_level_reentry.c
 * @brief Three nested methods re-enter one RLock: depth 1, 2, 3
 *
 * Three methods of an object take the object's lock, and each calls the next. The first takes the
 * lock, the second takes it again, the third once more: the lock counts how often its owner holds
 * it, and that is its depth. Each return takes one back.
 *
 * Source: locks, section 2.1, lines 1123-1158.
 *
 * Look for: the depth is the lock's own answer. On the way back it falls as it rose.
 *
 * Facts:
 * - levels 1, 2, 3 run in this order, at depth 1, 2, 3
 * - on the way back the depth is 2, then 1, then 0
 * - the counter ends at 3
 * - another thread can take the lock after the return, but not at level 3
 */
#include "demo.h"
#include "demo_thread.h"

struct object {
    weft_rlock lock; /* guards all below */
    int counter;
    bool others; /* whether others could take the lock at level 3 */
};

static void level3(struct object *object)
{
    WEFT_WITH(&object->lock) {
        demo_say("level 3, depth %u", weft_rlock_depth(&object->lock));
        object->counter++;
        object->others = demo_others_can_take(&object->lock);
    }
}

static void level2(struct object *object)
{
    WEFT_WITH(&object->lock) {
        demo_say("level 2, depth %u", weft_rlock_depth(&object->lock));
        object->counter++;
        level3(object);
        demo_say("level 2 again, depth %u", weft_rlock_depth(&object->lock));
    }
}

static void level1(struct object *object)
{
    WEFT_WITH(&object->lock) {
        demo_say("level 1, depth %u", weft_rlock_depth(&object->lock));
        object->counter++;
        level2(object);
        demo_say("level 1 again, depth %u", weft_rlock_depth(&object->lock));
    }
}

int main(void)
{
    struct object object = {.lock = WEFT_RLOCK_INIT};
    demo_begin("Three nested methods re-enter one RLock: depth 1, 2, 3");
    level1(&object);
    demo_say("outside, depth %u, counter %d", weft_rlock_depth(&object.lock), object.counter);

    CHECK(demo_in_order("* level 1, depth 1", "* level 2, depth 2", "* level 3, depth 3"),
          "levels 1, 2, 3 ran in this order, at depth 1, 2, 3");
    CHECK(demo_in_order("* level 2 again, depth 2", "* level 1 again, depth 1",
                        "* outside, depth 0, *"),
          "each return has taken one back: 2, 1, 0");
    CHECK(object.counter == 3, "the counter is 3");
    CHECK(!object.others, "at level 3 another thread could not take the lock");
    CHECK(demo_others_can_take(&object.lock), "after the return it can");
    return demo_end();
}
