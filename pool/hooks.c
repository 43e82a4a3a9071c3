/* SPDX-License-Identifier: MIT */
/*
 * No hook is forgotten: it is added under the lock, after HOOKED has been set in the state of a future
 * that is not done. Who makes that done later sees the bit, and takes the lock before it looks.
 *
 * Lock order: the hooks' lock, then the registry's, then a bucket's.
 */
#include "pool/hooks.h"

#include "platform/memory.h"
#include "platform/parker.h"
#include "platform/thread.h"
#include "pool/group.h"
#include "pool/helpers.h"
#include "pool/state.h"
#include "pool/task.h"
#include "primitives/error.h"
#include "primitives/self.h"
#include "primitives/thread.h"

static struct wefti_mutex mutex;
static uint64_t losses; /* guarded by it */

void wefti_hooks_lock(void)
{
    wefti_mutex_lock(&mutex);
}

void wefti_hooks_unlock(void)
{
    wefti_mutex_unlock(&mutex);
}

/* ---- the ring ------------------------------------------------------------------------------ */

/* The first one's previous is the last, whose next is the first. */
static void append(struct wefti_hook *hook)
{
    struct wefti_hook *first = hook->future->hooks;
    hook->next = first != NULL ? first : hook;
    hook->previous = first != NULL ? first->previous : hook;
    hook->next->previous = hook;
    hook->previous->next = hook;
    if (first == NULL)
        hook->future->hooks = hook;
}

void wefti_hook_prepend(struct wefti_hook *hook)
{
    append(hook);
    hook->future->hooks = hook;
}

void wefti_hook_unlink(struct wefti_hook *hook)
{
    struct weft_future *future = hook->future;
    hook->next->previous = hook->previous;
    hook->previous->next = hook->next;
    if (future->hooks == hook)
        future->hooks = hook->next != hook ? hook->next : NULL;
    hook->next = NULL;
    hook->previous = NULL;
}

bool wefti_hook_add(struct weft_future *future, struct wefti_hook *hook)
{
    wefti_hooks_lock();
    bool added = wefti_future_announce(future, WEFTI_TASK_HOOKED);
    hook->future = future;
    if (added)
        append(hook);
    wefti_hooks_unlock();
    return added;
}

bool wefti_hook_remove(struct wefti_hook *hook)
{
    wefti_hooks_lock();
    bool in = hook->previous != NULL;
    if (in)
        wefti_hook_unlink(hook);
    losses += in;
    wefti_hooks_unlock();
    return in;
}

uint64_t wefti_hooks_losses(void)
{
    return losses;
}

/* One at a time, so that those behind can still be removed. */
void wefti_hooks_tell(struct weft_future *future)
{
    struct wefti_hook *hook;
    do {
        struct wefti_group *group = NULL; /* its memory and the hook's may go with the lock */
        bool wake = false;
        wefti_hooks_lock();
        hook = future->hooks;
        if (hook != NULL) {
            wefti_hook_unlink(hook);
            group = hook->group;
            wake = group != NULL && wefti_group_note(hook);
        }
        wefti_hooks_unlock();
        if (wake)
            wefti_group_wake(group);
        else if (hook != NULL && group == NULL)
            hook->call(hook);
    } while (hook != NULL);
}

/* ---- callbacks ----------------------------------------------------------------------------- */

struct callback {
    struct wefti_hook hook; /* first */
    weft_continuation *function;
    void *arg;
};

static void *call_function(void *arg)
{
    const struct callback *callback = arg;
    return callback->function(callback->hook.future, callback->arg);
}

static void call(struct callback *callback)
{
    struct wefti_continuations *suspended = wefti_continuations_suspend();
    struct wefti_result result = wefti_run(call_function, callback);
    if (result.error != NULL)
        wefti_excepthook(wefti_thread_own(), result.error);
    wefti_error_free(result.error);
    wefti_continuations_resume(suspended);
}

static void call_and_free(struct wefti_hook *hook)
{
    struct callback *callback = (struct callback *)hook; /* it is the first field */
    call(callback);
    wefti_release(callback);
}

weft_status weft_future_add_done_callback(weft_future *future, weft_continuation *function,
                                          void *arg)
{
    if (future == NULL || function == NULL)
        return WEFT_VALUE_ERROR;
    struct callback now = {.hook.future = future, .function = function, .arg = arg};
    struct callback *later = NULL;
    if (!weft_future_done(future)) {
        later = wefti_allocate(sizeof *later);
        if (later == NULL)
            return WEFT_NO_MEMORY;
        *later = now;
        later->hook.call = call_and_free;
        if (wefti_hook_add(future, &later->hook))
            return WEFT_OK;
    }
    wefti_release(later);
    call(&now);
    return WEFT_OK;
}

/* ---- looking on ---------------------------------------------------------------------------- */

size_t weft_future_waiters(const weft_future *future)
{
    if (future == NULL)
        return 0;
    size_t waiters = wefti_waiters(wefti_future_key(future));
    wefti_hooks_lock();
    const struct wefti_hook *hook = future->hooks;
    for (; hook != NULL; hook = hook->next != future->hooks ? hook->next : NULL)
        if (hook->group != NULL)
            waiters += wefti_group_waiters(hook->group);
    wefti_hooks_unlock();
    return waiters;
}

/* ---- start and fork ------------------------------------------------------------------------ */

static void after_fork_child(void)
{
    wefti_mutex_init(&mutex);
    wefti_groups_after_fork_child();
    wefti_helpers_after_fork_child();
}

/* After the library's own start, so that before a fork this lock is taken before the registry's. */
__attribute__((constructor(102))) static void start(void)
{
    wefti_mutex_init(&mutex);
    wefti_os_at_fork(wefti_hooks_lock, wefti_hooks_unlock, after_fork_child);
}
