/* SPDX-License-Identifier: MIT */
/* What RLock promises beyond the contract of everything that locks: an owner and a depth. */
#include "test.h"

#include <math.h>
#include <sys/wait.h>
#include <unistd.h>

#include "primitives/rlock.h"

/* ---- owner and depth ----------------------------------------------------------------------- */

static void with_another_thread(weft_target *target, void *arg)
{
    struct crew crew = crew_start(1, target, arg);
    crew_join(&crew);
}

TEST(an_rlock_is_12_bytes_and_zero_bytes_are_a_free_one)
{
    static weft_rlock zeroed;
    assert_int_equal(sizeof(weft_rlock), 12);
    assert_int_equal(weft_sizeof(WEFT_KIND_RLOCK), sizeof(weft_rlock));
    assert_false(weft_rlock_locked(&zeroed));
    assert_int_equal(weft_rlock_acquire(&zeroed), WEFT_OK);
    assert_int_equal(weft_rlock_release(&zeroed), WEFT_OK);
    const weft_rlock initialised = WEFT_RLOCK_INIT;
    assert_memory_equal(&zeroed, &initialised, sizeof zeroed);
}

static void *find_it(void *arg)
{
    weft_rlock *lock = arg;
    bool held = weft_rlock_locked(lock);
    WITNESS(!weft_rlock_is_owned(lock));
    WITNESS(weft_rlock_depth(lock) == 0);
    WITNESS(held == (weft_rlock_owner(lock) != 0));
    WITNESS(weft_rlock_try_acquire(lock) == (held ? WEFT_TIMEOUT : WEFT_OK));
    if (!held)
        WITNESS(weft_rlock_release(lock) == WEFT_OK);
    return NULL;
}

TEST(the_owner_takes_it_again_and_releases_it_as_often)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    uint64_t parks = weft_park_count();
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    with_another_thread(find_it, &lock);
    assert_true(weft_rlock_locked(&lock));
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_true(weft_rlock_locked(&lock));
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_false(weft_rlock_locked(&lock));
    with_another_thread(find_it, &lock);
    assert_true(weft_park_count() <= parks + 2); /* the joins */
}

TEST(every_way_to_acquire_takes_it_again)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    uint64_t parks = weft_park_count();
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_try_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_acquire_for(&lock, 0), WEFT_OK);
    assert_int_equal(weft_rlock_acquire_for(&lock, WEFT_FOREVER), WEFT_OK);
    assert_int_equal(weft_rlock_acquire_until(&lock, weft_now() - 1), WEFT_OK);
    assert_int_equal(wefti_rlock_acquire_at(&lock, wefti_for_ever(), true, NULL), WEFT_OK);
    assert_int_equal(weft_rlock_depth(&lock), 6);
    assert_true(weft_park_count() == parks);
    for (int i = 0; i < 6; i++)
        assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_false(weft_rlock_locked(&lock));
}

TEST(a_free_one_cannot_be_released)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    const weft_rlock fresh = WEFT_RLOCK_INIT;
    assert_int_equal(weft_rlock_release(&lock), WEFT_NOT_OWNER);
    assert_memory_equal(&lock, &fresh, sizeof lock);
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_release(&lock), WEFT_NOT_OWNER);
    assert_memory_equal(&lock, &fresh, sizeof lock);
}

static void *release_in_vain(void *lock)
{
    WITNESS(weft_rlock_release(lock) == WEFT_NOT_OWNER);
    return NULL;
}

TEST(another_thread_cannot_release_it)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    weft_rlock before = lock;
    with_another_thread(release_in_vain, &lock);
    assert_memory_equal(&lock, &before, sizeof lock);
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    with_another_thread(release_in_vain, &lock);
    assert_int_equal(weft_rlock_depth(&lock), 1);
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_false(weft_rlock_locked(&lock));
}

static void *see_no_depth(void *lock)
{
    WITNESS(weft_rlock_depth(lock) == 0);
    WITNESS(weft_rlock_acquire(lock) == WEFT_OK);
    WITNESS(weft_rlock_depth(lock) == 1);
    WITNESS(weft_rlock_release(lock) == WEFT_OK);
    WITNESS(weft_rlock_depth(lock) == 0);
    return NULL;
}

TEST(the_depth_is_the_calling_threads)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    assert_int_equal(weft_rlock_depth(&lock), 0);
    for (uint32_t depth = 1; depth <= 3; depth++) {
        assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
        assert_int_equal(weft_rlock_depth(&lock), depth);
    }
    struct crew crew = crew_start(1, see_no_depth, &lock);
    EVENTUALLY(weft_rlock_waiters(&lock) == 1);
    for (uint32_t depth = 3; depth > 0; depth--) {
        assert_int_equal(weft_rlock_depth(&lock), depth);
        assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    }
    assert_int_equal(weft_rlock_depth(&lock), 0);
    crew_join(&crew);
    assert_int_equal(weft_rlock_depth(&lock), 0);
}

TEST(its_owner_is_known)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    assert_false(weft_rlock_is_owned(&lock));
    assert_int_equal(weft_rlock_owner(&lock), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
        assert_true(weft_rlock_is_owned(&lock));
        assert_int_equal(weft_rlock_owner(&lock), weft_thread_ident(weft_thread_current()));
        with_another_thread(find_it, &lock);
    }
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_true(weft_rlock_is_owned(&lock));
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_false(weft_rlock_is_owned(&lock));
    assert_int_equal(weft_rlock_owner(&lock), 0);
}

TEST(a_depth_that_would_overflow_is_refused)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    lock.depth = UINT32_MAX - 1;
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OVERFLOW);
    assert_int_equal(weft_rlock_try_acquire(&lock), WEFT_OVERFLOW);
    assert_int_equal(weft_rlock_acquire_for(&lock, 1), WEFT_OVERFLOW);
    assert_int_equal(weft_rlock_acquire_until(&lock, weft_now() + 1), WEFT_OVERFLOW);
    assert_int_equal(wefti_rlock_acquire_at(&lock, wefti_for_ever(), true, NULL), WEFT_OVERFLOW);
    assert_int_equal(weft_rlock_depth(&lock), UINT32_MAX);
    lock.depth = 1;
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_false(weft_rlock_locked(&lock));
}

TEST(save_lets_it_go_at_any_depth_and_restore_brings_the_depth_back)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(wefti_rlock_save(&lock), 3);
    assert_false(weft_rlock_locked(&lock));
    with_another_thread(find_it, &lock);
    const struct wefti_parked nothing = {.outcome = WEFTI_TIMED_OUT};
    wefti_rlock_restore(&lock, 3, &nothing, NULL);
    assert_true(weft_rlock_is_owned(&lock));
    assert_int_equal(weft_rlock_depth(&lock), 3);
}

/* ---- arguments, ends, forks ---------------------------------------------------------------- */

TEST(null_is_a_value_error)
{
    assert_int_equal(weft_rlock_acquire(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rlock_try_acquire(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rlock_acquire_for(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rlock_acquire_until(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rlock_release(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rlock_done(NULL), WEFT_VALUE_ERROR);
    assert_false(weft_rlock_locked(NULL));
    assert_false(weft_rlock_is_owned(NULL));
    assert_int_equal(weft_rlock_depth(NULL), 0);
    assert_int_equal(weft_rlock_owner(NULL), 0);
    assert_int_equal(weft_rlock_waiters(NULL), 0);
    weft_rlock_free(NULL);
}

TEST(no_number_is_refused_even_by_the_owner)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_acquire_for(&lock, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rlock_acquire_until(&lock, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rlock_depth(&lock), 1);
}

TEST(one_that_is_in_use_is_not_done)
{
    weft_rlock *lock = weft_rlock_new();
    assert_non_null(lock);
    assert_int_equal(weft_rlock_done(lock), WEFT_OK);
    assert_int_equal(weft_rlock_acquire(lock), WEFT_OK);
    assert_int_equal(weft_rlock_done(lock), WEFT_BUSY);
    assert_int_equal(weft_rlock_release(lock), WEFT_OK);
    assert_int_equal(weft_rlock_done(lock), WEFT_OK);
    weft_rlock_free(lock);
}

TEST(after_a_fork_it_is_still_the_forking_threads)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    pid_t child = fork();
    if (child == 0) {
        bool good = weft_rlock_is_owned(&lock) && weft_rlock_acquire(&lock) == WEFT_OK;
        for (int i = 0; i < 3; i++)
            good = weft_rlock_release(&lock) == WEFT_OK && good;
        good = good && weft_rlock_release(&lock) == WEFT_NOT_OWNER && !weft_rlock_locked(&lock);
        _exit(good ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(weft_rlock_depth(&lock), 2);
}
