/* SPDX-License-Identifier: MIT */
/**
 * @file nested_account_methods.c
 * @brief Public account methods that call each other while locked
 *
 * Every method of an account takes the account's lock: deposit and withdraw, the log that both
 * call, and transfer, which withdraws here and deposits there. With an RLock each of them works,
 * called from outside or from another.
 *
 * But a transfer that holds its own account and then takes the other one is a deadlock as soon as
 * two of them meet in opposite directions; an RLock does not help against that. It happens in a
 * child process, and the library reports it. The cure is to take both locks at once, in one order:
 * WEFT_WITH_ALL. The methods inside re-enter them.
 *
 * Source: locks, section 2.1, lines 1275-1321.
 *
 * Look for: "depth 3" in the log: transfer, withdraw and log each hold the lock.
 *
 * Facts:
 * - a transfer of 200 leaves 800 and 700; the log comes right after each step
 * - a transfer of more than there is returns false and changes nothing
 * - the transfer that takes one lock after the other deadlocks, and the library says so
 * - with both at once, two clerks wait for the same account first, and hold none meanwhile
 * - so 1000 transfers in each direction end, and the sum stays 1500
 */
#include <stdint.h>
#include <string.h>

#include "demo.h"
#include "demo_child.h"
#include "demo_thread.h"

DEMO_INVERTS_LOCK_ORDER

enum { MANY = 1000 };

struct account {
    const char *name;
    weft_rlock lock; /* guards all below */
    long balance;
    bool quiet;
};

static void log_change(struct account *account, const char *what, long amount)
{
    WEFT_HOLD(&account->lock);
    if (!account->quiet)
        demo_say("log of %s: %s %ld, balance %ld, depth %u", account->name, what, amount,
                 account->balance, weft_rlock_depth(&account->lock));
}

static void deposit(struct account *account, long amount)
{
    WEFT_HOLD(&account->lock);
    account->balance += amount;
    if (!account->quiet)
        demo_say("deposits %ld, balance %ld", amount, account->balance);
    log_change(account, "deposit", amount);
}

static bool withdraw(struct account *account, long amount)
{
    WEFT_HOLD(&account->lock);
    if (account->balance < amount)
        return false;
    account->balance -= amount;
    if (!account->quiet)
        demo_say("withdraws %ld, balance %ld", amount, account->balance);
    log_change(account, "withdraw", amount);
    return true;
}

static bool transfer(struct account *from, struct account *to, long amount)
{
    WEFT_WITH_ALL(&from->lock, &to->lock) {
        if (!withdraw(from, amount))
            return false;
        deposit(to, amount);
    }
    return true;
}

/* ---- the transfer of the original, in a child process ---- */

static struct account one = {"account 1", WEFT_RLOCK_INIT, 1000, false};
static struct account two = {"account 2", WEFT_RLOCK_INIT, 500, false};
static demo_rendezvous both_hold_one = DEMO_RENDEZVOUS_INIT(2);

static void transfer_one_by_one(struct account *from, struct account *to, long amount)
{
    WEFT_HOLD(&from->lock);
    if (!withdraw(from, amount))
        return;
    demo_rendezvous_meet(&both_hold_one);
    deposit(to, amount); /* waits for a lock with a lock in hand */
    demo_say("has transferred");
}

static void *there_one_by_one(void *arg)
{
    transfer_one_by_one(&one, &two, 200);
    return arg;
}

static void *back_one_by_one(void *arg)
{
    transfer_one_by_one(&two, &one, 100);
    return arg;
}

static int deadlock(void *arg)
{
    (void)arg;
    weft_watch_deadlocks(WEFT_WATCH_REPORT);
    weft_name(&one.lock, one.name);
    weft_name(&two.lock, two.name);
    demo_spawn(there_one_by_one, NULL, "clerk-1");
    demo_spawn(back_one_by_one, NULL, "clerk-2");
    DEMO_AWAIT(weft_rlock_waiters(&one.lock) == 1 && weft_rlock_waiters(&two.lock) == 1);
    return 0;
}

/* ---- both at once ---- */

static void *transfer_ten(void *from)
{
    transfer(from, from == &one ? &two : &one, 10);
    return from;
}

/* The main thread holds the account with the lower address, two clerks want both. */
static void meet_at_the_first(void)
{
    struct account *low = (uintptr_t)&one.lock < (uintptr_t)&two.lock ? &one : &two;
    struct account *high = low == &one ? &two : &one;
    weft_thread *clerks[2];
    WEFT_WITH(&low->lock) {
        clerks[0] = demo_spawn(transfer_ten, high, "clerk-1");
        clerks[1] = demo_spawn(transfer_ten, low, "clerk-2");
        DEMO_AWAIT(weft_rlock_waiters(&low->lock) == 2);
        demo_say("both clerks wait for %s", low->name);
        CHECK(demo_others_can_take(&high->lock),
              "neither holds the other account, though one of them has named it first");
    }
    demo_join_all(2, clerks);
}

static void *transfer_often(void *from)
{
    int made = 0;
    for (int i = 0; i < MANY; i++)
        made += transfer(from, from == &one ? &two : &one, 1);
    demo_say("has made %d of %d transfers%s", made, MANY,
             made < MANY ? ", the rest found no money" : "");
    return from;
}

int main(void)
{
    demo_begin("Public account methods that call each other while locked");

    demo_part("Opposite directions, one lock after the other, in a child process");
    demo_child child = demo_child_run(deadlock, NULL, 0.5);
    CHECK(child.ready && child.killed && demo_count("* has transferred") == 0,
          "neither ends: each clerk waits for the account that the other one holds");
    CHECK(strstr(child.output, "weft: deadlock: ") != NULL, "the library has reported it");

    demo_part("One transfer");
    CHECK(transfer(&one, &two, 200), "a transfer of 200 succeeds");
    CHECK(one.balance == 800 && two.balance == 700, "the balances are 800 and 700");
    CHECK(demo_in_order("MainThread withdraws 200, balance 800",
                        "MainThread log of account 1: withdraw 200, balance 800, depth 3",
                        "MainThread deposits 200, balance 700",
                        "MainThread log of account 2: deposit 200, balance 700, depth 3"),
          "withdraw, its log, deposit, its log; each log at depth 3");

    demo_part("More than there is");
    bool made = transfer(&one, &two, 5000);
    demo_say("a transfer of 5000: %s", made ? "made" : "refused, no line in any log");
    CHECK(!made, "a transfer of 5000 from 800 returns false");
    CHECK(one.balance == 800 && two.balance == 700, "and changes nothing");

    demo_part("Two in opposite directions, both locks at once");
    meet_at_the_first();
    CHECK(one.balance == 800 && two.balance == 700, "both transfers have been made");

    demo_part("A thousand in each direction, both locks at once");
    one.quiet = two.quiet = true;
    weft_thread *clerks[] = {demo_spawn(transfer_often, &one, "clerk-1"),
                             demo_spawn(transfer_often, &two, "clerk-2")};
    demo_join_all(2, clerks);
    demo_say("balances: %ld and %ld", one.balance, two.balance);
    CHECK(demo_count("clerk-? has made * of 1000 transfers*") == 2, "both clerks have ended");
    CHECK(one.balance + two.balance == 1500, "the sum is still 1500");
    CHECK(!weft_rlock_locked(&one.lock) && !weft_rlock_locked(&two.lock), "both locks are free");
    return demo_end();
}
