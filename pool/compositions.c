/* SPDX-License-Identifier: MIT */
/*
 * All compositions, for the child of a fork: there the forking thread takes the steps that other
 * threads were about to take. A future whose step they had begun, or which they had taken out of an
 * executor's queue, is done as every other that was in their hands (lost.h).
 */
#include "platform/atomic.h"
#include "platform/thread.h"
#include "pool/compose.h"
#include "pool/lost.h"
#include "pool/state.h"
#include "primitives/self.h"

static struct wefti_composition *first; /* guarded by the hooks' lock */

void wefti_compositions_enter(struct wefti_composition *composition)
{
    wefti_hooks_lock();
    composition->next_of_all = first;
    if (first != NULL)
        first->previous_of_all = composition;
    first = composition;
    wefti_hooks_unlock();
}

void wefti_compositions_leave(struct wefti_composition *composition)
{
    wefti_hooks_lock();
    struct wefti_composition *next = composition->next_of_all;
    struct wefti_composition *previous = composition->previous_of_all;
    *(previous != NULL ? &previous->next_of_all : &first) = next;
    if (next != NULL)
        next->previous_of_all = previous;
    wefti_hooks_unlock();
}

/* ---- in the child of a fork ---------------------------------------------------------------- */

/* What becomes of a future that is not started, because of one of its sources. */
enum fate { WAITS, GOES_ON, IS_LOST };

/* With the lock; of a source whose hook is in its ring. */
static enum fate fate_of_hook(const struct weft_future *source)
{
    return wefti_future_is_done(source) && !wefti_hooks_are_told(source) ? GOES_ON : WAITS;
}

/* The same; of one whose hook is out. */
static enum fate fate_of_step(const struct wefti_source *source)
{
    /* Relaxed: the forking thread's, or nobody's any more. */
    uint32_t taker = wefti_load(&source->taker, RELAXED);
    uint32_t progress = wefti_load(&source->progress, RELAXED);
    if (progress ==
        WEFTI_STEP_TAKEN) /* given to an executor: in its queue it were cancelled by now */
        return source->composition->future->owner != NULL ? IS_LOST : WAITS;
    if (taker == wefti_self()->number)
        return WAITS;
    if (progress == WEFTI_STEP_BEGUN)
        return IS_LOST;
    return wefti_future_is_done(source->hook.future) ? GOES_ON : WAITS; /* or it is being made */
}

static enum fate take_hook(struct wefti_source *source)
{
    struct wefti_hook *hook = &source->hook;
    enum fate fate = WAITS;
    wefti_hooks_lock();
    if (hook->future != NULL)
        fate = hook->previous != NULL ? fate_of_hook(hook->future) : fate_of_step(source);
    if (fate == GOES_ON && hook->previous != NULL)
        wefti_hook_unlink(hook);
    wefti_hooks_unlock();
    return fate;
}

static void go_on(struct wefti_composition *composition)
{
    struct weft_future *future = composition->future;
    for (size_t i = 0; i < composition->need.count; i++) {
        if (wefti_future_phase(future) != WEFT_TASK_PENDING)
            break;
        enum fate fate = take_hook(&composition->sources[i]);
        if (fate == GOES_ON)
            wefti_compose_go_on(&composition->sources[i].hook);
        else if (fate == IS_LOST)
            wefti_future_lose(future);
    }
    if (wefti_future_phase(future) != WEFT_TASK_PENDING)
        wefti_future_lose(future);
}

/* First all are noted, each with a reference: what follows calls the program, which may make others. */
static void after_fork_child(void)
{
    struct wefti_composition *noted = NULL;
    wefti_hooks_lock();
    for (struct wefti_composition *each = first; each != NULL; each = each->next_of_all) {
        if (wefti_future_is_done(each->future) || !wefti_future_try_ref(each->future))
            continue;
        each->next_noted = noted;
        noted = each;
    }
    wefti_hooks_unlock();
    for (struct wefti_composition *next; noted != NULL; noted = next) {
        struct weft_future *future = noted->future; /* which ends with the composition */
        next = noted->next_noted;
        go_on(noted);
        weft_future_free(future);
    }
}

/* After the hooks' second handler, which has told what is done. */
__attribute__((constructor(105))) static void start(void)
{
    wefti_os_at_fork(NULL, NULL, after_fork_child);
}
