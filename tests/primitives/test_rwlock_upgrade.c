/* SPDX-License-Identifier: MIT */
/* From reading to writing: alone at once, else after the others; two would wait for each other. */
#include "test.h"

#include "interrupt.h"
#include "rwlock_help.h"

TEST(the_only_reader_upgrades_at_once)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    uint64_t parks = weft_park_count();
    weft_status (*const upgrades[])(weft_rwlock *) = {weft_rwlock_upgrade, weft_rwlock_try_upgrade};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
        assert_int_equal(upgrades[i](&lock), WEFT_OK);
        assert_int_equal(weft_rwlock_readers(&lock), 0);
        assert_int_equal(weft_rwlock_writer(&lock), weft_thread_ident(weft_thread_current()));
        assert_int_equal(weft_rwlock_release_write(&lock), WEFT_OK);
    }
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
    assert_true(weft_park_count() == parks);
}

TEST(the_only_reader_upgrades_before_a_writer_that_waits)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit writer = {.lock = &lock, .side = WRITING};
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    visit_waits(&writer, 1);
    assert_int_equal(weft_rwlock_try_upgrade(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_readers(&lock), 0);
    assert_int_equal(weft_rwlock_waiters(&lock), 1);
    assert_false(atomic_load(&writer.inside));
    assert_int_equal(weft_rwlock_release_write(&lock), WEFT_OK);
    assert_int_equal(visit_ends(&writer), WEFT_OK);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
}

TEST(a_try_beside_other_readers_changes_nothing)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit reader = {.lock = &lock, .side = READING};
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    visit_starts(&reader);
    visit_enters(&reader);
    weft_rwlock before = lock;
    assert_int_equal(weft_rwlock_try_upgrade(&lock), WEFT_TIMEOUT);
    assert_int_equal(weft_rwlock_upgrade_for(&lock, 0), WEFT_TIMEOUT);
    assert_memory_equal(&lock, &before, sizeof lock);
    int64_t start = test_clock();
    assert_int_equal(weft_rwlock_upgrade_for(&lock, 0.005), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 5000000);
    assert_int_equal(weft_rwlock_upgrade_until(&lock, weft_now() + 0.001), WEFT_TIMEOUT);
    assert_memory_equal(&lock, &before, sizeof lock);
    assert_int_equal(weft_rwlock_try_acquire_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(visit_ends(&reader), WEFT_OK);
    assert_int_equal(weft_rwlock_try_upgrade(&lock), WEFT_OK);
}

/* A thread that reads beside the test and has begun to upgrade. */
static void begin_upgrade(struct visit *upgrader, size_t nth)
{
    visit_starts(upgrader);
    EVENTUALLY(atomic_load(&upgrader->reads));
    atomic_store(&upgrader->go_on, true);
    EVENTUALLY(weft_rwlock_waiters(upgrader->lock) == nth);
}

TEST(an_upgrade_waits_for_the_readers_and_comes_before_writers)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit upgrader = {.lock = &lock, .side = UPGRADING};
    struct visit writer = {.lock = &lock, .side = WRITING};
    struct visit reader = {.lock = &lock, .side = READING};
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    visit_starts(&upgrader);
    EVENTUALLY(atomic_load(&upgrader.reads));
    visit_waits(&writer, 1);
    atomic_store(&upgrader.go_on, true);
    EVENTUALLY(weft_rwlock_waiters(&lock) == 2);
    visit_waits(&reader, 3);
    assert_int_equal(weft_rwlock_readers(&lock), 2);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    visit_enters(&upgrader);
    assert_int_equal(weft_rwlock_waiters(&lock), 2);
    assert_false(atomic_load(&writer.inside) || atomic_load(&reader.inside));
    assert_int_equal(visit_ends(&upgrader), WEFT_OK);
    visit_enters(&reader);
    assert_false(atomic_load(&writer.inside));
    assert_int_equal(visit_ends(&reader), WEFT_OK);
    assert_int_equal(visit_ends(&writer), WEFT_OK);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
}

TEST(an_upgrade_that_waits_holds_back_new_readers)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit upgrader = {.lock = &lock, .side = UPGRADING};
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    begin_upgrade(&upgrader, 1);
    assert_int_equal(weft_rwlock_try_acquire_read(&lock), WEFT_TIMEOUT);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(visit_ends(&upgrader), WEFT_OK);
}

TEST(two_upgrades_would_wait_for_each_other)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit upgrader = {.lock = &lock, .side = UPGRADING};
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    begin_upgrade(&upgrader, 1);
    assert_int_equal(weft_rwlock_upgrade(&lock), WEFT_DEADLOCK);
    assert_int_equal(weft_rwlock_upgrade_for(&lock, 1e6), WEFT_DEADLOCK);
    assert_int_equal(weft_rwlock_try_upgrade(&lock), WEFT_DEADLOCK);
    assert_int_equal(weft_rwlock_readers(&lock), 2);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    visit_enters(&upgrader);
    assert_int_equal(visit_ends(&upgrader), WEFT_OK);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
}

TEST(an_upgrade_that_gives_up_still_reads_and_lets_in_whom_it_held_back)
{
    for (int interrupted = 0; interrupted < 2; interrupted++) {
        weft_rwlock lock = WEFT_RWLOCK_INIT;
        struct visit upgrader = {
            .lock = &lock, .side = UPGRADING, .seconds = interrupted ? 0 : 0.05};
        struct visit reader = {.lock = &lock, .side = READING};
        assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
        visit_starts(&upgrader);
        EVENTUALLY(atomic_load(&upgrader.reads));
        atomic_store(&upgrader.go_on, true);
        EVENTUALLY(weft_rwlock_waiters(&lock) == 1 || atomic_load(&upgrader.inside));
        visit_starts(&reader);
        if (interrupted)
            EVENTUALLY(weft_rwlock_waiters(&lock) == 2);
        if (interrupted)
            assert_true(test_interrupt(upgrader.thread));
        visit_enters(&reader);
        visit_enters(&upgrader);
        assert_int_equal(weft_rwlock_readers(&lock), 3);
        assert_int_equal(visit_ends(&reader), WEFT_OK);
        assert_int_equal(visit_ends(&upgrader), interrupted ? WEFT_INTERRUPTED : WEFT_TIMEOUT);
        assert_int_equal(weft_rwlock_upgrade(&lock), WEFT_OK); /* the next one may */
        assert_int_equal(weft_rwlock_release_write(&lock), WEFT_OK);
        assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
    }
}
