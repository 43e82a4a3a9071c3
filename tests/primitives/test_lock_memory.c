/* SPDX-License-Identifier: MIT */
/*
 * Who is let in by a release may free the lock's memory at once: the release does not touch it any
 * more. Each round's lock lies in a page of its own, which the next holder unmaps.
 */
// LINK: -Wl,--wrap=wefti_parker_unpark
#include "test.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/parker.h"

enum { ROUNDS = 4000, AGED_ROUNDS = 20 };

void __real_wefti_parker_unpark(struct wefti_parker *parker);
void __wrap_wefti_parker_unpark(struct wefti_parker *parker);

static _Atomic(weft_lock *) shared; /* where this round's lock is; NULL: its memory is gone */
static atomic_bool over;
static _Thread_local bool linger; /* in the middle of a release, until the memory is gone */

void __wrap_wefti_parker_unpark(struct wefti_parker *parker)
{
    __real_wefti_parker_unpark(parker);
    if (linger)
        EVENTUALLY(atomic_load(&shared) == NULL);
}

static weft_lock *map_lock(void)
{
    weft_lock *lock = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(lock != MAP_FAILED);
    return lock;
}

static void *acquire_and_unmap(void *arg)
{
    while (!atomic_load(&over)) {
        weft_lock *lock = atomic_load(&shared);
        if (lock == NULL) {
            test_yield();
            continue;
        }
        WITNESS(weft_lock_acquire(lock) == WEFT_OK);
        WITNESS(weft_lock_release(lock) == WEFT_OK);
        WITNESS(munmap(lock, (size_t)sysconf(_SC_PAGESIZE)) == 0);
        atomic_store(&shared, NULL);
    }
    return arg;
}

/* A round: `waiting`: the other thread waits when the lock is released; `aged`: for long enough. */
static void release_once(bool waiting, bool aged)
{
    weft_lock *lock = map_lock();
    assert_int_equal(weft_lock_acquire(lock), WEFT_OK);
    atomic_store(&shared, lock);
    if (waiting)
        EVENTUALLY(weft_lock_waiters(lock) == 1);
    if (aged)
        assert_int_equal(weft_sleep(0.0011), WEFT_OK);
    linger = waiting;
    assert_int_equal(weft_lock_release(lock), WEFT_OK);
    linger = false;
    EVENTUALLY(atomic_load(&shared) == NULL);
}

static void release_often(int rounds, bool waiting, bool aged)
{
    struct crew crew = crew_start(1, acquire_and_unmap, NULL);
    for (int round = 0; round < rounds; round++)
        release_once(waiting, aged);
    atomic_store(&over, true);
    crew_join(&crew);
}

TEST(a_release_that_wakes_a_waiter_does_not_touch_the_lock_afterwards)
{
    release_often(ROUNDS, true, false);
}

TEST(a_release_that_hands_over_does_not_touch_the_lock_afterwards)
{
    release_often(AGED_ROUNDS, true, true);
}

TEST(a_release_that_meets_an_acquire_does_not_touch_the_lock_afterwards)
{
    release_often(ROUNDS, false, false);
}
