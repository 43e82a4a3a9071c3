/* SPDX-License-Identifier: MIT */
/*
 * No call is lost: who hands over has set QUEUED before it locks. Who is entered later looks for
 * something to run after that, and sees the bit; who is entered already is called. It parks only if
 * that has not been since it began to look.
 */
#include "pool/helpers.h"

#include <stddef.h>

#include "pool/future.h"
#include "pool/hooks.h"
#include "primitives/self.h"

static struct wefti_helper *first; /* all that are entered */

void wefti_helper_begin(struct wefti_helper *helper, struct wefti_key key, uintptr_t request)
{
    const struct weft_future *task = wefti_task_current();
    *helper = (struct wefti_helper){.key = key, .request = request};
    if (task == NULL || task->owner == NULL)
        return;
    helper->owner = task->owner;
    helper->thread = wefti_self()->number;
    wefti_hooks_lock();
    helper->next = first;
    if (first != NULL)
        first->previous = helper;
    first = helper;
    wefti_hooks_unlock();
}

/* With the lock. */
static void leave(struct wefti_helper *helper)
{
    *(helper->previous != NULL ? &helper->previous->next : &first) = helper->next;
    if (helper->next != NULL)
        helper->next->previous = helper->previous;
}

void wefti_helper_end(struct wefti_helper *helper)
{
    if (helper->owner == NULL)
        return;
    wefti_hooks_lock();
    leave(helper);
    wefti_hooks_unlock();
}

static enum wefti_verdict waits_with(uintptr_t request, void *helper)
{
    return request == ((const struct wefti_helper *)helper)->request ? WEFTI_TAKE : WEFTI_SKIP;
}

void wefti_helpers_call(const struct wefti_owner *owner)
{
    wefti_hooks_lock();
    for (struct wefti_helper *helper = first; helper != NULL; helper = helper->next) {
        if (helper->owner != owner)
            continue;
        /* Release: pairs with the acquire in wefti_helper_calls. */
        wefti_store(&helper->calls, helper->calls + 1, RELEASE);
        wefti_unpark(helper->key, &(struct wefti_unparking){.choose = waits_with, .arg = helper});
    }
    wefti_hooks_unlock();
}

/* Their memory, on other threads' stacks, is still there, but will be used anew. */
void wefti_helpers_after_fork_child(void)
{
    uint32_t own = wefti_self()->number;
    for (struct wefti_helper *next, *helper = first; helper != NULL; helper = next) {
        next = helper->next;
        if (helper->thread != own)
            leave(helper);
    }
}
