/* SPDX-License-Identifier: MIT */
/*
 * Lock under everything at once: threads that acquire in every way, hold for a random time, and each
 * time prove that they are alone. WEFT_STRESS_SECONDS says how long, WEFT_STRESS_SEED with which
 * random numbers.
 */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>

#include "interrupt.h"

enum { WORKERS = 6, NOBODY = -1, WAYS = 5 };

/* What goes on around them. */
enum weather { CALM, SIGNALS, INTERRUPTIONS };

struct stress {
    weft_lock lock;
    enum weather weather;
    atomic_bool over;
    int owner;       /* guarded by the lock; a worker, or NOBODY */
    uint64_t passes; /* the same */
};

struct worker {
    struct stress *stress;
    int index;
    uint64_t random;
    uint64_t passes;
    weft_thread *thread;
    pthread_t system;
    atomic_bool known; /* `system` is valid */
};

/* Inside: alone, for a time of no length mostly, and sometimes for so long that others must sleep. */
static void pass(struct worker *worker)
{
    struct stress *stress = worker->stress;
    WITNESS(stress->owner == NOBODY);
    WITNESS(weft_lock_locked(&stress->lock));
    stress->owner = worker->index;
    uint64_t dice = test_random(&worker->random) % 64;
    if (dice == 0)
        (void)weft_sleep(1e-4);
    else if (dice < 8)
        test_yield();
    WITNESS(stress->owner == worker->index);
    stress->owner = NOBODY;
    stress->passes++;
    worker->passes++;
}

static bool may_come(const struct stress *stress, weft_status status, bool timed)
{
    return status == WEFT_OK || (timed && status == WEFT_TIMEOUT) ||
           (stress->weather == INTERRUPTIONS && status == WEFT_INTERRUPTED);
}

static weft_status acquire_somehow(struct worker *worker, uint64_t way, double seconds)
{
    weft_lock *lock = &worker->stress->lock;
    switch (way) {
    case 0:
        return weft_lock_try_acquire(lock);
    case 1:
        return weft_lock_acquire_for(lock, seconds);
    case 2:
        return weft_lock_acquire_until(lock, weft_now() + seconds);
    default:
        return weft_lock_acquire(lock);
    }
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct stress *stress = worker->stress;
    worker->system = pthread_self();
    atomic_store(&worker->known, true);
    while (!atomic_load(&stress->over)) {
        uint64_t way = test_random(&worker->random) % WAYS;
        double seconds = (double)(test_random(&worker->random) % 300) * 1e-6;
        if (way == WAYS - 1) {
            WEFT_HOLD(&stress->lock);
            pass(worker);
            continue;
        }
        weft_status status = acquire_somehow(worker, way, seconds);
        WITNESS(may_come(stress, status, way < 3));
        if (status == WEFT_OK) {
            pass(worker);
            WITNESS(weft_lock_release(&stress->lock) == WEFT_OK);
        }
    }
    return NULL;
}

static void ignore(int signal_number)
{
    (void)signal_number;
}

/* Until the time is over: a drop of the storm now and then, on anyone. */
static void make_weather(const struct stress *stress, struct worker *workers, uint64_t *random)
{
    int64_t end = test_clock() + test_stress_time();
    while (test_clock() < end) {
        const struct worker *worker = &workers[test_random(random) % WORKERS];
        if (stress->weather == SIGNALS && atomic_load(&worker->known))
            WITNESS(pthread_kill(worker->system, SIGUSR1) == 0);
        else if (stress->weather == INTERRUPTIONS)
            (void)test_interrupt(worker->thread);
        (void)weft_sleep(stress->weather == CALM ? 0.01 : 2e-5);
    }
}

static void weather_it(enum weather weather)
{
    struct stress stress = {.lock = WEFT_LOCK_INIT, .weather = weather, .owner = NOBODY};
    struct worker workers[WORKERS] = {{.index = 0}};
    const struct sigaction action = {.sa_handler = ignore}; /* system calls are interrupted */
    uint64_t seed = (uint64_t)test_setting("WEFT_STRESS_SEED", (double)(test_clock() % 1000000));
    uint64_t passes = 0;
    printf("WEFT_STRESS_SEED=%llu\n", (unsigned long long)seed);
    fflush(stdout);
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    for (int i = 0; i < WORKERS; i++) {
        workers[i].stress = &stress;
        workers[i].index = i;
        workers[i].random = (seed + 1) * (uint64_t)(i + 1);
        workers[i].thread = weft_thread_spawn(work, &workers[i]);
        assert_non_null(workers[i].thread);
    }
    make_weather(&stress, workers, &seed);
    atomic_store(&stress.over, true);
    for (int i = 0; i < WORKERS; i++) {
        assert_int_equal(weft_thread_join(workers[i].thread), WEFT_OK);
        weft_thread_free(workers[i].thread);
        passes += workers[i].passes;
    }
    assert_true(passes == stress.passes);
    assert_int_equal(stress.owner, NOBODY);
    assert_false(weft_lock_locked(&stress.lock));
    assert_int_equal(weft_lock_waiters(&stress.lock), 0);
}

TEST(all_ways_of_taking_a_lock_exclude_each_other)
{
    weather_it(CALM);
}

TEST(a_storm_of_signals_changes_nothing)
{
    weather_it(SIGNALS);
}

TEST(a_storm_of_interruptions_loses_nothing)
{
    weather_it(INTERRUPTIONS);
}
