/* SPDX-License-Identifier: MIT */
/*
 * How a Lock's waiters wait: what ends a wait, what does not, and that none is forgotten.
 */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "cancel.h"
#include "interrupt.h"

/* ---- interruption ---------------------------------------------------------------------------- */

static void *acquire_in_vain(void *lock)
{
    WITNESS(weft_lock_acquire(lock) == WEFT_INTERRUPTED);
    return NULL;
}

static void *acquire_for_in_vain(void *lock)
{
    WITNESS(weft_lock_acquire_for(lock, 1e6) == WEFT_INTERRUPTED);
    return NULL;
}

static void assert_interruptible(weft_target *target)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(1, target, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 1);
    assert_true(test_interrupt(crew.threads[0]));
    crew_join(&crew);
    assert_int_equal(weft_lock_waiters(&lock), 0);
    assert_true(weft_lock_locked(&lock));
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_TIMEOUT);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_false(weft_lock_locked(&lock));
}

TEST(an_interruption_ends_a_wait_and_the_lock_is_not_taken)
{
    assert_interruptible(acquire_in_vain);
    assert_interruptible(acquire_for_in_vain);
}

static void *pass_through(void *lock)
{
    WITNESS(weft_lock_acquire(lock) == WEFT_OK);
    WITNESS(weft_lock_release(lock) == WEFT_OK);
    return NULL;
}

TEST(an_interrupted_waiter_keeps_no_place_in_the_queue)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew first = crew_start(1, acquire_in_vain, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 1);
    struct crew second = crew_start(1, pass_through, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 2);
    assert_true(test_interrupt(first.threads[0]));
    crew_join(&first);
    assert_int_equal(weft_lock_waiters(&lock), 1);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&second);
    assert_false(weft_lock_locked(&lock));
}

TEST(an_interruption_without_a_wait_ends_the_next_one)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_true(test_interrupt(weft_thread_current()));
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK); /* no wait */
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_TIMEOUT);
    assert_int_equal(weft_lock_acquire_for(&lock, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_lock_acquire(&lock), WEFT_INTERRUPTED);
    assert_int_equal(weft_lock_acquire_for(&lock, 0.001), WEFT_TIMEOUT); /* once only */
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_false(weft_lock_locked(&lock));
}

enum { ROUNDS = 500 };

struct contest {
    weft_lock lock;
    atomic_bool over;
    atomic_size_t interrupted;
    unsigned inside;  /* guarded by the lock */
    unsigned counter; /* the same */
};

static void enter_and_leave(struct contest *contest)
{
    WITNESS(contest->inside++ == 0);
    contest->counter++;
    WITNESS(--contest->inside == 0);
    WITNESS(weft_lock_release(&contest->lock) == WEFT_OK);
}

static void *acquire_or_be_interrupted(void *arg)
{
    struct contest *contest = arg;
    unsigned entered = 0;
    while (!atomic_load(&contest->over)) {
        weft_status status = weft_lock_acquire(&contest->lock);
        WITNESS(status == WEFT_OK || status == WEFT_INTERRUPTED);
        if (status == WEFT_INTERRUPTED) {
            atomic_fetch_add(&contest->interrupted, 1);
            continue;
        }
        enter_and_leave(contest);
        entered++;
    }
    return (void *)(uintptr_t)entered;
}

TEST(interruptions_that_race_releases_lose_no_wake_up)
{
    struct contest contest = {.lock = WEFT_LOCK_INIT};
    struct crew crew = crew_start(3, acquire_or_be_interrupted, &contest);
    unsigned own = 0;
    size_t sent = 0;
    uint64_t random = 1;
    for (int round = 0; round < ROUNDS; round++) {
        assert_int_equal(weft_lock_acquire(&contest.lock), WEFT_OK);
        EVENTUALLY(weft_lock_waiters(&contest.lock) == crew.size);
        sent += test_interrupt(crew.threads[test_random(&random) % 2]); /* the third never */
        own++;
        enter_and_leave(&contest);
    }
    atomic_store(&contest.over, true);
    for (size_t i = 0; i < crew.size; i++) {
        assert_int_equal(weft_thread_join(crew.threads[i]), WEFT_OK);
        own += (unsigned)(uintptr_t)weft_thread_value(crew.threads[i]);
    }
    crew_join(&crew);
    assert_int_equal(contest.counter, own);
    assert_true(atomic_load(&contest.interrupted) <= sent);
    assert_int_equal(weft_lock_waiters(&contest.lock), 0);
    assert_false(weft_lock_locked(&contest.lock));
}

/* ---- what does not end a wait ------------------------------------------------------------------ */

static void ignore(int signal_number)
{
    (void)signal_number;
}

struct target_of_signals {
    weft_lock lock;
    pthread_t thread;
    atomic_bool known;
    bool cancelled; /* the thread gave itself up where it wanted to */
};

static void *acquire_under_signals(void *arg)
{
    struct target_of_signals *target = arg;
    target->thread = pthread_self();
    atomic_store(&target->known, true);
    WITNESS(weft_lock_acquire_for(&target->lock, 1e6) == WEFT_OK);
    WITNESS(weft_lock_release(&target->lock) == WEFT_OK);
    return NULL;
}

TEST(signals_do_not_end_a_wait)
{
    struct target_of_signals target = {.lock = WEFT_LOCK_INIT};
    struct sigaction action = {.sa_handler = ignore};
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(weft_lock_acquire(&target.lock), WEFT_OK);
    struct crew crew = crew_start(1, acquire_under_signals, &target);
    EVENTUALLY(atomic_load(&target.known) && weft_lock_waiters(&target.lock) == 1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(pthread_kill(target.thread, SIGUSR1), 0);
    assert_int_equal(weft_lock_waiters(&target.lock), 1);
    assert_int_equal(weft_lock_release(&target.lock), WEFT_OK);
    crew_join(&crew);
}

static void *acquire_while_cancelled(void *arg)
{
    struct target_of_signals *target = arg;
    target->thread = pthread_self();
    atomic_store(&target->known, true);
    WITNESS(weft_lock_acquire(&target->lock) == WEFT_OK);
    target->cancelled = true;
    test_cancel_here();
    WITNESS(!"reached: the cancellation has been lost");
    return NULL;
}

TEST(an_acquire_is_no_cancellation_point)
{
    struct target_of_signals target = {.lock = WEFT_LOCK_INIT};
    assert_int_equal(weft_lock_acquire(&target.lock), WEFT_OK);
    struct crew crew = crew_start(1, acquire_while_cancelled, &target);
    EVENTUALLY(atomic_load(&target.known) && weft_lock_waiters(&target.lock) == 1);
    assert_int_equal(pthread_cancel(target.thread), 0);
    assert_int_equal(weft_lock_waiters(&target.lock), 1);
    assert_int_equal(weft_lock_release(&target.lock), WEFT_OK);
    crew_join(&crew);
    assert_true(target.cancelled);
    assert_true(weft_lock_locked(&target.lock));
}

/* ---- timeouts ----------------------------------------------------------------------------------- */

TEST(a_waiter_whose_time_is_over_keeps_no_place_in_the_queue)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_lock_acquire_for(&lock, 0.001), WEFT_TIMEOUT);
    assert_int_equal(weft_lock_waiters(&lock), 0);
    struct crew crew = crew_start(1, pass_through, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 1);
    assert_int_equal(weft_lock_acquire_for(&lock, 0.001), WEFT_TIMEOUT);
    assert_int_equal(weft_lock_waiters(&lock), 1);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&crew);
    assert_false(weft_lock_locked(&lock));
}

enum { TIMED_ACQUIRES = 10000, RACERS = 2, PLAIN = 2, MOST_NANOSECONDS = 50000 };

struct racer {
    struct contest *contest;
    uint64_t random;
    unsigned got;
    unsigned timed_out;
};

/* Keeps the lock about as long as others are ready to wait for it. */
static void keep_and_leave(struct racer *racer)
{
    int64_t end = test_clock() + (int64_t)(test_random(&racer->random) % MOST_NANOSECONDS);
    EVENTUALLY(test_clock() >= end);
    racer->got++;
    enter_and_leave(racer->contest);
}

/* A wake-up that is lost shows: no timeout saves these. */
static void *acquire_plainly(void *arg)
{
    struct racer *racer = arg;
    while (!atomic_load(&racer->contest->over)) {
        WITNESS(weft_lock_acquire(&racer->contest->lock) == WEFT_OK);
        keep_and_leave(racer);
    }
    return NULL;
}

static void *acquire_with_short_timeouts(void *arg)
{
    struct racer *racer = arg;
    for (int i = 0; i < TIMED_ACQUIRES / RACERS; i++) {
        double seconds = (double)(test_random(&racer->random) % (2 * MOST_NANOSECONDS)) * 1e-9;
        weft_status status = weft_lock_acquire_for(&racer->contest->lock, seconds);
        WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT);
        if (status == WEFT_OK)
            keep_and_leave(racer);
        else
            racer->timed_out++;
    }
    return NULL;
}

TEST(ten_thousand_timed_acquires_that_race_releases_lose_no_wake_up)
{
    struct contest contest = {.lock = WEFT_LOCK_INIT};
    struct racer racers[RACERS + PLAIN];
    struct crew crews[RACERS + PLAIN];
    unsigned got = 0;
    unsigned got_or_timed_out = 0;
    for (size_t i = 0; i < RACERS + PLAIN; i++) {
        racers[i] = (struct racer){.contest = &contest, .random = i + 1};
        crews[i] =
            crew_start(1, i < RACERS ? acquire_with_short_timeouts : acquire_plainly, &racers[i]);
    }
    for (size_t i = 0; i < RACERS + PLAIN; i++) {
        if (i == RACERS)
            atomic_store(&contest.over, true);
        crew_join(&crews[i]);
        got += racers[i].got;
        if (i < RACERS)
            got_or_timed_out += racers[i].got + racers[i].timed_out;
    }
    assert_int_equal(contest.counter, got);
    assert_int_equal(got_or_timed_out, TIMED_ACQUIRES);
    assert_int_equal(weft_lock_waiters(&contest.lock), 0);
    assert_false(weft_lock_locked(&contest.lock));
}
