/* SPDX-License-Identifier: MIT */
/**
 * @file per_account_locks.c
 * @brief Each account has its own lock, so two accounts can be used at the same time
 *
 * A bank can guard all its accounts with one lock: simple, but whoever uses one account keeps
 * everybody from all others. Or each account carries a lock of its own. Two clerks withdraw from
 * two accounts, and each needs 200 ms inside: with locks of their own both are inside at once,
 * with one lock for all they come one after the other.
 *
 * Source: locks, section 1.1, lines 147-181.
 *
 * Look for: withdraw() is the same in both parts, only the lock that it is given differs.
 *
 * Facts:
 * - 1000 - 100 leaves 900 and 2000 - 200 leaves 1800
 * - a withdrawal of more than there is returns false and changes nothing
 * - with a lock for each account both clerks are inside at once
 * - with one lock for all only one is, and the whole takes twice 200 ms at least
 */
#include "demo.h"

struct account {
    const char *name;
    weft_lock lock;
    long balance; /* guarded by lock, or by the bank's lock in the second part */
};

struct order {
    struct account *account;
    weft_lock *lock;
    long amount;
    demo_rendezvous *meeting; /* inside, with the other clerk; NULL: nobody can be met there */
    bool done;
};

static weft_lock bank = WEFT_LOCK_INIT;
static demo_rendezvous both_inside = DEMO_RENDEZVOUS_INIT(2);
static demo_crowd clerks;

static bool withdraw(const struct order *order)
{
    struct account *account = order->account;
    bool enough = false;
    WEFT_WITH(order->lock) {
        demo_crowd_enter(&clerks);
        demo_say("is inside, with %s", account->name);
        if (order->meeting != NULL)
            demo_rendezvous_meet(order->meeting);
        demo_sleep(0.2);
        enough = account->balance >= order->amount;
        if (enough)
            account->balance -= order->amount;
        demo_say("%s %ld, leaves", enough ? "withdraws" : "cannot withdraw", order->amount);
        demo_crowd_leave(&clerks);
    }
    return enough;
}

static void deposit(struct account *account, long amount)
{
    WEFT_WITH(&account->lock) {
        account->balance += amount;
    }
}

static void *carry_out(void *arg)
{
    struct order *order = arg;
    order->done = withdraw(order);
    return arg;
}

/* Two clerks carry out two orders; returns how long it took. */
static double carry_out_both(struct order *first, struct order *second)
{
    double start = demo_now();
    clerks.peak = 0;
    weft_thread *a = demo_must(weft_thread_spawn(carry_out, first, .name = "clerk-1"));
    weft_thread *b = demo_must(weft_thread_spawn(carry_out, second, .name = "clerk-2"));
    weft_thread_join(a);
    weft_thread_join(b);
    weft_thread_free(a);
    weft_thread_free(b);
    demo_say("at most %d inside at once, %.2f s in all", clerks.peak, demo_now() - start);
    return demo_now() - start;
}

int main(void)
{
    struct account one = {"account 1", WEFT_LOCK_INIT, 1000};
    struct account two = {"account 2", WEFT_LOCK_INIT, 2000};
    demo_begin("Each account has its own lock, so two accounts can be used at the same time");

    demo_part("A lock for each account");
    struct order from_one = {&one, &one.lock, 100, &both_inside, false};
    struct order from_two = {&two, &two.lock, 200, &both_inside, false};
    carry_out_both(&from_one, &from_two);
    CHECK(from_one.done && one.balance == 900, "1000 - 100 leaves 900 in account 1");
    CHECK(from_two.done && two.balance == 1800, "2000 - 200 leaves 1800 in account 2");
    CHECK(clerks.peak == 2, "both clerks were inside at the same time");

    demo_part("One lock for the whole bank");
    from_one = (struct order){&one, &bank, 100, NULL, false};
    from_two = (struct order){&two, &bank, 200, NULL, false};
    double elapsed = carry_out_both(&from_one, &from_two);
    CHECK(one.balance == 800 && two.balance == 1600, "the withdrawals leave 800 and 1600");
    CHECK(clerks.peak == 1, "the clerks were never inside at the same time");
    CHECK(demo_at_least(elapsed, 0.4), "with one lock for both it takes twice 200 ms at least");

    demo_part("More than there is");
    from_one = (struct order){&one, &one.lock, 5000, NULL, false};
    CHECK(!withdraw(&from_one) && one.balance == 800,
          "a withdrawal of 5000 from 800 returns false and changes nothing");
    deposit(&one, 4200);
    CHECK(withdraw(&from_one) && one.balance == 0,
          "after a deposit of 4200 the same withdrawal succeeds");
    return demo_end();
}
