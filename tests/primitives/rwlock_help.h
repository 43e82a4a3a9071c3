/* SPDX-License-Identifier: MIT */
/*
 * Threads for the tests of RWLock: each comes in on one side, says so, stays until it is told to go,
 * and tells how its acquire went.
 */
#ifndef TESTS_PRIMITIVES_RWLOCK_HELP_H
#define TESTS_PRIMITIVES_RWLOCK_HELP_H

#include <stdatomic.h>

#include "test.h"

enum visit_side { READING, WRITING, UPGRADING };

struct visit {
    weft_rwlock *lock;
    enum visit_side side;
    double seconds;     /* how long it waits */
    atomic_bool inside; /* it has come in: it reads, or writes */
    atomic_bool reads;  /* UPGRADING: it reads, and upgrades when it is told to go on */
    atomic_bool go_on;
    atomic_bool leave;
    weft_status status; /* of its (last) acquire */
    weft_thread *thread;
};

static inline void visit_upgrades(struct visit *visit)
{
    WITNESS(weft_rwlock_acquire_read(visit->lock) == WEFT_OK);
    atomic_store(&visit->reads, true);
    EVENTUALLY(atomic_load(&visit->go_on));
    visit->status = weft_rwlock_upgrade_for(visit->lock, visit->seconds);
    if (visit->status != WEFT_OK) { /* then it still reads */
        WITNESS(weft_rwlock_readers(visit->lock) > 0);
        atomic_store(&visit->inside, true);
        EVENTUALLY(atomic_load(&visit->leave));
        WITNESS(weft_rwlock_release_read(visit->lock) == WEFT_OK);
    }
}

static inline void *visit_runs(void *arg)
{
    struct visit *visit = arg;
    if (visit->side == READING)
        visit->status = weft_rwlock_acquire_read_for(visit->lock, visit->seconds);
    else if (visit->side == WRITING)
        visit->status = weft_rwlock_acquire_write_for(visit->lock, visit->seconds);
    else
        visit_upgrades(visit);
    if (visit->status != WEFT_OK)
        return NULL;
    if (visit->side == READING)
        WITNESS(weft_rwlock_readers(visit->lock) > 0 && weft_rwlock_writer(visit->lock) == 0);
    else
        WITNESS(weft_rwlock_readers(visit->lock) == 0 &&
                weft_rwlock_writer(visit->lock) == weft_thread_ident(weft_thread_current()));
    atomic_store(&visit->inside, true);
    EVENTUALLY(atomic_load(&visit->leave));
    WITNESS((visit->side == READING ? weft_rwlock_release_read
                                    : weft_rwlock_release_write)(visit->lock) == WEFT_OK);
    return NULL;
}

static inline void visit_starts(struct visit *visit)
{
    visit->seconds = visit->seconds != 0 ? visit->seconds : WEFT_FOREVER;
    visit->thread = weft_thread_spawn(visit_runs, visit);
    assert_non_null(visit->thread);
}

/* Starts it, and returns when it waits: the `nth` that does. */
static inline void visit_waits(struct visit *visit, size_t nth)
{
    visit_starts(visit);
    EVENTUALLY(weft_rwlock_waiters(visit->lock) == nth);
}

static inline void visit_enters(struct visit *visit)
{
    EVENTUALLY(atomic_load(&visit->inside));
}

/* Tells it to go when it has been in, and returns its status. */
static inline weft_status visit_ends(struct visit *visit)
{
    atomic_store(&visit->leave, true);
    assert_int_equal(weft_thread_join(visit->thread), WEFT_OK);
    weft_thread_free(visit->thread);
    return visit->status;
}

#endif
