/* SPDX-License-Identifier: MIT */
#include <weft/futures.h>

#include "platform/memory.h"
#include "pool/group.h"
#include "primitives/deadline.h"
#include "primitives/watch.h"

/* What the public struct has room for. */
_Static_assert(sizeof(struct wefti_group) <= sizeof(((weft_completions *)0)->group), "group");
_Static_assert(sizeof(struct wefti_hook) <= sizeof(((weft_completions *)0)->room[0]), "hook");

/* `begun`; 0: it has not, or has ended. */
enum { BEGUN = 1, ENDING };

static struct wefti_group *group_of(weft_completions *completions)
{
    return (struct wefti_group *)(void *)completions->group;
}

static weft_status begin(weft_completions *completions)
{
    size_t count = completions->count;
    weft_status status = wefti_deadline_for(completions->seconds, &completions->deadline);
    for (size_t i = 0; i < count; i++)
        if (completions->futures == NULL || completions->futures[i] == NULL)
            status = WEFT_VALUE_ERROR;
    if (status != WEFT_OK)
        return status;
    completions->hooks = completions->room;
    if (count > WEFT_FUTURES_INLINE) {
        if (count > SIZE_MAX / sizeof(struct wefti_hook))
            return WEFT_NO_MEMORY;
        completions->hooks = wefti_allocate(count * sizeof(struct wefti_hook));
        if (completions->hooks == NULL)
            return WEFT_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++)
        weft_future_ref(completions->futures[i]);
    wefti_group_begin(group_of(completions), WEFTI_GROUP_EACH, count, completions->futures,
                      completions->hooks);
    /* One that comes twice has one hook. */
    const struct wefti_hook *hooks = completions->hooks;
    for (size_t i = 0; i < count; i++)
        if (hooks[i].future == NULL)
            weft_future_free(completions->futures[i]);
    completions->begun = BEGUN;
    return WEFT_OK;
}

/* The next one; NULL: *status says why. */
static weft_future *next(weft_completions *completions, weft_status *status)
{
    struct wefti_group *group = group_of(completions);
    for (;;) {
        bool more;
        weft_future *future = wefti_group_take(group, &more);
        if (future != NULL || !more)
            return future;
        *status = wefti_group_wait(group, completions->deadline);
        if (*status != WEFT_OK)
            return NULL;
    }
}

static void take_back(struct weft_future **lent)
{
    struct weft_future *future = *lent;
    *lent = NULL;
    weft_future_free(future);
}

/* What is called in the frame has ended the thread: the walk lies above it, on a stack that ends. */
static void end_walk(weft_completions **completions)
{
    if (*completions != NULL)
        weft_completions_end(*completions);
}

bool weft_completions_next(weft_completions *completions, weft_future **future)
{
    weft_completions *walk __attribute__((cleanup(end_walk))) = completions;
    weft_status status = walk->begun ? WEFT_OK : begin(walk);
    take_back(&walk->lent);
    walk->lent = status == WEFT_OK ? next(walk, &status) : NULL;
    *walk->status = status;
    *future = walk->lent;
    if (*future != NULL && wefti_watched())
        wefti_watch_acquired(*future);
    walk = NULL;
    return *future != NULL;
}

/* Gives up the references; those to the others, too, if the end of a value ends the thread. */
static void end_all(weft_completions *completions)
{
    weft_completions *rest __attribute__((cleanup(end_walk))) = completions;
    struct wefti_hook *hooks = completions->hooks;
    take_back(&completions->lent);
    for (size_t i = 0; completions->begun && i < completions->count; i++)
        take_back(&hooks[i].future);
    if (completions->begun && completions->hooks != completions->room)
        wefti_release(hooks);
    completions->begun = 0;
    rest = NULL;
}

void weft_completions_end(weft_completions *completions)
{
    if (completions->begun == BEGUN)
        wefti_group_end(group_of(completions));
    if (completions->begun)
        completions->begun = ENDING;
    end_all(completions);
}
