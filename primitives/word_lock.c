/* SPDX-License-Identifier: MIT */
/*
 * The word has four bits and a count:
 *
 *   HELD    a thread holds the lock
 *   WAITED  the room may have threads that wait for it
 *   WOKEN   one of them is on its way, or comes by itself before long: nobody else is woken
 *   BUSY    it was found to go from hand to hand, and nobody who waited has found it free since
 *   VISITS  how often the lock is still let go before a release looks at who waits
 *
 *   state                  means
 *   0                      free
 *   HELD                   held, nobody waits
 *   HELD|WAITED            held, and this release looks into the room
 *   HELD|WAITED|WOKEN      the same
 *   with BUSY              the same, and who rises soon anyway need not be woken
 *   HELD|WAITED|WOKEN|n    held, and this release does not: the one that is woken sees to the others
 *   the same without HELD  free for whoever comes first
 *
 *   from          to                     by                         in
 *   no HELD       with HELD              who comes                  wefti_word_take
 *   no HELD       HELD, HELD|WAITED      who was woken, or dozed    take
 *   HELD          HELD|WAITED            who is going to sleep      announce, in the room
 *   HELD, any     all set                who is going to doze       announce, in the room
 *   HELD, any     no n; at last no WOKEN who insists                announce, in the room
 *   any           WAITED, without n      who moves waiters here     wefti_word_moved, in the room
 *   WOKEN|n       neither                who was woken and gives up stand_down, in the room
 *   HELD          0                      who releases               wefti_word_release
 *   HELD, n > 0   no HELD, n - 1         who releases               wefti_word_release_slow
 *   HELD|WAITED   no HELD                who releases and wakes     finish_release, in the room
 *   WAITED|BUSY   WOKEN, too, and all n  who releases to a dozer    finish_release, in the room
 *   HELD|WAITED   HELD|WAITED            who releases to a waiter   finish_release, in the room
 *
 * No wake-up is lost: a thread sleeps only if the state has HELD and WAITED under the bucket's lock,
 * and a release that finds WAITED without WOKEN goes there and takes a waiter out. WOKEN stands for a
 * thread that does not sleep for long; it takes WOKEN away, and the count with it, when it takes the
 * lock, when it sleeps again or when it gives up, and then the next release looks. Waiters that are
 * moved here find the lock held by the mover, which releases it later; if somebody else has let it
 * go, which only a Lock allows, the mover takes it once and releases it (wefti_word_wake).
 *
 * A release wakes the first waiter and leaves the lock free. Whoever runs may take it before that
 * one does: on a word in its own cache that is many times as fast as to change hands. A waiter that
 * comes too late goes back to its place in the queue, which is by the time of its arrival. If the
 * release that woke it came right after it had queued up, the lock is let go and taken again and
 * again, and to be woken once more would be in vain, too. So it dozes: it sleeps for as long as it
 * has waited so far, and then looks by itself. From then on the lock is BUSY, and whoever is to be
 * woken dozes instead if it is going to rise as soon as that.
 *
 * That must not go on for ever. Before its millisecond is over each waiter rises and insists: it is
 * handed the lock by the next release, still held, so that nobody can come between. One that has no
 * processor to insist on is handed the lock unasked before its millisecond is over, for a release
 * looks at least every so many visits.
 *
 * The lock's memory may be freed by the next holder: a release does not touch it after the store (or
 * the compare-and-swap) that lets it go.
 */
#include "primitives/word_lock.h"

#include "platform/clock.h"
#include "platform/processor.h"
#include "platform/spin.h"
#include "primitives/deadline.h"
#include "primitives/self.h"

enum { HELD = WEFTI_HELD, WAITED = WEFTI_WAITED, WOKEN = 4, BUSY = 8, VISIT = 16 };
enum { VISITS = 128 * VISIT };

/* What an unparked waiter is told. */
enum { RETRY, HANDED_OVER };

enum { SPINS = 300, PAUSES_MOST = 32 };

/* How long it waits before it insists, and how long it is up then; a timer may be late by the rest. */
#define INSISTS_AFTER (850 * WEFTI_MICROSECOND)
#define INSISTS_FOR (2 * WEFTI_MICROSECOND)
#define DUE_AFTER (950 * WEFTI_MICROSECOND)

/* Woken so soon after it queued up, a waiter that comes too late dozes. */
#define SOON (10 * WEFTI_MICROSECOND)

/* A thread that waits. It is its own request in the room, where a release looks at it. */
struct waiting {
    uint32_t *word;
    enum wefti_kind kind;
    bool woken;            /* WOKEN stands for it */
    bool dozes;            /* it is going to come by itself */
    int64_t insists_until; /* it is up and is to be handed the lock; 0: it is not */
    int64_t queued;        /* when it last queued up */
    int64_t released;      /* when a release took it out; 0: none has */
    struct wefti_patience patience;
};

static struct wefti_key key_of(const struct waiting *waiting)
{
    return (struct wefti_key){waiting->word, waiting->kind};
}

/* ---- acquire ------------------------------------------------------------------------------- */

/* Waits a little for a lock that is about to be released; true if it was taken. */
static bool spin(uint32_t *word)
{
    for (int pauses = 1, left = SPINS; left > 0; left -= pauses) {
        wefti_pause_for(pauses);
        uint32_t state = wefti_load(word, RELAXED);
        if ((state & HELD) == 0 && wefti_word_take(word))
            return true;
        if ((state & WAITED) != 0)
            return false; /* others sleep already: it is not a matter of nanoseconds */
        if (pauses < PAUSES_MOST)
            pauses *= 2;
    }
    return false;
}

/* The same, unless the thread has spun more of late than done anything else. */
static bool spin_if_allowed(uint32_t *word, int64_t now)
{
    struct wefti_allowance *allowance = &wefti_self()->spins;
    if (wefti_processors() == 1 || (wefti_load(word, RELAXED) & WAITED) != 0 ||
        !wefti_spin_allowed(allowance, now))
        return false;
    bool taken = spin(word);
    wefti_spin_ended(allowance, wefti_clock());
    return taken;
}

/* What is left of a state if WOKEN does not stand for the thread any more. */
static uint32_t without(const struct waiting *waiting, uint32_t state)
{
    return waiting->woken ? state & (HELD | WAITED | BUSY) : state;
}

/* Takes the lock if it is free. */
static bool take(const struct waiting *waiting)
{
    uint32_t state = wefti_load(waiting->word, RELAXED);
    while ((state & HELD) == 0) {
        uint32_t left = waiting->woken ? state & WAITED : state;
        /* Acquire: as in wefti_word_take. */
        if (wefti_cas(waiting->word, &state, left | HELD, ACQUIRE))
            return true;
    }
    return false;
}

/* Says in the state how the thread is going to wait; false if the lock has come free. */
static bool announce(void *arg)
{
    const struct waiting *waiting = arg;
    uint32_t state = wefti_load(waiting->word, RELAXED);
    while ((state & HELD) != 0) {
        uint32_t next = without(waiting, state) | WAITED;
        if (waiting->dozes && (state & WOKEN) != 0)
            next = state | BUSY; /* as it is, if it can be: a write would cost the holder time */
        else if (waiting->dozes)
            next = HELD | WAITED | WOKEN | BUSY | VISITS;
        else if (waiting->insists_until != 0)
            next &= HELD | WAITED | BUSY | (waiting->patience.rises != 0 ? WOKEN : 0U);
        else if (waiting->woken)
            next &= HELD | WAITED;
        if (next == state || wefti_cas(waiting->word, &state, next, RELAXED))
            return true;
    }
    return false;
}

/* How the thread is going to wait this time. A queue's lock has no dozers: the side that has it for
 * long soon waits for the other. */
static void plan(struct waiting *waiting)
{
    struct wefti_patience *patience = &waiting->patience;
    int64_t now = patience->front ? wefti_clock() : patience->since;
    int64_t insists_at = patience->since + INSISTS_AFTER;
    bool insists = now >= insists_at;
    bool another = !waiting->woken && waiting->insists_until == 0 &&
                   (wefti_load(waiting->word, RELAXED) & WOKEN) != 0;
    bool soon = waiting->released != 0 && waiting->released - waiting->queued < SOON;
    waiting->insists_until = insists ? now + INSISTS_FOR : 0;
    waiting->dozes = soon && !insists && waiting->kind != WEFTI_QUEUE;
    waiting->queued = now;
    patience->spins = insists ? INSISTS_FOR : 0;
    patience->rises = insists_at;
    if (insists) /* after a fork another may only seem to be on its way: it looks once more */
        patience->rises = another ? now + WEFTI_MILLISECOND : 0;
    if (waiting->dozes && 2 * now - patience->since < insists_at)
        patience->rises = 2 * now - patience->since; /* after as long as it has waited */
}

static enum wefti_verdict choose_nobody(uintptr_t request, void *arg)
{
    (void)request;
    (void)arg;
    return WEFTI_STOP;
}

/* In the room, and so not between a release's look at the state and what it stores. */
static void stand_down(size_t taken, bool more, void *arg)
{
    const struct waiting *waiting = arg;
    uint32_t state = wefti_load(waiting->word, RELAXED);
    (void)taken;
    (void)more;
    /* Acquire and release: this is one of those who held the lock in turn, though not inside it. */
    while (!wefti_cas(waiting->word, &state, without(waiting, state), ACQ_REL)) {
    }
}

/* Goes without the lock. If WOKEN stood for the thread, a release sees to the others now. */
static weft_status give_up(struct waiting *waiting, weft_status status)
{
    const struct wefti_unparking how = {
        .arg = waiting, .choose = choose_nobody, .finish = stand_down};
    if (!waiting->woken)
        return status;
    wefti_unpark(key_of(waiting), &how);
    if ((wefti_load(waiting->word, RELAXED) & (HELD | WAITED)) == WAITED)
        wefti_word_wake(waiting->word, waiting->kind);
    return status;
}

static weft_status take_or_park(struct waiting *waiting)
{
    struct wefti_patience *patience = &waiting->patience;
    bool late = false;
    patience->validate = announce;
    patience->arg = waiting;
    patience->request = (uintptr_t)waiting;
    while (!take(waiting)) {
        if (late)
            return give_up(waiting, WEFT_TIMEOUT);
        plan(waiting);
        struct wefti_parked parked = wefti_park(key_of(waiting), patience);
        if (parked.outcome == WEFTI_INVALID)
            continue;
        if (wefti_word_handed(&parked))
            return WEFT_OK;
        if (parked.outcome == WEFTI_INTERRUPTED) { /* before it has announced anything, maybe */
            waiting->woken = waiting->woken || waiting->dozes;
            return give_up(waiting, WEFT_INTERRUPTED);
        }
        waiting->woken = waiting->dozes || parked.outcome == WEFTI_UNPARKED;
        late = parked.outcome == WEFTI_TIMED_OUT && patience->deadline != 0 &&
               wefti_clock() >= patience->deadline;
        patience->front = true;
    }
    return WEFT_OK;
}

weft_status wefti_word_wait(uint32_t *word, enum wefti_kind kind, int64_t deadline, bool firm)
{
    if (deadline == WEFTI_TRY)
        return WEFT_TIMEOUT;
    int64_t now = wefti_clock();
    struct waiting waiting = {
        .word = word, .kind = kind, .patience = {.deadline = deadline, .firm = firm, .since = now}};
    return spin_if_allowed(word, now) ? WEFT_OK : take_or_park(&waiting);
}

/* ---- release ------------------------------------------------------------------------------- */

struct release {
    uint32_t *word;
    weft_status status;
    int64_t now;   /* 0: nobody waits */
    uint32_t kept; /* of WOKEN and BUSY, what is to stand in the state */
    bool handed_over;
};

/* Whether a waiter is to be handed the lock; NULL: it was moved here. */
static bool granted(const struct release *release, const struct waiting *waiting, int64_t since)
{
    return release->now - since >= DUE_AFTER ||
           (waiting != NULL && release->now < waiting->insists_until);
}

/* Whether a waiter comes by itself, after it has slept for no longer than it has waited so far. */
static bool rises_soon(const struct waiting *waiting, int64_t now)
{
    int64_t rises = waiting->patience.rises;
    return rises != 0 && rises - now <= now - waiting->patience.since;
}

/*
 * Two threads may release at once, and one of them in error: only the first finds the lock held.
 * While one is on its way nobody else is only woken, but for those who were moved here: they do not
 * rise by themselves.
 */
static enum wefti_verdict choose_waiter(uintptr_t request, void *arg)
{
    struct release *release = arg;
    struct waiting *waiting = (struct waiting *)request;
    uint32_t state = wefti_load(release->word, RELAXED);
    if ((state & HELD) == 0)
        return WEFTI_STOP;
    if (release->now == 0)
        release->now = wefti_clock();
    if (release->kept == 0)
        release->kept = state & (WOKEN | BUSY);
    if (waiting == NULL || granted(release, waiting, waiting->patience.since))
        return WEFTI_TAKE;
    if (release->kept == BUSY && rises_soon(waiting, release->now)) {
        waiting->dozes = true;
        release->kept = BUSY | WOKEN;
    }
    return (release->kept & WOKEN) != 0 ? WEFTI_SKIP : WEFTI_TAKE;
}

static uintptr_t take_waiter(uintptr_t request, int64_t since, void *arg)
{
    struct release *release = arg;
    struct waiting *waiting = (struct waiting *)request;
    release->handed_over = granted(release, waiting, since);
    if (!release->handed_over)
        release->kept |= WOKEN;
    else if (waiting != NULL && waiting->dozes)
        release->kept &= ~(uint32_t)WOKEN;
    if (waiting != NULL)
        waiting->released = release->now;
    return release->handed_over ? HANDED_OVER : RETRY;
}

static void finish_release(size_t taken, bool more, void *arg)
{
    struct release *release = arg;
    uint32_t state = 0;
    if ((wefti_load(release->word, RELAXED) & HELD) == 0) {
        release->status = WEFT_NOT_LOCKED;
        return;
    }
    if (release->handed_over) /* WAITED in any case: its last holder is not to spin for it */
        state = HELD | WAITED | (release->kept & BUSY);
    if (more)
        state |= WAITED | release->kept;
    if (more && taken == 0)
        state |= VISITS;
    /* Release: pairs with the acquire in wefti_word_take; who is handed it has the parker's. */
    wefti_store(release->word, state, RELEASE);
}

static weft_status release_in_room(uint32_t *word, enum wefti_kind kind)
{
    struct release release = {.word = word, .status = WEFT_OK};
    const struct wefti_unparking how = {.limit = 1,
                                        .arg = &release,
                                        .choose = choose_waiter,
                                        .take = take_waiter,
                                        .finish = finish_release};
    wefti_unpark((struct wefti_key){word, kind}, &how);
    return release.status;
}

weft_status wefti_word_release_slow(uint32_t *word, enum wefti_kind kind)
{
    uint32_t state = wefti_load(word, RELAXED);
    for (;;) {
        if ((state & HELD) == 0)
            return WEFT_NOT_LOCKED;
        if (state != HELD && state < VISIT)
            return release_in_room(word, kind);
        /* Release: pairs with the acquire in wefti_word_take. */
        if (wefti_cas(word, &state, state == HELD ? 0 : state - VISIT - HELD, RELEASE))
            return WEFT_OK;
    }
}

/* ---- for Condition ------------------------------------------------------------------------- */

bool wefti_word_moved(uint32_t *word)
{
    uint32_t state = wefti_load(word, RELAXED);
    /* Relaxed: the mover's release, or wefti_word_wake, publishes what was done before. */
    while (!wefti_cas(word, &state, (state & (HELD | WOKEN)) | WAITED, RELAXED)) {
    }
    return (state & HELD) != 0;
}

void wefti_word_wake(uint32_t *word, enum wefti_kind kind)
{
    if (wefti_word_take(word))
        (void)wefti_word_release(word, kind);
}

void wefti_word_resume(uint32_t *word, enum wefti_kind kind, const struct wefti_parked *parked)
{
    bool woken = parked->outcome == WEFTI_UNPARKED;
    struct waiting waiting = {.word = word,
                              .kind = kind,
                              .woken = woken,
                              .patience = {.firm = true, .front = woken, .since = wefti_clock()}};
    if (!wefti_word_handed(parked))
        (void)take_or_park(&waiting);
}

bool wefti_word_handed(const struct wefti_parked *parked)
{
    return parked->outcome == WEFTI_UNPARKED && parked->token == HANDED_OVER;
}
