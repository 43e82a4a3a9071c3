/* SPDX-License-Identifier: MIT */
/* The phases of an RWLock: who holds back whom, who comes in together, and that nobody starves. */
#include "test.h"

#include <stdatomic.h>

#include "interrupt.h"
#include "rwlock_help.h"

TEST(a_waiting_writer_holds_back_new_readers)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit writer = {.lock = &lock, .side = WRITING};
    struct visit reader = {.lock = &lock, .side = READING};
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    visit_waits(&writer, 1);
    assert_int_equal(weft_rwlock_try_acquire_read(&lock), WEFT_TIMEOUT);
    visit_waits(&reader, 2);
    assert_int_equal(weft_rwlock_readers(&lock), 1);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    visit_enters(&writer); /* its witness: nobody reads */
    assert_false(atomic_load(&reader.inside));
    assert_int_equal(visit_ends(&writer), WEFT_OK);
    visit_enters(&reader);
    assert_int_equal(visit_ends(&reader), WEFT_OK);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
}

TEST(a_leaving_writer_lets_in_all_readers_that_have_waited)
{
    enum { READERS = 3 };
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit writer = {.lock = &lock, .side = WRITING};
    struct visit readers[READERS];
    assert_int_equal(weft_rwlock_acquire_write(&lock), WEFT_OK);
    visit_waits(&writer, 1); /* the next writer has come first */
    for (size_t i = 0; i < READERS; i++) {
        readers[i] = (struct visit){.lock = &lock, .side = READING};
        visit_waits(&readers[i], i + 2);
    }
    assert_int_equal(weft_rwlock_release_write(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_readers(&lock), READERS); /* at once, before they run */
    for (size_t i = 0; i < READERS; i++)
        visit_enters(&readers[i]);
    assert_int_equal(weft_rwlock_waiters(&lock), 1);
    assert_int_equal(weft_rwlock_try_acquire_read(&lock), WEFT_TIMEOUT);
    for (size_t i = 0; i < READERS; i++) {
        assert_false(atomic_load(&writer.inside));
        assert_int_equal(visit_ends(&readers[i]), WEFT_OK);
    }
    visit_enters(&writer);
    assert_int_equal(visit_ends(&writer), WEFT_OK);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
}

TEST(writers_come_in_the_order_in_which_they_came)
{
    enum { WRITERS = 4 };
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit writers[WRITERS];
    assert_int_equal(weft_rwlock_acquire_write(&lock), WEFT_OK);
    for (size_t i = 0; i < WRITERS; i++) {
        writers[i] = (struct visit){.lock = &lock, .side = WRITING};
        visit_waits(&writers[i], i + 1);
    }
    assert_int_equal(weft_rwlock_release_write(&lock), WEFT_OK);
    for (size_t i = 0; i < WRITERS; i++) {
        visit_enters(&writers[i]);
        for (size_t j = i + 1; j < WRITERS; j++)
            assert_false(atomic_load(&writers[j].inside));
        assert_int_equal(visit_ends(&writers[i]), WEFT_OK);
    }
}

/* A writer that ends its wait, while the test reads, lets in the reader behind it. */
static void assert_lets_in(weft_rwlock *lock, struct visit *writer, weft_status status)
{
    struct visit reader = {.lock = lock, .side = READING};
    struct visit second = {.lock = lock, .side = WRITING};
    visit_starts(&reader);
    if (status == WEFT_INTERRUPTED) {
        EVENTUALLY(weft_rwlock_waiters(lock) == 2);
        visit_waits(&second, 3);
        assert_true(test_interrupt(writer->thread));
    }
    visit_enters(&reader);
    assert_int_equal(visit_ends(writer), status);
    assert_int_equal(visit_ends(&reader), WEFT_OK);
    assert_int_equal(weft_rwlock_readers(lock), 1);
    if (status == WEFT_INTERRUPTED) {
        assert_int_equal(weft_rwlock_waiters(lock), 1);
        assert_int_equal(weft_rwlock_try_acquire_read(lock), WEFT_TIMEOUT);
    }
    assert_int_equal(weft_rwlock_release_read(lock), WEFT_OK);
    if (status == WEFT_INTERRUPTED)
        assert_int_equal(visit_ends(&second), WEFT_OK);
}

TEST(a_writer_that_times_out_lets_in_whom_it_held_back)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit writer = {.lock = &lock, .side = WRITING, .seconds = 0.05};
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    visit_starts(&writer);
    EVENTUALLY(weft_rwlock_waiters(&lock) == 1 || !weft_thread_is_alive(writer.thread));
    assert_lets_in(&lock, &writer, WEFT_TIMEOUT);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
}

TEST(a_writer_that_is_interrupted_lets_in_whom_it_held_back)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit writer = {.lock = &lock, .side = WRITING};
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    visit_waits(&writer, 1);
    assert_lets_in(&lock, &writer, WEFT_INTERRUPTED);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
}

TEST(new_readers_come_in_again_after_a_writer_has_given_up)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit writer = {.lock = &lock, .side = WRITING, .seconds = 0.001};
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    visit_starts(&writer);
    assert_int_equal(visit_ends(&writer), WEFT_TIMEOUT);
    assert_int_equal(weft_rwlock_try_acquire_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_try_acquire_write(&lock), WEFT_OK);
}

TEST(a_downgrade_leaves_no_gap_and_lets_in_the_readers)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit writer = {.lock = &lock, .side = WRITING};
    struct visit reader = {.lock = &lock, .side = READING};
    assert_int_equal(weft_rwlock_acquire_write(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_downgrade(&lock), WEFT_OK); /* nobody waits */
    assert_int_equal(weft_rwlock_readers(&lock), 1);
    assert_int_equal(weft_rwlock_writer(&lock), 0);
    assert_int_equal(weft_rwlock_try_acquire_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_upgrade(&lock), WEFT_OK);

    visit_waits(&writer, 1);
    visit_waits(&reader, 2);
    assert_int_equal(weft_rwlock_downgrade(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_readers(&lock), 2);
    visit_enters(&reader);
    assert_int_equal(visit_ends(&reader), WEFT_OK);
    assert_false(atomic_load(&writer.inside));
    assert_int_equal(weft_rwlock_waiters(&lock), 1);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    visit_enters(&writer);
    assert_int_equal(visit_ends(&writer), WEFT_OK);
}

/* ---- nobody starves ------------------------------------------------------------------------ */

struct rush {
    weft_rwlock lock;
    atomic_bool over;
    atomic_uint inside; /* readers in this moment */
};

static void *read_on(void *arg)
{
    struct rush *rush = arg;
    while (!atomic_load(&rush->over)) {
        WITNESS(weft_rwlock_acquire_read(&rush->lock) == WEFT_OK);
        atomic_fetch_add(&rush->inside, 1);
        for (int i = 0; i < 3 && atomic_load(&rush->inside) < 2; i++)
            test_yield(); /* for the next to come in before this one leaves */
        atomic_fetch_sub(&rush->inside, 1);
        WITNESS(weft_rwlock_release_read(&rush->lock) == WEFT_OK);
    }
    return NULL;
}

static void *write_on(void *arg)
{
    struct rush *rush = arg;
    while (!atomic_load(&rush->over)) {
        WITNESS(weft_rwlock_acquire_write(&rush->lock) == WEFT_OK);
        WITNESS(weft_rwlock_release_write(&rush->lock) == WEFT_OK);
    }
    return NULL;
}

TEST(readers_without_a_pause_do_not_starve_a_writer)
{
    struct rush rush = {.lock = WEFT_RWLOCK_INIT};
    struct crew crew = crew_start(3, read_on, &rush);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(weft_rwlock_acquire_write(&rush.lock), WEFT_OK);
        assert_int_equal(atomic_load(&rush.inside), 0);
        assert_int_equal(weft_rwlock_release_write(&rush.lock), WEFT_OK);
    }
    atomic_store(&rush.over, true);
    crew_join(&crew);
}

TEST(writers_without_a_pause_do_not_starve_a_reader)
{
    struct rush rush = {.lock = WEFT_RWLOCK_INIT};
    struct crew crew = crew_start(3, write_on, &rush);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(weft_rwlock_acquire_read(&rush.lock), WEFT_OK);
        assert_int_equal(weft_rwlock_writer(&rush.lock), 0);
        assert_int_equal(weft_rwlock_release_read(&rush.lock), WEFT_OK);
    }
    atomic_store(&rush.over, true);
    crew_join(&crew);
}
