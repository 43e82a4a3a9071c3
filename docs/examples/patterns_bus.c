/* SPDX-License-Identifier: MIT */
/* Orders are paid; the stock is counted at once, and mails are written when there is time. */
#include <stdio.h>

#include <weft/patterns/patterns.h>
#include <weft/weft.h>

enum { ORDERS = 5 };

/* [handlers] */
struct order {
    int number;
    int pieces;
};

static void *take_from_stock(const weft_bus_event *event, void *arg)
{
    const struct order *order = event->data;
    int *stock = arg; /* one thread publishes: else it needs a lock */
    if (order->pieces > *stock)
        return weft_raise(WEFT_USER + 1, "order %d is too large", order->number);
    *stock -= order->pieces;
    return NULL;
}

static void *write_mail(const weft_bus_event *event, void *arg)
{
    const struct order *order = event->data;
    int *mails = arg; /* one call at a time: no lock */
    printf("%s: a mail about order %d\n", event->topic, order->number);
    ++*mails;
    return NULL;
}
/* [handlers] */

static int run(weft_executor *pool)
{
    int stock = 10;
    int mails = 0;
    /* [subscribe] */
    weft_event_bus *bus = weft_event_bus_new();
    weft_subscription *counting =
        weft_event_bus_subscribe(bus, "order.paid", take_from_stock, &stock);
    weft_subscription *mailing =
        weft_event_bus_subscribe(bus, "order.*", write_mail, &mails, .executor = pool);
    /* [subscribe] */
    if (bus == NULL || counting == NULL || mailing == NULL)
        return 1;
    /* [publish] */
    int failures = 0;
    for (int i = 1; i <= ORDERS; i++) {
        struct order order = {.number = i, .pieces = i};
        failures += weft_event_bus_publish(bus, "order.paid", &order, sizeof order) != WEFT_OK;
    }
    /* [publish] */
    /* [end] */
    weft_subscription_cancel(counting);
    weft_event_bus_publish(bus, "order.sent", &(struct order){1, 1}, sizeof(struct order));
    weft_event_bus_join(bus); /* all mails are written */
    weft_subscription_free(counting);
    weft_subscription_free(mailing);
    weft_event_bus_free(bus);
    /* [end] */
    printf("%d left in stock, %d mails\n", stock, mails);
    return failures + (stock != 0) + (mails != ORDERS + 1); /* the fifth order was too large */
}

int main(void)
{
    int failures = 1;
    WEFT_WITH_EXECUTOR(pool, 2) {
        failures = run(pool);
    }
    return failures;
}
