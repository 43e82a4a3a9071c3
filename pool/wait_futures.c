/* SPDX-License-Identifier: MIT */
#include <weft/futures.h>

#include "platform/memory.h"
#include "platform/symbol.h"
#include "pool/group.h"
#include "pool/helpers.h"
#include "pool/state.h"
#include "pool/wait.h"
#include "primitives/deadline.h"

/* Moves those that are done to the front, in their order; returns how many. */
static size_t sort(size_t count, weft_future **futures)
{
    size_t done = 0;
    for (size_t i = 0; i < count; i++) {
        if (!weft_future_done(futures[i]))
            continue;
        weft_future *future = futures[i];
        futures[i] = futures[done];
        futures[done++] = future;
    }
    return done;
}

/*
 * One after the other: none of them can end the wait before the last. But a task runs what any of them
 * needs, whichever it waits for at the moment.
 */
static weft_status wait_for_all(size_t count, weft_future *const *futures, int64_t deadline,
                                const void *site)
{
    struct wefti_helper helper __attribute__((cleanup(wefti_helper_end))) = {.listed = false};
    bool helps = false;
    weft_status status = WEFT_OK;
    for (size_t i = 0; i < count && status == WEFT_OK; i++) {
        if (deadline == WEFTI_NEVER && !helps && !weft_future_done(futures[i])) {
            helps = true;
            helper.reason.need = WEFTI_NEED(&futures[i], count - i);
            if (!wefti_helper_begin(&helper, wefti_future_key(futures[i])))
                return WEFT_DEADLOCK;
        }
        status = wefti_future_wait(futures[i], deadline, site, helps ? &helper : NULL);
    }
    return status;
}

static weft_status wait_for_first(size_t count, weft_future *const *futures,
                                  enum wefti_group_mode mode, int64_t deadline)
{
    struct wefti_hook on_stack[WEFT_FUTURES_INLINE];
    struct wefti_hook *hooks = on_stack;
    struct wefti_group group;
    if (count > WEFT_FUTURES_INLINE) {
        if (count > SIZE_MAX / sizeof *hooks)
            return WEFT_NO_MEMORY;
        hooks = wefti_allocate(count * sizeof *hooks);
        if (hooks == NULL)
            return WEFT_NO_MEMORY;
    }
    wefti_group_begin(&group, mode, count, futures, hooks);
    weft_status status = wefti_group_wait(&group, deadline);
    wefti_group_end(&group);
    if (hooks != on_stack)
        wefti_release(hooks);
    return status;
}

weft_status weft_wait_futures(size_t count, weft_future **futures, weft_return_when when,
                              size_t *done, double seconds)
{
    int64_t deadline;
    weft_status status = wefti_deadline_for(seconds, &deadline);
    for (size_t i = 0; i < count; i++)
        if (futures == NULL || futures[i] == NULL)
            status = WEFT_VALUE_ERROR;
    if (status != WEFT_OK)
        return status;
    if (when == WEFT_ALL_COMPLETED)
        status = wait_for_all(count, futures, deadline, WEFTI_CALLER);
    else if (when != WEFT_FIRST_COMPLETED && when != WEFT_FIRST_EXCEPTION)
        return WEFT_VALUE_ERROR;
    else if (count != 0)
        status = wait_for_first(
            count, futures, when == WEFT_FIRST_COMPLETED ? WEFTI_GROUP_FIRST : WEFTI_GROUP_FAILED,
            deadline);
    size_t first = sort(count, futures);
    if (done != NULL)
        *done = first;
    return status;
}
