/* SPDX-License-Identifier: MIT */
/*
 * A search from the thread that is about to wait, breadth first, so that the shortest cycle is
 * told. Only waits without a deadline are in the table. It runs where the last edge of a cycle is
 * entered, under the mutex that guards them all: of the threads of a cycle the last sees it, and
 * it alone.
 */
#include "primitives/deadlock.h"

#include <weft/thread.h>

#include "primitives/self.h"

struct search {
    struct wefti_self *start;
    struct wefti_self *last;          /* of the queue */
    bool certain;                     /* only along edges that are */
    const struct wefti_hold *through; /* the cycle's last edge */
};

static uint32_t searches;

/* Whether a thread waits for ever, for what it wants. */
static bool waits(const struct wefti_self *self)
{
    const struct wefti_want *want = &self->hands.want;
    struct wefti_key key;
    int64_t since;
    if (want->object == NULL || !want->sleeps)
        return want->object != NULL;
    return wefti_waits(self, &key, &since) && key.address == want->object && key.kind == want->kind;
}

/*
 * Whether a reader waits behind a writer. It is so only in their queue: a reader that has been let
 * in, and has not said so yet, does not wait at all.
 */
static bool stands_behind(const struct search *search, const struct wefti_self *reader,
                          const struct wefti_self *writer)
{
    const struct wefti_want *want = &reader->hands.want;
    if (writer->hands.want.object != want->object || writer->hands.want.shared)
        return false;
    return want->kind != WEFTI_RWLOCK ||
           wefti_stands_behind((struct wefti_key){want->object, want->kind}, reader, writer,
                               reader == search->start);
}

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
    if (!waits(other) || hands->search == searches)
        return false;
    hands->search = searches;
    hands->waiter = waiter;
    hands->through = through;
    hands->queued = NULL;
    search->last->hands.queued = other;
    search->last = other;
    return false;
}

/*
 * Whose end is wanted; 0: no thread's, or one's that has not begun. Who waits for an end has a
 * reference. A timer gets its number when it runs.
 */
static uint32_t ends_of(const struct wefti_want *want)
{
    return want->kind == WEFTI_THREAD ? weft_thread_ident(want->object) : 0;
}

/* Looks at those for whom a thread waits that are not holders; true if that closes the cycle. */
static bool look_at_waiting(struct search *search, struct wefti_self *waiter)
{
    const struct wefti_want *want = &waiter->hands.want;
    uint32_t ends = ends_of(want);
    for (struct wefti_self *other = wefti_waiting_first(); other != NULL;
         other = other->hands.next_waiting) {
        bool joined = ends != 0 && other->number == ends;
        bool writes = want->shared && stands_behind(search, waiter, other);
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
    struct wefti_link link = {.thread = self->number,
                              .want = self->hands.want,
                              .ends = ends_of(&self->hands.want),
                              .wants_since = self->hands.since};
    if (through != NULL)
        link.held = wefti_hold_copy(through);
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
