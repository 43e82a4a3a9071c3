/* SPDX-License-Identifier: MIT */
#include "platform/atomic.h"
#include "pool/compose.h"
#include "pool/state.h"
#include "primitives/thread.h"

/* ---- all ----------------------------------------------------------------------------------- */

/* The first that has failed, else the first that was cancelled, else NULL. */
static struct weft_future *find_bad(const struct wefti_composition *composition)
{
    struct weft_future *cancelled = NULL;
    for (size_t i = 0; i < composition->need.count; i++) {
        struct weft_future *source = composition->sources[i].hook.future;
        if (wefti_future_phase(source) != WEFT_TASK_FINISHED)
            cancelled = cancelled != NULL ? cancelled : source;
        else if (source->result.error != NULL)
            return source;
    }
    return cancelled;
}

static void finish_all(struct wefti_composition *composition)
{
    struct weft_future *bad = find_bad(composition);
    for (size_t i = 0; bad == NULL && i < composition->need.count; i++)
        composition->values[i] = weft_future_value(composition->sources[i].hook.future);
    if (bad != NULL)
        wefti_compose_take_over(composition, bad);
    else
        wefti_compose_finish(composition, composition->values);
}

static void all_step(struct wefti_composition *composition, struct weft_future *source)
{
    (void)source;
    /* Release and acquire: the last one sees what all have done. */
    if (wefti_fetch_sub(&composition->missing, 1, ACQ_REL) == 1)
        finish_all(composition);
}

weft_future *weft_when_all(size_t count, weft_future *const *futures)
{
    struct wefti_composition *composition = wefti_compose(NULL, all_step, count, futures, count);
    if (composition == NULL)
        return NULL;
    if (count == 0)
        wefti_compose_finish(composition, composition->values);
    return wefti_compose_start(composition);
}

/* ---- any ----------------------------------------------------------------------------------- */

static void any_step(struct wefti_composition *composition, struct weft_future *source)
{
    wefti_compose_take_over(composition, source);
    wefti_composition_let_go(composition->future);
}

weft_future *weft_when_any(size_t count, weft_future *const *futures)
{
    if (count == 0)
        return wefti_failed(WEFT_VALUE_ERROR);
    struct wefti_composition *composition = wefti_compose(NULL, any_step, count, futures, 0);
    if (composition == NULL)
        return NULL;
    composition->need.any = true;
    return wefti_compose_start(composition);
}
