/* SPDX-License-Identifier: MIT */
/*
 * Lock orders: which classes of locks are taken while which others are held. An order whose
 * opposite is known already, directly or in several steps, is an inversion: two threads that
 * follow both can deadlock.
 */
#ifndef WEFTI_PRIMITIVES_LOCK_ORDER_H
#define WEFTI_PRIMITIVES_LOCK_ORDER_H

#include "primitives/held.h"

/* One order, once for each pair of classes: guarded by the tables' mutex. */
struct wefti_order {
    struct wefti_order *next; /* of the same class */
    struct wefti_class *from;
    struct wefti_class *to;
    const void *from_site; /* where the one was taken */
    const void *to_site;   /* where the other was wanted then */
    uint32_t thread;       /* by whom */
    bool inverted;         /* it was reported, and is no step to other orders */
};

/* A copy of an order, for a report. */
struct wefti_step {
    struct wefti_label from;
    struct wefti_label to;
    const void *from_site;
    const void *to_site;
    uint32_t thread;
};

enum { WEFTI_STEPS_MOST = 8 };

struct wefti_inversion {
    struct wefti_step now; /* the new order */
    struct wefti_step
        steps[WEFTI_STEPS_MOST]; /* the known ones, from what is wanted to what is held */
    size_t count;                /* may be more than fit */
};

/*
 * Learns that a thread wants an object with all that it holds. True: that is a new inversion. There
 * may be another: ask again.
 */
bool wefti_order_learn(const struct wefti_self *self, const struct wefti_object *object,
                       const struct wefti_want *want, struct wefti_inversion *found);

/* Forgets all orders from and to a class. */
void wefti_orders_forget(struct wefti_class *class);

#endif
