/* SPDX-License-Identifier: MIT */
/**
 * @file lost_update_withdrawals.c
 * @brief Ten withdrawals without a lock: nine of them are lost
 *
 * An account holds 1000, and ten tellers pay out 100 each, so 0 should be left. But each teller
 * reads the balance, thinks for a millisecond, and writes back what it has computed. Here all ten
 * read before the first one writes: each has seen 1000, each writes 900, and nine withdrawals leave
 * no trace.
 *
 * | teller-1    | teller-2    | balance |
 * |-------------|-------------|---------|
 * | reads 1000  |             | 1000    |
 * |             | reads 1000  | 1000    |
 * | writes 900  |             | 900     |
 * |             | writes 900  | 900     |
 *
 * Source: locks, section 1.1, lines 76-103.
 *
 * Look for: no single step is wrong. What is wrong is that another thread comes between them.
 * locked_withdrawals.c is the same program with a lock: compare the two.
 *
 * Facts:
 * - 0 is expected and 900 is left: 9 of 10 updates are lost
 * - the tellers have paid out 1000, but the balance has fallen by 100 only
 */
#include <stdatomic.h>

#include "demo.h"

enum { TELLERS = 10, AMOUNT = 100, OPENING = 1000 };

/* Reading and writing are two separate atomic steps: the update as a whole is not atomic, which is
   the mistake that this program shows, but each step is defined in C. */
static atomic_int balance = OPENING;
static atomic_int paid_out;
static demo_rendezvous all_have_read = DEMO_RENDEZVOUS_INIT(TELLERS);

static void *withdraw(void *arg)
{
    int temp = atomic_load_explicit(&balance, memory_order_relaxed);
    demo_say("reads %d", temp);
    demo_rendezvous_meet(&all_have_read); /* bad luck, made certain */
    demo_sleep(0.001);
    temp -= AMOUNT;
    atomic_store_explicit(&balance, temp, memory_order_relaxed);
    demo_say("pays out %d, writes %d", AMOUNT, temp);
    atomic_fetch_add(&paid_out, AMOUNT);
    return arg;
}

int main(void)
{
    weft_thread *tellers[TELLERS];
    demo_begin("Ten withdrawals without a lock: nine of them are lost");
    for (int i = 0; i < TELLERS; i++)
        tellers[i] =
            demo_must(weft_thread_spawn(withdraw, NULL, .name = demo_name("teller-%d", i + 1)));
    for (int i = 0; i < TELLERS; i++) {
        weft_thread_join(tellers[i]);
        weft_thread_free(tellers[i]);
    }

    int expected = OPENING - TELLERS * AMOUNT;
    int lost = (balance - expected) / AMOUNT;
    demo_say("expected balance %d, actual balance %d: %d updates lost", expected, balance, lost);
    CHECK(expected == 0 && balance == 900, "0 is expected, but 900 is left");
    CHECK(lost == 9, "9 of 10 updates are lost");
    CHECK(paid_out == 1000 && OPENING - balance == 100,
          "the tellers have paid out 1000, but the balance has fallen by 100 only");
    return demo_end();
}
