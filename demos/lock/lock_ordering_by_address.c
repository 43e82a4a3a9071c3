/* SPDX-License-Identifier: MIT */
/**
 * @file lock_ordering_by_address.c
 * @brief Whoever takes two locks takes the one with the lower address first
 *
 * Two threads transfer money between the same two accounts, in opposite directions: the arguments
 * come in opposite orders. The transfer sorts the locks before it takes them, by the one thing
 * that every lock has and no two locks share: its address. So all threads agree on an order
 * without ever having talked about it, and no circle of waits can close.
 *
 * Source: locks, section 1.4, lines 780-812.
 *
 * Look for: both threads name the same lock first. From and to do not matter, the address does.
 *
 * Facts:
 * - both threads finish, having taken the same lock first and the same lock second
 * - the money has moved: 1000 - 100 + 50 and 2000 + 100 - 50
 * - a thousand transfers in each direction do not hang, and the sum is kept
 * - a transfer from an account to itself takes its one lock once
 */
#include <inttypes.h>

#include "demo.h"

enum { MANY = 1000 };

struct account {
    weft_lock lock;
    long balance; /* guarded by lock */
};

struct order {
    struct account *from;
    struct account *to;
    long amount;
    weft_lock *taken[2]; /* in the order in which they were taken */
    int made;
};

static bool comes_first(const weft_lock *lock, const weft_lock *other)
{
    return (uintptr_t)lock < (uintptr_t)other;
}

static void move(struct order *order)
{
    order->from->balance -= order->amount;
    order->to->balance += order->amount;
    order->made++;
}

static void transfer(struct order *order, bool slowly)
{
    weft_lock *first = &order->from->lock;
    weft_lock *second = &order->to->lock;
    if (first == second) {
        WEFT_WITH(first) {
            move(order);
        }
        return;
    }
    if (!comes_first(first, second)) {
        first = &order->to->lock;
        second = &order->from->lock;
    }
    WEFT_WITH(first) {
        order->taken[0] = first;
        if (slowly) {
            demo_say("first lock: 0x%" PRIxPTR, (uintptr_t)first);
            demo_sleep(0.01);
        }
        WEFT_WITH(second) {
            order->taken[1] = second;
            if (slowly)
                demo_say("second lock: 0x%" PRIxPTR ", moves %ld", (uintptr_t)second,
                         order->amount);
            move(order);
        }
    }
}

static void *transfer_once(void *arg)
{
    transfer(arg, true);
    return arg;
}

static void *transfer_often(void *arg)
{
    for (int i = 0; i < MANY; i++)
        transfer(arg, false);
    demo_say("has made %d transfers", MANY);
    return arg;
}

static void run_both(weft_target *target, struct order *there, struct order *back)
{
    weft_thread *first = demo_must(weft_thread_spawn(target, there, .name = "thread-1"));
    weft_thread *second = demo_must(weft_thread_spawn(target, back, .name = "thread-2"));
    weft_thread_join(first);
    weft_thread_join(second);
    weft_thread_free(first);
    weft_thread_free(second);
}

int main(void)
{
    struct account one = {WEFT_LOCK_INIT, 1000};
    struct account two = {WEFT_LOCK_INIT, 2000};
    demo_begin("Whoever takes two locks takes the one with the lower address first");

    demo_part("One transfer in each direction");
    struct order there = {.from = &one, .to = &two, .amount = 100};
    struct order back = {.from = &two, .to = &one, .amount = 50};
    run_both(transfer_once, &there, &back);
    demo_say("balances: %ld and %ld", one.balance, two.balance);
    CHECK(there.made == 1 && back.made == 1, "both threads have finished: no deadlock");
    CHECK(there.taken[0] == back.taken[0] && comes_first(there.taken[0], there.taken[1]),
          "both took the same lock first, the one with the lower address");
    CHECK(there.taken[1] == back.taken[1], "both took the same lock second");
    CHECK(one.balance == 950 && two.balance == 2050, "the balances are 950 and 2050");

    demo_part("A thousand in each direction");
    there = (struct order){.from = &one, .to = &two, .amount = 1};
    back = (struct order){.from = &two, .to = &one, .amount = 1};
    run_both(transfer_often, &there, &back);
    demo_say("balances: %ld and %ld", one.balance, two.balance);
    CHECK(there.made == MANY && back.made == MANY, "all transfers were made, and nothing hangs");
    CHECK(one.balance + two.balance == 3000, "the sum is still 3000");

    demo_part("From an account to itself");
    struct order self = {.from = &one, .to = &one, .amount = 10};
    long before = one.balance;
    transfer(&self, false);
    demo_say("balance: %ld", one.balance);
    CHECK(self.made == 1 && one.balance == before,
          "a transfer to itself takes its lock once and changes nothing");
    CHECK(!weft_lock_locked(&one.lock) && !weft_lock_locked(&two.lock), "both locks are free");
    return demo_end();
}
