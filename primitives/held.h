/* SPDX-License-Identifier: MIT */
/*
 * Who holds what, and who waits for what, while locks are watched. All of it is guarded by the
 * tables' mutex (objects.h).
 *
 * A hold is a fact: it is entered after its thread has the object, and taken out before the
 * thread lets go. So is a wait: it begins before the thread sleeps, and while another thread's
 * hold is in the table, the waiter cannot have the object. Hence a cycle in the table is a cycle
 * in the program. (Only a Lock's hold can be stale, for a while, after another thread has
 * released it.)
 */
#ifndef WEFTI_PRIMITIVES_HELD_H
#define WEFTI_PRIMITIVES_HELD_H

#include "primitives/objects.h"
#include "primitives/watch.h"

struct wefti_self;

struct wefti_hold {
    struct wefti_hold *next_of_thread;
    struct wefti_hold *next_of_object;
    struct wefti_object *object;
    struct wefti_self *self;
    struct wefti_want want; /* as it was taken */
    int64_t since;
    uint32_t depth; /* a reader may come again */
    uint32_t group; /* the one it was taken in; 0: none */
};

/* A copy of one, for a report. */
struct wefti_holding {
    uint32_t thread;
    const void *object; /* NULL: none */
    struct wefti_want want;
    int64_t since;
};

struct wefti_holding wefti_hold_copy(const struct wefti_hold *hold);

/* That of one thread; NULL: none. */
struct wefti_hold *wefti_hold_find(const struct wefti_object *object,
                                   const struct wefti_self *self);

void wefti_hold_add(struct wefti_object *object, struct wefti_self *self,
                    const struct wefti_want *want);
void wefti_hold_drop(struct wefti_hold *hold);

/* In the child of a fork: drops all holds of an object but one thread's; the others are no more. */
void wefti_holds_abandon(struct wefti_object *object, const struct wefti_self *but);

/* The threads that wait for ever, if nothing happens. */
void wefti_waiting_enter(struct wefti_self *self, const struct wefti_want *want);
void wefti_waiting_leave(struct wefti_self *self);
void wefti_waiting_leave_all(void);
void wefti_waiting_abandon_all(void);
struct wefti_self *wefti_waiting_first(void);

#endif
