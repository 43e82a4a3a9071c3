/* SPDX-License-Identifier: MIT */
/*
 * A future's state word, for the files that change it; future.c has its table.
 */
#ifndef WEFTI_POOL_STATE_H
#define WEFTI_POOL_STATE_H

#include "platform/atomic.h"
#include "pool/future.h"
#include "primitives/park.h"

/* The phase is a weft_task_state or COMPLETING; the rest are bits beside it. */
enum {
    WEFTI_TASK_COMPLETING = 5,
    WEFTI_TASK_PHASE = 7,
    WEFTI_TASK_WAITED = 1 << 3, /* the room may have threads that wait */
    WEFTI_TASK_HOOKED = 1 << 4, /* there may be hooks */
    WEFTI_TASK_ASKED = 1 << 5,  /* RUNNING: it has been asked to end */
    WEFTI_TASK_QUEUED = 1 << 6, /* a composed one: its executor has it now */
    WEFTI_TASK_TAKEN = 1 << 7,  /* it has been in its executor's queue, and is not any more */
};

/* The whole word. Who sees that it is done sees the result. */
static inline uint32_t wefti_future_word(const struct weft_future *future)
{
    /* Acquire: pairs with the release in wefti_future_settle. */
    return wefti_load(&future->state, ACQUIRE);
}

static inline uint32_t wefti_phase_of(uint32_t word)
{
    return word & WEFTI_TASK_PHASE;
}

static inline uint32_t wefti_future_phase(const struct weft_future *future)
{
    return wefti_phase_of(wefti_future_word(future));
}

static inline bool wefti_is_done(uint32_t word)
{
    uint32_t phase = wefti_phase_of(word);
    return phase >= WEFT_TASK_CANCELLED && phase <= WEFT_TASK_FINISHED;
}

static inline bool wefti_future_is_done(const struct weft_future *future)
{
    return wefti_is_done(wefti_future_word(future));
}

/* Says in the word, of a future that is not done, that somebody is to be told; false: it is done. */
static inline bool wefti_future_announce(struct weft_future *future, uint32_t bit)
{
    uint32_t word = wefti_load(&future->state, RELAXED);
    while (!wefti_is_done(word)) {
        /* Relaxed: what follows is ordered by the lock that guards those who are to be told. */
        if ((word & bit) != 0 || wefti_cas(&future->state, &word, word | bit, RELAXED))
            return true;
    }
    return false;
}

static inline struct wefti_key wefti_future_key(const struct weft_future *future)
{
    return (struct wefti_key){future, WEFTI_FUTURE};
}

/* Adds a reference to one that is known by a hook; false: its last one has just been given up. */
bool wefti_future_try_ref(struct weft_future *future);

/* One phase becomes another, the bits stay; false: it is in another one. */
bool wefti_future_pass(struct weft_future *future, uint32_t from, uint32_t to);

/*
 * The future is done: who waits is told, and callbacks are called. `before` is what the word was when
 * it was done.
 */
void wefti_future_tell(struct weft_future *future, uint32_t before);

/*
 * It is done, in that phase, with the result that has been written; returns what the word was. The
 * caller is the only one that may do it, and tells.
 */
uint32_t wefti_future_settle(struct weft_future *future, uint32_t phase);

/* Completes what is in one of two phases; false: it is not, and nothing has changed. */
bool wefti_future_complete(struct weft_future *future, uint32_t from, uint32_t or_from,
                           struct wefti_result result);

#endif
