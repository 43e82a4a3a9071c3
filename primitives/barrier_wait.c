/* SPDX-License-Identifier: MIT */
/*
 * Threads come to a barrier, wait for each other, and meet. barrier.c has the table of the states.
 */
#include "platform/atomic.h"
#include "platform/processor.h"
#include "primitives/barrier.h"
#include "primitives/deadline.h"
#include "primitives/watch.h"

/* ---- a meeting ------------------------------------------------------------------------------- */

struct meeting {
    struct wefti_change close;
    bool doomed; /* it shall not take place */
    weft_status status;
};

/* Under the locks of both keys: whoever is not there any more has given up. */
static void gather(size_t moved, bool more, void *arg)
{
    struct meeting *meeting = arg;
    const weft_barrier *barrier = meeting->close.barrier;
    (void)more;
    if (meeting->doomed || moved + 1 < barrier->parties)
        meeting->status = WEFT_BROKEN_BARRIER;
    meeting->close.failed = meeting->status != WEFT_OK;
    if (meeting->close.failed || barrier->action == NULL)
        wefti_barrier_apply(&meeting->close);
}

static enum wefti_verdict choose_member(uintptr_t request, void *arg)
{
    const struct meeting *meeting = arg;
    return request == meeting->close.generation ? WEFTI_TAKE : WEFTI_SKIP;
}

static uintptr_t tell(uintptr_t request, int64_t since, void *arg)
{
    const struct meeting *meeting = arg;
    (void)request;
    (void)since;
    return meeting->status == WEFT_OK ? WEFTI_PASSED : WEFTI_REFUSED;
}

/* Makes room for the next meeting, then lets the members go; the barrier may be gone after that. */
static void conclude(struct meeting *meeting)
{
    const struct wefti_unparking how = {.arg = meeting, .choose = choose_member, .take = tell};
    struct wefti_key members = wefti_barrier_key(meeting->close.barrier, WEFTI_BARRIER_TRIPPED);
    if (wefti_watched())
        wefti_watch_releasing(meeting->close.barrier);
    meeting->close.failed = meeting->status != WEFT_OK;
    wefti_barrier_change(&meeting->close);
    wefti_unpark(members, &how);
}

/* By the last: runs the action. Its thread may end in there (pthread_exit), hence the cleanup. */
static weft_status meet(weft_barrier *barrier, uint32_t generation, bool doomed)
{
    struct meeting meeting __attribute__((cleanup(conclude))) = {
        .close = {.barrier = barrier, .apply = wefti_barrier_close, .generation = generation},
        .doomed = doomed};
    wefti_move(wefti_barrier_key(barrier, WEFTI_BARRIER),
               wefti_barrier_key(barrier, WEFTI_BARRIER_TRIPPED), 0, generation, gather, &meeting);
    if (meeting.close.applied)
        return meeting.status;
    if (wefti_watched())
        wefti_watch_acquired(barrier);
    meeting.status = WEFT_FAILED;
    if (barrier->action(barrier->arg) != WEFT_RAISED)
        meeting.status = WEFT_OK;
    return meeting.status;
}

/* ---- wait ------------------------------------------------------------------------------------ */

/* What a thread finds when it comes. */
enum finding { IS_COUNTED, IS_LAST, IS_HASTY, IS_EARLY, IS_REFUSED };

struct visit {
    weft_barrier *barrier;
    bool hasty; /* it does not wait: unless it is the last, it breaks the barrier */
    bool again; /* it has waited at the entry, and comes once more */
    enum finding finding;
    uint32_t generation;
    uint32_t index;
};

/* Under the bucket's lock: who comes is counted, and waits unless it is the last. */
static bool arrive(void *arg)
{
    struct visit *visit = arg;
    uint32_t state = wefti_barrier_begin(visit->barrier);
    visit->generation = visit->barrier->generation;
    visit->index = state & WEFTI_COUNT;
    visit->finding = IS_COUNTED;
    if ((state & WEFTI_BROKEN) != 0)
        visit->finding = IS_REFUSED;
    else if ((state & WEFTI_FULL) != 0)
        visit->finding = IS_EARLY;
    else if (visit->index + 1 == visit->barrier->parties)
        visit->finding = IS_LAST;
    else if (visit->hasty)
        visit->finding = IS_HASTY;

    if (visit->finding == IS_EARLY)
        wefti_barrier_store(visit->barrier, state | WEFTI_CROWDED);
    else if (visit->finding == IS_LAST)
        wefti_barrier_store(visit->barrier, visit->barrier->parties | WEFTI_FULL);
    else if (visit->finding == IS_COUNTED)
        wefti_barrier_store(visit->barrier, state + 1);
    return visit->finding == IS_COUNTED;
}

static void give_up(const struct visit *visit)
{
    wefti_barrier_change(&(struct wefti_change){
        .barrier = visit->barrier, .apply = wefti_barrier_break, .generation = visit->generation});
}

static bool meeting_goes_on(void *arg)
{
    const struct visit *visit = arg;
    return (wefti_barrier_state(visit->barrier) & (WEFTI_FULL | WEFTI_BROKEN)) == WEFTI_FULL &&
           wefti_load(&visit->barrier->generation, RELAXED) == visit->generation;
}

/* Waits for the end of a meeting that takes place without this thread. */
static weft_status wait_at_entry(struct visit *visit, int64_t deadline)
{
    const struct wefti_patience patience = {
        .deadline = deadline, .validate = meeting_goes_on, .arg = visit};
    struct wefti_parked parked =
        wefti_park(wefti_barrier_key(visit->barrier, WEFTI_BARRIER_ENTRY), &patience);
    if (parked.outcome == WEFTI_INTERRUPTED) {
        give_up(visit);
        return WEFT_INTERRUPTED;
    }
    visit->hasty = parked.outcome == WEFTI_TIMED_OUT;
    visit->again = true;
    return WEFT_OK;
}

static weft_status come(struct visit *visit, int64_t deadline)
{
    const struct wefti_patience patience = {.deadline = deadline,
                                            .crowd = wefti_crowd(visit->barrier->parties),
                                            .validate = arrive,
                                            .arg = visit};
    struct wefti_parked parked =
        wefti_park(wefti_barrier_key(visit->barrier, WEFTI_BARRIER), &patience);
    bool interrupted = parked.outcome == WEFTI_INTERRUPTED;
    visit->again = false;
    if (parked.outcome == WEFTI_UNPARKED)
        return parked.token == WEFTI_PASSED ? WEFT_OK : WEFT_BROKEN_BARRIER;
    if (visit->finding == IS_LAST) {
        weft_status status = meet(visit->barrier, visit->generation, interrupted);
        return interrupted ? WEFT_INTERRUPTED : status;
    }
    if (visit->finding == IS_EARLY && !interrupted && !visit->hasty)
        return wait_at_entry(visit, deadline);
    if (visit->finding != IS_REFUSED)
        give_up(visit);
    return interrupted ? WEFT_INTERRUPTED : WEFT_BROKEN_BARRIER;
}

static weft_status wait_checked(weft_barrier *barrier, int *index, struct wefti_limit limit)
{
    if (!wefti_barrier_valid(barrier) || !wefti_limit_valid(limit))
        return WEFT_VALUE_ERROR;
    if (wefti_watched())
        wefti_watch_releasing(barrier);
    int64_t deadline = wefti_limit_deadline(limit);
    struct visit visit = {.barrier = barrier, .hasty = deadline == WEFTI_TRY};
    weft_status status;
    do
        status = come(&visit, deadline);
    while (visit.again);
    if (status != WEFT_OK)
        return status;
    if (wefti_watched())
        wefti_watch_acquired(barrier);
    if (index != NULL)
        *index = (int)visit.index;
    return WEFT_OK;
}

weft_status weft_barrier_wait(weft_barrier *barrier, int *index)
{
    bool timed = wefti_barrier_valid(barrier) && barrier->timeout != 0;
    return wait_checked(barrier, index,
                        timed ? wefti_for((double)barrier->timeout) : wefti_for_ever());
}

weft_status weft_barrier_wait_for(weft_barrier *barrier, int *index, double seconds)
{
    return wait_checked(barrier, index, wefti_for(seconds));
}

weft_status weft_barrier_wait_until(weft_barrier *barrier, int *index, double deadline)
{
    return wait_checked(barrier, index, wefti_until(deadline));
}
