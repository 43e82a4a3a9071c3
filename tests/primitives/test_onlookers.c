/* SPDX-License-Identifier: MIT */
/*
 * What the tools that look on are told, ThreadSanitizer and valgrind: of owned locks that they are
 * locks, of all else that work is ordered.
 */
// LINK: -Wl,--wrap=wefti_tsan_present,--wrap=wefti_tsan_acquire,--wrap=wefti_tsan_release
// LINK: -Wl,--wrap=wefti_tsan_knows_locks,--wrap=wefti_tsan_locked,--wrap=wefti_tsan_unlocks
// LINK: -Wl,--wrap=wefti_tsan_done,--wrap=wefti_valgrind_present,--wrap=wefti_valgrind_acquire
// LINK: -Wl,--wrap=wefti_valgrind_release,--wrap=wefti_valgrind_locked
// LINK: -Wl,--wrap=wefti_valgrind_unlocks,--wrap=wefti_valgrind_done
#include "watch_help.h"

/* NOLINTBEGIN: the linker's names */
bool __wrap_wefti_tsan_present(void);
void __wrap_wefti_tsan_acquire(void *object);
void __wrap_wefti_tsan_release(void *object);
bool __wrap_wefti_tsan_knows_locks(void);
void __wrap_wefti_tsan_locked(void *object, bool shared, bool tried);
void __wrap_wefti_tsan_unlocks(void *object, bool shared);
void __wrap_wefti_tsan_done(const void *object);
bool __wrap_wefti_valgrind_present(void);
void __wrap_wefti_valgrind_acquire(void *object);
void __wrap_wefti_valgrind_release(void *object);
void __wrap_wefti_valgrind_locked(void *object, bool shared);
void __wrap_wefti_valgrind_unlocks(void *object);
void __wrap_wefti_valgrind_done(void *object);

/* A letter for each call about the object that is looked at. */
enum { CALLS_MOST = 128 };
static char tsan[CALLS_MOST];
static char valgrind[CALLS_MOST];
static const void *looked_at;

static void tell(char *told, const void *object, const char *what)
{
    if (object == looked_at)
        strncat(told, what, CALLS_MOST - strlen(told) - 1);
}

bool __wrap_wefti_tsan_present(void)
{
    return true;
}

void __wrap_wefti_tsan_acquire(void *object)
{
    tell(tsan, object, "a");
}

void __wrap_wefti_tsan_release(void *object)
{
    tell(tsan, object, "r");
}

bool __wrap_wefti_tsan_knows_locks(void)
{
    return true;
}

void __wrap_wefti_tsan_locked(void *object, bool shared, bool tried)
{
    tell(tsan, object, shared ? "S" : "L");
    tell(tsan, object, tried ? "?" : "");
}

void __wrap_wefti_tsan_unlocks(void *object, bool shared)
{
    tell(tsan, object, shared ? "s" : "u");
}

void __wrap_wefti_tsan_done(const void *object)
{
    tell(tsan, object, "d");
}

bool __wrap_wefti_valgrind_present(void)
{
    return true;
}

void __wrap_wefti_valgrind_acquire(void *object)
{
    tell(valgrind, object, "a");
}

void __wrap_wefti_valgrind_release(void *object)
{
    tell(valgrind, object, "r");
}

void __wrap_wefti_valgrind_locked(void *object, bool shared)
{
    tell(valgrind, object, shared ? "S" : "L");
}

void __wrap_wefti_valgrind_unlocks(void *object)
{
    tell(valgrind, object, "u");
}

void __wrap_wefti_valgrind_done(void *object)
{
    tell(valgrind, object, "d");
}
/* NOLINTEND */

TEST(of_a_lock_they_are_told_that_work_is_ordered)
{
    weft_lock lock = WEFT_LOCK_INIT;
    looked_at = &lock;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_TIMEOUT);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_int_equal(weft_lock_acquire_for(&lock, 1), WEFT_OK);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_int_equal(weft_lock_done(&lock), WEFT_OK);
    assert_string_equal(tsan, "arard");
    assert_string_equal(valgrind, "arard");
}

TEST(of_an_owned_lock_they_are_told_that_it_is_one)
{
    struct owned lock = {0};
    looked_at = &lock;
    assert_int_equal(owned_acquire(&lock), WEFT_OK);
    assert_int_equal(owned_release(&lock), WEFT_OK);
    lock.timed = true;
    assert_int_equal(owned_acquire(&lock), WEFT_OK);
    assert_int_equal(owned_release(&lock), WEFT_OK);
    lock.shared = true;
    lock.timed = false;
    assert_int_equal(owned_acquire(&lock), WEFT_OK);
    assert_int_equal(owned_release(&lock), WEFT_OK);
    wefti_watch_done(&lock);
    assert_string_equal(tsan, "LuL?uSsd");
    assert_string_equal(valgrind, "LuLuSud");
}

TEST(of_an_rlock_they_are_told_the_outermost_level)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    looked_at = &lock;
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_try_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_done(&lock), WEFT_OK);
    assert_string_equal(tsan, "LuL?ud");
    assert_string_equal(valgrind, "LuLud");
}

TEST(of_an_rwlock_they_are_told_both_sides_and_each_change)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    looked_at = &lock;
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_upgrade(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_downgrade(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
    assert_string_equal(tsan, "SsLuSsd");
    assert_string_equal(valgrind, "SuLuSud");
}

TEST(of_a_condition_they_are_told_its_lock)
{
    weft_condition condition = WEFT_CONDITION_INIT;
    looked_at = &condition;
    assert_int_equal(weft_condition_acquire(&condition), WEFT_OK);
    assert_int_equal(weft_condition_wait_for(&condition, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_condition_release(&condition), WEFT_OK);
    assert_int_equal(weft_condition_done(&condition), WEFT_OK);
    assert_string_equal(tsan, "LuLud");
    assert_string_equal(valgrind, "LuLud");
}

TEST(of_an_event_they_are_told_that_work_is_ordered)
{
    weft_event event = WEFT_EVENT_INIT;
    looked_at = &event;
    assert_int_equal(weft_event_set(&event), WEFT_OK);
    assert_int_equal(weft_event_wait(&event), WEFT_OK);
    assert_int_equal(weft_event_done(&event), WEFT_OK);
    assert_string_equal(tsan, "rad");
    assert_string_equal(valgrind, "rad");
}

TEST(of_a_thread_they_are_told_that_its_end_comes_before_the_join)
{
    actor_enters(&left, "left");
    looked_at = left.thread;
    actor_ends(&left);
    assert_string_equal(tsan, "ra");
    assert_string_equal(valgrind, "ra");
    weft_thread_free(left.thread);
}
