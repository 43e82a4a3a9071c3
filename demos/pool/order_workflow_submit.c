/* SPDX-License-Identifier: MIT */
/**
 * @file order_workflow_submit.c
 * @brief Orders as a graph of tasks: validate, pay beside packing, book beside writing
 *
 * An order is five tasks: validate it and reserve the goods; then take the payment and, meanwhile,
 * pack; then book the goods out and, meanwhile, write to the customer. Six orders run, two at a
 * time. Three go well, one cannot be paid, one wants more than there is, and one's bank does not
 * answer. What was begun for an order that fails is undone: the parcel is unpacked, the goods are
 * free again.
 *
 * Source: threads, section 3.2, lines 1236-1423. There every order has an inventory of its own,
 * nothing is undone, and a time-out waits for the slow task all the same.
 *
 * Look for: the orders run on one pool, their tasks on another. On one pool the orders would take
 * all workers and wait for tasks that find none; weft would run those in place, Python would hang.
 *
 * Facts:
 * - the steps of an order come in their order; paying and packing overlap
 * - two orders are in progress at once, never more; one that succeeds takes 1 s at least
 * - three succeed, and there are as many bookings and as many letters
 * - the final stock is 97, 47, 72, 198: what failed has left no trace in it
 * - a payment that fails ends the order; more than there is fails before any payment
 * - the bank that does not answer is given up after its time-out, and its task has ended
 */
#include <stdio.h>
#include <string.h>

#include "demo.h"
#include "demo_future.h"

enum { PRODUCTS = 4, ORDERS = 6, LINES = 3 };
enum { CODE_STOCK = WEFT_USER + 1, CODE_PAYMENT = WEFT_USER + 2 };

/* ---- the inventory ---- */

static struct {
    weft_lock lock; /* guards both */
    int stock[PRODUCTS];
    int reserved[PRODUCTS];
} inventory = {.stock = {100, 50, 75, 200}};

struct line {
    int product; /* from 1; 0: no more lines */
    int quantity;
};

enum bank { PAYS, REFUSES, IS_SILENT };

struct order {
    const char *id;
    struct line lines[LINES];
    enum bank bank;
    demo_rendezvous overlap; /* of paying and packing */
    atomic_int overlapped;   /* how many of the two have met there */
    demo_rendezvous *with;   /* another order; NULL: with none */
    const char *status;
    const char *reason;
    double seconds;
};

/* Reserves all lines of the order, or none. Returns whether it could. */
static bool reserve(const struct order *order)
{
    WEFT_HOLD(&inventory.lock);
    for (int i = 0; i < LINES && order->lines[i].product != 0; i++) {
        int p = order->lines[i].product - 1;
        if (p >= PRODUCTS || inventory.stock[p] - inventory.reserved[p] < order->lines[i].quantity)
            return false;
    }
    for (int i = 0; i < LINES && order->lines[i].product != 0; i++)
        inventory.reserved[order->lines[i].product - 1] += order->lines[i].quantity;
    return true;
}

/* Ends the reservation; the goods go, or they are free again. */
static void end_reservation(const struct order *order, bool goods_go)
{
    WEFT_HOLD(&inventory.lock);
    for (int i = 0; i < LINES && order->lines[i].product != 0; i++) {
        inventory.reserved[order->lines[i].product - 1] -= order->lines[i].quantity;
        if (goods_go)
            inventory.stock[order->lines[i].product - 1] -= order->lines[i].quantity;
    }
}

/* ---- the tasks of an order ---- */

static void *validate(void *arg)
{
    const struct order *order = arg;
    demo_sleep(0.2);
    if (!reserve(order))
        return weft_raise(CODE_STOCK, "not in stock");
    demo_say("%s: valid, the goods are reserved", order->id);
    return arg;
}

static void *pay(void *arg)
{
    struct order *order = arg;
    demo_say("%s: paying begins", order->id);
    demo_rendezvous_meet(&order->overlap);
    order->overlapped++;
    demo_sleep(0.5);
    while (order->bank == IS_SILENT && !weft_cancel_requested())
        demo_sleep(10); /* until somebody loses patience */
    if (order->bank == IS_SILENT)
        return weft_raise(WEFT_CANCELLED, "given up");
    if (order->bank == REFUSES)
        return weft_raise(CODE_PAYMENT, "payment failed");
    demo_say("%s: paid", order->id);
    return arg;
}

static void *pack(void *arg)
{
    struct order *order = arg;
    demo_say("%s: packing begins", order->id);
    demo_rendezvous_meet(&order->overlap);
    order->overlapped++;
    demo_sleep(0.4);
    demo_say("%s: packed", order->id);
    return arg;
}

static void *book(void *arg)
{
    demo_sleep(0.1);
    end_reservation(arg, true);
    demo_say("%s: booked out", ((struct order *)arg)->id);
    return arg;
}

static void *write_letter(void *arg)
{
    demo_say("%s: writing begins", ((struct order *)arg)->id);
    demo_sleep(0.3);
    demo_say("%s: letter sent", ((struct order *)arg)->id);
    return arg;
}

/* ---- an order ---- */

static weft_executor *tasks;
static demo_crowd in_progress;

static void end_order(struct order *order, const char *status, const char *reason)
{
    order->status = status;
    order->reason = reason;
    demo_say("%s: %s%s%s", order->id, status, *reason != '\0' ? ", " : "", reason);
}

/* Why the payment did not come; "": it did. */
static const char *wait_for_payment(const struct order *order, weft_future *payment)
{
    DEMO_AWAIT(order->overlapped == 2); /* patience is for the bank, not for the queue */
    double patience = order->bank == IS_SILENT ? demo_seconds(1.0) : DEMO_PATIENCE;
    switch (weft_future_result_for(payment, NULL, patience)) {
    case WEFT_OK:
        return "";
    case WEFT_TIMEOUT:
        weft_future_request_cancel(payment);
        weft_future_result(payment, NULL); /* nobody pays for an order that is given up */
        return "payment timed out";
    default:
        return "payment failed";
    }
}

static void ship(struct order *order)
{
    weft_future *last[2] = {demo_must(weft_executor_submit(tasks, book, order)),
                            demo_must(weft_executor_submit(tasks, write_letter, order))};
    weft_status status = weft_wait_futures(2, last, WEFT_ALL_COMPLETED, NULL, DEMO_PATIENCE);
    demo_free_futures(2, last);
    end_order(order, status == WEFT_OK ? "success" : "partial", "");
}

static void pay_and_ship(struct order *order)
{
    weft_future *payment = demo_must(weft_executor_submit(tasks, pay, order));
    weft_future *parcel = demo_must(weft_executor_submit(tasks, pack, order));
    const char *reason = wait_for_payment(order, payment);
    weft_future_result(parcel, NULL);
    if (*reason == '\0') {
        ship(order);
    } else {
        end_reservation(order, false);
        demo_say("%s: unpacked", order->id);
        end_order(order, "failed", reason);
    }
    weft_future_free(payment);
    weft_future_free(parcel);
}

static void *process_order(void *arg)
{
    struct order *order = arg;
    double start = demo_now();
    demo_crowd_enter(&in_progress);
    if (order->with != NULL)
        demo_rendezvous_meet(order->with);
    weft_future *valid = demo_must(weft_executor_submit(tasks, validate, order));
    if (weft_future_result(valid, NULL) == WEFT_OK)
        pay_and_ship(order);
    else
        end_order(order, "failed", "not in stock");
    weft_future_free(valid);
    demo_crowd_leave(&in_progress);
    order->seconds = demo_now() - start;
    return order;
}

/* ---- six orders ---- */

static demo_rendezvous first_two = DEMO_RENDEZVOUS_INIT(2);

static struct order orders[ORDERS] = {
    {.id = "ORD001", .lines = {{1, 2}, {2, 1}}, .with = &first_two},
    {.id = "ORD002", .lines = {{3, 3}, {4, 1}}, .with = &first_two},
    {.id = "ORD003", .lines = {{1, 1}, {2, 2}, {4, 1}}},
    {.id = "ORD004", .lines = {{1, 5}}, .bank = REFUSES},
    {.id = "ORD005", .lines = {{2, 99}}},
    {.id = "ORD006", .lines = {{3, 10}, {4, 10}}, .bank = IS_SILENT},
};

/* Whether the order said `first` before `second`. */
static bool said(const struct order *order, const char *first, const char *second)
{
    char before[64];
    char after[64];
    snprintf(before, sizeof before, "task_? %s: %s", order->id, first);
    snprintf(after, sizeof after, "task_? %s: %s", order->id, second);
    return demo_in_order(before, after);
}

static void check_successes(void)
{
    bool in_order = true;
    bool took_long = true;
    for (int i = 0; i < 3; i++) {
        const struct order *order = &orders[i];
        in_order = in_order && said(order, "valid*", "paying begins") &&
                   said(order, "valid*", "packing begins") &&
                   said(order, "paying begins", "packed") &&
                   said(order, "packing begins", "paid") && said(order, "paid", "booked out") &&
                   said(order, "paid", "writing begins");
        took_long = took_long && demo_at_least(order->seconds, 1.0) &&
                    strcmp(order->status, "success") == 0;
    }
    CHECK(in_order, "validated, then paid beside packed, then booked beside written");
    CHECK(took_long, "ORD001 to ORD003 have succeeded, and took 1 s at least");
    CHECK(demo_count("task_? *: booked out") == 3 && demo_count("task_? *: letter sent") == 3,
          "three bookings, three letters: as many as successful orders");
}

static bool failed(const struct order *order, const char *reason)
{
    return strcmp(order->status, "failed") == 0 && strcmp(order->reason, reason) == 0;
}

int main(void)
{
    demo_begin("Orders as a graph of tasks: validate, pay beside packing, book beside writing");
    for (int i = 0; i < ORDERS; i++)
        orders[i].overlap = (demo_rendezvous)DEMO_RENDEZVOUS_INIT(2);
    tasks = demo_must(weft_executor_new(3, .thread_name_prefix = "task"));
    WEFT_WITH_EXECUTOR(pool, 2, .thread_name_prefix = "order") {
        weft_future *futures[ORDERS];
        weft_future *done;
        weft_status status;
        for (int i = 0; i < ORDERS; i++)
            futures[i] = demo_must(weft_executor_submit(pool, process_order, &orders[i]));
        WEFT_AS_COMPLETED(done, ORDERS, futures, DEMO_PATIENCE, status) {
            const struct order *order = weft_future_value(done);
            demo_say("hears of %s: %s after %.2f s", order->id, order->status, order->seconds);
        }
        CHECK(status == WEFT_OK, "six orders have ended");
        demo_free_futures(ORDERS, futures);
    }
    CHECK(in_progress.peak == 2, "two orders were in progress at once, never more");
    check_successes();
    CHECK(failed(&orders[3], "payment failed") && demo_count("order_? ORD004: unpacked") == 1,
          "a payment that failed: the order has, and its parcel is unpacked");
    CHECK(failed(&orders[4], "not in stock") && demo_count("task_? ORD005: paying begins") == 0,
          "more than there is: the order failed before any payment");
    CHECK(failed(&orders[5], "payment timed out") && demo_at_least(orders[5].seconds, 1.2) &&
              demo_stats(tasks).running == 0,
          "a silent bank: given up after 1 s, and nothing runs for it any more");
    WEFT_WITH(&inventory.lock) {
        const int *stock = inventory.stock;
        demo_say("stock: %d, %d, %d, %d", stock[0], stock[1], stock[2], stock[3]);
        CHECK(stock[0] == 97 && stock[1] == 47 && stock[2] == 72 && stock[3] == 198,
              "the stock is 97, 47, 72, 198: what failed has left no trace");
        CHECK(inventory.reserved[0] + inventory.reserved[1] + inventory.reserved[2] +
                      inventory.reserved[3] ==
                  0,
              "nothing is reserved any more");
    }
    weft_executor_shutdown(tasks);
    weft_executor_free(tasks);
    return demo_end();
}
