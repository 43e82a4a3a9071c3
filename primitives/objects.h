/* SPDX-License-Identifier: MIT */
/*
 * What is known of objects, by their addresses: names, the classes that lock orders are learnt by,
 * and who holds them.
 *
 * An object is known from its first acquire while locks are watched, or from its name, until its
 * _done call. One mutex, wefti_tables_lock, guards the objects, their classes, orders
 * (lock_order.c) and holds (held.c), and the wefti_hands of every thread. No code of the program runs
 * below it, and only a bucket of the waiting room is locked there, to see who stands behind whom; of
 * the library's other locks only the registry's may be held by who takes it.
 */
#ifndef WEFTI_PRIMITIVES_OBJECTS_H
#define WEFTI_PRIMITIVES_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "primitives/names.h"

struct wefti_hold;
struct wefti_order;
struct wefti_self;

enum wefti_class_kind { WEFTI_BY_NAME = 1, WEFTI_BY_SYMBOL, WEFTI_BY_PLACE };

/* What makes a class: a name, or the address of a variable or a call. */
struct wefti_label {
    enum wefti_class_kind kind;
    const void *place;
    char name[WEFTI_NAME_BYTES];
};

struct wefti_class {
    struct wefti_class *next; /* in its bucket */
    struct wefti_label label;
    uint32_t objects;           /* that are of this class */
    uint32_t checked;           /* of these, all that are not handed */
    struct wefti_order *orders; /* what has been wanted while an object of this class was held */

    /* A search of lock_order.c. */
    uint32_t search;
    const struct wefti_order *reached;
    struct wefti_class *queued;
};

struct wefti_object {
    struct wefti_object *next; /* in its bucket */
    const void *address;
    struct wefti_class *class; /* NULL: none, it has no order */
    struct wefti_hold *holds;
    uint32_t asking; /* a Lock: threads that may have it and have not said so yet */
    bool stranger;   /* a Lock: held by a thread that took it while nobody watched */
    bool handed;     /* a Lock that was released by a thread that had not taken it: unchecked now */
};

/* How often something was left out for want of memory. */
extern uint32_t wefti_unwatched;

void wefti_tables_init(void);
void wefti_tables_lock(void);
void wefti_tables_unlock(void);

/* With the tables locked: */

struct wefti_object *wefti_object_find(const void *address);

/* The same, and makes it if it is not known; NULL if there is no memory. */
struct wefti_object *wefti_object_add(const void *address);

/* Makes it one of the class with that label, and of no other; false if there is no memory. */
bool wefti_object_join(struct wefti_object *object, const struct wefti_label *label);

/* Takes it out of its class. A class that nobody is left in ends, with its orders. */
void wefti_object_leave_class(struct wefti_object *object);

/* Takes it out of all checks, for good. */
void wefti_object_leave_checks(struct wefti_object *object);

/* Forgets all about an object. */
void wefti_object_forget(struct wefti_object *object);

/* From now on nobody knows who holds what. */
void wefti_objects_lose_holders(void);

/* In the child of a fork: nobody knows what threads hold, but for the one that is left. */
void wefti_objects_after_fork_child(const struct wefti_self *self);

/* All classes, one after the other: the first for NULL, NULL after the last. */
struct wefti_class *wefti_class_after(const struct wefti_class *class);

/* Whether any object is known: a look without a lock. */
bool wefti_objects_known(void);

#endif
