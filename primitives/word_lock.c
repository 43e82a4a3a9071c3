/* SPDX-License-Identifier: MIT */
/*
 * The word has two bits:
 *
 *   HELD    a thread holds the lock
 *   WAITED  the room may have threads that wait for it
 *
 *   state         means
 *   0             free
 *   HELD          held, nobody waits
 *   HELD|WAITED   held, and a release has to look into the room
 *   WAITED        free for whoever comes first; others wait behind the thread that was woken for it
 *
 *   from          to                  by                         in
 *   0             HELD                who comes                  wefti_word_take
 *   WAITED        HELD|WAITED         who comes                  wefti_word_take
 *   HELD          HELD|WAITED         who is going to wait       announce
 *   any           any|WAITED          who moves waiters here     wefti_word_moved, in the room
 *   HELD          0                   who releases               wefti_word_release
 *   HELD|WAITED   0, WAITED           who releases and wakes     finish_release, in the room
 *   HELD|WAITED   HELD, HELD|WAITED   who releases to a waiter   finish_release, in the room
 *
 * No wake-up is lost: a thread parks only if the state is HELD|WAITED under the bucket's lock, and
 * that state is left only under the same lock, by a release that takes a waiter out. Waiters that are
 * moved here find the lock held by the mover, which releases it later; if somebody else has let it
 * go, which only a Lock allows, the mover takes it once and releases it (wefti_word_wake).
 *
 * A release usually wakes the first waiter and leaves the lock free: whoever runs may take it before
 * the waiter does, which costs less than to wait for it. A waiter that comes too late goes back to
 * the head of the queue with its old arrival time; once that lies a millisecond back, the release
 * hands the lock over to it and nobody can come between.
 *
 * The lock's memory may be freed by the next holder: a release does not touch it after the store (or
 * the compare-and-swap) that lets it go.
 */
#include "primitives/word_lock.h"

#include "platform/clock.h"
#include "platform/processor.h"
#include "primitives/deadline.h"

enum { HELD = WEFTI_HELD, WAITED = WEFTI_WAITED };

/* What an unparked waiter is told. */
enum { RETRY, HANDED_OVER };

enum { SPINS = 300, PAUSES_MOST = 32 };

#define FAIR_AFTER (1 * WEFTI_MILLISECOND)

/* ---- acquire ------------------------------------------------------------------------------- */

/* Waits a little for a lock that is about to be released; true if it was taken. */
static bool spin(uint32_t *word)
{
    if (wefti_processors() == 1)
        return false;
    for (int pauses = 1, left = SPINS; left > 0; left -= pauses) {
        for (int i = 0; i < pauses; i++)
            wefti_pause();
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

/* Says in the state that somebody is going to wait; false if the lock has become free. */
static bool announce(uint32_t *word)
{
    uint32_t state = wefti_load(word, RELAXED);
    while (state == HELD)
        if (wefti_cas(word, &state, HELD | WAITED, RELAXED))
            return true;
    return state == (HELD | WAITED);
}

static bool still_held(void *arg)
{
    const uint32_t *word = arg;
    return wefti_load(word, RELAXED) == (HELD | WAITED);
}

static weft_status take_or_park(uint32_t *word, enum wefti_kind kind,
                                struct wefti_patience *patience)
{
    patience->validate = still_held;
    patience->arg = word;
    patience->since = wefti_clock();
    while (!wefti_word_take(word)) {
        if (!announce(word))
            continue;
        struct wefti_parked parked = wefti_park((struct wefti_key){word, kind}, patience);
        if (parked.outcome == WEFTI_UNPARKED) {
            if (parked.token == HANDED_OVER)
                return WEFT_OK;
            patience->front = true;
        } else if (parked.outcome == WEFTI_TIMED_OUT) {
            return WEFT_TIMEOUT;
        } else if (parked.outcome == WEFTI_INTERRUPTED) {
            return WEFT_INTERRUPTED;
        }
    }
    return WEFT_OK;
}

weft_status wefti_word_wait(uint32_t *word, enum wefti_kind kind, int64_t deadline, bool firm)
{
    struct wefti_patience patience = {.deadline = deadline, .firm = firm};
    if (deadline == WEFTI_TRY)
        return WEFT_TIMEOUT;
    return spin(word) ? WEFT_OK : take_or_park(word, kind, &patience);
}

/* ---- release ------------------------------------------------------------------------------- */

struct release {
    uint32_t *word;
    weft_status status;
    bool handed_over;
};

/* Two threads may release at once, and one of them in error: only the first finds the lock held. */
static enum wefti_verdict choose_waiter(uintptr_t request, void *arg)
{
    const struct release *release = arg;
    (void)request;
    return wefti_load(release->word, RELAXED) & HELD ? WEFTI_TAKE : WEFTI_STOP;
}

static uintptr_t take_waiter(uintptr_t request, int64_t since, void *arg)
{
    struct release *release = arg;
    (void)request;
    release->handed_over = wefti_clock() - since >= FAIR_AFTER;
    return release->handed_over ? HANDED_OVER : RETRY;
}

static void finish_release(size_t taken, bool more, void *arg)
{
    struct release *release = arg;
    (void)taken;
    if ((wefti_load(release->word, RELAXED) & HELD) == 0) {
        release->status = WEFT_NOT_LOCKED;
        return;
    }
    uint32_t state = (release->handed_over ? HELD : 0U) | (more ? WAITED : 0U);
    /* Release: pairs with the acquire in wefti_word_take; who is handed it has the parker's. */
    wefti_store(release->word, state, RELEASE);
}

weft_status wefti_word_release_slow(uint32_t *word, enum wefti_kind kind)
{
    /* Release: pairs with the acquire in wefti_word_take. */
    uint32_t state = HELD;
    while (!wefti_cas(word, &state, 0, RELEASE)) {
        if ((state & HELD) == 0)
            return WEFT_NOT_LOCKED;
        if (state == (HELD | WAITED)) {
            struct release release = {.word = word, .status = WEFT_OK};
            const struct wefti_unparking how = {.limit = 1,
                                                .arg = &release,
                                                .choose = choose_waiter,
                                                .take = take_waiter,
                                                .finish = finish_release};
            wefti_unpark((struct wefti_key){word, kind}, &how);
            return release.status;
        }
    }
    return WEFT_OK;
}

/* ---- for Condition ------------------------------------------------------------------------- */

bool wefti_word_moved(uint32_t *word)
{
    /* Relaxed: the mover's release, or wefti_word_wake, publishes what was done before. */
    return (wefti_fetch_or(word, WAITED, RELAXED) & HELD) != 0;
}

void wefti_word_wake(uint32_t *word, enum wefti_kind kind)
{
    if (wefti_word_take(word))
        (void)wefti_word_release(word, kind);
}

void wefti_word_resume(uint32_t *word, enum wefti_kind kind, const struct wefti_parked *parked)
{
    struct wefti_patience patience = {.firm = true, .front = parked->outcome == WEFTI_UNPARKED};
    if (!wefti_word_handed(parked))
        (void)take_or_park(word, kind, &patience);
}

bool wefti_word_handed(const struct wefti_parked *parked)
{
    return parked->outcome == WEFTI_UNPARKED && parked->token == HANDED_OVER;
}
