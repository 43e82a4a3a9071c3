/* SPDX-License-Identifier: MIT */
/*
 * Who asks a task to end must interrupt its thread while that runs this task, and no other:
 *
 *   who asks                                the thread
 *   locks the registry                      settles the state, which takes ASKED
 *   RUNNING becomes RUNNING|ASKED           if ASKED was set: locks the registry, so that who asked
 *   interrupts the thread, if its present   has interrupted; then takes back what the task did not
 *   task is this one                        wait for
 *   unlocks
 *
 * A thread's present task is changed by itself: when it begins one and had none, before the state says
 * RUNNING; when it goes from one to another, with the registry locked.
 *
 * A task whose thread does something else meanwhile stands still for that reason (circle.c).
 */
#include "pool/task.h"

#include "pool/state.h"
#include "primitives/self.h"
#include "primitives/watch.h"

static struct wefti_want want_of(struct weft_future *future)
{
    return (struct wefti_want){.object = future,
                               .kind = WEFTI_FUTURE,
                               .ownership = WEFTI_OWNER,
                               .site = (const void *)(uintptr_t)future->target};
}

/* ---- begin and end ------------------------------------------------------------------------- */

static void set_task(struct wefti_self *self, struct weft_future *future)
{
    /* Relaxed: others read it with the registry locked, after they have seen RUNNING. */
    wefti_store(&self->task, future, RELAXED);
}

struct weft_future *wefti_task_current(void)
{
    return wefti_load(&wefti_self()->task, RELAXED); /* the thread's own */
}

bool wefti_task_begin(struct weft_future *future)
{
    struct wefti_self *self = wefti_self();
    future->runner = self->number;
    future->forks = wefti_forks();
    set_task(self, future);
    if (!wefti_future_pass(future, WEFT_TASK_PENDING, WEFT_TASK_RUNNING)) {
        set_task(self, NULL);
        (void)wefti_future_pass(future, WEFT_TASK_CANCELLED, WEFT_TASK_CANCELLED_AND_NOTIFIED);
        return false;
    }
    const struct wefti_want want = want_of(future);
    if (wefti_watched()) {
        wefti_watch_acquired(future); /* pairs with wefti_future_new */
        wefti_watch_took(&want);
    }
    return true;
}

static bool is_asked(const struct weft_future *future)
{
    return future != NULL && (wefti_future_word(future) & WEFTI_TASK_ASKED) != 0;
}

/* The table above. */
static void take_back_interruption(void)
{
    wefti_registry_lock();
    wefti_store(&wefti_self()->interrupted, 0, SEQ_CST);
    wefti_registry_unlock();
}

bool wefti_task_obeys(const struct weft_future *future, struct wefti_result result)
{
    return result.error != NULL && result.error->code == WEFT_CANCELLED && is_asked(future);
}

void wefti_task_end(struct weft_future *future, struct wefti_result result)
{
    wefti_task_end_as(future, result, wefti_task_obeys(future, result));
}

void wefti_task_end_as(struct weft_future *future, struct wefti_result result, bool obeyed)
{
    const struct wefti_want want = want_of(future);
    if (wefti_watched())
        wefti_watch_releases(&want);
    future->result = result;
    uint32_t before =
        wefti_future_settle(future, obeyed ? WEFT_TASK_CANCELLED_AND_NOTIFIED : WEFT_TASK_FINISHED);
    if ((before & WEFTI_TASK_ASKED) != 0)
        take_back_interruption();
    set_task(wefti_self(), NULL);
    wefti_future_tell(future, before);
}

/* ---- asking it to end ---------------------------------------------------------------------- */

/* With the registry locked. */
static weft_status ask(struct weft_future *future)
{
    uint32_t word = wefti_future_word(future);
    do {
        if (wefti_phase_of(word) != WEFT_TASK_RUNNING || future->runner == 0)
            return WEFT_RUNTIME;
        if ((word & WEFTI_TASK_ASKED) != 0)
            return WEFT_OK;
        /* Release: pairs with the acquire of who sees that it has been asked. */
    } while (!wefti_cas(&future->state, &word, word | WEFTI_TASK_ASKED, ACQ_REL));
    struct wefti_self *self = wefti_registry_number(future->runner);
    if (self != NULL && wefti_load(&self->task, RELAXED) == future) {
        wefti_interrupt(self);
        if (wefti_watched())
            wefti_watch_interrupted(self);
    }
    return WEFT_OK;
}

weft_status weft_future_request_cancel(weft_future *future)
{
    weft_status status = weft_future_cancel(future);
    if (status != WEFT_RUNTIME)
        return status;
    wefti_registry_lock();
    status = ask(future);
    wefti_registry_unlock();
    return status;
}

bool weft_cancel_requested(void)
{
    return is_asked(wefti_task_current());
}

weft_future *weft_future_current(void)
{
    return wefti_task_current();
}

/* ---- in place ------------------------------------------------------------------------------ */

void wefti_task_nest(struct wefti_nesting *nesting, struct weft_future *inner)
{
    struct wefti_self *self = wefti_self();
    *nesting = (struct wefti_nesting){.outer = wefti_task_current(), .inner = inner};
    if (nesting->outer != NULL) {
        nesting->reason.need = WEFTI_NEED(&nesting->inner, 1);
        wefti_registry_lock();
        nesting->reason.below = nesting->outer->waits_for;
        nesting->outer->waits_for = &nesting->reason;
        nesting->asked = is_asked(nesting->outer);
        set_task(self, NULL);
    }
    nesting->interrupted = wefti_exchange(&self->interrupted, 0, SEQ_CST) != 0;
    if (nesting->outer != NULL)
        wefti_registry_unlock();
}

void wefti_task_unnest(const struct wefti_nesting *nesting)
{
    bool interrupted = nesting->interrupted;
    if (nesting->outer != NULL) {
        wefti_registry_lock();
        nesting->outer->waits_for = nesting->reason.below;
        set_task(wefti_self(), nesting->outer);
        if (!nesting->asked && is_asked(nesting->outer))
            interrupted = true;
        wefti_registry_unlock();
    }
    if (interrupted)
        wefti_store(&wefti_self()->interrupted, 1, SEQ_CST);
}

struct wefti_owners wefti_task_owners(void)
{
    const struct weft_future *task = wefti_task_current();
    return (struct wefti_owners){{task != NULL ? task->owner : NULL, wefti_self()->serves}};
}

bool wefti_task_run_here(struct weft_future *future)
{
    const struct wefti_owners owners = wefti_task_owners();
    if (!wefti_owners_have(&owners, future->owner) ||
        wefti_future_phase(future) != WEFT_TASK_PENDING)
        return false;
    /* However the frame is left: what is run may end its thread. */
    struct weft_future *kept __attribute__((cleanup(wefti_future_drop))) = weft_future_ref(future);
    struct wefti_nesting nesting __attribute__((cleanup(wefti_task_unnest)));
    wefti_task_nest(&nesting, kept);
    return future->owner->type->run_here(future->owner, kept);
}

bool wefti_task_is_lost(const struct weft_future *future)
{
    return wefti_future_phase(future) == WEFT_TASK_RUNNING && future->runner != 0 &&
           future->forks != wefti_forks() && wefti_registry_number(future->runner) == NULL;
}
