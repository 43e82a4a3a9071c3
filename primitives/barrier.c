/* SPDX-License-Identifier: MIT */
/*
 * The state is how many have come, and three bits; the generation counts the meetings, broken ones
 * too. Both change only under the lock of the bucket of (barrier, WEFTI_BARRIER).
 *
 *   FULL     all have come: the meeting takes place, its action runs
 *   BROKEN   who comes is refused
 *   CROWDED  somebody has come while it is FULL, and waits at the entry
 *
 *   state             means
 *   n                 n have come (less than the parties) and wait
 *   BROKEN            broken, nobody waits
 *   parties | FULL    a meeting; with BROKEN: the last for now, somebody has aborted; with CROWDED:
 *                     others wait at the entry for the next one
 *
 *   from           to                  by                                  in
 *   n              n + 1               who comes                           arrive
 *   parties - 1    parties | FULL      who comes last                      arrive
 *   FULL           FULL | CROWDED      who comes during a meeting          arrive
 *   n              BROKEN              who gives up, or aborts             wefti_barrier_break
 *   FULL           FULL | BROKEN       the same during a meeting           wefti_barrier_break
 *   n, BROKEN      0, next generation  who resets                          start_anew
 *   FULL | BROKEN  FULL                who resets during a meeting         start_anew
 *   FULL           0, next generation  the last, after the action          wefti_barrier_close
 *   FULL           BROKEN, next one    the same: it failed, or was broken  wefti_barrier_close
 *
 * Who comes waits under the key WEFTI_BARRIER. The last moves them all to WEFTI_BARRIER_TRIPPED, so
 * that no deadline and no interruption ends their wait any more; if one has gone just before, the
 * meeting fails and all get WEFT_BROKEN_BARRIER: a thread that gave up was never part of a meeting
 * that took place. They carry their generation there, since the next one may be full before these
 * are woken.
 *
 * No wake-up is lost: who waits has been counted under the lock under which it has entered the
 * queue, and every state that ends its wait is stored under that lock, by a thread that then takes
 * all waiters out. Who gives up breaks its own generation only, however late it comes to do so.
 *
 * In the child of a fork the others of a generation are gone. The generation's high bits are the
 * number of forks: by them the child sees that, and starts at 0.
 */
#include "primitives/barrier.h"

#include <float.h>
#include <string.h>

#include "platform/atomic.h"
#include "platform/memory.h"
#include "primitives/self.h"
#include "primitives/thread.h"
#include "primitives/watch.h"

enum { FORK_SHIFT = 24 };

/* ---- the state ------------------------------------------------------------------------------- */

/* Relaxed throughout: the bucket's lock orders it, and a query sees one moment. */

static bool is_of_this_process(const weft_barrier *barrier)
{
    uint32_t generation = wefti_load(&barrier->generation, RELAXED);
    return generation >> FORK_SHIFT == (wefti_forks() & (UINT32_MAX >> FORK_SHIFT));
}

uint32_t wefti_barrier_state(const weft_barrier *barrier)
{
    uint32_t state = wefti_load(&barrier->state, RELAXED);
    return is_of_this_process(barrier) ? state : state & WEFTI_BROKEN;
}

void wefti_barrier_store(weft_barrier *barrier, uint32_t state)
{
    wefti_store(&barrier->state, state, RELAXED);
}

static void next_generation(weft_barrier *barrier)
{
    uint32_t number = (barrier->generation + 1) & ((UINT32_C(1) << FORK_SHIFT) - 1);
    wefti_store(&barrier->generation, wefti_forks() << FORK_SHIFT | number, RELAXED);
}

uint32_t wefti_barrier_begin(weft_barrier *barrier)
{
    uint32_t state = wefti_barrier_state(barrier);
    if (!is_of_this_process(barrier)) {
        wefti_barrier_store(barrier, state);
        next_generation(barrier);
    }
    return state;
}

/* ---- changes that end waits ------------------------------------------------------------------ */

void wefti_barrier_apply(struct wefti_change *change)
{
    if (!change->applied)
        change->refuses = change->apply(change);
    change->applied = true;
}

static enum wefti_verdict choose(uintptr_t request, void *arg)
{
    struct wefti_change *change = arg;
    (void)request;
    wefti_barrier_apply(change);
    return change->refuses ? WEFTI_TAKE : WEFTI_STOP;
}

static uintptr_t refuse(uintptr_t request, int64_t since, void *arg)
{
    (void)request;
    (void)since;
    (void)arg;
    return WEFTI_REFUSED;
}

static void finish(size_t taken, bool more, void *arg)
{
    (void)taken;
    (void)more;
    wefti_barrier_apply(arg);
}

void wefti_barrier_change(struct wefti_change *change)
{
    const struct wefti_unparking how = {
        .arg = change, .choose = choose, .take = refuse, .finish = finish};
    if (!change->applied)
        wefti_unpark(wefti_barrier_key(change->barrier, WEFTI_BARRIER), &how);
    if (change->crowded)
        wefti_unpark(wefti_barrier_key(change->barrier, WEFTI_BARRIER_ENTRY),
                     &(struct wefti_unparking){0});
}

bool wefti_barrier_break(struct wefti_change *change)
{
    uint32_t state = wefti_barrier_begin(change->barrier);
    if (!change->any && change->generation != change->barrier->generation)
        return false;
    bool full = (state & WEFTI_FULL) != 0;
    change->crowded = (state & WEFTI_CROWDED) != 0;
    wefti_barrier_store(change->barrier, full ? state | WEFTI_BROKEN : WEFTI_BROKEN);
    return !full;
}

static bool start_anew(struct wefti_change *change)
{
    uint32_t state = wefti_barrier_begin(change->barrier);
    bool full = (state & WEFTI_FULL) != 0;
    wefti_barrier_store(change->barrier, full ? state & ~WEFTI_BROKEN : 0);
    if (!full)
        next_generation(change->barrier);
    return !full;
}

bool wefti_barrier_close(struct wefti_change *change)
{
    uint32_t state = wefti_barrier_begin(change->barrier);
    if (change->generation != change->barrier->generation)
        return false; /* the action has forked, and this is the child */
    change->crowded = (state & WEFTI_CROWDED) != 0;
    wefti_barrier_store(change->barrier, change->failed ? WEFTI_BROKEN : state & WEFTI_BROKEN);
    next_generation(change->barrier);
    return false;
}

/* ---- reset, abort ---------------------------------------------------------------------------- */

weft_status weft_barrier_reset(weft_barrier *barrier)
{
    if (!wefti_barrier_valid(barrier))
        return WEFT_VALUE_ERROR;
    wefti_barrier_change(&(struct wefti_change){.barrier = barrier, .apply = start_anew});
    return WEFT_OK;
}

weft_status weft_barrier_abort(weft_barrier *barrier)
{
    if (!wefti_barrier_valid(barrier))
        return WEFT_VALUE_ERROR;
    wefti_barrier_change(
        &(struct wefti_change){.barrier = barrier, .apply = wefti_barrier_break, .any = true});
    return WEFT_OK;
}

/* ---- queries, making and ending -------------------------------------------------------------- */

int weft_barrier_parties(const weft_barrier *barrier)
{
    return barrier != NULL ? (int)barrier->parties : 0;
}

int weft_barrier_n_waiting(const weft_barrier *barrier)
{
    return barrier != NULL ? (int)(wefti_barrier_state(barrier) & WEFTI_COUNT) : 0;
}

bool weft_barrier_broken(const weft_barrier *barrier)
{
    return barrier != NULL && (wefti_barrier_state(barrier) & WEFTI_BROKEN) != 0;
}

weft_status weft_barrier_done(weft_barrier *barrier)
{
    if (!wefti_barrier_valid(barrier))
        return WEFT_VALUE_ERROR;
    return wefti_done(barrier, weft_barrier_n_waiting(barrier) != 0);
}

/* As a float, not less than it was; 0 only if it was. */
static float stored(double seconds)
{
    if (seconds >= (double)FLT_MAX)
        return FLT_MAX;
    if (seconds < 0)
        return -1.0F;
    if (seconds > 0 && seconds < (double)FLT_MIN)
        return FLT_MIN;
    float nearest = (float)seconds;
    return (double)nearest < seconds ? nearest * (1 + FLT_EPSILON) : nearest;
}

weft_status weft_barrier_init_with(weft_barrier *barrier, const weft_barrier_options *given)
{
    /* A caller compiled against another version may know fewer options, or more. */
    weft_barrier_options options = {0};
    if (barrier == NULL || given == NULL ||
        given->struct_size < offsetof(weft_barrier_options, action))
        return WEFT_VALUE_ERROR;
    memcpy(&options, given,
           given->struct_size < sizeof options ? given->struct_size : sizeof options);
    if (options.parties < 1 || options.parties > WEFT_BARRIER_MAX ||
        options.timeout != options.timeout)
        return WEFT_VALUE_ERROR;
    *barrier = (weft_barrier)WEFT_BARRIER_INIT(options.parties);
    barrier->action = options.action;
    barrier->arg = options.arg;
    barrier->timeout = stored(options.timeout);
    return WEFT_OK;
}

weft_barrier *weft_barrier_new_with(const weft_barrier_options *options)
{
    weft_barrier fresh;
    if (weft_barrier_init_with(&fresh, options) != WEFT_OK)
        return wefti_failed(WEFT_VALUE_ERROR);
    weft_barrier *barrier = wefti_self_allocate(sizeof *barrier);
    if (barrier != NULL)
        *barrier = fresh;
    return barrier;
}

void weft_barrier_free(weft_barrier *barrier)
{
    wefti_watch_done(barrier);
    wefti_release(barrier);
}
