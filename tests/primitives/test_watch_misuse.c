/* SPDX-License-Identifier: MIT */
/* Mistakes with owned locks that only a watcher can see: who reads, and who ends with a lock. */
#include "watch_help.h"

#include <pthread.h>

static uint32_t misuses(void)
{
    return count(WEFT_REPORT_MISUSE);
}

/* ---- shares -------------------------------------------------------------------------------- */

TEST(a_share_that_another_thread_gives_up_is_told)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    watch();
    assert_int_equal(weft_name(&lock, "table"), WEFT_OK);
    enter_two();
    does(&left, acquire_read, &lock);
    assert_no_reports();
    does(&right, release_read, &lock); /* as without watching: it is believed */
    assert_int_equal(misuses(), 1);
    assert_int_equal(all_reports(), 1);
    assert_reported("weft: misuse: thread ");
    assert_reported(" right gives up a share that it does not have, of an rwlock table at 0x");
    assert_reported(", at test_watch_misuse+0x");
    assert_reported(" left\n        holds an rwlock table at 0x");
    assert_reported(" as a reader, taken 0.");
    leave_two();
    assert_int_equal(all_reports(), 1);
}

TEST(an_upgrade_of_another_threads_share_is_told)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    watch();
    enter_two();
    does(&left, acquire_read, &lock);
    does(&right, upgrade, &lock);
    assert_int_equal(misuses(), 1);
    assert_reported(" right gives up a share that it does not have, of an rwlock at 0x");
    does(&right, release_write, &lock);
    leave_two();
}

TEST(an_upgrade_that_waits_with_another_threads_share_is_told)
{
    static weft_rwlock lock = WEFT_RWLOCK_INIT;
    watch();
    enter_two();
    does(&left, acquire_read, &lock);
    does(&left, acquire_read, &lock);
    begins(&right, upgrade, &lock);
    EVENTUALLY(weft_rwlock_waiters(&lock) == 1);
    assert_int_equal(misuses(), 1);
    does(&left, release_read, &lock);
    assert_int_equal(ends(&right), WEFT_OK);
}

TEST(a_release_that_is_refused_is_no_report)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    watch();
    assert_int_equal(acquire_read(&lock), WEFT_OK);
    assert_int_equal(release_read(&lock), WEFT_OK);
    assert_int_equal(release_read(&lock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_try_upgrade(&lock), WEFT_NOT_LOCKED);
    assert_no_reports();
}

TEST(a_share_taken_before_watching_began_is_its_takers)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    assert_int_equal(acquire_read(&lock), WEFT_OK);
    assert_int_equal(acquire_read(&lock), WEFT_OK);
    watch();
    actor_enters(&left, "left");
    does(&left, acquire_read, &lock);
    assert_int_equal(release_read(&lock), WEFT_OK); /* left is known, and is not all */
    does(&left, release_read, &lock);
    assert_int_equal(upgrade(&lock), WEFT_OK);
    assert_int_equal(release_write(&lock), WEFT_OK);
    actor_leaves(&left);
    assert_no_reports();
}

static weft_status upgrade_in_vain(void *lock)
{
    return weft_rwlock_upgrade_for(lock, 0.001) == WEFT_TIMEOUT ? WEFT_OK : WEFT_RUNTIME;
}

TEST(upgrades_that_fail_are_no_mistake)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    watch();
    actor_enters(&left, "left");
    assert_int_equal(acquire_read(&lock), WEFT_OK);
    does(&left, acquire_read, &lock);
    does(&left, upgrade_in_vain, &lock);
    assert_int_equal(weft_rwlock_try_upgrade(&lock), WEFT_TIMEOUT);
    does(&left, release_read, &lock);
    assert_int_equal(release_read(&lock), WEFT_OK);
    actor_leaves(&left);
    assert_no_reports();
}

/* ---- the end ------------------------------------------------------------------------------- */

TEST(a_thread_that_ends_with_an_owned_lock_is_told)
{
    static weft_rlock rlock = WEFT_RLOCK_INIT;
    static weft_rwlock table = WEFT_RWLOCK_INIT;
    static weft_rwlock log = WEFT_RWLOCK_INIT;
    watch();
    assert_int_equal(weft_name(&rlock, "account"), WEFT_OK);
    assert_int_equal(weft_name(&table, "table"), WEFT_OK);
    assert_int_equal(weft_name(&log, "log"), WEFT_OK);
    actor_enters(&left, "left");
    does(&left, acquire_rlock, &rlock);
    does(&left, acquire_read, &table);
    does(&left, acquire_write, &log);
    assert_no_reports();
    actor_leaves(&left);
    assert_int_equal(misuses(), 1);
    assert_reported(" left ends, and what it holds nobody else may release\n    thread ");
    assert_reported("holds an rlock account at 0x");
    assert_reported("holds an rwlock table at 0x");
    assert_reported("holds an rwlock log at 0x");
    assert_reported(" ago at test_watch_misuse+0x");
}

TEST(a_thread_that_ends_with_a_lock_is_not)
{
    weft_lock lock = WEFT_LOCK_INIT;
    watch();
    actor_enters(&left, "left");
    does(&left, acquire, &lock);
    actor_leaves(&left);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_no_reports();
}

TEST(a_thread_that_ends_with_nothing_is_not)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    watch();
    actor_enters(&left, "left");
    does(&left, acquire_rlock, &lock);
    does(&left, release_rlock, &lock);
    actor_leaves(&left);
    assert_no_reports();
}

TEST(more_than_fit_are_cut)
{
    enum { MANY = 12 };
    static weft_rlock locks[MANY];
    watch();
    actor_enters(&left, "left");
    for (size_t i = 0; i < MANY; i++)
        does(&left, acquire_rlock, &locks[i]);
    actor_leaves(&left);
    assert_int_equal(misuses(), 1);
    assert_reported("    and so on\n");
}

static void *take_and_end(void *lock)
{
    WITNESS(weft_rlock_acquire(lock) == WEFT_OK);
    return NULL;
}

TEST(a_foreign_thread_and_a_timers_function_are_told_of_too)
{
    static weft_rlock locks[2];
    pthread_t thread;
    watch();
    assert_int_equal(pthread_create(&thread, NULL, take_and_end, &locks[0]), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(misuses(), 1);
    assert_reported(" (foreign) ends, ");
    weft_timer *timer = weft_timer_spawn(0, take_and_end, &locks[1]);
    assert_non_null(timer);
    assert_int_equal(weft_timer_join(timer), WEFT_OK);
    EVENTUALLY(misuses() == 2); /* its worker may live on */
    weft_timer_free(timer);
}

/* A report function that makes the mistake itself. */
static void misuse_again(const weft_report *report, void *lock)
{
    note_report(report, NULL);
    (void)weft_rwlock_release_read(lock);
}

TEST(a_report_function_makes_no_reports)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    weft_rwlock other = WEFT_RWLOCK_INIT;
    watch();
    weft_set_report(misuse_again, &other);
    enter_two();
    does(&left, acquire_read, &lock);
    does(&left, acquire_read, &other);
    does(&right, release_read, &lock);
    assert_int_equal(misuses(), 1);
    assert_int_equal(weft_rwlock_readers(&other), 0);
    leave_two();
}

TEST(who_watches_no_more_tells_nothing)
{
    static weft_rlock lock = WEFT_RLOCK_INIT;
    watch();
    actor_enters(&left, "left");
    does(&left, acquire_rlock, &lock);
    assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_OFF), WEFT_OK);
    actor_leaves(&left);
    assert_no_reports();
}
