/* SPDX-License-Identifier: MIT */
/*
 * A composed future is completed by the hooks in its sources, or is a task that they hand over. Each
 * hook is called or taken out, once; the last of both gives the hooks' reference up. A source that is
 * not done tells its hooks before it ends, so a hook needs no reference to it until it is called.
 *
 * A step may complete the future, whose hooks take the next step: a chain of any length. So a step is
 * not taken inside another one: it is put into the thread's list, and the first one's caller takes
 * all. While a program's code runs there is no list, and steps are taken at once: that code may wait
 * for what they complete.
 */
#include "pool/compose.h"

#include "platform/memory.h"
#include "pool/state.h"
#include "pool/task.h"
#include "primitives/self.h"
#include "primitives/thread.h"
#include "primitives/watch.h"

/* ---- one step after the other -------------------------------------------------------------- */

struct wefti_continuations {
    struct wefti_hook *first; /* linked by `next` */
    struct wefti_hook *last;
};

struct wefti_continuations *wefti_continuations_suspend(void)
{
    struct wefti_self *self = wefti_self();
    struct wefti_continuations *suspended = self->continuations;
    self->continuations = NULL;
    return suspended;
}

void wefti_continuations_resume(struct wefti_continuations *suspended)
{
    wefti_self()->continuations = suspended;
}

/* So many hooks have been called or taken out. */
static void give_up(struct wefti_composition *composition, uint32_t hooks)
{
    /* Release and acquire: who ends it sees what all others did with it. */
    if (hooks != 0 && wefti_fetch_sub(&composition->outstanding, hooks, ACQ_REL) == hooks)
        weft_future_free(composition->future);
}

static void take_step(struct wefti_hook *hook)
{
    struct wefti_composition *composition = ((struct wefti_source *)hook)->composition;
    if (wefti_watched())
        wefti_watch_acquired(hook->future);
    composition->step(composition, hook->future);
    give_up(composition, 1);
}

static void source_is_done(struct wefti_hook *hook)
{
    struct wefti_continuations *list = wefti_self()->continuations;
    struct wefti_continuations own = {0};
    weft_future_ref(hook->future);
    if (list != NULL) {
        *(list->first != NULL ? &list->last->next : &list->first) = hook;
        list->last = hook;
        return;
    }
    while (hook != NULL) {
        wefti_continuations_resume(&own);
        take_step(hook);
        wefti_continuations_resume(NULL);
        hook = own.first;
        if (hook != NULL)
            own.first = hook->next;
    }
}

/* ---- making -------------------------------------------------------------------------------- */

struct wefti_composition *wefti_compose(struct wefti_owner *owner, wefti_step *step, size_t count,
                                        weft_future *const *futures, size_t values)
{
    struct wefti_composition *composition;
    const size_t each = sizeof composition->sources[0] + sizeof *composition->values;
    if (count > UINT32_MAX / 2 || count > (SIZE_MAX - sizeof *composition) / each)
        return wefti_failed(WEFT_NO_MEMORY);
    for (size_t i = 0; i < count; i++)
        if (futures == NULL || futures[i] == NULL)
            return wefti_failed(WEFT_VALUE_ERROR);
    size_t size = sizeof *composition + count * sizeof composition->sources[0];
    composition = wefti_self_allocate(size + values * sizeof *composition->values);
    if (composition == NULL)
        return NULL;
    struct weft_future *future = wefti_future_new(owner, NULL, composition, count != 0 ? 2 : 1);
    if (future == NULL) {
        wefti_release(composition);
        return wefti_failed(WEFT_NO_MEMORY);
    }
    future->composed = true;
    composition->future = future;
    composition->step = step;
    composition->values = (void *)&composition->sources[count];
    composition->missing = (uint32_t)count;
    composition->outstanding = (uint32_t)count;
    composition->need = (struct wefti_need){.composed = true,
                                            .count = count,
                                            .stride = sizeof composition->sources[0],
                                            .sources = composition->sources};
    for (size_t i = 0; i < count; i++) {
        struct wefti_source *source = &composition->sources[i];
        source->composition = composition;
        source->hook.future = futures[i];
        source->hook.call = source_is_done;
    }
    return composition;
}

weft_future *wefti_compose_start(struct wefti_composition *composition)
{
    struct weft_future *future = composition->future;
    for (size_t i = 0; i < composition->need.count; i++) {
        struct wefti_hook *hook = &composition->sources[i].hook;
        if (wefti_future_is_done(future)) { /* it needs no more */
            hook->future = NULL;
            give_up(composition, 1);
        } else if (!wefti_hook_add(hook->future, hook)) {
            source_is_done(hook);
        }
    }
    if (wefti_future_is_done(future))
        wefti_composition_let_go(future);
    return future;
}

/* ---- completing ---------------------------------------------------------------------------- */

static void settle(struct wefti_composition *composition, struct wefti_result result,
                   uint32_t phase)
{
    struct weft_future *future = composition->future;
    future->result = result;
    future->lent = true;
    wefti_future_tell(future, wefti_future_settle(future, phase));
}

void wefti_compose_take_over(struct wefti_composition *composition, struct weft_future *origin)
{
    bool finished = wefti_future_phase(origin) == WEFT_TASK_FINISHED;
    if (!wefti_future_pass(composition->future, WEFT_TASK_PENDING, WEFTI_TASK_COMPLETING))
        return;
    composition->origin = origin;
    settle(composition, origin->result,
           finished ? WEFT_TASK_FINISHED : WEFT_TASK_CANCELLED_AND_NOTIFIED);
}

void wefti_compose_finish(struct wefti_composition *composition, void *value)
{
    if (wefti_future_pass(composition->future, WEFT_TASK_PENDING, WEFTI_TASK_COMPLETING))
        settle(composition, (struct wefti_result){.value = value}, WEFT_TASK_FINISHED);
}

void wefti_composition_let_go(struct weft_future *future)
{
    struct wefti_composition *composition = future->arg;
    uint32_t removed = 0;
    for (size_t i = 0; i < composition->need.count; i++) {
        struct wefti_hook *hook = &composition->sources[i].hook;
        if (!wefti_hook_remove(hook))
            continue;
        hook->future = NULL;
        removed++;
    }
    give_up(composition, removed);
}

/* ---- looking on ---------------------------------------------------------------------------- */

const weft_future *weft_future_origin(const weft_future *future)
{
    if (future == NULL || !future->composed || !weft_future_done(future))
        return NULL;
    const struct wefti_composition *composition = future->arg;
    return composition->origin;
}
