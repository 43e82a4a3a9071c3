/* SPDX-License-Identifier: MIT */
/*
 * Three cooks and one counter with room for four plates: orders come in by priority, plates go out
 * over a bounded queue, and the evening ends without anybody waiting for ever.
 */
#include <stdio.h>
#include <string.h>
#include <weft/weft.h>

enum { COOKS = 3, ORDERS = 12, ROOM = 4 };

struct order {
    int priority; /* the smaller the sooner */
    int number;
};

struct plate {
    int order;
    char cook[16];
};

static weft_queue orders; /* by priority */
static weft_queue counter;

static int compare_orders(const void *a, const void *b)
{
    const struct order *x = a;
    const struct order *y = b;
    return (x->priority > y->priority) - (x->priority < y->priority);
}

static void *cook(void *arg)
{
    struct order order;
    struct plate plate = {0};
    strncpy(plate.cook, weft_thread_name(weft_thread_current()), sizeof plate.cook - 1);
    while (weft_queue_get(&orders, &order) == WEFT_OK) { /* until it is empty and shut down */
        plate.order = order.number;
        weft_queue_put(&counter, &plate); /* waits while the counter is full */
        weft_queue_task_done(&orders);
    }
    return arg;
}

static void *serve(void *arg)
{
    int *served = arg;
    struct plate plates[ROOM];
    size_t n;
    while (weft_queue_get_many(&counter, plates, ROOM, &n) == WEFT_OK) /* all that stand there */
        for (size_t i = 0; i < n; i++, ++*served)
            printf("order %d, from %s\n", plates[i].order, plates[i].cook);
    return NULL;
}

int main(void)
{
    weft_thread *cooks[COOKS];
    int served = 0;
    weft_queue_init_priority(&orders, sizeof(struct order), .compare = compare_orders);
    weft_queue_init(&counter, sizeof(struct plate), .maxsize = ROOM);

    for (int i = 0; i < ORDERS; i++) {
        struct order order = {.priority = i % 3, .number = i};
        weft_queue_put(&orders, &order);
    }
    weft_queue_shutdown(&orders, false); /* the kitchen closes: what is ordered is still cooked */

    for (int i = 0; i < COOKS; i++)
        cooks[i] = weft_thread_spawn(cook, NULL);
    weft_thread *waiter = weft_thread_spawn(serve, &served);

    weft_queue_join(&orders);             /* everything is on the counter, or was */
    weft_queue_shutdown(&counter, false); /* no plate comes any more */
    for (int i = 0; i < COOKS; i++) {
        weft_thread_join(cooks[i]);
        weft_thread_free(cooks[i]);
    }
    weft_thread_join(waiter);
    weft_thread_free(waiter);
    printf("%d of %d orders served\n", served, ORDERS);
    return served == ORDERS && weft_queue_destroy(&orders) == WEFT_OK &&
                   weft_queue_destroy(&counter) == WEFT_OK
               ? 0
               : 1;
}
