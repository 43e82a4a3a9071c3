/* SPDX-License-Identifier: MIT */
/*
 * What Lock promises beyond the contract of everything that locks (test_lock_contract.c): no owner,
 * misuse, memory. How it waits is in test_lock_wait.c, whom it prefers in test_lock_fairness.c.
 */
#include "test.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "faulty_memory.h"

static void *release(void *lock)
{
    WITNESS(weft_lock_release(lock) == WEFT_OK);
    return NULL;
}

static void *pass_through(void *lock)
{
    WITNESS(weft_lock_acquire(lock) == WEFT_OK);
    WITNESS(weft_lock_release(lock) == WEFT_OK);
    return NULL;
}

static void assert_usable(weft_lock *lock)
{
    assert_false(weft_lock_locked(lock));
    assert_int_equal(weft_lock_try_acquire(lock), WEFT_OK);
    assert_true(weft_lock_locked(lock));
    assert_int_equal(weft_lock_release(lock), WEFT_OK);
    assert_false(weft_lock_locked(lock));
}

TEST(zeroed_memory_is_a_free_lock)
{
    static weft_lock in_static_memory;
    weft_lock initialised = WEFT_LOCK_INIT;
    weft_lock zeroed;
    memset(&zeroed, 0, sizeof zeroed);
    assert_memory_equal(&zeroed, &initialised, sizeof zeroed);
    assert_memory_equal(&in_static_memory, &initialised, sizeof initialised);
    assert_usable(&zeroed);
    assert_usable(&initialised);
    assert_usable(&in_static_memory);
}

TEST(a_lock_takes_four_bytes_at_most)
{
    assert_true(sizeof(weft_lock) <= 4);
}

TEST(a_used_lock_leaves_no_trace_in_its_memory)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(3, pass_through, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 3);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&crew);
    assert_memory_equal(&lock, &(weft_lock)WEFT_LOCK_INIT, sizeof lock);
}

TEST(a_held_lock_may_be_forgotten_and_made_anew)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    lock = (weft_lock)WEFT_LOCK_INIT;
    assert_usable(&lock);
}

TEST(any_thread_may_release)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(1, release, &lock);
    crew_join(&crew);
    assert_usable(&lock);
}

/* ---- a second acquire of the holder --------------------------------------------------------- */

static void *acquire_twice(void *lock)
{
    WITNESS(weft_lock_acquire(lock) == WEFT_OK);
    WITNESS(weft_lock_acquire(lock) == WEFT_OK);
    return NULL;
}

TEST(the_holder_waits_for_itself_until_another_thread_releases)
{
    weft_lock lock = WEFT_LOCK_INIT;
    struct crew crew = crew_start(1, acquire_twice, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 1);
    assert_true(weft_thread_is_alive(crew.threads[0]));
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&crew);
    assert_true(weft_lock_locked(&lock));
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
}

TEST(a_second_timed_acquire_of_the_holder_times_out_and_changes_nothing)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    int64_t start = test_clock();
    assert_int_equal(weft_lock_acquire_for(&lock, 0.01), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 10000000);
    assert_true(weft_lock_locked(&lock));
    assert_int_equal(weft_lock_waiters(&lock), 0);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_usable(&lock);
}

TEST(a_deadline_is_a_time_of_the_monotonic_clock)
{
    weft_lock lock = WEFT_LOCK_INIT;
    uint64_t parks = weft_park_count();
    assert_int_equal(weft_lock_acquire_until(&lock, 0), WEFT_OK);
    assert_int_equal(weft_lock_acquire_until(&lock, weft_now()), WEFT_TIMEOUT);
    assert_int_equal(weft_lock_acquire_until(&lock, -HUGE_VAL), WEFT_TIMEOUT);
    assert_true(weft_park_count() == parks);
    double deadline = weft_now() + 0.01;
    assert_int_equal(weft_lock_acquire_until(&lock, deadline), WEFT_TIMEOUT);
    assert_true(weft_now() >= deadline);
    assert_int_equal(weft_lock_acquire_until(&lock, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_int_equal(weft_lock_acquire_until(&lock, NAN), WEFT_VALUE_ERROR);
    assert_usable(&lock);
}

/* ---- misuse --------------------------------------------------------------------------------- */

TEST(a_release_of_a_free_lock_is_reported_and_changes_nothing)
{
    weft_lock lock = WEFT_LOCK_INIT;
    weft_lock before = lock;
    assert_int_equal(weft_lock_release(&lock), WEFT_NOT_LOCKED);
    assert_memory_equal(&lock, &before, sizeof lock);
    assert_usable(&lock);
    assert_int_equal(weft_lock_release(&lock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_lock_release(&lock), WEFT_NOT_LOCKED);
    assert_memory_equal(&lock, &before, sizeof lock);
    assert_usable(&lock);
}

struct double_release {
    weft_lock lock;
    pthread_barrier_t barrier;
    atomic_uint released;
    atomic_uint refused;
};

enum { RELEASE_ROUNDS = 2000 };

static void *release_each_round(void *arg)
{
    struct double_release *both = arg;
    for (int round = 0; round < RELEASE_ROUNDS; round++) {
        pthread_barrier_wait(&both->barrier); /* the lock is held */
        weft_status status = weft_lock_release(&both->lock);
        WITNESS(status == WEFT_OK || status == WEFT_NOT_LOCKED);
        atomic_fetch_add(status == WEFT_OK ? &both->released : &both->refused, 1);
        pthread_barrier_wait(&both->barrier);
    }
    return NULL;
}

TEST(of_two_releases_at_once_one_is_refused)
{
    struct double_release both = {.lock = WEFT_LOCK_INIT};
    pthread_barrier_init(&both.barrier, NULL, 3);
    struct crew crew = crew_start(2, release_each_round, &both);
    for (unsigned round = 1; round <= RELEASE_ROUNDS; round++) {
        WITNESS(weft_lock_try_acquire(&both.lock) == WEFT_OK);
        pthread_barrier_wait(&both.barrier);
        pthread_barrier_wait(&both.barrier);
        WITNESS(atomic_load(&both.released) == round);
        WITNESS(atomic_load(&both.refused) == round);
    }
    crew_join(&crew);
    pthread_barrier_destroy(&both.barrier);
    assert_usable(&both.lock);
}

static void *acquire_each_round(void *arg)
{
    struct double_release *both = arg;
    for (int round = 0; round < RELEASE_ROUNDS; round++) {
        pthread_barrier_wait(&both->barrier);
        WITNESS(weft_lock_acquire(&both->lock) == WEFT_OK);
        pthread_barrier_wait(&both->barrier);
    }
    return NULL;
}

TEST(two_releases_at_once_let_a_waiter_in_and_no_more)
{
    struct double_release both = {.lock = WEFT_LOCK_INIT};
    pthread_barrier_init(&both.barrier, NULL, 4);
    struct crew crew = crew_start(2, release_each_round, &both);
    struct crew waiter = crew_start(1, acquire_each_round, &both);
    for (unsigned round = 1; round <= RELEASE_ROUNDS; round++) {
        unsigned before = atomic_load(&both.released);
        WITNESS(weft_lock_try_acquire(&both.lock) == WEFT_OK);
        pthread_barrier_wait(&both.barrier);
        pthread_barrier_wait(&both.barrier);
        /* It was acquired twice: by this thread and by the waiter. */
        unsigned released = atomic_load(&both.released) - before;
        WITNESS(released == (weft_lock_locked(&both.lock) ? 1 : 2));
        WITNESS(weft_lock_waiters(&both.lock) == 0);
        if (released == 1)
            WITNESS(weft_lock_release(&both.lock) == WEFT_OK);
    }
    crew_join(&crew);
    crew_join(&waiter);
    pthread_barrier_destroy(&both.barrier);
    assert_usable(&both.lock);
}

TEST(null_is_refused)
{
    assert_int_equal(weft_lock_acquire(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lock_try_acquire(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lock_acquire_for(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lock_acquire_until(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lock_release(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_lock_done(NULL), WEFT_VALUE_ERROR);
    assert_false(weft_lock_locked(NULL));
    assert_int_equal(weft_lock_waiters(NULL), 0);
    weft_lock_free(NULL);
}

/* ---- looking on, and the end ----------------------------------------------------------------- */

TEST(a_lock_counts_its_waiters)
{
    weft_lock lock = WEFT_LOCK_INIT;
    weft_lock other = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_waiters(&lock), 0);
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_lock_waiters(&lock), 0);
    struct crew crew = crew_start(4, pass_through, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 4);
    assert_int_equal(weft_lock_waiters(&other), 0);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(weft_lock_waiters(&lock), 0);
}

TEST(a_lock_in_use_is_not_done)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_done(&lock), WEFT_OK);
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_lock_done(&lock), WEFT_BUSY);
    struct crew crew = crew_start(1, pass_through, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 1);
    assert_int_equal(weft_lock_done(&lock), WEFT_BUSY);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(weft_lock_done(&lock), WEFT_OK);
    assert_usable(&lock);
}

TEST(a_lock_on_the_heap_is_free)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    weft_lock *lock = weft_lock_new();
    assert_non_null(lock);
    assert_int_equal(atomic_load(&memory.blocks), 1);
    assert_usable(lock);
    weft_lock_free(lock);
    faulty_memory_end(&memory);
}

TEST(without_memory_there_is_no_new_lock)
{
    struct faulty_memory memory = {.fail_at = 1};
    faulty_memory_begin(&memory);
    assert_null(weft_lock_new());
    assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
    faulty_memory_end(&memory);
}
