/* SPDX-License-Identifier: MIT */
/*
 * Readers, writers, downgrades and upgrades, timed, tried and interrupted, on one RWLock: readers see
 * no half-done write, writers are alone, nobody hangs, and in the end it is free.
 */
#include "test.h"

#include <stdatomic.h>

#include "interrupt.h"
#include "storm.h"

enum { THREADS = 6 };

static weft_rwlock lock;
static uint64_t first, second; /* guarded by the lock: equal, but while a writer is at work */
static atomic_uint reading, writing;
static atomic_uint_fast64_t reads, writes, upgrades;
static int64_t end;

static void look(void)
{
    atomic_fetch_add(&reading, 1);
    WITNESS(atomic_load(&writing) == 0);
    WITNESS(first == second);
    atomic_fetch_add(&reads, 1);
    atomic_fetch_sub(&reading, 1);
}

static void change(void)
{
    WITNESS(atomic_fetch_add(&writing, 1) == 0);
    WITNESS(atomic_load(&reading) == 0);
    WITNESS(first == second);
    first++;
    second++;
    atomic_fetch_add(&writes, 1);
    WITNESS(atomic_fetch_sub(&writing, 1) == 1);
}

static bool well(weft_status status)
{
    WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT || status == WEFT_INTERRUPTED ||
            status == WEFT_DEADLOCK);
    return status == WEFT_OK;
}

static bool acquire(bool write, uint64_t random)
{
    double seconds = (double)(random % 151) * 1e-6;
    weft_status status;
    switch (random / 151 % 5) {
    case 0:
        status = write ? weft_rwlock_try_acquire_write(&lock) : weft_rwlock_try_acquire_read(&lock);
        break;
    case 1:
        status = write ? weft_rwlock_acquire_write_for(&lock, seconds)
                       : weft_rwlock_acquire_read_for(&lock, seconds);
        break;
    case 2:
        status = write ? weft_rwlock_acquire_write_until(&lock, weft_now() + seconds)
                       : weft_rwlock_acquire_read_until(&lock, weft_now() + seconds);
        break;
    default:
        status = write ? weft_rwlock_acquire_write(&lock) : weft_rwlock_acquire_read(&lock);
    }
    WITNESS(status != WEFT_DEADLOCK);
    return well(status);
}

static weft_status upgrade(uint64_t random)
{
    double seconds = (double)(random % 151) * 1e-6;
    switch (random / 151 % 4) {
    case 0:
        return weft_rwlock_try_upgrade(&lock);
    case 1:
        return weft_rwlock_upgrade_for(&lock, seconds);
    case 2:
        return weft_rwlock_upgrade_until(&lock, weft_now() + seconds);
    default:
        return weft_rwlock_upgrade(&lock);
    }
}

static void visit(uint64_t *random)
{
    bool write = test_random(random) % 4 == 0;
    if (!acquire(write, test_random(random)))
        return;
    if (write) {
        change();
        if (test_random(random) % 4 != 0) {
            WITNESS(weft_rwlock_release_write(&lock) == WEFT_OK);
            return;
        }
        uint64_t seen = first;
        WITNESS(weft_rwlock_downgrade(&lock) == WEFT_OK);
        WITNESS(first == seen); /* no writer came between */
    }
    look();
    uint64_t seen = first;
    if (test_random(random) % 8 == 0 && well(upgrade(test_random(random)))) {
        WITNESS(first == seen);
        atomic_fetch_add(&upgrades, 1);
        change();
        WITNESS(weft_rwlock_release_write(&lock) == WEFT_OK);
    } else {
        look();
        WITNESS(weft_rwlock_release_read(&lock) == WEFT_OK);
    }
}

/* By a scope, which no interruption keeps out. */
static void visit_in_a_scope(uint64_t *random)
{
    if (test_random(random) % 4 == 0) {
        WEFT_HOLD(weft_writing(&lock));
        change();
    } else {
        WEFT_HOLD(weft_reading(&lock));
        look();
    }
}

static void *visit_on(void *arg)
{
    uint64_t random = test_stress_random();
    while (test_clock() < end)
        (test_random(&random) % 8 == 0 ? visit_in_a_scope : visit)(&random);
    return arg;
}

static void run(void)
{
    end = test_clock() + test_stress_time();
    struct crew crew = crew_start(THREADS, visit_on, NULL);
    (void)interrupt_at_random(&crew, end);
    crew_join(&crew);
    assert_int_equal(weft_rwlock_done(&lock), WEFT_OK);
    assert_int_equal(lock.state, 0);
    assert_true(first == atomic_load(&writes));
    assert_true(first > 0 && atomic_load(&upgrades) > 0);
    print_message("%llu reads, %llu writes, %llu upgrades\n",
                  (unsigned long long)atomic_load(&reads), (unsigned long long)first,
                  (unsigned long long)atomic_load(&upgrades));
}

TEST(an_rwlock_under_stress)
{
    run();
}

TEST(an_rwlock_under_stress_in_a_storm_of_signals)
{
    storm_begin();
    run();
    storm_end();
}
