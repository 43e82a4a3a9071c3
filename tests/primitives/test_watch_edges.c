/* SPDX-License-Identifier: MIT */
/* What watching makes of calls that are in error, give up, or come from a thread on its way out. */
#include "watch_help.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- rwlock --------------------------------------------------------------------------------- */

static weft_rwlock rwlock;
static atomic_bool reads;
static atomic_bool leaves;

static void *read_for_a_while(void *arg)
{
    WITNESS(weft_rwlock_acquire_read(&rwlock) == WEFT_OK);
    atomic_store(&reads, true);
    EVENTUALLY(atomic_load(&leaves));
    WITNESS(weft_rwlock_release_read(&rwlock) == WEFT_OK);
    return arg;
}

TEST(who_gives_an_upgrade_up_reads_on)
{
    watch();
    struct crew crew = crew_start(1, read_for_a_while, NULL);
    EVENTUALLY(atomic_load(&reads));
    assert_int_equal(weft_rwlock_acquire_read(&rwlock), WEFT_OK);
    assert_int_equal(weft_rwlock_upgrade_for(&rwlock, 0.001), WEFT_TIMEOUT);
    assert_int_equal(weft_rwlock_try_upgrade(&rwlock), WEFT_TIMEOUT);
    assert_int_equal(weft_rwlock_readers(&rwlock), 2);
    bool sure = false;
    assert_int_not_equal(wefti_watch_holder(&rwlock, &sure), 0);
    atomic_store(&leaves, true);
    crew_join(&crew);
    assert_int_equal(wefti_watch_holder(&rwlock, &sure), weft_thread_ident(weft_thread_current()));
    assert_int_equal(weft_rwlock_upgrade(&rwlock), WEFT_OK);
    assert_int_equal(weft_rwlock_release_write(&rwlock), WEFT_OK);
    assert_int_equal(wefti_watch_holder(&rwlock, &sure), 0);
    assert_no_reports();
}

TEST(calls_in_error_are_refused_and_change_nothing_that_is_known)
{
    bool sure = false;
    watch();
    assert_int_equal(weft_rwlock_release_read(&rwlock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_release_write(&rwlock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_downgrade(&rwlock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_try_upgrade(&rwlock), WEFT_NOT_LOCKED);
    assert_int_equal(wefti_watch_holder(&rwlock, &sure), 0);
    assert_int_equal(weft_rwlock_acquire_write(&rwlock), WEFT_OK);
    assert_int_equal(weft_rwlock_acquire_read(&rwlock), WEFT_DEADLOCK);
    assert_int_equal(weft_rwlock_acquire_write(&rwlock), WEFT_DEADLOCK);
    assert_int_equal(wefti_watch_holder(&rwlock, &sure), weft_thread_ident(weft_thread_current()));
    assert_true(sure);
    assert_int_equal(weft_rwlock_release_write(&rwlock), WEFT_OK);
    assert_no_reports();
}

/* ---- others --------------------------------------------------------------------------------- */

TEST(a_wait_for_any_is_watched_too)
{
    weft_event event = WEFT_EVENT_INIT;
    weft_semaphore semaphore = WEFT_SEMAPHORE_INIT(1);
    const weft_waitable all[] = {weft_event_waitable(&event), weft_semaphore_waitable(&semaphore)};
    size_t index = 9;
    watch();
    assert_int_equal(weft_wait_any(2, all, &index, WEFT_FOREVER), WEFT_OK);
    assert_int_equal(index, 1);
    assert_int_equal(weft_wait_any(2, all, &index, 0.001), WEFT_TIMEOUT);
    assert_no_reports();
}

static weft_lock lock;
static atomic_int departed;

/* The library's own end of the thread comes first: it has known the thread for longer. */
static void use_locks(void *value)
{
    (void)value;
    WITNESS(weft_lock_acquire(&lock) == WEFT_OK);
    WITNESS(weft_rwlock_acquire_write(&rwlock) == WEFT_OK);
    WITNESS(weft_rwlock_release_write(&rwlock) == WEFT_OK);
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
    atomic_fetch_add(&departed, 1);
}

static pthread_key_t key;

static void *leave_something_to_do(void *arg)
{
    WITNESS(weft_lock_acquire(&lock) == WEFT_OK);
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
    WITNESS(pthread_setspecific(key, arg) == 0);
    return NULL;
}

TEST(a_thread_on_its_way_out_uses_locks_unwatched)
{
    bool sure = false;
    assert_int_equal(pthread_key_create(&key, use_locks), 0);
    watch();
    struct crew crew = crew_start(2, leave_something_to_do, &lock);
    crew_join(&crew);
    EVENTUALLY(atomic_load(&departed) == 2);
    assert_int_equal(wefti_watch_holder(&lock, &sure), 0);
    assert_int_equal(wefti_watch_holder(&rwlock, &sure), 0);
    assert_no_reports();
}

static void *steal(void *arg)
{
    WITNESS(weft_lock_acquire(arg) == WEFT_OK);
    return NULL;
}

/* Two hold what only one can: its first holder was let go unseen. */
TEST(a_lock_that_another_took_unseen_is_no_longer_checked)
{
    bool sure = true;
    watch();
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    lock = (weft_lock)WEFT_LOCK_INIT; /* made anew, as a child of a fork may do */
    struct crew crew = crew_start(1, steal, &lock);
    crew_join(&crew);
    assert_int_equal(wefti_watch_holder(&lock, &sure), 0);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_no_reports();
}
