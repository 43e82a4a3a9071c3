/* SPDX-License-Identifier: MIT */
#include "primitives/held.h"

#include "platform/clock.h"
#include "primitives/pool.h"
#include "primitives/self.h"

static struct wefti_pool hold_pool = {.size = sizeof(struct wefti_hold)};
static struct wefti_self *first_waiting;

struct wefti_hold *wefti_hold_find(const struct wefti_object *object, const struct wefti_self *self)
{
    struct wefti_hold *hold = object->holds;
    while (hold != NULL && hold->self != self)
        hold = hold->next_of_object;
    return hold;
}

void wefti_hold_add(struct wefti_object *object, struct wefti_self *self,
                    const struct wefti_want *want)
{
    struct wefti_hold *hold = wefti_pool_take(&hold_pool);
    if (hold == NULL) {
        wefti_unwatched++;
        return;
    }
    *hold = (struct wefti_hold){.next_of_thread = self->hands.holds,
                                .next_of_object = object->holds,
                                .object = object,
                                .self = self,
                                .want = *want,
                                .since = wefti_clock(),
                                .depth = 1,
                                .group = self->hands.group};
    self->hands.holds = hold;
    object->holds = hold;
}

struct wefti_holding wefti_hold_copy(const struct wefti_hold *hold)
{
    return (struct wefti_holding){.thread = hold->self->number,
                                  .object = hold->object->address,
                                  .want = hold->want,
                                  .since = hold->since};
}

void wefti_hold_drop(struct wefti_hold *hold)
{
    struct wefti_hold **link = &hold->self->hands.holds;
    while (*link != hold)
        link = &(*link)->next_of_thread;
    *link = hold->next_of_thread;
    link = &hold->object->holds;
    while (*link != hold)
        link = &(*link)->next_of_object;
    *link = hold->next_of_object;
    wefti_pool_give(&hold_pool, hold);
}

void wefti_holds_abandon(struct wefti_object *object, const struct wefti_self *but)
{
    for (struct wefti_hold **link = &object->holds; *link != NULL;) {
        struct wefti_hold *hold = *link;
        if (hold->self == but) {
            link = &hold->next_of_object;
        } else {
            *link = hold->next_of_object;
            wefti_pool_give(&hold_pool, hold);
        }
    }
}

void wefti_waiting_enter(struct wefti_self *self, const struct wefti_want *want)
{
    struct wefti_hands *hands = &self->hands;
    wefti_waiting_leave(self);
    hands->want = *want;
    hands->since = wefti_clock();
    hands->previous_waiting = NULL;
    hands->next_waiting = first_waiting;
    if (first_waiting != NULL)
        first_waiting->hands.previous_waiting = self;
    first_waiting = self;
}

void wefti_waiting_leave(struct wefti_self *self)
{
    struct wefti_hands *hands = &self->hands;
    if (hands->want.object == NULL)
        return;
    hands->want.object = NULL;
    if (hands->previous_waiting != NULL)
        hands->previous_waiting->hands.next_waiting = hands->next_waiting;
    else
        first_waiting = hands->next_waiting;
    if (hands->next_waiting != NULL)
        hands->next_waiting->hands.previous_waiting = hands->previous_waiting;
}

void wefti_waiting_leave_all(void)
{
    while (first_waiting != NULL)
        wefti_waiting_leave(first_waiting);
}

void wefti_waiting_abandon_all(void)
{
    first_waiting = NULL;
}

struct wefti_self *wefti_waiting_first(void)
{
    return first_waiting;
}
