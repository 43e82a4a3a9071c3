/* SPDX-License-Identifier: MIT */
/* Watching RLock, RWLock, Condition and several locks at once: what they tell the watcher. */
#include "watch_help.h"

#include "primitives/names.h"

static void waits_in_room(struct actor *actor, step *next, void *object, enum wefti_kind kind)
{
    size_t before = wefti_waiters((struct wefti_key){object, kind});
    begins(actor, next, object);
    EVENTUALLY(wefti_waiters((struct wefti_key){object, kind}) == before + 1);
}

/* ---- RLock --------------------------------------------------------------------------------- */

TEST(a_cycle_of_rlocks_is_a_deadlock)
{
    static weft_rlock a = WEFT_RLOCK_INIT;
    static weft_rlock b = WEFT_RLOCK_INIT;
    watch();
    enter_two();
    does(&left, acquire_rlock, &a);
    does(&left, acquire_rlock, &a); /* twice, and released once: it still holds it */
    does(&left, release_rlock, &a);
    does(&right, acquire_rlock, &b);
    waits_in_room(&left, acquire_rlock, &b, WEFTI_RLOCK);
    assert_int_equal(count(WEFT_REPORT_DEADLOCK), 0);
    begins(&right, acquire_rlock, &a);
    EVENTUALLY(count(WEFT_REPORT_DEADLOCK) == 1);
    assert_reported("holds an rlock at 0x");
}

TEST(an_rlock_let_go_is_held_no_longer)
{
    weft_rlock a = WEFT_RLOCK_INIT;
    bool sure = false;
    watch();
    assert_int_equal(weft_rlock_acquire(&a), WEFT_OK);
    assert_int_equal(weft_rlock_acquire_for(&a, 1), WEFT_OK);
    assert_int_equal(weft_rlock_release(&a), WEFT_OK);
    assert_int_equal(wefti_watch_holder(&a, &sure), 1);
    assert_true(sure);
    assert_int_equal(weft_rlock_release(&a), WEFT_OK);
    assert_int_equal(wefti_watch_holder(&a, &sure), 0);
    assert_int_equal(weft_rlock_release(&a), WEFT_NOT_OWNER);
}

TEST(an_inversion_of_rlocks_is_told)
{
    weft_rlock a = WEFT_RLOCK_INIT;
    weft_rlock b = WEFT_RLOCK_INIT;
    watch();
    assert_int_equal(weft_name(&a, "a"), WEFT_OK);
    assert_int_equal(weft_name(&b, "b"), WEFT_OK);
    WEFT_WITH(&a) {
        WEFT_WITH(&b) {
            WEFT_WITH(&a) { /* held already: no order */
            }
        }
    }
    assert_no_reports();
    WEFT_WITH(&b) {
        WEFT_WITH(&a) {
        }
    }
    assert_int_equal(orders(), 1);
}

/* ---- RWLock -------------------------------------------------------------------------------- */

TEST(a_reader_that_wants_to_write_waits_for_itself)
{
    static weft_rwlock lock = WEFT_RWLOCK_INIT;
    watch();
    actor_enters(&left, "left");
    does(&left, acquire_read, &lock);
    begins(&left, acquire_write, &lock);
    EVENTUALLY(count(WEFT_REPORT_DEADLOCK) == 1);
    assert_reported("a thread waits for itself");
}

TEST(a_second_read_behind_a_writer_waits_for_itself)
{
    static weft_rwlock lock = WEFT_RWLOCK_INIT;
    watch();
    enter_two();
    does(&left, acquire_read, &lock);
    waits_in_room(&right, acquire_write, &lock, WEFTI_RWLOCK);
    assert_no_reports();
    begins(&left, acquire_read, &lock);
    EVENTUALLY(count(WEFT_REPORT_DEADLOCK) == 1);
}

TEST(an_upgrade_does_not_wait_for_its_own_share)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    watch();
    enter_two();
    does(&left, acquire_read, &lock);
    does(&right, acquire_read, &lock);
    waits_in_room(&left, upgrade, &lock, WEFTI_RWLOCK);
    assert_no_reports();
    does(&right, release_read, &lock);
    assert_int_equal(ends(&left), WEFT_OK);
    bool sure;
    assert_int_equal(wefti_watch_holder(&lock, &sure), weft_thread_ident(left.thread));
    leave_two();
}

TEST(an_upgrade_that_fails_leaves_a_reader)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    bool sure;
    watch();
    actor_enters(&left, "left");
    does(&left, acquire_read, &lock);
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_try_upgrade(&lock), WEFT_TIMEOUT);
    does(&left, release_read, &lock);
    assert_int_equal(wefti_watch_holder(&lock, &sure), 1);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(wefti_watch_holder(&lock, &sure), 0);
    actor_leaves(&left);
    assert_no_reports();
}

TEST(a_downgrade_leaves_a_reader)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    bool sure;
    watch();
    actor_enters(&left, "left");
    assert_int_equal(weft_rwlock_acquire_write(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_downgrade(&lock), WEFT_OK);
    assert_int_equal(wefti_watch_holder(&lock, &sure), 1);
    does(&left, acquire_read, &lock);
    does(&left, release_read, &lock);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(wefti_watch_holder(&lock, &sure), 0);
    actor_leaves(&left);
    assert_no_reports();
}

TEST(a_share_released_by_another_reader_leaves_the_checks)
{
    static weft_rwlock lock = WEFT_RWLOCK_INIT;
    bool sure;
    watch();
    enter_two();
    does(&left, acquire_read, &lock);
    does(&right, release_read, &lock);
    assert_int_equal(wefti_watch_holder(&lock, &sure), 0);
    does(&left, acquire_read, &lock);
    begins(&left, acquire_write, &lock);
    EVENTUALLY(weft_rwlock_waiters(&lock) == 1);
    assert_int_equal(all_reports(), count(WEFT_REPORT_MISUSE)); /* of right */
}

/* ---- Condition ----------------------------------------------------------------------------- */

static weft_status wait_in(void *condition)
{
    weft_status status = weft_condition_acquire(condition);
    if (status == WEFT_OK)
        status = weft_condition_wait(condition);
    return status;
}

static weft_status release_condition(void *condition)
{
    return weft_condition_release(condition);
}

TEST(who_waits_in_a_condition_does_not_hold_its_lock)
{
    weft_condition condition = WEFT_CONDITION_INIT;
    bool sure;
    watch();
    actor_enters(&left, "left");
    waits_in_room(&left, wait_in, &condition, WEFTI_CONDITION);
    EVENTUALLY(wefti_watch_holder(&condition, &sure) == 0); /* it queues, then lets go */
    WEFT_WITH(&condition) {
        assert_int_equal(wefti_watch_holder(&condition, &sure), 1);
        assert_int_equal(weft_condition_notify(&condition, 1), WEFT_OK);
    }
    assert_int_equal(ends(&left), WEFT_OK);
    assert_int_equal(wefti_watch_holder(&condition, &sure), weft_thread_ident(left.thread));
    does(&left, release_condition, &condition);
    actor_leaves(&left);
    assert_no_reports();
}

TEST(a_condition_takes_its_lock_back_behind_what_is_held)
{
    weft_lock lock = WEFT_LOCK_INIT;
    weft_lock inner = WEFT_LOCK_INIT;
    weft_condition condition = WEFT_CONDITION_INIT_ON(&lock);
    watch();
    named(&lock, "lock");
    named(&inner, "inner");
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_lock_acquire(&inner), WEFT_OK);
    assert_no_reports();
    assert_int_equal(weft_condition_wait_for(&condition, 0.001), WEFT_TIMEOUT);
    assert_int_equal(orders(), 1); /* it held inner and wanted lock */
}

/* ---- several at once ----------------------------------------------------------------------- */

TEST(locks_taken_at_once_have_no_order_among_themselves)
{
    static weft_lock locks[3]; /* two accounts, and a journal between them */
    watch();
    named(&locks[0], "account");
    named(&locks[1], "journal");
    named(&locks[2], "account");
    for (int i = 0; i < 2; i++) {
        WEFT_WITH_ALL(&locks[0], &locks[1]) {
        }
        WEFT_WITH_ALL(&locks[2], &locks[1]) {
        }
    }
    assert_no_reports();
}

TEST(locks_taken_at_once_come_behind_what_is_held)
{
    static weft_lock locks[3];
    watch();
    named(&locks[0], "a");
    named(&locks[1], "b");
    named(&locks[2], "c");
    WEFT_WITH(&locks[2]) {
        WEFT_WITH_ALL(&locks[0], &locks[1]) {
        }
    }
    assert_no_reports();
    WEFT_WITH_ALL(&locks[0], &locks[1]) {
        WEFT_WITH(&locks[2]) {
        }
    }
    assert_int_equal(orders(), 2);
}

/* ---- names --------------------------------------------------------------------------------- */

static bool named_still(const void *object)
{
    char name[WEFTI_NAME_BYTES];
    return wefti_name_of(object, name);
}

TEST(every_object_that_is_done_loses_its_name)
{
    weft_rlock rlock = WEFT_RLOCK_INIT;
    weft_rwlock rwlock = WEFT_RWLOCK_INIT;
    weft_condition condition = WEFT_CONDITION_INIT;
    weft_event event = WEFT_EVENT_INIT;
    weft_latch latch = WEFT_LATCH_INIT(1);
    weft_semaphore semaphore = WEFT_SEMAPHORE_INIT(1);
    weft_barrier barrier = WEFT_BARRIER_INIT(2);
    const void *all[] = {&rlock, &rwlock, &condition, &event, &latch, &semaphore, &barrier};
    enum { ALL = sizeof all / sizeof all[0] };
    for (size_t i = 0; i < ALL; i++)
        assert_int_equal(weft_name(all[i], "name"), WEFT_OK);
    const weft_status done[] = {weft_rlock_done(&rlock),         weft_rwlock_done(&rwlock),
                                weft_condition_done(&condition), weft_event_done(&event),
                                weft_latch_done(&latch),         weft_semaphore_done(&semaphore),
                                weft_barrier_done(&barrier)};
    for (size_t i = 0; i < ALL; i++) {
        assert_int_equal(done[i], WEFT_OK);
        assert_false(named_still(all[i]));
    }
}
