/* SPDX-License-Identifier: MIT */
/*
 * A Lock may be released by any thread, and one that is used as a signal is. The watcher must see
 * that before it believes in such a lock's holder. A release by a thread that has no hold finds
 *
 *   a hold of another thread   it is that thread's: the Lock is handed, and leaves the checks
 *   a `stranger`               it was taken while nobody watched; nothing is known
 *   threads that are `asking`  one may have it by now, and be about to say so: handed
 *   none of these              it was taken while nobody watched, or is free; nothing is known
 */
#include "primitives/watch.h"

#include <stdlib.h>
#include <string.h>

#include <weft/watch.h>

#include "platform/environment.h"
#include "primitives/onlookers.h"
#include "primitives/report.h"
#include "primitives/self.h"

uint32_t wefti_watch;

/* Guarded by the tables' mutex. */
static bool aborts;
static uint32_t ever; /* locks have been watched; read without the mutex, never taken back */

static bool watches_locks(void)
{
    return (wefti_load(&wefti_watch, RELAXED) & WEFTI_WATCH_LOCKS) != 0;
}

/* If locks are watched, locks the tables and returns the calling thread; else NULL. */
static struct wefti_self *enter(void)
{
    if (!watches_locks())
        return NULL;
    struct wefti_self *self = wefti_self();
    if (!self->registered) /* nobody would find it when it has ended */
        return NULL;
    wefti_tables_lock();
    if (watches_locks())
        return self;
    wefti_tables_unlock();
    return NULL;
}

/* ---- several at once ----------------------------------------------------------------------- */

void wefti_watch_group_begins(void)
{
    struct wefti_hands *hands = &wefti_self()->hands;
    hands->group = ++hands->groups;
}

void wefti_watch_group_ends(void)
{
    wefti_self()->hands.group = 0;
}

/* ---- asking and waiting -------------------------------------------------------------------- */

/* The class of an object that has no name. Asks the linker, so without locks. */
static struct wefti_label label_of(const struct wefti_want *want)
{
    struct wefti_symbol symbol;
    if (wefti_symbol_at(want->object, &symbol) && symbol.name != NULL)
        return (struct wefti_label){.kind = WEFTI_BY_SYMBOL, .place = symbol.start};
    return (struct wefti_label){.kind = WEFTI_BY_PLACE, .place = want->site};
}

/* What is wanted, with a class if memory allows. Unlocks the tables for a moment if it is new. */
static struct wefti_object *object_wanted(const struct wefti_want *want)
{
    struct wefti_object *object = wefti_object_find(want->object);
    if (object != NULL && object->class != NULL)
        return object;
    wefti_tables_unlock();
    struct wefti_label label = label_of(want);
    wefti_tables_lock();
    object = wefti_object_add(want->object);
    if (object != NULL && object->class == NULL)
        (void)wefti_object_join(object, &label);
    return object;
}

void wefti_watch_asks(const struct wefti_want *want)
{
    struct wefti_self *self = enter();
    if (self == NULL)
        return;
    struct wefti_inversion found;
    struct wefti_object *object = object_wanted(want);
    if (object != NULL && want->ownership == WEFTI_ANYONE) {
        if (want->held && object->holds == NULL && object->asking == 0)
            object->stranger = true;
        object->asking++;
    }
    bool learns = !want->timed && !self->hands.reporting;
    while (object != NULL && learns && wefti_order_learn(self, object, want, &found)) {
        wefti_tables_unlock();
        wefti_report_inversion(&found);
        wefti_tables_lock();
        object = wefti_object_find(want->object);
    }
    wefti_tables_unlock();
}

void wefti_watch_wants(const struct wefti_want *want)
{
    if (want->timed)
        return;
    struct wefti_self *self = enter();
    if (self == NULL)
        return;
    struct wefti_cycle cycle;
    /* Who interrupts sets the mark and then looks here: of the two one sees the other. */
    bool waits = !want->interruptible || !wefti_load(&self->interrupted, RELAXED);
    if (waits)
        wefti_waiting_enter(self, want);
    bool found = waits && !self->hands.reporting && wefti_deadlock_find(self, &cycle);
    bool fatal = found && cycle.certain && aborts;
    wefti_tables_unlock();
    if (found)
        wefti_report_deadlock(&cycle);
    if (fatal)
        abort();
}

void wefti_watch_sleeps(const struct wefti_want *want)
{
    struct wefti_want later = *want;
    struct wefti_self *self = enter();
    if (self == NULL)
        return;
    later.sleeps = true;
    wefti_waiting_enter(self, &later);
    wefti_tables_unlock();
}

void wefti_watch_interrupted(struct wefti_self *self)
{
    if (!watches_locks())
        return;
    wefti_tables_lock();
    if (self->hands.want.interruptible)
        wefti_waiting_leave(self);
    wefti_tables_unlock();
}

/* It no longer asks, and no longer waits. */
static struct wefti_object *settle(struct wefti_self *self, const struct wefti_want *want)
{
    struct wefti_object *object = wefti_object_find(want->object);
    wefti_waiting_leave(self);
    if (object != NULL && object->asking > 0 && want->ownership == WEFTI_ANYONE)
        object->asking--;
    return object;
}

void wefti_watch_gave_up(const struct wefti_want *want)
{
    struct wefti_self *self = enter();
    if (self == NULL)
        return;
    (void)settle(self, want);
    wefti_tables_unlock();
}

/* ---- holding ------------------------------------------------------------------------------- */

static void take(struct wefti_object *object, struct wefti_self *self,
                 const struct wefti_want *want)
{
    struct wefti_hold *own = wefti_hold_find(object, self);
    object->stranger = false;
    if (object->handed)
        return;
    if (want->ownership == WEFTI_ANYONE && object->holds != NULL)
        wefti_object_leave_checks(object); /* somebody has released it for its holder */
    else if (own != NULL)
        own->depth++;
    else
        wefti_hold_add(object, self, want);
}

void wefti_watch_took(const struct wefti_want *want)
{
    wefti_onlookers_took(want);
    struct wefti_self *self = enter();
    if (self == NULL)
        return;
    struct wefti_object *object = settle(self, want);
    if (object == NULL)
        object = wefti_object_add(want->object);
    if (object != NULL)
        take(object, self, want);
    wefti_tables_unlock();
}

void wefti_watch_settles(const struct wefti_want *want, weft_status status)
{
    (status == WEFT_OK ? wefti_watch_took : wefti_watch_gave_up)(want);
}

/* A thread gives up a share that is not known as its own; true: that is a mistake, to be told. */
static bool release_foreign_read(struct wefti_object *object, const struct wefti_self *self,
                                 const struct wefti_want *want, struct wefti_misuse *misuse)
{
    if (object->handed || !wefti_share_is_foreign(object, self, want, misuse))
        return false;
    wefti_object_leave_checks(object);
    return !self->hands.reporting;
}

/* See the table above. */
static void release_foreign(struct wefti_object *object)
{
    const struct wefti_hold *hold = object->holds;
    if (hold != NULL ? hold->want.ownership == WEFTI_ANYONE
                     : object->asking > 0 && !object->stranger)
        wefti_object_leave_checks(object);
    object->stranger = false;
}

void wefti_watch_releases(const struct wefti_want *want)
{
    wefti_onlookers_release(want);
    struct wefti_self *self = enter();
    if (self == NULL)
        return;
    struct wefti_object *object = wefti_object_find(want->object);
    struct wefti_hold *hold = object != NULL ? wefti_hold_find(object, self) : NULL;
    struct wefti_misuse misuse;
    bool misused = false;
    if (hold != NULL && --hold->depth == 0)
        wefti_hold_drop(hold);
    else if (hold == NULL && object != NULL && want->shared)
        misused = release_foreign_read(object, self, want, &misuse);
    else if (hold == NULL && object != NULL)
        release_foreign(object);
    wefti_tables_unlock();
    if (misused)
        wefti_report_misuse(&misuse);
}

uint32_t wefti_watch_holder(const void *address, bool *sure)
{
    uint32_t number = 0;
    if (!watches_locks())
        return 0;
    wefti_tables_lock();
    const struct wefti_object *object = wefti_object_find(address);
    if (object != NULL && object->holds != NULL) {
        number = object->holds->self->number;
        *sure = object->holds->want.ownership == WEFTI_OWNER;
    }
    wefti_tables_unlock();
    return number;
}

/* ---- ends ---------------------------------------------------------------------------------- */

void wefti_watch_done(const void *address)
{
    if (address == NULL)
        return;
    wefti_onlookers_done(address);
    if (!wefti_objects_known())
        return;
    wefti_tables_lock();
    struct wefti_object *object = wefti_object_find(address);
    if (object != NULL)
        wefti_object_forget(object);
    wefti_tables_unlock();
}

weft_status wefti_done(const void *object, bool busy)
{
    if (busy)
        return WEFT_BUSY;
    wefti_watch_done(object);
    return WEFT_OK;
}

void wefti_watch_thread_leaves(void)
{
    struct wefti_misuse misuse;
    const struct wefti_self *self = enter();
    if (self == NULL)
        return;
    bool misused = wefti_holds_at_end(self, &misuse);
    wefti_tables_unlock();
    if (misused)
        wefti_report_misuse(&misuse);
}

void wefti_watch_thread_ends(void)
{
    /* Relaxed: a thread that holds anything here has been in the tables' mutex after it was set. */
    if (!wefti_load(&ever, RELAXED))
        return;
    struct wefti_self *self = wefti_self();
    wefti_tables_lock();
    for (struct wefti_hold *hold; (hold = self->hands.holds) != NULL;)
        if (hold->want.ownership == WEFTI_ANYONE)
            wefti_object_leave_checks(hold->object); /* only another thread can release it now */
        else
            wefti_hold_drop(hold);
    wefti_tables_unlock();
}

/* ---- the switch ---------------------------------------------------------------------------- */

weft_status weft_watch_deadlocks(weft_watch_mode mode)
{
    if (mode != WEFT_WATCH_OFF && mode != WEFT_WATCH_REPORT && mode != WEFT_WATCH_ABORT)
        return WEFT_VALUE_ERROR;
    wefti_tables_lock();
    bool before = watches_locks();
    aborts = mode == WEFT_WATCH_ABORT;
    if (before != (mode != WEFT_WATCH_OFF)) {
        /* What is held changes unseen while nobody watches. */
        wefti_objects_lose_holders();
        wefti_waiting_leave_all();
        wefti_store(&ever, 1, RELAXED);
        wefti_fetch_xor(&wefti_watch, (uint32_t)WEFTI_WATCH_LOCKS, RELAXED);
    }
    wefti_tables_unlock();
    return WEFT_OK;
}

void wefti_watch_startup(void)
{
    const char *mode = wefti_environment("WEFT_DEADLOCK");
    wefti_tables_init();
    wefti_onlookers_startup();
    if (mode != NULL && strcmp(mode, "report") == 0)
        (void)weft_watch_deadlocks(WEFT_WATCH_REPORT);
    else if (mode != NULL && strcmp(mode, "abort") == 0)
        (void)weft_watch_deadlocks(WEFT_WATCH_ABORT);
}

/* ---- fork ---------------------------------------------------------------------------------- */

void wefti_watch_before_fork(void)
{
    wefti_tables_lock();
}

void wefti_watch_after_fork_parent(void)
{
    wefti_tables_unlock();
}

void wefti_watch_after_fork_child(void)
{
    wefti_objects_after_fork_child(wefti_self());
    wefti_waiting_abandon_all();
}
