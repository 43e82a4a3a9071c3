/* SPDX-License-Identifier: MIT */
/*
 * The lock in one word: what Lock and RLock have in common. A word says whether it is held;
 * its waiters are in the room, under the word's address and the kind of lock it belongs to.
 * word_lock.c has the table of states.
 *
 * The fast paths are here, for the public calls to be one compare-and-swap; what waits or wakes is
 * out of line.
 */
#ifndef WEFTI_PRIMITIVES_WORD_LOCK_H
#define WEFTI_PRIMITIVES_WORD_LOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/status.h>

#include "platform/atomic.h"
#include "primitives/park.h"

/* word_lock.c has the rest of it. */
enum { WEFTI_HELD = 1, WEFTI_WAITED = 2 };

/* Takes the word if it is free. */
static inline bool wefti_word_take(uint32_t *word)
{
    uint32_t state = wefti_load(word, RELAXED);
    /* Acquire: pairs with the release of wefti_word_release and finish_release. */
    if (__builtin_expect(state == 0, 1) && wefti_cas(word, &state, WEFTI_HELD, ACQUIRE))
        return true;
    while ((state & WEFTI_HELD) == 0)
        if (wefti_cas(word, &state, state | WEFTI_HELD, ACQUIRE))
            return true;
    return false;
}

/* Waits for a word that was held: WEFT_OK, WEFT_TIMEOUT, or, unless firm, WEFT_INTERRUPTED. */
weft_status wefti_word_wait(uint32_t *word, enum wefti_kind kind, int64_t deadline, bool firm);

/* Lets a word go whose state is not plain WEFTI_HELD: WEFT_OK or WEFT_NOT_LOCKED. */
weft_status wefti_word_release_slow(uint32_t *word, enum wefti_kind kind);

/* Lets the word go and wakes a waiter; WEFT_NOT_LOCKED: it was free. */
static inline weft_status wefti_word_release(uint32_t *word, enum wefti_kind kind)
{
    uint32_t state = WEFTI_HELD;
    /* Release: pairs with the acquire in wefti_word_take. */
    if (__builtin_expect(wefti_load(word, RELAXED) == WEFTI_HELD, 1) &&
        wefti_cas(word, &state, 0, RELEASE))
        return WEFT_OK;
    return wefti_word_release_slow(word, kind);
}

static inline bool wefti_word_held(const uint32_t *word)
{
    /* Acquire: who sees the word free sees what its last holder did. */
    return (wefti_load(word, ACQUIRE) & WEFTI_HELD) != 0;
}

static inline size_t wefti_word_waiters(const uint32_t *word, enum wefti_kind kind)
{
    return wefti_waiters((struct wefti_key){word, kind});
}

/*
 * For Condition, which moves its waiters to the word's queue. A mover calls _moved under the
 * bucket's lock; if that says that the word was not held, it calls _wake after it, for no release
 * would. A thread that has left the condition's queue in whatever way takes the word with _resume.
 */
bool wefti_word_moved(uint32_t *word);
void wefti_word_wake(uint32_t *word, enum wefti_kind kind);
void wefti_word_resume(uint32_t *word, enum wefti_kind kind, const struct wefti_parked *parked);

/* Whether the thread has the word already when it resumes. */
bool wefti_word_handed(const struct wefti_parked *parked);

#endif
