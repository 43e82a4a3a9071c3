/* SPDX-License-Identifier: MIT */
// LINK: -Wl,--wrap=wefti_mutex_lock,--wrap=wefti_mutex_unlock
/*
 * What others do between a thread's look at a state and its way into the waiting room, or out of it.
 * A case says what that is; it is done when the thread takes, or has let go, the next lock of the
 * library's own; it must not wait in the room itself.
 */
#include "test.h"

#include <stdatomic.h>

#include "platform/parker.h"

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void __real_wefti_mutex_lock(struct wefti_mutex *mutex);
void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex);
void __real_wefti_mutex_unlock(struct wefti_mutex *mutex);
void __wrap_wefti_mutex_unlock(struct wefti_mutex *mutex);

static _Thread_local void (*on_the_way_in)(void);
static _Thread_local void (*on_the_way_out)(void);

static void happen(void (**what)(void))
{
    void (*now)(void) = *what;
    *what = NULL;
    if (now != NULL)
        now();
}

void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex)
{
    happen(&on_the_way_in);
    __real_wefti_mutex_lock(mutex);
}

void __wrap_wefti_mutex_unlock(struct wefti_mutex *mutex)
{
    __real_wefti_mutex_unlock(mutex);
    if (on_the_way_in == NULL)
        happen(&on_the_way_out);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* ---- latch ---------------------------------------------------------------------------------- */

static weft_latch latch;

static void count_one(void)
{
    WITNESS(weft_latch_count_down(&latch) == WEFT_OK);
}

TEST(a_latch_that_opens_on_the_way_is_not_waited_for)
{
    assert_int_equal(weft_latch_init(&latch, 1), WEFT_OK);
    uint64_t parks = weft_park_count();
    on_the_way_in = count_one;
    assert_int_equal(weft_latch_wait(&latch), WEFT_OK);
    assert_true(weft_park_count() == parks);
}

static void *wait_for_latch(void *arg)
{
    WITNESS(weft_latch_wait(&latch) == WEFT_OK);
    return arg;
}

TEST(a_count_that_has_become_too_large_on_the_way_is_refused)
{
    assert_int_equal(weft_latch_init(&latch, 2), WEFT_OK);
    struct crew crew = crew_start(2, wait_for_latch, NULL);
    EVENTUALLY(weft_latch_waiters(&latch) == 2);
    on_the_way_in = count_one;
    assert_int_equal(weft_latch_count_down_n(&latch, 2), WEFT_VALUE_ERROR);
    assert_int_equal(weft_latch_count(&latch), 1);
    assert_int_equal(weft_latch_waiters(&latch), 2);
    count_one();
    crew_join(&crew);
}

/* ---- semaphore ------------------------------------------------------------------------------ */

static weft_semaphore semaphore;

static void put_a_permit(void)
{
    WITNESS(weft_semaphore_release(&semaphore) == WEFT_OK);
}

static void snatch_a_permit(void)
{
    WITNESS(weft_semaphore_try_acquire(&semaphore) == WEFT_OK);
}

TEST(a_permit_that_comes_on_the_way_is_taken)
{
    uint64_t parks = weft_park_count();
    on_the_way_in = put_a_permit;
    assert_int_equal(weft_semaphore_acquire(&semaphore), WEFT_OK);
    assert_int_equal(weft_semaphore_value(&semaphore), 0);
    assert_true(weft_park_count() == parks);
}

TEST(a_permit_that_comes_and_goes_on_the_way_is_waited_for)
{
    on_the_way_in = put_a_permit;
    on_the_way_out = snatch_a_permit;
    assert_int_equal(weft_semaphore_acquire_for(&semaphore, 0.001), WEFT_TIMEOUT);
    assert_int_equal(weft_semaphore_value(&semaphore), 0);
    assert_int_equal(weft_semaphore_waiters(&semaphore), 0);
}

/* ---- lock ----------------------------------------------------------------------------------- */

static weft_lock lock;

static void let_the_lock_go(void)
{
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
}

TEST(a_lock_that_comes_free_on_the_way_is_taken)
{
    uint64_t parks = weft_park_count();
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    on_the_way_in = let_the_lock_go;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_true(weft_lock_locked(&lock));
    assert_true(weft_park_count() == parks);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
}

/* ---- rwlock --------------------------------------------------------------------------------- */

static weft_rwlock rwlock;

static void *write_once(void *arg)
{
    WITNESS(weft_rwlock_acquire_write(&rwlock) == WEFT_OK);
    (void)weft_event_wait(arg);
    WITNESS(weft_rwlock_release_write(&rwlock) == WEFT_OK);
    return NULL;
}

static void stop_reading(void)
{
    WITNESS(weft_rwlock_release_read(&rwlock) == WEFT_OK);
}

/*
 * The only reader stops, on the way to a call that is for readers, while so many wait to write: the
 * first of them is let in, and the call finds nobody who reads.
 */
static void stop_reading_on_the_way_to(weft_status (*call)(weft_rwlock *), size_t writers)
{
    weft_event gate = WEFT_EVENT_INIT;
    assert_int_equal(weft_rwlock_acquire_read(&rwlock), WEFT_OK);
    struct crew crew = crew_start(writers, write_once, &gate);
    EVENTUALLY(weft_rwlock_waiters(&rwlock) == writers);
    on_the_way_in = stop_reading;
    assert_int_equal(call(&rwlock), WEFT_NOT_LOCKED);
    EVENTUALLY(weft_rwlock_writer(&rwlock) != 0);
    assert_int_equal(weft_rwlock_waiters(&rwlock), writers - 1);
    assert_int_equal(weft_event_set(&gate), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(weft_rwlock_done(&rwlock), WEFT_OK);
}

TEST(who_has_stopped_reading_on_the_way_has_nothing_to_release)
{
    stop_reading_on_the_way_to(weft_rwlock_release_read, 1);
    stop_reading_on_the_way_to(weft_rwlock_release_read, 2);
}

TEST(who_has_stopped_reading_on_the_way_has_nothing_to_upgrade)
{
    stop_reading_on_the_way_to(weft_rwlock_try_upgrade, 1);
    stop_reading_on_the_way_to(weft_rwlock_try_upgrade, 2);
}

static atomic_bool written;
static atomic_bool wants_to_read;
static atomic_bool is_read;

static void *write_until_wanted(void *arg)
{
    WITNESS(weft_rwlock_acquire_write(&rwlock) == WEFT_OK);
    atomic_store(&written, true);
    EVENTUALLY(atomic_load(&wants_to_read));
    WITNESS(weft_rwlock_downgrade(&rwlock) == WEFT_OK);
    atomic_store(&is_read, true);
    return arg;
}

static void have_it_downgraded(void)
{
    atomic_store(&wants_to_read, true);
    EVENTUALLY(atomic_load(&is_read));
}

TEST(who_may_read_on_the_way_does_not_wait)
{
    struct crew crew = crew_start(1, write_until_wanted, NULL);
    EVENTUALLY(atomic_load(&written));
    uint64_t parks = weft_park_count();
    on_the_way_in = have_it_downgraded;
    assert_int_equal(weft_rwlock_acquire_read(&rwlock), WEFT_OK);
    assert_int_equal(weft_rwlock_readers(&rwlock), 2);
    assert_true(weft_park_count() == parks);
    crew_join(&crew);
    stop_reading();
    stop_reading();
    assert_int_equal(weft_rwlock_release_read(&rwlock), WEFT_NOT_LOCKED);
}
