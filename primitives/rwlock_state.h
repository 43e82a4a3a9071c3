/* SPDX-License-Identifier: MIT */
/*
 * The state of a readers-writer lock and those who wait for it; rwlock_state.c has the table. Here is
 * no writer's number and nobody who watches: those are rwlock.c's.
 */
#ifndef WEFTI_PRIMITIVES_RWLOCK_STATE_H
#define WEFTI_PRIMITIVES_RWLOCK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/rwlock.h>

#include "platform/atomic.h"

enum { WEFTI_WRITER = 1, WEFTI_RW_WAITED = 2, WEFTI_UPGRADING = 4, WEFTI_READER = 8 };

/* What a thread wants; its request in the room. */
enum wefti_side { WEFTI_READ, WEFTI_WRITE, WEFTI_UPGRADE };

static inline uint32_t wefti_readers(uint32_t state)
{
    return state / WEFTI_READER;
}

/*
 * Takes a side without waiting: WEFT_OK; WEFT_TIMEOUT if there is something to wait for;
 * WEFT_OVERFLOW of readers; for an upgrade WEFT_DEADLOCK or, without readers, WEFT_NOT_LOCKED.
 */
static inline weft_status wefti_rwlock_take(weft_rwlock *lock, enum wefti_side side);

/* Comes in to read if nobody is inside: the shortest way. */
static inline bool wefti_rwlock_take_first(weft_rwlock *lock)
{
    uint32_t state = 0;
    /* Acquire: pairs with the release in stop_writing and finish_pass. */
    return wefti_cas(&lock->state, &state, WEFTI_READER, ACQUIRE);
}

weft_status wefti_rwlock_take_read(weft_rwlock *lock);

static inline weft_status wefti_rwlock_take_write(weft_rwlock *lock)
{
    /* Acquire: pairs with every release of the state since it was last free, in one chain. */
    uint32_t state = 0;
    return wefti_cas(&lock->state, &state, WEFTI_WRITER, ACQUIRE) ? WEFT_OK : WEFT_TIMEOUT;
}

weft_status wefti_rwlock_take_upgrade(weft_rwlock *lock);

static inline weft_status wefti_rwlock_take(weft_rwlock *lock, enum wefti_side side)
{
    switch (side) {
    case WEFTI_READ:
        return wefti_rwlock_take_read(lock);
    case WEFTI_WRITE:
        return wefti_rwlock_take_write(lock);
    default:
        return wefti_rwlock_take_upgrade(lock);
    }
}

/* Takes a side and waits for it: also WEFT_TIMEOUT and, unless firm, WEFT_INTERRUPTED. */
weft_status wefti_rwlock_wait(weft_rwlock *lock, enum wefti_side side, int64_t deadline, bool firm);

/*
 * Gives up `leaving` (WEFTI_WRITER or WEFTI_READER) of a state that others wait for, keeps `staying`
 * (WEFTI_READER or 0) instead, and lets in whoever may come in. WEFT_NOT_LOCKED: nobody reads.
 */
weft_status wefti_rwlock_leave(weft_rwlock *lock, uint32_t leaving, uint32_t staying);

#endif
