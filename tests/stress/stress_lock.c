/* SPDX-License-Identifier: MIT */
/*
 * Lock under everything at once: threads that acquire in every way, hold for a random time, and each
 * time prove that they are alone; in calm, in a storm of signals, and interrupted at random.
 */
#include "test.h"

#include "interrupt.h"
#include "storm.h"

enum { WORKERS = 6, NOBODY = -1, WAYS = 5 };

struct stress {
    weft_lock lock;
    bool interruptions; /* are sent */
    int64_t end;
    int owner;       /* guarded by the lock; a worker, or NOBODY */
    uint64_t passes; /* the same */
};

struct worker {
    struct stress *stress;
    int index;
    uint64_t random;
    uint64_t passes;
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
           (stress->interruptions && status == WEFT_INTERRUPTED);
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
    while (test_clock() < stress->end) {
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

static void run(bool interruptions)
{
    struct stress stress = {.lock = WEFT_LOCK_INIT,
                            .interruptions = interruptions,
                            .end = test_clock() + test_stress_time(),
                            .owner = NOBODY};
    struct worker workers[WORKERS] = {{.index = 0}};
    struct crew crew = {.size = WORKERS};
    uint64_t passes = 0;
    uint64_t sent = 0;
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.stress = &stress, .index = i, .random = test_stress_random()};
        crew.threads[i] = weft_thread_spawn(work, &workers[i], .daemon = true);
        assert_non_null(crew.threads[i]);
    }
    if (interruptions)
        sent = interrupt_at_random(&crew, stress.end);
    crew_join(&crew);
    for (int i = 0; i < WORKERS; i++)
        passes += workers[i].passes;
    print_message("%llu passes, %llu interruptions\n", (unsigned long long)passes,
                  (unsigned long long)sent);
    assert_true(passes == stress.passes);
    assert_int_equal(stress.owner, NOBODY);
    assert_false(weft_lock_locked(&stress.lock));
    assert_int_equal(weft_lock_waiters(&stress.lock), 0);
}

TEST(all_ways_of_taking_a_lock_exclude_each_other)
{
    run(false);
}

TEST(a_storm_of_signals_changes_nothing)
{
    storm_begin();
    run(false);
    storm_end();
}

TEST(a_storm_of_interruptions_loses_nothing)
{
    run(true);
}
