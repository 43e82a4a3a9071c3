/* SPDX-License-Identifier: MIT */
/**
 * @file crowd.c
 * @brief How many threads have been in one place at once.
 */
#include "demo.h"

void demo_crowd_enter(demo_crowd *crowd)
{
    int inside = atomic_fetch_add(&crowd->inside, 1) + 1;
    int peak = atomic_load(&crowd->peak);
    while (inside > peak && !atomic_compare_exchange_weak(&crowd->peak, &peak, inside)) {
    }
}

void demo_crowd_leave(demo_crowd *crowd)
{
    atomic_fetch_sub(&crowd->inside, 1);
}
