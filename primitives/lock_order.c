/* SPDX-License-Identifier: MIT */
#include "primitives/lock_order.h"

#include "primitives/pool.h"
#include "primitives/self.h"

static struct wefti_pool order_pool = {.size = sizeof(struct wefti_order)};
static uint32_t searches;

static bool known(const struct wefti_class *from, const struct wefti_class *to)
{
    const struct wefti_order *order = from->orders;
    while (order != NULL && order->to != to)
        order = order->next;
    return order != NULL;
}

/* Whether known orders lead from one class to another; `reached` of each class says by which. */
static bool leads(struct wefti_class *from, const struct wefti_class *to)
{
    struct wefti_class *last = from;
    searches++;
    from->search = searches;
    from->reached = NULL;
    from->queued = NULL;
    for (struct wefti_class *class = from; class != NULL && class != to; class = class->queued) {
        for (const struct wefti_order *order = class->orders; order != NULL; order = order->next) {
            if (order->inverted || order->to->search == searches)
                continue;
            order->to->search = searches;
            order->to->reached = order;
            order->to->queued = NULL;
            last = last->queued = order->to;
        }
    }
    return to->search == searches;
}

static struct wefti_step copy(const struct wefti_order *order)
{
    return (struct wefti_step){.from = order->from->label,
                               .to = order->to->label,
                               .from_site = order->from_site,
                               .to_site = order->to_site,
                               .thread = order->thread};
}

/* The new order, and the way that leads from its end to its start. */
static void describe(const struct wefti_order *order, struct wefti_inversion *found)
{
    found->now = copy(order);
    found->count = 0;
    for (const struct wefti_order *step = order->from->reached; step != NULL;
         step = step->from->reached)
        found->count++;
    size_t at = found->count;
    for (const struct wefti_order *step = order->from->reached; step != NULL;
         step = step->from->reached)
        if (--at < WEFTI_STEPS_MOST)
            found->steps[at] = copy(step);
}

bool wefti_order_learn(const struct wefti_self *self, const struct wefti_object *object,
                       const struct wefti_want *want, struct wefti_inversion *found)
{
    struct wefti_class *to = object->class;
    if (to == NULL || object->handed)
        return false;
    for (const struct wefti_hold *hold = self->hands.holds; hold != NULL;
         hold = hold->next_of_thread) {
        struct wefti_class *from = hold->object->class;
        bool grouped = hold->group != 0 && hold->group == self->hands.group;
        if (from == NULL || from == to || grouped || known(from, to))
            continue;
        struct wefti_order *order = wefti_pool_take(&order_pool);
        if (order == NULL) {
            wefti_unwatched++;
            return false;
        }
        *order = (struct wefti_order){.next = from->orders,
                                      .from = from,
                                      .to = to,
                                      .from_site = hold->want.site,
                                      .to_site = want->site,
                                      .thread = self->number,
                                      .inverted = leads(to, from)};
        from->orders = order;
        if (order->inverted) {
            describe(order, found);
            return true;
        }
    }
    return false;
}

/* Forgets the orders of one class that lead to another; NULL: all of them. */
static void forget(struct wefti_class *from, const struct wefti_class *to)
{
    for (struct wefti_order **link = &from->orders; *link != NULL;) {
        struct wefti_order *order = *link;
        if (to == NULL || order->to == to) {
            *link = order->next;
            wefti_pool_give(&order_pool, order);
        } else {
            link = &order->next;
        }
    }
}

void wefti_orders_forget(struct wefti_class *class)
{
    forget(class, NULL);
    for (struct wefti_class *other = NULL; (other = wefti_class_after(other)) != NULL;)
        forget(other, class);
}
