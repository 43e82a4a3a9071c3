/* SPDX-License-Identifier: MIT */
/**
 * @file locked_withdrawals.c
 * @brief The same ten withdrawals under a lock: nothing is lost
 *
 * An account holds 1000, and ten tellers pay out 100 each. Each teller takes the lock before it
 * reads the balance and keeps it, through its millisecond of thinking, until it has written. So
 * each one reads what the one before has written, and 0 is left. The price: ten milliseconds of
 * thinking, one after another.
 *
 * Source: locks, section 1.1, lines 108-136.
 *
 * Look for: the differences from lost_update_withdrawals.c. They could not all read before the
 * first one writes here: the lock rules that out.
 *
 * Facts:
 * - the balance ends at 0
 * - the whole takes 10 ms at least, as the lock puts ten times 1 ms in a row
 */
#include "demo.h"

enum { TELLERS = 10, AMOUNT = 100, OPENING = 1000 };

static weft_lock lock = WEFT_LOCK_INIT;
static int balance = OPENING; /* guarded by lock */

static void *withdraw(void *arg)
{
    weft_lock_acquire(&lock);
    int temp = balance;
    demo_say("reads %d", temp);
    demo_sleep(0.001);
    temp -= AMOUNT;
    balance = temp;
    demo_say("pays out %d, writes %d", AMOUNT, temp);
    weft_lock_release(&lock);
    return arg;
}

int main(void)
{
    weft_thread *tellers[TELLERS];
    demo_begin("The same ten withdrawals under a lock: nothing is lost");
    double start = demo_now();
    for (int i = 0; i < TELLERS; i++)
        tellers[i] =
            demo_must(weft_thread_spawn(withdraw, NULL, .name = demo_name("teller-%d", i + 1)));
    for (int i = 0; i < TELLERS; i++) {
        weft_thread_join(tellers[i]);
        weft_thread_free(tellers[i]);
    }
    double elapsed = demo_now() - start;

    int expected = OPENING - TELLERS * AMOUNT;
    demo_say("expected balance %d, actual balance %d", expected, balance);
    CHECK(expected == 0 && balance == 0, "0 is expected, and 0 is left");
    CHECK(demo_at_least(elapsed, 0.010), "ten times 1 ms in a row take 10 ms at least");
    CHECK(!weft_lock_locked(&lock), "the lock is free at the end");
    return demo_end();
}
