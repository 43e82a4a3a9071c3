/* SPDX-License-Identifier: MIT */
/**
 * @file order_state_machine.c
 * @brief An order state machine whose transitions call other locked steps
 *
 * An order is pending, paid, shipped, delivered or cancelled, and not every step is allowed in
 * every state. Looking at the state and changing it must be one: each step holds the order's lock
 * from the question to the end of all that follows from it, and what follows are functions that
 * take the lock themselves.
 *
 * Source: locks, section 2.2, lines 1522-1610.
 *
 * Look for: whether to refund is decided by the state *before* the transition. The original asks
 * afterwards, in a way that is always true, and refunds orders that were never paid.
 *
 * Facts:
 * - pending -> paid -> shipped -> delivered; the history has three events in this order
 * - "checks auto-ship" after paying, "sends a notification" after delivery
 * - a step that the state does not allow returns false and changes nothing
 * - cancelling refunds a paid order, not a pending one
 * - of two threads that pay one order exactly one is told true
 */
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

enum state { PENDING, PAID, SHIPPED, DELIVERED, CANCELLED };
enum { MOST_EVENTS = 8 };

static const char *const state_names[] = {"pending", "paid", "shipped", "delivered", "cancelled"};

struct order {
    const char *id;
    weft_rlock lock; /* guards all below */
    enum state state;
    const char *history[MOST_EVENTS];
    size_t events;
    int refunds;
};

/* ---- what follows from a step; each takes the lock, whoever calls it ---- */

static void transition_to(struct order *order, enum state state)
{
    WEFT_HOLD(&order->lock);
    demo_say("%s: %s -> %s", order->id, state_names[order->state], state_names[state]);
    order->state = state;
}

static void log_event(struct order *order, const char *event)
{
    WEFT_HOLD(&order->lock);
    if (order->events < MOST_EVENTS)
        order->history[order->events++] = event;
}

static void check_auto_ship(struct order *order)
{
    WEFT_HOLD(&order->lock);
    demo_say("%s: checks auto-ship", order->id);
}

static void send_notification(struct order *order)
{
    WEFT_HOLD(&order->lock);
    demo_say("%s: sends a notification", order->id);
}

static void refund(struct order *order)
{
    WEFT_HOLD(&order->lock);
    order->refunds++;
    demo_say("%s: refunds", order->id);
}

/* ---- the steps ---- */

static bool pay(struct order *order)
{
    WEFT_HOLD(&order->lock);
    if (order->state != PENDING)
        return false;
    transition_to(order, PAID);
    log_event(order, "payment_received");
    check_auto_ship(order);
    return true;
}

static bool ship(struct order *order)
{
    WEFT_HOLD(&order->lock);
    if (order->state != PAID)
        return false;
    transition_to(order, SHIPPED);
    log_event(order, "order_shipped");
    return true;
}

static bool deliver(struct order *order)
{
    WEFT_HOLD(&order->lock);
    if (order->state != SHIPPED)
        return false;
    transition_to(order, DELIVERED);
    log_event(order, "order_delivered");
    send_notification(order);
    return true;
}

static bool cancel(struct order *order)
{
    WEFT_HOLD(&order->lock);
    enum state before = order->state;
    if (before != PENDING && before != PAID)
        return false;
    transition_to(order, CANCELLED);
    log_event(order, "order_cancelled");
    if (before == PAID)
        refund(order);
    return true;
}

/* ---- orders ---- */

static void *process(void *order)
{
    pay(order);
    ship(order);
    deliver(order);
    return order;
}

static demo_rendezvous both_ready = DEMO_RENDEZVOUS_INIT(2);

/* Returns the order if this thread has paid it. */
static void *race_to_pay(void *order)
{
    demo_rendezvous_meet(&both_ready);
    bool paid = pay(order);
    demo_say("%s", paid ? "has paid" : "is told that it is paid already");
    return paid ? order : NULL;
}

static void process_one(void)
{
    demo_part("Pay, ship, deliver");
    struct order order = {.id = "ORD001"};
    demo_join(demo_spawn(process, &order, "clerk"));
    CHECK(demo_in_order("clerk ORD001: pending -> paid", "clerk ORD001: checks auto-ship",
                        "clerk ORD001: paid -> shipped", "clerk ORD001: shipped -> delivered",
                        "clerk ORD001: sends a notification"),
          "three transitions; auto-ship checked after paying, the notification last");
    CHECK(order.events == 3 && strcmp(order.history[0], "payment_received") == 0 &&
              strcmp(order.history[1], "order_shipped") == 0 &&
              strcmp(order.history[2], "order_delivered") == 0,
          "the history is payment_received, order_shipped, order_delivered");
    bool cancelled = cancel(&order);
    demo_say("%s: cancel is %s", order.id, cancelled ? "done" : "refused");
    CHECK(!cancelled && order.state == DELIVERED && order.refunds == 0,
          "what is delivered cannot be cancelled");
}

static void cancel_some(void)
{
    demo_part("Steps that are not allowed, and cancelling");
    struct order pending = {.id = "ORD002"};
    bool shipped = ship(&pending);
    demo_say("%s: ship is %s, it is %s", pending.id, shipped ? "done" : "refused",
             state_names[pending.state]);
    CHECK(!shipped && pending.state == PENDING && pending.events == 0,
          "what is not paid cannot be shipped: false, and nothing changes");
    CHECK(cancel(&pending) && pending.refunds == 0, "cancelling a pending order refunds nothing");
    struct order paid = {.id = "ORD003"};
    CHECK(pay(&paid) && cancel(&paid) && paid.refunds == 1, "cancelling a paid one refunds once");
}

static void pay_twice(void)
{
    demo_part("Two threads pay one order");
    struct order order = {.id = "ORD004"};
    weft_thread *payers[] = {demo_spawn(race_to_pay, &order, "payer-1"),
                             demo_spawn(race_to_pay, &order, "payer-2")};
    int paid = 0;
    for (int i = 0; i < 2; i++) {
        weft_thread_join(payers[i]);
        paid += weft_thread_value(payers[i]) == &order;
        weft_thread_free(payers[i]);
    }
    CHECK(paid == 1 && order.events == 1, "exactly one of them has paid");
    CHECK(!weft_rlock_locked(&order.lock), "the lock is free");
}

int main(void)
{
    demo_begin("An order state machine whose transitions call other locked steps");
    process_one();
    cancel_some();
    pay_twice();
    return demo_end();
}
