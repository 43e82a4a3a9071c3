/* SPDX-License-Identifier: MIT */
/* Many threads, many locks, always in order: watching makes no report, and may come and go. */
#include "../primitives/watch_help.h"

#include "storm.h"

enum { LOCKS = 16, THREADS = 6, HELD_MOST = 4 };

static weft_lock locks[LOCKS];
static int held_by[LOCKS]; /* guarded by the lock of the same number */
static int64_t end;

static void *lock_upwards(void *seed)
{
    uint64_t state = (uint64_t)(uintptr_t)seed;
    while (test_clock() < end) {
        size_t held[HELD_MOST];
        size_t count_held = 0;
        size_t next = test_random(&state) % LOCKS;
        for (; next < LOCKS && count_held < HELD_MOST; next += 1 + test_random(&state) % 3) {
            weft_status status = WEFT_OK;
            switch (test_random(&state) % 4) {
            case 0:
                status = weft_lock_try_acquire(&locks[next]);
                break;
            case 1:
                status = weft_lock_acquire_for(&locks[next], 0.0001);
                break;
            default:
                status = weft_lock_acquire(&locks[next]);
            }
            WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT);
            if (status == WEFT_OK) {
                WITNESS(held_by[next]++ == 0);
                held[count_held++] = next;
            }
        }
        while (count_held > 0) {
            size_t which = test_random(&state) % count_held;
            WITNESS(--held_by[held[which]] == 0);
            WITNESS(weft_lock_release(&locks[held[which]]) == WEFT_OK);
            held[which] = held[--count_held];
        }
    }
    return NULL;
}

static struct crew start(void)
{
    char name[32];
    end = test_clock() + test_stress_time();
    for (int i = 0; i < LOCKS; i++) {
        snprintf(name, sizeof name, "level %d", i);
        assert_int_equal(weft_name(&locks[i], name), WEFT_OK);
    }
    struct crew crew = {.size = THREADS};
    for (size_t i = 0; i < THREADS; i++)
        assert_non_null(crew.threads[i] = weft_thread_spawn(lock_upwards, &locks[i]));
    return crew;
}

static void run_ordered(void)
{
    watch();
    struct crew crew = start();
    crew_join(&crew);
    assert_no_reports();
}

TEST(ordered_locks_make_no_report)
{
    run_ordered();
}

TEST(ordered_locks_make_no_report_in_a_storm_of_signals)
{
    storm_begin();
    run_ordered();
    storm_end();
}

TEST(watching_comes_and_goes)
{
    weft_set_report(note_report, NULL);
    struct crew crew = start();
    while (test_clock() < end) {
        assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_ABORT), WEFT_OK);
        test_yield();
        assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_OFF), WEFT_OK);
        test_yield();
    }
    crew_join(&crew);
    assert_no_reports();
}

/* Locks that are taken by one thread and released by another, in no order at all. */
static void *take_and_leave(void *seed)
{
    uint64_t state = (uint64_t)(uintptr_t)seed;
    while (test_clock() < end) {
        weft_lock *lock = &locks[test_random(&state) % LOCKS];
        if (test_random(&state) % 2)
            (void)!weft_lock_acquire_for(lock, 0.0001);
        else
            (void)weft_lock_release(lock);
    }
    return NULL;
}

TEST(locks_released_by_anybody_make_no_report)
{
    watch();
    end = test_clock() + test_stress_time();
    struct crew crew = {.size = THREADS};
    for (size_t i = 0; i < THREADS; i++)
        assert_non_null(crew.threads[i] = weft_thread_spawn(take_and_leave, &locks[i]));
    crew_join(&crew);
    assert_no_reports();
}
