/* SPDX-License-Identifier: MIT */
#include "pool/aside.h"

#include "platform/clock.h"
#include "pool/executor.h"

#define MICROSECOND (WEFTI_SECOND / 1000000)

/* A turn is short below the first; a trial lasts from the second to the third. */
#define SHORT (2 * MICROSECOND)
#define FIRST_SPAN (50 * MICROSECOND)
#define LAST_SPAN (1000 * MICROSECOND)
#define LAST_DISTANCE (16 * LAST_SPAN)

static struct wefti_pace between(struct wefti_pace before, struct wefti_pace now)
{
    return (struct wefti_pace){now.time - before.time, now.begun - before.begun};
}

bool wefti_aside_tries(const struct wefti_aside *aside, struct wefti_turns *turns,
                       struct wefti_pace now, struct wefti_pace *with)
{
    *with = between(turns->before, now);
    turns->before = now;
    turns->count = 0;
    return with->time < WEFTI_TURNS * SHORT && now.time >= aside->next;
}

void wefti_aside_begin(struct wefti_aside *aside, struct wefti_worker *worker,
                       struct wefti_pace with, struct wefti_pace now)
{
    aside->worker = worker;
    aside->with = with;
    aside->since = now;
    aside->span = FIRST_SPAN;
}

void wefti_aside_resume(struct wefti_aside *aside, struct wefti_pace now)
{
    aside->apart = false;
    aside->since = now;
}

/* Two that get less than a quarter more done than one are not worth it. */
static bool keep_pace(struct wefti_pace with, struct wefti_pace without)
{
    return (double)without.time * (double)with.begun <=
           1.25 * (double)with.time * (double)without.begun;
}

bool wefti_aside_goes_on(struct wefti_aside *aside, struct wefti_pace now)
{
    const struct wefti_pace without = between(aside->since, now);
    if (aside->apart)
        return false;
    if (without.time < FIRST_SPAN) { /* too short to tell: they have just begun again */
        aside->span = FIRST_SPAN;
        return true;
    }
    if (!keep_pace(aside->with, without))
        return false;
    aside->distance = 0;
    aside->since = now;
    aside->span = 2 * aside->span < LAST_SPAN ? 2 * aside->span : LAST_SPAN;
    return true;
}

void wefti_aside_end(struct wefti_aside *aside, bool failed, int64_t now)
{
    aside->worker = NULL;
    if (!failed)
        return;
    aside->distance = aside->distance == 0 ? LAST_SPAN : 2 * aside->distance;
    if (aside->distance > LAST_DISTANCE)
        aside->distance = LAST_DISTANCE;
    aside->next = now + aside->distance;
}

/* ---- a worker ------------------------------------------------------------------------------ */

struct wefti_pace wefti_pace(const struct weft_executor *executor)
{
    return (struct wefti_pace){wefti_clock(), executor->begun};
}

void wefti_aside_begun(struct weft_executor *executor)
{
    executor->begun++;
    if (executor->aside.apart)
        wefti_aside_resume(&executor->aside, wefti_pace(executor));
}

void wefti_worker_stand_by(struct wefti_worker *worker, struct wefti_pace with)
{
    struct weft_executor *executor = worker->executor;
    struct wefti_aside *aside = &executor->aside;
    enum wefti_outcome outcome;
    bool kept;
    wefti_aside_begin(aside, worker, with, wefti_pace(executor));
    wefti_executor_settle(executor);
    do {
        const struct wefti_patience patience = {.front = true,
                                                .deadline = aside->since.time + aside->span};
        outcome = wefti_sleepers_sleep(&executor->idle, &executor->mutex, patience);
        kept = outcome == WEFTI_TIMED_OUT && wefti_aside_goes_on(aside, wefti_pace(executor));
    } while (kept && !wefti_executor_finite(executor));
    if (outcome == WEFTI_INTERRUPTED)
        worker->interrupted = true;
    wefti_executor_collect(executor);
    wefti_aside_end(aside, outcome == WEFTI_TIMED_OUT && executor->queue.length != 0,
                    wefti_clock());
}
