/* SPDX-License-Identifier: MIT */
/*
 * A future's state is a phase, which the program sees (WEFT_TASK_ before each name, but for one), and
 * bits beside it:
 *
 *   PENDING      not started
 *   RUNNING      a thread runs its target, or the program has said that it works on it
 *   COMPLETING   (WEFTI_) somebody writes the result; a program sees RUNNING
 *   CANCELLED    cancelled; the program, which would have completed it, has not asked yet
 *   NOTIFIED     cancelled, and there is nobody who does not know (CANCELLED_AND_NOTIFIED)
 *   FINISHED     the result is there
 *
 *   WAITED   the room may have threads that wait for it
 *   HOOKED   there may be hooks (hooks.h)
 *   ASKED    its task has been asked to end
 *   QUEUED   of one that is composed: it has been given to its executor
 *   TAKEN    somebody has looked for it in its executor's queue, and it had left that
 *
 *   from               to           by
 *   PENDING            RUNNING      wefti_task_begin; weft_future_set_running_or_notify_cancel
 *   PENDING            CANCELLED    weft_future_cancel, if the program completes it
 *   PENDING            NOTIFIED     weft_future_cancel, else
 *   CANCELLED          NOTIFIED     wefti_task_begin; weft_future_set_running_or_notify_cancel
 *   PENDING            COMPLETING   weft_future_set_result, wefti_future_fail, a composition
 *   RUNNING            COMPLETING   weft_future_set_result
 *   COMPLETING         FINISHED     the same, when they have written the result
 *   RUNNING            FINISHED     wefti_task_end
 *   RUNNING            NOTIFIED     wefti_task_end: it was asked to end, and says that it did
 *   PENDING, RUNNING   NOTIFIED     weft_future_free: nobody is left who could complete it
 *
 * The bits are set while it is not done, and end with it. Who makes it done takes them in the same
 * exchange, and tells those that they stand for. So no wake-up is lost: a thread parks only if it has
 * set WAITED and finds, under the bucket's lock, that the future is not done; who makes it done later
 * sees the bit and takes that lock.
 */
#include "pool/future.h"

#include <string.h>

#include "platform/memory.h"
#include "pool/compose.h"
#include "pool/hooks.h"
#include "pool/state.h"
#include "primitives/self.h"
#include "primitives/thread.h"
#include "primitives/watch.h"

/* ---- making -------------------------------------------------------------------------------- */

struct weft_future *wefti_future_new(struct wefti_owner *owner, weft_target *target, void *arg,
                                     uint32_t references)
{
    struct weft_future *future =
        owner != NULL ? owner->type->allocate(owner) : wefti_allocate(sizeof *future);
    if (future == NULL)
        return NULL;
    *future = (struct weft_future){
        .references = references, .owner = owner, .target = target, .arg = arg};
    if (wefti_watched())
        wefti_watch_releasing(future); /* to the thread that runs it */
    return future;
}

weft_future *weft_future_new_with(const weft_future_options *given)
{
    /* A caller compiled against another version may know fewer options, or more. */
    weft_future_options options = {0};
    if (given == NULL || given->struct_size < sizeof given->struct_size)
        return wefti_failed(WEFT_VALUE_ERROR);
    memcpy(&options, given,
           given->struct_size < sizeof options ? given->struct_size : sizeof options);
    struct weft_future *future = wefti_future_new(NULL, NULL, NULL, 1);
    if (future == NULL)
        return wefti_failed(WEFT_NO_MEMORY);
    future->free_value = options.free_value;
    future->tag = options.tag;
    return future;
}

/* ---- the state ----------------------------------------------------------------------------- */

bool wefti_future_pass(struct weft_future *future, uint32_t from, uint32_t to)
{
    uint32_t word = wefti_load(&future->state, RELAXED);
    while (wefti_phase_of(word) == from)
        /* Acquire and release: who begins or completes sees what was done before, and is seen. */
        if (wefti_cas(&future->state, &word, (word & ~(uint32_t)WEFTI_TASK_PHASE) | to, ACQ_REL))
            return true;
    return false;
}

uint32_t wefti_future_settle(struct weft_future *future, uint32_t phase)
{
    if (wefti_watched())
        wefti_watch_releasing(future);
    /* Release: pairs with the acquire in wefti_future_word. Acquire: a bit's setter is seen. */
    return wefti_exchange(&future->state, phase, ACQ_REL);
}

void wefti_future_tell(struct weft_future *future, uint32_t before)
{
    if ((before & WEFTI_TASK_WAITED) != 0)
        wefti_unpark(wefti_future_key(future), &(struct wefti_unparking){0});
    if ((before & WEFTI_TASK_HOOKED) != 0)
        wefti_hooks_tell(future);
}

bool wefti_future_complete(struct weft_future *future, uint32_t from, uint32_t or_from,
                           struct wefti_result result)
{
    if (!wefti_future_pass(future, from, WEFTI_TASK_COMPLETING) &&
        !wefti_future_pass(future, or_from, WEFTI_TASK_COMPLETING))
        return false;
    future->result = result;
    weft_future_ref(future); /* who sees it done may free it */
    wefti_future_tell(future, wefti_future_settle(future, WEFT_TASK_FINISHED));
    weft_future_free(future);
    return true;
}

bool wefti_future_fail(struct weft_future *future, weft_status code, const char *text)
{
    const struct wefti_result result = {.error = wefti_error_new(code, text)};
    if (wefti_future_complete(future, WEFT_TASK_PENDING, WEFT_TASK_PENDING, result))
        return true;
    wefti_error_free(result.error);
    return false;
}

/* ---- the end of a handle ------------------------------------------------------------------- */

weft_future *weft_future_ref(weft_future *future)
{
    /* Relaxed: who adds a reference has one. */
    if (future != NULL)
        wefti_fetch_add(&future->references, 1, RELAXED);
    return future;
}

bool wefti_future_try_ref(struct weft_future *future)
{
    uint32_t references = wefti_load(&future->references, RELAXED);
    while (references != 0)
        if (wefti_cas(&future->references, &references, references + 1, RELAXED))
            return true;
    return false;
}

/* The last reference of one that is not done: cancels it, with a reference for those it tells. */
static void abandon(struct weft_future *future)
{
    wefti_store(&future->references, 1, RELAXED);
    wefti_future_tell(future, wefti_future_settle(future, WEFT_TASK_CANCELLED_AND_NOTIFIED));
}

/* Gives a reference up; one that is dead then goes to a list, linked by `next`. */
static void drop(struct weft_future *future, struct weft_future **dead)
{
    while (future != NULL) {
        if (wefti_watched())
            wefti_watch_releasing(future);
        /* Release and acquire: who ends it sees what all others did with it. */
        if (wefti_fetch_sub(&future->references, 1, ACQ_REL) != 1)
            return;
        if (wefti_future_is_done(future))
            break;
        abandon(future);
    }
    if (future != NULL) {
        future->next = *dead;
        *dead = future;
    }
}

/* Gives back what a dead future has; what it was made of may join the list. */
static void bury(struct weft_future *future, struct weft_future **dead)
{
    if (wefti_watched())
        wefti_watch_acquired(future);
    if (!future->lent) {
        if (future->free_value != NULL && future->result.value != NULL)
            future->free_value(future->result.value);
        wefti_error_free(future->result.error);
    }
    if (future->composed) {
        struct wefti_composition *composition = future->arg;
        for (size_t i = 0; i < composition->need.count; i++)
            drop(composition->sources[i].hook.future, dead);
        wefti_release(composition);
    }
    wefti_watch_done(future);
    if (future->owner != NULL)
        future->owner->type->recycle(future->owner, future);
    else
        wefti_release(future);
}

void weft_future_free(weft_future *future)
{
    /* A list, not a recursion: a long chain of compositions ends in one go. */
    struct weft_future *dead = NULL;
    drop(future, &dead);
    while (dead != NULL) {
        struct weft_future *first = dead;
        dead = first->next;
        bury(first, &dead);
    }
}

/* ---- cancel -------------------------------------------------------------------------------- */

/* Whether the program, not the library, completes it. */
static bool is_promise(const struct weft_future *future)
{
    return future->owner == NULL && !future->composed;
}

/* Who runs it is told that it is cancelled. */
static void withdraw(struct weft_future *future)
{
    if (future->composed)
        wefti_composition_let_go(future);
    if (future->owner != NULL)
        future->owner->type->withdraw(future->owner, future);
}

weft_status weft_future_cancel(weft_future *future)
{
    if (future == NULL)
        return WEFT_VALUE_ERROR;
    uint32_t phase = is_promise(future) ? WEFT_TASK_CANCELLED : WEFT_TASK_CANCELLED_AND_NOTIFIED;
    uint32_t word = wefti_load(&future->state, RELAXED);
    if (wefti_watched() && wefti_phase_of(word) == WEFT_TASK_PENDING)
        wefti_watch_releasing(future);
    weft_future_ref(future); /* who sees it done may free it */
    bool cancelled = false;
    while (!cancelled && wefti_phase_of(word) == WEFT_TASK_PENDING)
        cancelled = wefti_cas(&future->state, &word, phase, ACQ_REL); /* as wefti_future_settle */
    if (cancelled) {
        withdraw(future);
        wefti_future_tell(future, word);
    }
    weft_future_free(future);
    return cancelled || wefti_phase_of(word) == WEFT_TASK_CANCELLED ||
                   wefti_phase_of(word) == WEFT_TASK_CANCELLED_AND_NOTIFIED
               ? WEFT_OK
               : WEFT_RUNTIME;
}

/* ---- completing ---------------------------------------------------------------------------- */

weft_status weft_future_set_running_or_notify_cancel(weft_future *future)
{
    if (future == NULL)
        return WEFT_VALUE_ERROR;
    if (is_promise(future)) {
        if (wefti_future_pass(future, WEFT_TASK_PENDING, WEFT_TASK_RUNNING))
            return WEFT_OK;
        if (wefti_future_pass(future, WEFT_TASK_CANCELLED, WEFT_TASK_CANCELLED_AND_NOTIFIED))
            return WEFT_CANCELLED;
    }
    return WEFT_RUNTIME;
}

weft_status weft_future_set_result(weft_future *future, void *value)
{
    const struct wefti_result result = wefti_returned(value);
    weft_status status = WEFT_OK;
    if (future == NULL)
        status = WEFT_VALUE_ERROR;
    else if (!is_promise(future))
        status = WEFT_RUNTIME;
    else if (!wefti_future_complete(future, WEFT_TASK_PENDING, WEFT_TASK_RUNNING, result))
        status = WEFT_INVALID_STATE;
    if (status != WEFT_OK)
        wefti_error_free(result.error);
    return status;
}

/* ---- queries ------------------------------------------------------------------------------- */

/* What the program sees of the state. */
static weft_task_state visible(const struct weft_future *future)
{
    uint32_t phase = future != NULL ? wefti_future_phase(future) : WEFT_TASK_PENDING;
    if (phase == WEFTI_TASK_COMPLETING)
        return WEFT_TASK_RUNNING;
    if (phase >= WEFT_TASK_CANCELLED && wefti_watched())
        wefti_watch_acquired((void *)(uintptr_t)future);
    return (weft_task_state)phase;
}

weft_task_state weft_future_state(const weft_future *future)
{
    return visible(future);
}

bool weft_future_cancelled(const weft_future *future)
{
    weft_task_state state = visible(future);
    return state == WEFT_TASK_CANCELLED || state == WEFT_TASK_CANCELLED_AND_NOTIFIED;
}

bool weft_future_running(const weft_future *future)
{
    return visible(future) == WEFT_TASK_RUNNING;
}

bool weft_future_done(const weft_future *future)
{
    return visible(future) >= WEFT_TASK_CANCELLED;
}

void *weft_future_value(const weft_future *future)
{
    return visible(future) == WEFT_TASK_FINISHED ? future->result.value : NULL;
}

const weft_error *weft_future_error(const weft_future *future)
{
    return visible(future) == WEFT_TASK_FINISHED ? future->result.error : NULL;
}

const char *weft_task_state_name(weft_task_state state)
{
    switch (state) {
    case WEFT_TASK_PENDING:
        return "pending";
    case WEFT_TASK_RUNNING:
        return "running";
    case WEFT_TASK_CANCELLED:
    case WEFT_TASK_CANCELLED_AND_NOTIFIED:
        return "cancelled";
    case WEFT_TASK_FINISHED:
        return "finished";
    }
    return "unknown";
}

/* Relaxed: the tag is the program's own, which orders its uses. */
void *weft_future_tag(const weft_future *future)
{
    return future != NULL ? wefti_load(&future->tag, RELAXED) : NULL;
}

weft_status weft_future_set_tag(weft_future *future, void *tag)
{
    if (future == NULL)
        return WEFT_VALUE_ERROR;
    wefti_store(&future->tag, tag, RELAXED);
    return WEFT_OK;
}
