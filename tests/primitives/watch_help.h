/* SPDX-License-Identifier: MIT */
/*
 * For tests of watching: reports are noted, actors do one thing at a time, and `owned` is a lock
 * that only its owner can release.
 */
#ifndef TESTS_PRIMITIVES_WATCH_HELP_H
#define TESTS_PRIMITIVES_WATCH_HELP_H

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/atomic.h"
#include "primitives/park.h"
#include "primitives/watch.h"

/* These tests invert orders on purpose: ThreadSanitizer is not to say so, too. */
const char *__tsan_default_options(void); /* NOLINT: its name for it */
const char *__tsan_default_options(void)  /* NOLINT */
{
    return "detect_deadlocks=0";
}

/* ---- reports ------------------------------------------------------------------------------- */

enum { REPORT_ROOM = 8192 };

static uint32_t reports[WEFT_REPORT_MISUSE + 1];
static char reported[REPORT_ROOM]; /* the latest; read it after its count has been seen */

static inline void note_report(const weft_report *report, void *arg)
{
    (void)arg;
    strncpy(reported, report->text, sizeof reported - 1);
    wefti_fetch_add(&reports[report->kind], 1, ACQ_REL);
}

static inline uint32_t count(weft_report_kind kind)
{
    return wefti_load(&reports[kind], ACQUIRE);
}

static inline uint32_t all_reports(void)
{
    return count(WEFT_REPORT_DEADLOCK) + count(WEFT_REPORT_POSSIBLE_DEADLOCK) +
           count(WEFT_REPORT_LOCK_ORDER) + count(WEFT_REPORT_MISUSE);
}

static inline void watch(void)
{
    weft_set_report(note_report, NULL);
    assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_REPORT), WEFT_OK);
}

#define assert_reported(part)                                                                      \
    do {                                                                                           \
        if (strstr(reported, (part)) == NULL)                                                      \
            fail_msg("\"%s\" is not in the report:\n%s", (part), reported);                        \
    } while (0)

#define assert_no_reports()                                                                        \
    do {                                                                                           \
        if (all_reports() != 0)                                                                    \
            fail_msg("there should be no report:\n%s", reported);                                  \
    } while (0)

/* ---- a lock with an owner ------------------------------------------------------------------ */

/* Its waits poll, so that a case can end them: abandon() lets every waiter give up. */
struct owned {
    uint32_t taken;   /* exclusively 1, shared 2 for each */
    uint32_t waiters; /* that have told the watcher */
    bool shared;      /* how it is taken by the next steps */
    bool timed;
};

static uint32_t abandoned;

static inline void abandon(void)
{
    wefti_store(&abandoned, 1, RELEASE);
}

static inline bool owned_take(struct owned *lock, bool shared)
{
    uint32_t taken = wefti_load(&lock->taken, RELAXED);
    do
        if (taken == 1 || (taken != 0 && !shared))
            return false;
    while (!wefti_cas(&lock->taken, &taken, shared ? taken + 2 : 1, ACQUIRE));
    return true;
}

static inline weft_status owned_wait(struct owned *lock, const struct wefti_want *want)
{
    wefti_watch_wants(want);
    wefti_fetch_add(&lock->waiters, 1, ACQ_REL);
    weft_status status = WEFT_OK;
    while (status == WEFT_OK && !owned_take(lock, want->shared)) {
        test_yield();
        if (wefti_load(&abandoned, ACQUIRE))
            status = WEFT_INTERRUPTED;
    }
    wefti_fetch_sub(&lock->waiters, 1, ACQ_REL);
    return status;
}

static inline weft_status owned_acquire(void *object)
{
    struct owned *lock = object;
    const struct wefti_want want = {.object = lock,
                                    .kind = WEFTI_LOCK,
                                    .ownership = WEFTI_OWNER,
                                    .shared = lock->shared,
                                    .timed = lock->timed,
                                    .site = WEFTI_CALLER};
    wefti_watch_asks(&want);
    weft_status status = WEFT_OK;
    if (!owned_take(lock, want.shared))
        status = owned_wait(lock, &want);
    (status == WEFT_OK ? wefti_watch_took : wefti_watch_gave_up)(&want);
    return status;
}

static inline weft_status owned_release(void *object)
{
    struct owned *lock = object;
    uint32_t taken = wefti_load(&lock->taken, RELAXED);
    wefti_watch_releases(&(struct wefti_want){
        .object = lock, .kind = WEFTI_LOCK, .ownership = WEFTI_OWNER, .shared = taken != 1});
    if (taken == 1)
        wefti_store(&lock->taken, 0, RELEASE);
    else
        wefti_fetch_sub(&lock->taken, 2, RELEASE);
    return WEFT_OK;
}

/* A writer waits to take it: so a reader must, too. */
static inline weft_status owned_read_behind(void *object)
{
    struct owned *lock = object;
    const struct wefti_want want = {.object = lock,
                                    .kind = WEFTI_LOCK,
                                    .ownership = WEFTI_OWNER,
                                    .shared = true,
                                    .site = WEFTI_CALLER};
    wefti_watch_asks(&want);
    wefti_watch_wants(&want);
    wefti_fetch_add(&lock->waiters, 1, ACQ_REL);
    EVENTUALLY(wefti_load(&abandoned, ACQUIRE));
    wefti_fetch_sub(&lock->waiters, 1, ACQ_REL);
    wefti_watch_gave_up(&want);
    return WEFT_INTERRUPTED;
}

/* ---- actors -------------------------------------------------------------------------------- */

typedef weft_status step(void *object);

/* A thread that takes a step whenever it is told to. */
struct actor {
    weft_thread *thread;
    step *next;
    void *object;
    weft_status status; /* of the last step */
    uint32_t asked;
    uint32_t done;
    uint32_t last; /* the turn in which it ends; 0: not known yet */
};

static inline void *act(void *arg)
{
    struct actor *actor = arg;
    for (uint32_t turn = 1;; turn++) {
        EVENTUALLY(wefti_load(&actor->asked, ACQUIRE) >= turn);
        if (wefti_load(&actor->last, RELAXED) == turn)
            return NULL;
        actor->status = actor->next(actor->object);
        wefti_store(&actor->done, turn, RELEASE);
    }
}

static inline void actor_enters(struct actor *actor, const char *name)
{
    *actor = (struct actor){.thread = NULL};
    actor->thread = weft_thread_spawn(act, actor, .name = name, .daemon = true);
    assert_non_null(actor->thread);
}

/* Lets it begin; it may have to wait. */
static inline void begins(struct actor *actor, step *next, void *object)
{
    actor->next = next;
    actor->object = object;
    wefti_fetch_add(&actor->asked, 1, RELEASE);
}

static inline weft_status ends(struct actor *actor)
{
    EVENTUALLY(wefti_load(&actor->done, ACQUIRE) == actor->asked);
    return actor->status;
}

static inline void does(struct actor *actor, step *next, void *object)
{
    begins(actor, next, object);
    assert_int_equal(ends(actor), WEFT_OK);
}

/* It begins, and waits in the room for a Lock or for a thread's end. */
static inline void waits(struct actor *actor, step *next, void *object)
{
    begins(actor, next, object);
    EVENTUALLY(wefti_waiters((struct wefti_key){object, WEFTI_LOCK}) +
                   wefti_waiters((struct wefti_key){object, WEFTI_THREAD}) !=
               0);
}

static inline void waits_for_owned(struct actor *actor, step *next, struct owned *lock)
{
    uint32_t before = wefti_load(&lock->waiters, ACQUIRE);
    begins(actor, next, lock);
    EVENTUALLY(wefti_load(&lock->waiters, ACQUIRE) == before + 1);
}

/* Lets it end when it has taken its step. */
static inline void leaves_then(struct actor *actor)
{
    wefti_store(&actor->last, actor->asked + 1, RELAXED);
    wefti_fetch_add(&actor->asked, 1, RELEASE);
}

static inline void actor_ends(struct actor *actor)
{
    leaves_then(actor);
    assert_int_equal(weft_thread_join(actor->thread), WEFT_OK);
}

static inline void actor_leaves(struct actor *actor)
{
    actor_ends(actor);
    weft_thread_free(actor->thread);
}

/* Steps with Locks and threads. They are the place where a Lock without a name is first taken. */
static inline weft_status acquire(void *lock)
{
    return weft_lock_acquire(lock);
}

static inline weft_status acquire_timed(void *lock)
{
    return weft_lock_acquire_for(lock, 1e6);
}

static inline weft_status try_acquire(void *lock)
{
    return weft_lock_try_acquire(lock);
}

static inline weft_status release(void *lock)
{
    return weft_lock_release(lock);
}

static inline weft_status join(void *thread)
{
    return weft_thread_join(thread);
}

static inline weft_status join_timed(void *thread)
{
    return weft_thread_join_for(thread, 1e6);
}

/* Steps with the locks that have owners. */
static inline weft_status acquire_rlock(void *lock)
{
    return weft_rlock_acquire(lock);
}

static inline weft_status release_rlock(void *lock)
{
    return weft_rlock_release(lock);
}

static inline weft_status acquire_read(void *lock)
{
    return weft_rwlock_acquire_read(lock);
}

static inline weft_status release_read(void *lock)
{
    return weft_rwlock_release_read(lock);
}

static inline weft_status acquire_write(void *lock)
{
    return weft_rwlock_acquire_write(lock);
}

static inline weft_status release_write(void *lock)
{
    return weft_rwlock_release_write(lock);
}

static inline weft_status upgrade(void *lock)
{
    return weft_rwlock_upgrade(lock);
}

/* ---- orders -------------------------------------------------------------------------------- */

static inline void named(weft_lock *lock, const char *name)
{
    assert_int_equal(weft_name(lock, name), WEFT_OK);
}

static inline void both(weft_lock *first, weft_lock *second)
{
    assert_int_equal(weft_lock_acquire(first), WEFT_OK);
    assert_int_equal(weft_lock_acquire(second), WEFT_OK);
    assert_int_equal(weft_lock_release(second), WEFT_OK);
    assert_int_equal(weft_lock_release(first), WEFT_OK);
}

static inline uint32_t orders(void)
{
    return count(WEFT_REPORT_LOCK_ORDER);
}

/* ---- two of them ---------------------------------------------------------------------------- */

__attribute__((unused)) static struct actor left;
__attribute__((unused)) static struct actor right;

static inline void enter_two(void)
{
    actor_enters(&left, "left");
    actor_enters(&right, "right");
}

static inline void leave_two(void)
{
    actor_leaves(&left);
    actor_leaves(&right);
}

/* left holds a and waits for b, right holds b and wants a. */
static inline void close_owned_cycle(struct owned *a, struct owned *b)
{
    does(&left, owned_acquire, a);
    does(&right, owned_acquire, b);
    waits_for_owned(&left, owned_acquire, b);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 0);
    waits_for_owned(&right, owned_acquire, a);
}

static inline void give_up_owned(struct owned *a, struct owned *b)
{
    abandon();
    assert_int_equal(ends(&left), WEFT_INTERRUPTED);
    assert_int_equal(ends(&right), WEFT_INTERRUPTED);
    does(&left, owned_release, a);
    does(&right, owned_release, b);
}

/* left holds a, right holds b; left waits for b. */
static inline void half_cycle(weft_lock *a, weft_lock *b)
{
    does(&left, acquire, a);
    does(&right, acquire, b);
    waits(&left, acquire, b);
}

#endif
