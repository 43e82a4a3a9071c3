/* SPDX-License-Identifier: MIT */
/* RWLock: who may be inside together, misuse, limits, ends and forks. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "interrupt.h"
#include "rwlock_help.h"

TEST(an_rwlock_is_8_bytes_and_zero_bytes_are_a_free_one)
{
    static weft_rwlock zeroed;
    const weft_rwlock initialised = WEFT_RWLOCK_INIT;
    assert_int_equal(sizeof(weft_rwlock), 8);
    assert_int_equal(weft_sizeof(WEFT_KIND_RWLOCK), sizeof(weft_rwlock));
    assert_memory_equal(&zeroed, &initialised, sizeof zeroed);
    assert_int_equal(weft_rwlock_acquire_read(&zeroed), WEFT_OK);
    assert_int_equal(weft_rwlock_release_read(&zeroed), WEFT_OK);
    assert_int_equal(weft_rwlock_acquire_write(&zeroed), WEFT_OK);
    assert_int_equal(weft_rwlock_release_write(&zeroed), WEFT_OK);
    assert_memory_equal(&zeroed, &initialised, sizeof zeroed);
}

TEST(readers_share_and_writers_do_not)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit readers[3];
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    for (int i = 0; i < 3; i++) {
        readers[i] = (struct visit){.lock = &lock, .side = READING};
        visit_starts(&readers[i]);
        visit_enters(&readers[i]);
    }
    assert_int_equal(weft_rwlock_readers(&lock), 4);
    assert_int_equal(weft_rwlock_writer(&lock), 0);
    assert_int_equal(weft_rwlock_try_acquire_write(&lock), WEFT_TIMEOUT);
    assert_int_equal(weft_rwlock_acquire_write_for(&lock, 0.001), WEFT_TIMEOUT);
    for (int i = 0; i < 3; i++)
        assert_int_equal(visit_ends(&readers[i]), WEFT_OK);
    assert_int_equal(weft_rwlock_readers(&lock), 1);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_try_acquire_write(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_writer(&lock), weft_thread_ident(weft_thread_current()));
    assert_int_equal(weft_rwlock_release_write(&lock), WEFT_OK);
}

static void *come_and_go(void *arg)
{
    weft_rwlock *lock = arg;
    for (int i = 0; i < 100000; i++) {
        WITNESS(weft_rwlock_acquire_read(lock) == WEFT_OK);
        WITNESS(weft_rwlock_readers(lock) > 0);
        WITNESS(weft_rwlock_release_read(lock) == WEFT_OK);
    }
    return NULL;
}

TEST(readers_that_come_and_go_at_once_are_all_counted)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct crew crew = crew_start(4, come_and_go, &lock);
    crew_join(&crew);
    assert_int_equal(weft_rwlock_readers(&lock), 0);
    assert_int_equal(weft_rwlock_try_acquire_write(&lock), WEFT_OK);
}

static void *find_it_written(void *arg)
{
    weft_rwlock *lock = arg;
    uint64_t parks = weft_park_count();
    WITNESS(weft_rwlock_try_acquire_read(lock) == WEFT_TIMEOUT);
    WITNESS(weft_rwlock_try_acquire_write(lock) == WEFT_TIMEOUT);
    WITNESS(weft_rwlock_acquire_read_for(lock, 0) == WEFT_TIMEOUT);
    WITNESS(weft_rwlock_acquire_write_until(lock, weft_now() - 1) == WEFT_TIMEOUT);
    WITNESS(weft_park_count() == parks);
    int64_t start = test_clock();
    WITNESS(weft_rwlock_acquire_read_for(lock, 0.005) == WEFT_TIMEOUT);
    WITNESS(test_clock() - start >= 5000000);
    double deadline = weft_now() + 0.005;
    WITNESS(weft_rwlock_acquire_read_until(lock, deadline) == WEFT_TIMEOUT);
    WITNESS(weft_now() >= deadline);
    WITNESS(weft_rwlock_release_write(lock) == WEFT_NOT_OWNER);
    WITNESS(weft_rwlock_downgrade(lock) == WEFT_NOT_OWNER);
    return NULL;
}

TEST(a_writer_is_alone)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    assert_int_equal(weft_rwlock_acquire_write(&lock), WEFT_OK);
    weft_rwlock before = lock;
    struct crew crew = crew_start(1, find_it_written, &lock);
    crew_join(&crew);
    assert_int_equal(lock.writer, before.writer);
    assert_int_equal(weft_rwlock_readers(&lock), 0);
    assert_int_equal(weft_rwlock_release_write(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
}

static void *be_interrupted(void *arg)
{
    weft_rwlock *lock = arg;
    WITNESS(weft_rwlock_acquire_read(lock) == WEFT_INTERRUPTED);
    WITNESS(weft_rwlock_readers(lock) == 0);
    return NULL;
}

TEST(an_interruption_ends_a_readers_wait)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    assert_int_equal(weft_rwlock_acquire_write(&lock), WEFT_OK);
    struct crew crew = crew_start(1, be_interrupted, &lock);
    EVENTUALLY(weft_rwlock_waiters(&lock) == 1);
    assert_true(test_interrupt(crew.threads[0]));
    crew_join(&crew);
    assert_int_equal(weft_rwlock_release_write(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
}

/* ---- misuse -------------------------------------------------------------------------------- */

TEST(what_is_not_held_cannot_be_released)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    const weft_rwlock fresh = WEFT_RWLOCK_INIT;
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_release_write(&lock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_downgrade(&lock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_upgrade(&lock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_try_upgrade(&lock), WEFT_NOT_LOCKED);
    assert_memory_equal(&lock, &fresh, sizeof lock);
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_release_write(&lock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_downgrade(&lock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_acquire_write(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_upgrade(&lock), WEFT_NOT_LOCKED);
    assert_int_equal(weft_rwlock_release_write(&lock), WEFT_OK);
    assert_memory_equal(&lock, &fresh, sizeof lock);
}

TEST(a_writer_that_acquires_again_would_wait_for_itself)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    uint64_t parks = weft_park_count();
    assert_int_equal(weft_rwlock_acquire_write(&lock), WEFT_OK);
    weft_rwlock before = lock;
    assert_int_equal(weft_rwlock_acquire_write(&lock), WEFT_DEADLOCK);
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_DEADLOCK);
    assert_int_equal(weft_rwlock_acquire_write_for(&lock, 1e6), WEFT_DEADLOCK);
    assert_int_equal(weft_rwlock_acquire_read_until(&lock, weft_now() + 1e6), WEFT_DEADLOCK);
    assert_int_equal(weft_rwlock_try_acquire_write(&lock), WEFT_TIMEOUT); /* a try never waits */
    assert_int_equal(weft_rwlock_try_acquire_read(&lock), WEFT_TIMEOUT);
    assert_memory_equal(&lock, &before, sizeof lock);
    assert_int_equal(weft_rwlock_release_write(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
    assert_true(weft_park_count() == parks);
}

TEST(null_is_a_value_error)
{
    assert_int_equal(weft_rwlock_acquire_read(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_try_acquire_read(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_acquire_read_for(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_acquire_read_until(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_release_read(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_acquire_write(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_release_write(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_downgrade(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_upgrade(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_done(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_readers(NULL), 0);
    assert_int_equal(weft_rwlock_writer(NULL), 0);
    assert_int_equal(weft_rwlock_waiters(NULL), 0);
    weft_rwlock_free(NULL);
}

TEST(no_number_is_refused)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    assert_int_equal(weft_rwlock_acquire_read_for(&lock, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_acquire_read_until(&lock, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_acquire_write_for(&lock, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_upgrade_for(&lock, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_rwlock_readers(&lock), 1);
}

TEST(a_reader_too_many_is_refused)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    uint32_t one = lock.state;
    lock.state = one * (WEFT_RWLOCK_READERS_MOST - 1);
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_readers(&lock), WEFT_RWLOCK_READERS_MOST);
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OVERFLOW);
    assert_int_equal(weft_rwlock_try_acquire_read(&lock), WEFT_OVERFLOW);
    assert_int_equal(weft_rwlock_acquire_read_for(&lock, 1), WEFT_OVERFLOW);
    assert_int_equal(weft_rwlock_readers(&lock), WEFT_RWLOCK_READERS_MOST);
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(weft_rwlock_readers(&lock), WEFT_RWLOCK_READERS_MOST - 1);
}

/* ---- ends, forks, looking inside ----------------------------------------------------------- */

TEST(one_that_is_in_use_is_not_done)
{
    weft_rwlock *lock = weft_rwlock_new();
    assert_non_null(lock);
    assert_int_equal(weft_rwlock_acquire_read(lock), WEFT_OK);
    assert_int_equal(weft_rwlock_done(lock), WEFT_BUSY);
    assert_int_equal(weft_rwlock_release_read(lock), WEFT_OK);
    assert_int_equal(weft_rwlock_acquire_write(lock), WEFT_OK);
    assert_int_equal(weft_rwlock_done(lock), WEFT_BUSY);
    assert_int_equal(weft_rwlock_release_write(lock), WEFT_OK);
    assert_int_equal(weft_rwlock_done(lock), WEFT_OK);
    weft_rwlock_free(lock);
}

TEST(after_a_fork_the_forking_writer_still_writes)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    assert_int_equal(weft_rwlock_acquire_write(&lock), WEFT_OK);
    struct visit reader = {.lock = &lock, .side = READING};
    visit_waits(&reader, 1);
    pid_t child = fork();
    if (child == 0) {
        bool good = weft_rwlock_waiters(&lock) == 0 &&
                    weft_rwlock_acquire_write(&lock) == WEFT_DEADLOCK &&
                    weft_rwlock_downgrade(&lock) == WEFT_OK && weft_rwlock_readers(&lock) == 1 &&
                    weft_rwlock_try_acquire_read(&lock) == WEFT_OK &&
                    weft_rwlock_release_read(&lock) == WEFT_OK &&
                    weft_rwlock_release_read(&lock) == WEFT_OK &&
                    weft_rwlock_acquire_write(&lock) == WEFT_OK;
        _exit(good ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(weft_rwlock_release_write(&lock), WEFT_OK);
    assert_int_equal(visit_ends(&reader), WEFT_OK);
}

TEST(a_dump_names_the_rwlock)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    struct visit writer = {.lock = &lock, .side = WRITING};
    char text[1024] = "";
    char expected[64];
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(weft_rwlock_acquire_read(&lock), WEFT_OK);
    visit_waits(&writer, 1);
    assert_int_equal(weft_dump(ends[1]), WEFT_OK);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    snprintf(expected, sizeof expected, "s for an rwlock at 0x%lx", (unsigned long)&lock);
    assert_non_null(strstr(text, expected));
    assert_int_equal(weft_rwlock_release_read(&lock), WEFT_OK);
    assert_int_equal(visit_ends(&writer), WEFT_OK);
    close(ends[0]);
    close(ends[1]);
}

/* ---- scopes -------------------------------------------------------------------------------- */

TEST(scopes_hold_either_side)
{
    weft_rwlock lock = WEFT_RWLOCK_INIT;
    weft_status status = WEFT_TIMEOUT;
    int blocks = 0;
    WEFT_WITH(weft_reading(&lock)) {
        assert_int_equal(weft_rwlock_readers(&lock), 1);
        WEFT_WITH_FOR(weft_writing(&lock), 0, status) {
            blocks++;
        }
        assert_int_equal(status, WEFT_TIMEOUT);
    }
    {
        WEFT_HOLD(weft_writing(&lock));
        assert_true(weft_rwlock_writer(&lock) != 0);
        WEFT_WITH(weft_reading(&lock)) {
            blocks++;
        }
        assert_int_equal(weft_last_status(), WEFT_DEADLOCK);
        weft_guard again = weft_write_guard_hold(weft_writing(&lock));
        assert_null(again.object);
        assert_int_equal(weft_last_status(), WEFT_DEADLOCK);
    }
    {
        WEFT_HOLD(weft_reading(&lock));
        assert_int_equal(weft_rwlock_readers(&lock), 1);
    }
    assert_int_equal(blocks, 0);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
}

TEST(of_both_sides_together_the_stronger_is_taken)
{
    weft_rwlock locks[2] = {WEFT_RWLOCK_INIT};
    WEFT_WITH_ALL(weft_reading(&locks[0]), weft_reading(&locks[1]), weft_writing(&locks[0])) {
        assert_true(weft_rwlock_writer(&locks[0]) != 0);
        assert_int_equal(weft_rwlock_readers(&locks[0]), 0);
        assert_int_equal(weft_rwlock_readers(&locks[1]), 1);
    }
    assert_int_equal(weft_rwlock_done(&locks[0]), WEFT_OK);
    assert_int_equal(weft_rwlock_done(&locks[1]), WEFT_OK);
}
