/* SPDX-License-Identifier: MIT */
/*
 * No wake-up is lost: a thread parks only if the group is not ready under its bucket's lock; who makes
 * it ready takes that lock afterwards, to wake it. It may wake another group that lies at the same
 * address by then, which finds that it is not ready and parks again.
 */
#include "pool/group.h"

#include "pool/circle.h"
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
        if (group->reason != NULL) /* Relaxed: who parks asks under its bucket's lock. */
            wefti_store(&group->reason->shrunk, 1, RELAXED);
        return group->reason != NULL;
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

struct wait {
    struct wefti_helper helper; /* begun, if the wait has no deadline */
    struct wefti_group *group;
};

static bool has_shrunk(const struct wait *wait)
{
    return wefti_load(&wait->helper.reason.shrunk, RELAXED) != 0;
}

static bool must_wait(void *arg)
{
    const struct wait *wait = arg;
    return !is_ready(wait->group) && !wefti_helper_called(&wait->helper) && !has_shrunk(wait);
}

static void set_reason(struct wefti_group *group, struct wefti_reason *reason)
{
    wefti_hooks_lock();
    group->reason = reason;
    wefti_hooks_unlock();
}

/* False: it would never end. */
static bool begin(struct wait *wait)
{
    struct wefti_group *group = wait->group;
    wait->helper.reason = (struct wefti_reason){.ready = &group->ready,
                                                .need = {.any = true,
                                                         .count = group->count,
                                                         .stride = sizeof *group->hooks,
                                                         .sources = group->hooks,
                                                         .ended = group->ended,
                                                         .started = group->started}};
    if (group->mode == WEFTI_GROUP_FAILED && wefti_task_current() != NULL)
        set_reason(group, &wait->helper.reason);
    return wefti_helper_begin(&wait->helper, key_of(group));
}

static void end(struct wait *wait)
{
    if (wait->group->mode == WEFTI_GROUP_FAILED)
        set_reason(wait->group, NULL);
    wefti_helper_end(&wait->helper);
    wait->group->ended = wait->helper.reason.need.ended;
    wait->group->started = wait->helper.reason.need.started;
}

static weft_status park(struct wait *wait, int64_t deadline)
{
    const struct wefti_patience patience = {.deadline = deadline,
                                            .validate = must_wait,
                                            .arg = wait,
                                            .request = (uintptr_t)&wait->helper};
    switch (wefti_park(key_of(wait->group), &patience).outcome) {
    case WEFTI_TIMED_OUT:
        return WEFT_TIMEOUT;
    case WEFTI_INTERRUPTED:
        return WEFT_INTERRUPTED;
    default:
        return WEFT_OK;
    }
}

/* Without a deadline, which a thread that has one cannot. */
static weft_status wait_and_help(struct wefti_group *group)
{
    struct wait wait __attribute__((cleanup(end))) = {.group = group};
    weft_status status = begin(&wait) ? WEFT_OK : WEFT_DEADLOCK;
    while (status == WEFT_OK && !is_ready(group)) {
        if (wefti_helper_run(&wait.helper))
            continue;
        if (has_shrunk(&wait) && !wefti_task_may_wait_on(&wait.helper.reason))
            return WEFT_DEADLOCK;
        status = park(&wait, WEFTI_NEVER);
    }
    return status;
}

weft_status wefti_group_wait(struct wefti_group *group, int64_t deadline)
{
    struct wait wait = {.group = group};
    weft_status status = WEFT_OK;
    if (deadline == WEFTI_NEVER && !is_ready(group))
        return wait_and_help(group);
    while (status == WEFT_OK && !is_ready(group))
        status = deadline != WEFTI_TRY ? park(&wait, deadline) : WEFT_TIMEOUT;
    return status;
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
