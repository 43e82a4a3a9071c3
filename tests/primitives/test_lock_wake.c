/* SPDX-License-Identifier: MIT */
/*
 * A wake-up is never spent on a waiter that gives up at the same moment: the next one gets it. The
 * moment is made to last: the waiter that gives up stops before it leaves the queue.
 */
// LINK: -Wl,--wrap=wefti_mutex_lock -Wl,--wrap=wefti_park
#include "test.h"

#include <stdatomic.h>

#include "interrupt.h"
#include "platform/parker.h"
#include "primitives/park.h"

struct wefti_parked __real_wefti_park(struct wefti_key key, const struct wefti_patience *patience);
struct wefti_parked __wrap_wefti_park(struct wefti_key key, const struct wefti_patience *patience);

/* Nobody rises by itself, which would hide that it was not woken. */
struct wefti_parked __wrap_wefti_park(struct wefti_key key, const struct wefti_patience *patience)
{
    struct wefti_patience mine = *patience;
    mine.rises = 0;
    return __real_wefti_park(key, &mine);
}

void __real_wefti_mutex_lock(struct wefti_mutex *mutex);
void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex);

/* The second time it locks: first to enter the queue, then to leave it. */
enum { TO_LEAVE = 2 };

static _Thread_local int locks_to_come;
static atomic_bool gives_up;
static atomic_bool may_leave;

void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex)
{
    if (locks_to_come > 0 && --locks_to_come == 0) {
        atomic_store(&gives_up, true);
        EVENTUALLY(atomic_load(&may_leave));
    }
    __real_wefti_mutex_lock(mutex);
}

static weft_lock lock = WEFT_LOCK_INIT;

static void *give_up_in_time(void *arg)
{
    locks_to_come = TO_LEAVE;
    WITNESS(weft_lock_acquire_for(&lock, 0.0001) == WEFT_TIMEOUT);
    return arg;
}

static void *give_up_when_interrupted(void *arg)
{
    locks_to_come = TO_LEAVE;
    WITNESS(weft_lock_acquire(&lock) == WEFT_INTERRUPTED);
    return arg;
}

static void *pass_through(void *arg)
{
    WITNESS(weft_lock_acquire(&lock) == WEFT_OK);
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
    return arg;
}

/*
 * The first waiter gives up, the second comes while it does, and a release finds both. A watcher's
 * mutex would be counted, too.
 */
static void assert_wakes_the_next(weft_target *give_up, bool interrupt)
{
    test_unwatched();
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew first = crew_start(1, give_up, NULL);
    if (interrupt) {
        EVENTUALLY(weft_lock_waiters(&lock) == 1);
        assert_true(test_interrupt(first.threads[0]));
    }
    EVENTUALLY(atomic_load(&gives_up));
    assert_int_equal(weft_lock_waiters(&lock), 0); /* who gives up does not count */
    struct crew second = crew_start(1, pass_through, NULL);
    EVENTUALLY(weft_lock_waiters(&lock) == 1);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&second);
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK); /* or who is late finds it free */
    atomic_store(&may_leave, true);
    crew_join(&first);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_false(weft_lock_locked(&lock));
    assert_int_equal(weft_lock_waiters(&lock), 0);
}

TEST(a_wake_up_that_meets_a_timeout_goes_to_the_next)
{
    assert_wakes_the_next(give_up_in_time, false);
}

TEST(a_wake_up_that_meets_an_interruption_goes_to_the_next)
{
    assert_wakes_the_next(give_up_when_interrupted, true);
}

TEST(a_release_that_finds_only_one_who_gives_up_leaves_the_lock_free)
{
    test_unwatched();
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(1, give_up_in_time, NULL);
    EVENTUALLY(atomic_load(&gives_up));
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_false(weft_lock_locked(&lock));
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_OK);
    atomic_store(&may_leave, true);
    crew_join(&crew);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_false(weft_lock_locked(&lock));
}

TEST(a_release_wakes_who_waits)
{
    test_unwatched();
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(3, pass_through, NULL);
    EVENTUALLY(weft_lock_waiters(&lock) == 3);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&crew);
    assert_false(weft_lock_locked(&lock));
}
