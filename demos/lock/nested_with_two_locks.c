/* SPDX-License-Identifier: MIT */
/**
 * @file nested_with_two_locks.c
 * @brief A transfer holds the locks of both accounts, in one scope
 *
 * Money moves from one account to another, and nobody may see it in neither or in both: a transfer
 * needs both locks. One thread moves 100 from account 1 to account 2, another moves 50 the other
 * way. If each took its first account's lock first, they could block each other for ever (the
 * original does that, and is saved by luck). Here the lower address comes first, always.
 *
 * Source: locks, section 1.3, lines 526-557.
 *
 * Look for: two scopes stacked on one block. They are left in the reverse order.
 *
 * Facts:
 * - both transfers are made: 950 and 2050
 * - the sum stays 3000, after a thousand transfers in each direction, too
 */
#include "demo.h"

enum { MANY = 1000 };

struct account {
    const char *name;
    weft_lock lock;
    long balance; /* guarded by lock */
};

struct order {
    struct account *from;
    struct account *to;
    long amount;
    int times;
    int made;
};

static void transfer(struct account *from, struct account *to, long amount)
{
    bool in_order = (uintptr_t)from < (uintptr_t)to;
    struct account *lower = in_order ? from : to;
    struct account *higher = in_order ? to : from;
    WEFT_WITH(&lower->lock)
        WEFT_WITH(&higher->lock) {
            from->balance -= amount;
            to->balance += amount;
        }
}

static void *carry_out(void *arg)
{
    struct order *order = arg;
    for (int i = 0; i < order->times; i++) {
        transfer(order->from, order->to, order->amount);
        order->made++;
    }
    demo_say("moved %ld from %s to %s, %d time%s", order->amount, order->from->name,
             order->to->name, order->made, order->made == 1 ? "" : "s");
    return arg;
}

static void carry_out_both(struct order *there, struct order *back)
{
    weft_thread *first = demo_must(weft_thread_spawn(carry_out, there, .name = "clerk-1"));
    weft_thread *second = demo_must(weft_thread_spawn(carry_out, back, .name = "clerk-2"));
    weft_thread_join(first);
    weft_thread_join(second);
    weft_thread_free(first);
    weft_thread_free(second);
}

int main(void)
{
    struct account accounts[2] = {{"account 1", WEFT_LOCK_INIT, 1000},
                                  {"account 2", WEFT_LOCK_INIT, 2000}};
    struct account *one = &accounts[0];
    struct account *two = &accounts[1];
    demo_begin("A transfer holds the locks of both accounts, in one scope");

    demo_part("One transfer in each direction");
    struct order there = {one, two, 100, 1, 0};
    struct order back = {two, one, 50, 1, 0};
    carry_out_both(&there, &back);
    demo_say("balances: %ld and %ld", one->balance, two->balance);
    CHECK(there.made == 1 && back.made == 1, "both transfers are made");
    CHECK(one->balance == 950 && two->balance == 2050, "the balances are 950 and 2050");
    CHECK(one->balance + two->balance == 3000, "the sum is still 3000");

    demo_part("A thousand in each direction");
    there = (struct order){one, two, 1, MANY, 0};
    back = (struct order){two, one, 1, MANY, 0};
    carry_out_both(&there, &back);
    demo_say("balances: %ld and %ld", one->balance, two->balance);
    CHECK(there.made == MANY && back.made == MANY, "all transfers are made: no deadlock");
    CHECK(one->balance == 950 && two->balance == 2050,
          "equal transfers cancel out: 950 and 2050 again");
    CHECK(!weft_lock_locked(&one->lock) && !weft_lock_locked(&two->lock), "both locks are free");
    return demo_end();
}
