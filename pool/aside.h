/* SPDX-License-Identifier: MIT */
/*
 * When a worker is in the way. Tasks can be so short that who runs them mostly waits for the others at
 * the queue, and for memory that these have just written: fewer workers get more done then. No worker
 * can know that, so one tries: it steps aside for a moment, and sees whether the others get on without
 * it as fast as with it.
 *
 *   a worker       if                                           then
 *   busy           its last 64 turns were short, another is     stands by: the first time for 50 us
 *                  busy, and the last trial was long ago
 *   busy           the same, but one stands by already          is idle
 *   standing by    its time is over, and the others have kept   stands by for twice as long, up to 1 ms
 *                  the pace
 *   standing by    they have not                                is busy again; if there are tasks, the
 *                  next trial comes after twice as long
 *
 * Who stands by sees to the tasks that come, as if it looked on, so nobody has to be called. So a task
 * may wait behind a long one, but hardly longer than tasks have been short before, and 1 ms at most.
 * Once another worker has found nothing to do, who stands by is idle as that one is, and is called as
 * such; from the next task on it sees to them again.
 */
#ifndef WEFTI_POOL_ASIDE_H
#define WEFTI_POOL_ASIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct weft_executor;
struct wefti_worker;

enum { WEFTI_TURNS = 64 };

/* A moment: the clock, and how many tasks had been begun. Or what lies between two of them. */
struct wefti_pace {
    int64_t time;
    uint64_t begun;
};

/* A worker's turns. */
struct wefti_turns {
    uint32_t count; /* since it last looked at the clock, */
    struct wefti_pace before;
};

/* Guarded by the executor's mutex. */
struct wefti_aside {
    struct wefti_worker *worker; /* who stands by; NULL: nobody does */
    bool apart; /* since a task was begun a worker has found none, or left: it sees to none now */
    struct wefti_pace with;  /* how fast all were together */
    struct wefti_pace since; /* from when on it sees how fast the others are, */
    int64_t span;            /* and how long */
    int64_t next;            /* before this time is no trial; */
    int64_t distance;        /* from the last one, which has failed; 0: it has not */
};

/* After so many turns: whether they were short enough for a trial; `with` is how fast all were. */
bool wefti_aside_tries(const struct wefti_aside *aside, struct wefti_turns *turns,
                       struct wefti_pace now, struct wefti_pace *with);

/* The worker stands by from now on, until since.time + span. */
void wefti_aside_begin(struct wefti_aside *aside, struct wefti_worker *worker,
                       struct wefti_pace with, struct wefti_pace now);

/* Whether somebody stands by and sees to the tasks that come. */
static inline bool wefti_aside_sees(const struct wefti_aside *aside)
{
    return aside->worker != NULL && !aside->apart;
}

/* A task is begun again. */
void wefti_aside_resume(struct wefti_aside *aside, struct wefti_pace now);

/* Then: whether the others have kept the pace, so that it goes on. */
bool wefti_aside_goes_on(struct wefti_aside *aside, struct wefti_pace now);

/* It takes part again; `failed`: because the others have left tasks. */
void wefti_aside_end(struct wefti_aside *aside, bool failed, int64_t now);

/* ---- a worker, with the executor's mutex locked --------------------------------------------- */

/* A worker has taken one more task in its turn. */
void wefti_aside_begun(struct weft_executor *executor);

/* The clock, and how many there are. */
struct wefti_pace wefti_pace(const struct weft_executor *executor);

/* Stands by until it is called, or the others do not keep the pace. */
void wefti_worker_stand_by(struct wefti_worker *worker, struct wefti_pace with);

#endif
