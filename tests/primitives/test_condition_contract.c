/* SPDX-License-Identifier: MIT */
/* A condition locks as its lock does: its own, or a Lock or RLock of the caller's. */
#include "lock_contract.h"

struct over {
    weft_condition condition;
    weft_lock lock;
    weft_rlock rlock;
};

static void init_own(void *over)
{
    *(struct over *)over = (struct over){.condition = WEFT_CONDITION_INIT};
}

static void init_on_lock(void *arg)
{
    struct over *over = arg;
    *over = (struct over){.condition = WEFT_CONDITION_INIT_ON(&over->lock)};
}

static void init_on_rlock(void *arg)
{
    struct over *over = arg;
    *over = (struct over){.condition = WEFT_CONDITION_INIT_ON(&over->rlock)};
}

static weft_status acquire(void *over)
{
    return weft_condition_acquire(over);
}

static weft_status try_acquire(void *over)
{
    return weft_condition_try_acquire(over);
}

static weft_status acquire_for(void *over, double seconds)
{
    return weft_condition_acquire_for(over, seconds);
}

static weft_status acquire_until(void *over, double seconds)
{
    return weft_condition_acquire_until(over, weft_now() + seconds);
}

static weft_status release(void *over)
{
    return weft_condition_release(over);
}

static bool locked(const void *over)
{
    return weft_condition_locked(over);
}

TEST(a_condition_keeps_the_contract_of_its_lock)
{
    struct lockable condition = {.name = "weft_condition, own rlock",
                                 .size = sizeof(struct over),
                                 .init = init_own,
                                 .acquire = acquire,
                                 .try_acquire = try_acquire,
                                 .acquire_for = acquire_for,
                                 .release = release,
                                 .locked = locked};
    lock_contract(&condition);
    condition.name = "weft_condition on a lock";
    condition.init = init_on_lock;
    condition.acquire_for = acquire_until;
    lock_contract(&condition);
    condition.name = "weft_condition on an rlock";
    condition.init = init_on_rlock;
    lock_contract(&condition);
}
