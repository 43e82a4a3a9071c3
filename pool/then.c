/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "pool/compose.h"
#include "pool/helpers.h"
#include "pool/state.h"
#include "pool/task.h"
#include "primitives/thread.h"
#include "primitives/watch.h"

/* The target of the new future; the source is done. */
static void *run(void *arg)
{
    struct wefti_composition *composition = arg;
    struct weft_future *source = composition->sources[0].hook.future;
    return composition->always != NULL ? composition->always(source, composition->arg)
                                       : composition->target(source->result.value);
}

static void run_here(struct weft_future *future)
{
    struct wefti_nesting nesting __attribute__((cleanup(wefti_task_unnest)));
    wefti_task_nest(&nesting, future);
    if (wefti_task_begin(future)) {
        struct wefti_continuations *suspended = wefti_continuations_suspend();
        struct wefti_result result = wefti_run(future->target, future->arg);
        wefti_continuations_resume(suspended);
        wefti_task_end(future, result);
    }
}

static void hand_over(struct weft_future *future)
{
    weft_future_ref(future); /* the queue's */
    if (wefti_watched())
        wefti_watch_releasing(future);
    weft_status status = future->owner->type->enqueue(future->owner, future);
    if (status == WEFT_OK) {
        /* Release: who sees it finds the future in the queue, or gone from it. */
        wefti_fetch_or(&future->state, WEFTI_TASK_QUEUED, ACQ_REL);
        wefti_helpers_offer(future);
    } else {
        (void)wefti_future_fail(future, status, NULL);
        weft_future_free(future);
    }
}

static void then_step(struct wefti_composition *composition, struct weft_future *source)
{
    struct weft_future *future = composition->future;
    bool has_value =
        wefti_future_phase(source) == WEFT_TASK_FINISHED && source->result.error == NULL;
    if (!has_value && composition->always == NULL)
        wefti_compose_take_over(composition, source);
    else if (future->owner != NULL)
        hand_over(future);
    else
        run_here(future);
}

weft_future *weft_future_then_with(const weft_then_options *given)
{
    /* A caller compiled against another version may know fewer options, or more. */
    weft_then_options options = {0};
    if (given == NULL || given->struct_size < offsetof(weft_then_options, always))
        return wefti_failed(WEFT_VALUE_ERROR);
    memcpy(&options, given,
           given->struct_size < sizeof options ? given->struct_size : sizeof options);
    if ((options.target != NULL) == (options.always != NULL))
        return wefti_failed(WEFT_VALUE_ERROR);
    struct wefti_owner *owner = (void *)options.executor; /* which begins with one */
    struct wefti_composition *composition = wefti_compose(owner, then_step, 1, &options.future, 0);
    if (composition == NULL)
        return NULL;
    composition->target = options.target;
    composition->always = options.always;
    composition->arg = options.arg;
    composition->future->target = run;
    composition->future->free_value = options.free_value;
    composition->future->tag = options.tag;
    return wefti_compose_start(composition);
}
