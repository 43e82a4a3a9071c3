/* SPDX-License-Identifier: MIT */
/* What ThreadSanitizer is told: of Locks that work is ordered, of owned locks that they are locks. */
// LINK: -Wl,--wrap=wefti_tsan_present,--wrap=wefti_tsan_acquire,--wrap=wefti_tsan_release
// LINK: -Wl,--wrap=wefti_tsan_knows_locks,--wrap=wefti_tsan_locked,--wrap=wefti_tsan_unlocks
// LINK: -Wl,--wrap=wefti_tsan_done
#include "watch_help.h"

/* NOLINTBEGIN: the linker's names */
bool __wrap_wefti_tsan_present(void);
void __wrap_wefti_tsan_acquire(void *object);
void __wrap_wefti_tsan_release(void *object);
bool __wrap_wefti_tsan_knows_locks(void);
void __wrap_wefti_tsan_locked(void *object, bool shared, bool tried);
void __wrap_wefti_tsan_unlocks(void *object, bool shared);
void __wrap_wefti_tsan_done(const void *object);

static char told[128]; /* a letter for each call about the object that is looked at */
static const void *looked_at;

static void tell(const void *object, const char *what)
{
    if (object == looked_at)
        strncat(told, what, sizeof told - strlen(told) - 1);
}

bool __wrap_wefti_tsan_present(void)
{
    return true;
}

void __wrap_wefti_tsan_acquire(void *object)
{
    tell(object, "a");
}

void __wrap_wefti_tsan_release(void *object)
{
    tell(object, "r");
}

bool __wrap_wefti_tsan_knows_locks(void)
{
    return true;
}

void __wrap_wefti_tsan_locked(void *object, bool shared, bool tried)
{
    tell(object, shared ? "S" : "L");
    tell(object, tried ? "?" : "");
}

void __wrap_wefti_tsan_unlocks(void *object, bool shared)
{
    tell(object, shared ? "s" : "u");
}

void __wrap_wefti_tsan_done(const void *object)
{
    tell(object, "d");
}
/* NOLINTEND */

TEST(of_a_lock_it_is_told_that_work_is_ordered)
{
    weft_lock lock = WEFT_LOCK_INIT;
    looked_at = &lock;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_TIMEOUT);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_int_equal(weft_lock_acquire_for(&lock, 1), WEFT_OK);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_int_equal(weft_lock_done(&lock), WEFT_OK);
    assert_string_equal(told, "arard");
}

TEST(of_an_owned_lock_it_is_told_that_it_is_one)
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
    assert_string_equal(told, "LuL?uSsd");
}

TEST(of_an_rlock_it_is_told_the_outermost_level)
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
    assert_string_equal(told, "LuL?ud");
}

TEST(of_an_rwlock_it_is_told_both_sides_and_each_change)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    looked_at = &lock;
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_upgrade(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_downgrade(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
    assert_string_equal(told, "SsLuSsd");
}

TEST(of_a_condition_it_is_told_its_lock)
{
    weft_condition condition = WEFT_CONDITION_INIT;
    looked_at = &condition;
    assert_int_equal(weft_condition_acquire(&condition), WEFT_OK);
    assert_int_equal(weft_condition_wait_for(&condition, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_condition_release(&condition), WEFT_OK);
    assert_int_equal(weft_condition_done(&condition), WEFT_OK);
    assert_string_equal(told, "LuLud");
}

TEST(of_a_thread_it_is_told_that_its_end_comes_before_the_join)
{
    actor_enters(&left, "left");
    looked_at = left.thread;
    actor_ends(&left);
    assert_string_equal(told, "ra");
    weft_thread_free(left.thread);
}
