/* SPDX-License-Identifier: MIT */
/*
 * No wake-up is lost: a thread parks only if the group is not ready under its bucket's lock; who makes
 * it ready takes that lock afterwards, to wake it. It may wake another group that lies at the same
 * address by then, which finds that it is not ready and parks again.
 */
#include "pool/group.h"

#include "pool/future.h"
#include "pool/helpers.h"
#include "pool/state.h"
#include "pool/task.h"
#include "primitives/deadline.h"
#include "primitives/self.h"

static struct wefti_group *first; /* all that have begun and not ended */

static struct wefti_key key_of(const struct wefti_group *group)
{
    return (struct wefti_key){group, WEFTI_FUTURES};
}

static bool is_ready(const struct wefti_group *group)
{
    /* Acquire: pairs with the release in wefti_group_note. */
    return wefti_load(&group->ready, ACQUIRE) != 0;
}

/* ---- telling ------------------------------------------------------------------------------- */

static bool has_failed(const struct weft_future *future)
{
    return wefti_future_phase(future) == WEFT_TASK_FINISHED && future->result.error != NULL;
}

bool wefti_group_note(struct wefti_hook *hook)
{
    struct wefti_group *group = hook->group;
    group->missing--;
    if (group->mode == WEFTI_GROUP_EACH) {
        *(group->done != NULL ? &group->last_done->next : &group->done) = hook;
        group->last_done = hook;
    } else if (group->mode == WEFTI_GROUP_FAILED && group->missing != 0 &&
               !has_failed(hook->future)) {
        return false;
    }
    /* Release: pairs with the acquire in is_ready. */
    wefti_store(&group->ready, 1, RELEASE);
    return true;
}

void wefti_group_wake(const struct wefti_group *group)
{
    wefti_unpark(key_of(group), &(struct wefti_unparking){0});
}

size_t wefti_group_waiters(const struct wefti_group *group)
{
    return wefti_waiters(key_of(group));
}

/* ---- begin and end ------------------------------------------------------------------------- */

void wefti_group_begin(struct wefti_group *group, enum wefti_group_mode mode, size_t count,
                       weft_future *const *futures, struct wefti_hook *hooks)
{
    *group = (struct wefti_group){
        .mode = mode, .thread = wefti_self()->number, .count = count, .hooks = hooks};
    wefti_hooks_lock();
    for (size_t i = 0; i < count; i++) {
        hooks[i] = (struct wefti_hook){.future = futures[i], .group = group};
        /* At the head of the ring a hook of this group means: it came before. */
        if (futures[i]->hooks != NULL && futures[i]->hooks->group == group)
            hooks[i].future = NULL;
        else
            wefti_hook_prepend(&hooks[i]);
        group->missing += hooks[i].future != NULL;
    }
    for (size_t i = 0; i < count; i++) {
        if (hooks[i].future == NULL || wefti_future_announce(futures[i], WEFTI_TASK_HOOKED))
            continue;
        wefti_hook_unlink(&hooks[i]);
        (void)wefti_group_note(&hooks[i]);
    }
    group->next = first;
    if (first != NULL)
        first->previous = group;
    first = group;
    wefti_hooks_unlock();
}

/* With the lock: out of all rings, and out of the list. */
static void leave(struct wefti_group *group)
{
    for (size_t i = 0; i < group->count; i++)
        if (group->hooks[i].previous != NULL)
            wefti_hook_unlink(&group->hooks[i]);
    *(group->previous != NULL ? &group->previous->next : &first) = group->next;
    if (group->next != NULL)
        group->next->previous = group->previous;
}

void wefti_group_end(struct wefti_group *group)
{
    wefti_hooks_lock();
    leave(group);
    wefti_hooks_unlock();
}

/* Their memory, on other threads' stacks, is still there, but will be used anew. */
void wefti_groups_after_fork_child(void)
{
    uint32_t own = wefti_self()->number;
    for (struct wefti_group *next, *group = first; group != NULL; group = next) {
        next = group->next;
        if (group->thread != own)
            leave(group);
    }
}

/* ---- waiting ------------------------------------------------------------------------------- */

/* Something below it may be queued only later. */
static bool may_be_run_later(const struct weft_future *future)
{
    return future != NULL && future->composed && !wefti_future_is_done(future);
}

/* Runs one that the calling task's own executor has not started; false: there is none. */
static bool run_one_here(struct wefti_group *group)
{
    if (wefti_task_current() == NULL)
        return false;
    for (size_t i = group->looked; i < group->count; i++) {
        struct weft_future *future = group->hooks[i].future;
        if (future != NULL && wefti_task_run_here(future))
            return true;
        group->looked += i == group->looked && !may_be_run_later(future);
    }
    return false;
}

/* Whether it can become ready while the calling thread waits: not all of them wait for its own task. */
static bool may_end(const struct wefti_group *group)
{
    bool may = true;
    for (size_t i = 0; i < group->count; i++) {
        const struct weft_future *future = group->hooks[i].future;
        if (future == NULL)
            continue;
        may = wefti_future_is_done(future) || wefti_task_may_end(future);
        if (may)
            break;
    }
    return may;
}

struct wait {
    const struct wefti_group *group;
    struct wefti_helper helper; /* entered, if the wait has no deadline */
    uint32_t calls;             /* of it, before the thread tried to run something in place */
};

static bool must_wait(void *arg)
{
    const struct wait *wait = arg;
    return !is_ready(wait->group) && wefti_helper_calls(&wait->helper) == wait->calls;
}

static void end(struct wait *wait)
{
    wefti_helper_end(&wait->helper);
}

weft_status wefti_group_wait(struct wefti_group *group, int64_t deadline)
{
    struct wait wait __attribute__((cleanup(end))) = {.group = group};
    const struct wefti_patience patience = {
        .deadline = deadline, .validate = must_wait, .arg = &wait};
    if (deadline == WEFTI_NEVER && !is_ready(group))
        wefti_helper_begin(&wait.helper, key_of(group), 0);
    while (!is_ready(group)) {
        if (deadline == WEFTI_TRY)
            return WEFT_TIMEOUT;
        wait.calls = wefti_helper_calls(&wait.helper);
        if (deadline == WEFTI_NEVER && run_one_here(group))
            continue;
        if (deadline == WEFTI_NEVER && !may_end(group))
            return WEFT_DEADLOCK;
        struct wefti_parked parked = wefti_park(key_of(group), &patience);
        if (parked.outcome == WEFTI_TIMED_OUT)
            return WEFT_TIMEOUT;
        if (parked.outcome == WEFTI_INTERRUPTED)
            return WEFT_INTERRUPTED;
    }
    return WEFT_OK;
}

struct weft_future *wefti_group_take(struct wefti_group *group, bool *more)
{
    struct weft_future *future = NULL;
    wefti_hooks_lock();
    struct wefti_hook *hook = group->done;
    if (hook != NULL) {
        group->done = hook->next;
        future = hook->future;
        hook->future = NULL;
    }
    if (group->done == NULL)
        wefti_store(&group->ready, 0, RELAXED); /* under the lock, as each time that it is set */
    *more = group->done != NULL || group->missing != 0;
    wefti_hooks_unlock();
    return future;
}
