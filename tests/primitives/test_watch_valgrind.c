/* SPDX-License-Identifier: MIT */
/* What valgrind is told: of owned locks that they are locks, of all else that work is ordered. */
// LINK: -Wl,--wrap=wefti_valgrind_present,--wrap=wefti_valgrind_acquire
// LINK: -Wl,--wrap=wefti_valgrind_release,--wrap=wefti_valgrind_locked
// LINK: -Wl,--wrap=wefti_valgrind_unlocks,--wrap=wefti_valgrind_done
#include "watch_help.h"

/* NOLINTBEGIN: the linker's names */
bool __wrap_wefti_valgrind_present(void);
void __wrap_wefti_valgrind_acquire(void *object);
void __wrap_wefti_valgrind_release(void *object);
void __wrap_wefti_valgrind_locked(void *object, bool shared);
void __wrap_wefti_valgrind_unlocks(void *object);
void __wrap_wefti_valgrind_done(void *object);

static char told[128]; /* a letter for each call about the object that is looked at */
static const void *looked_at;

static void tell(const void *object, char what)
{
    size_t length = strlen(told);
    if (object == looked_at && length + 1 < sizeof told)
        told[length] = what;
}

bool __wrap_wefti_valgrind_present(void)
{
    return true;
}

void __wrap_wefti_valgrind_acquire(void *object)
{
    tell(object, 'a');
}

void __wrap_wefti_valgrind_release(void *object)
{
    tell(object, 'r');
}

void __wrap_wefti_valgrind_locked(void *object, bool shared)
{
    tell(object, shared ? 'S' : 'L');
}

void __wrap_wefti_valgrind_unlocks(void *object)
{
    tell(object, 'u');
}

void __wrap_wefti_valgrind_done(void *object)
{
    tell(object, 'd');
}
/* NOLINTEND */

TEST(of_a_lock_it_is_told_that_work_is_ordered)
{
    weft_lock lock = WEFT_LOCK_INIT;
    looked_at = &lock;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_lock_try_acquire(&lock), WEFT_TIMEOUT);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    assert_int_equal(weft_lock_done(&lock), WEFT_OK);
    assert_string_equal(told, "ard");
}

TEST(of_an_rlock_it_is_told_the_outermost_level)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    looked_at = &lock;
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_done(&lock), WEFT_OK);
    assert_string_equal(told, "Lud");
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
    assert_string_equal(told, "SuLuSud");
}

TEST(of_an_event_it_is_told_that_work_is_ordered)
{
    weft_event event = WEFT_EVENT_INIT;
    looked_at = &event;
    assert_int_equal(weft_event_set(&event), WEFT_OK);
    assert_int_equal(weft_event_wait(&event), WEFT_OK);
    assert_int_equal(weft_event_done(&event), WEFT_OK);
    assert_string_equal(told, "rad");
}
