/* SPDX-License-Identifier: MIT */
/*
 * A search from the thread that is about to wait, breadth first, so that the shortest cycle is
 * told. Only waits without a deadline are in the table. It runs where the last edge of a cycle is
 * entered, under the mutex that guards them all: of the threads of a cycle the last sees it, and
 * it alone.
 */
#include "primitives/deadlock.h"

#include "primitives/self.h"

struct search {
    struct wefti_self *start;
    struct wefti_self *last;          /* of the queue */
    bool certain;                     /* only along edges that are */
    const struct wefti_hold *through; /* the cycle's last edge */
};

static uint32_t searches;

/* A thread stands in a waiter's way; true if that closes the cycle. */
static bool meet(struct search *search, struct wefti_self *waiter, struct wefti_self *other,
                 const struct wefti_hold *through)
{
    struct wefti_hands *hands = &other->hands;
    if (other == search->start) {
        search->through = through;
        hands->waiter = waiter;
        return true;
    }
    if (hands->want.object == NULL || hands->search == searches)
        return false;
    hands->search = searches;
    hands->waiter = waiter;
    hands->through = through;
    hands->queued = NULL;
    search->last->hands.queued = other;
    search->last = other;
    return false;
}

/* Looks at those for whom a thread waits that are not holders; true if that closes the cycle. */
static bool look_at_waiting(struct search *search, struct wefti_self *waiter)
{
    const struct wefti_want *want = &waiter->hands.want;
    for (struct wefti_self *other = wefti_waiting_first(); other != NULL;
         other = other->hands.next_waiting) {
        const struct wefti_want *others = &other->hands.want;
        bool joined = want->kind == WEFTI_THREAD && other->number == want->ends;
        bool writes = want->shared && others->object == want->object && !others->shared;
        if ((joined || writes) && meet(search, waiter, other, NULL))
            return true;
    }
    return false;
}

/* Looks at everybody for whom a thread waits; true if that closes the cycle. */
static bool look(struct search *search, struct wefti_self *waiter)
{
    const struct wefti_want *want = &waiter->hands.want;
    if (search->certain && want->ownership != WEFTI_OWNER)
        return false;
    if (want->kind == WEFTI_THREAD || want->shared)
        if (look_at_waiting(search, waiter))
            return true;
    const struct wefti_object *object = wefti_object_find(want->object);
    const struct wefti_hold *hold = object != NULL ? object->holds : NULL;
    for (; hold != NULL; hold = hold->next_of_object)
        if (!(want->shared && hold->want.shared) && meet(search, waiter, hold->self, hold))
            return true;
    return false;
}

static bool search_cycle(struct search *search)
{
    struct wefti_self *thread = search->last = search->start;
    searches++;
    thread->hands.queued = NULL;
    while (thread != NULL && !look(search, thread))
        thread = thread->hands.queued;
    return thread != NULL;
}

static struct wefti_link copy(const struct wefti_self *self, const struct wefti_hold *through)
{
    struct wefti_link link = {
        .thread = self->number, .want = self->hands.want, .wants_since = self->hands.since};
    if (through != NULL) {
        link.held = through->object->address;
        link.held_site = through->want.site;
        link.held_since = through->since;
        link.held_kind = through->want.kind;
    }
    return link;
}

bool wefti_deadlock_find(struct wefti_self *self, struct wefti_cycle *cycle)
{
    struct search search = {.start = self, .certain = true};
    if (!search_cycle(&search)) {
        search.certain = false;
        if (!search_cycle(&search))
            return false;
    }
    cycle->certain = search.certain;
    cycle->count = 1;
    cycle->links[0] = copy(self, search.through);
    const struct wefti_self *thread = self->hands.waiter;
    for (; thread != self; thread = thread->hands.waiter)
        cycle->count++;
    size_t at = cycle->count;
    for (thread = self->hands.waiter; thread != self; thread = thread->hands.waiter)
        if (--at < WEFTI_LINKS_MOST)
            cycle->links[at] = copy(thread, thread->hands.through);
    return true;
}
