/* SPDX-License-Identifier: MIT */
/* How the threads wait that want an RLock of another's. */
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "primitives/rlock.h"

static void *acquire_in_vain(void *lock)
{
    WITNESS(weft_rlock_acquire(lock) == WEFT_INTERRUPTED);
    WITNESS(!weft_rlock_is_owned(lock));
    return NULL;
}

static void *acquire_for_in_vain(void *lock)
{
    WITNESS(weft_rlock_acquire_for(lock, 1e6) == WEFT_INTERRUPTED);
    WITNESS(!weft_rlock_is_owned(lock));
    return NULL;
}

TEST(an_interruption_ends_a_wait_and_the_rlock_is_not_taken)
{
    weft_target *const targets[] = {acquire_in_vain, acquire_for_in_vain};
    weft_rlock lock = WEFT_RLOCK_INIT;
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    for (int i = 0; i < 2; i++) {
        struct crew crew = crew_start(1, targets[i], &lock);
        EVENTUALLY(weft_rlock_waiters(&lock) == 1);
        assert_true(test_interrupt(crew.threads[0]));
        crew_join(&crew);
    }
    assert_int_equal(weft_rlock_depth(&lock), 1);
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_false(weft_rlock_locked(&lock));
}

static void *acquire_firmly(void *lock)
{
    WITNESS(wefti_rlock_acquire_at(lock, wefti_for_ever(), true, NULL) == WEFT_OK);
    WITNESS(weft_rlock_release(lock) == WEFT_OK);
    WITNESS(weft_sleep(1e6) == WEFT_INTERRUPTED); /* it has stayed pending */
    return NULL;
}

TEST(an_interruption_does_not_end_a_firm_wait)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(1, acquire_firmly, &lock);
    EVENTUALLY(weft_rlock_waiters(&lock) == 1);
    assert_true(test_interrupt(crew.threads[0]));
    assert_int_equal(weft_rlock_waiters(&lock), 1);
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    crew_join(&crew);
}

static void *take_it_twice(void *arg)
{
    weft_rlock *lock = arg;
    WITNESS(weft_rlock_acquire(lock) == WEFT_OK);
    WITNESS(weft_rlock_owner(lock) == weft_thread_ident(weft_thread_current()));
    WITNESS(weft_rlock_acquire(lock) == WEFT_OK);
    WITNESS(weft_rlock_depth(lock) == 2);
    WITNESS(weft_rlock_release(lock) == WEFT_OK);
    WITNESS(weft_rlock_release(lock) == WEFT_OK);
    return NULL;
}

TEST(a_waiter_that_is_handed_the_rlock_owns_it)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(3, take_it_twice, &lock);
    EVENTUALLY(weft_rlock_waiters(&lock) == 3);
    assert_int_equal(weft_sleep(0.002), WEFT_OK); /* long enough to be handed it */
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    crew_join(&crew);
    assert_false(weft_rlock_locked(&lock));
}

TEST(an_inner_release_wakes_nobody)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(2, take_it_twice, &lock);
    EVENTUALLY(weft_rlock_waiters(&lock) == 2);
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_waiters(&lock), 2);
    assert_int_equal(weft_rlock_done(&lock), WEFT_BUSY);
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    crew_join(&crew);
}

TEST(a_dump_names_the_rlock)
{
    weft_rlock lock = WEFT_RLOCK_INIT;
    char text[1024] = "";
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(weft_rlock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(1, take_it_twice, &lock);
    EVENTUALLY(weft_rlock_waiters(&lock) == 1);
    assert_int_equal(weft_dump(ends[1]), WEFT_OK);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    char expected[64];
    snprintf(expected, sizeof expected, "s for an rlock at 0x%lx", (unsigned long)&lock);
    assert_non_null(strstr(text, expected));
    assert_int_equal(weft_rlock_release(&lock), WEFT_OK);
    crew_join(&crew);
    close(ends[0]);
    close(ends[1]);
}
