/* SPDX-License-Identifier: MIT */
/*
 * Executors under everybody's hands: submits, posts, cancels, waits, children, maps, limits, workers
 * that come and go, and a shutdown in the middle, in calm and in a storm of signals. Every future and
 * every task is accounted for.
 */
#include "storm.h"
#include "test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 4, BATCH = 50 };

struct arena {
    weft_executor *pool;
    uint64_t seed;
    atomic_ullong submitted; /* that were accepted */
    atomic_ullong run;
    atomic_ullong cancelled; /* before they ran */
    atomic_ullong expired;
    atomic_ullong shut_at; /* the shutdown comes after so many submits */
    bool cancel;
};

struct job {
    struct arena *arena;
    int depth;
    atomic_int runs;
};

static void *run_job(void *arg);

/* A child that is waited for: in place, or on another worker. */
static void have_child(struct job *job)
{
    struct job child = {.arena = job->arena, .depth = job->depth - 1};
    weft_future *future = weft_executor_submit(job->arena->pool, run_job, &child);
    if (future == NULL) {
        WITNESS(weft_last_status() == WEFT_SHUTDOWN || weft_last_status() == WEFT_FULL);
        return;
    }
    atomic_fetch_add(&job->arena->submitted, 1);
    weft_status status;
    while ((status = weft_future_result(future, NULL)) == WEFT_INTERRUPTED)
        continue;
    WITNESS(status == WEFT_OK || status == WEFT_CANCELLED);
    WITNESS(atomic_load(&child.runs) == (status == WEFT_OK));
    atomic_fetch_add(&job->arena->cancelled, status == WEFT_CANCELLED);
    weft_future_free(future);
}

static void *run_job(void *arg)
{
    struct job *job = arg;
    atomic_fetch_add(&job->arena->run, 1);
    atomic_fetch_add(&job->runs, 1);
    if (job->depth > 0)
        have_child(job);
    return job;
}

static void *count_run(void *arg)
{
    struct arena *arena = arg;
    atomic_fetch_add(&arena->run, 1);
    return NULL;
}

static void settle(struct job *job, weft_future *future, bool may_expire)
{
    void *value = NULL;
    weft_status status = weft_future_result(future, &value);
    WITNESS(status == WEFT_OK || status == WEFT_CANCELLED || (may_expire && status == WEFT_FAILED));
    WITNESS(atomic_load(&job->runs) == (status == WEFT_OK));
    WITNESS(value == (status == WEFT_OK ? job : NULL));
    atomic_fetch_add(&job->arena->cancelled, status == WEFT_CANCELLED);
    atomic_fetch_add(&job->arena->expired, status == WEFT_FAILED);
    weft_future_free(future);
}

static void submit_batch(struct arena *arena, uint64_t *random)
{
    struct job jobs[BATCH];
    weft_future *futures[BATCH];
    memset(jobs, 0, sizeof jobs);
    for (size_t i = 0; i < BATCH; i++) {
        uint64_t dice = test_random(random);
        jobs[i] = (struct job){.arena = arena, .depth = (int)(dice % 8) == 0 ? 3 : 0};
        futures[i] = weft_executor_submit(
            arena->pool, run_job, &jobs[i], .priority = (int)((dice >> 8) % 3) - 1,
            .timeout = dice % 3 == 0 ? 1e-4 : 0, .expires = dice % 16 == 5 ? 1e-5 : 0);
        if (futures[i] != NULL)
            atomic_fetch_add(&arena->submitted, 1);
        if (dice % 5 == 0 && weft_executor_post(arena->pool, count_run, arena) == WEFT_OK)
            atomic_fetch_add(&arena->submitted, 1);
        size_t other = (size_t)((dice >> 16) % (i + 1));
        if (dice % 4 == 1)
            (void)weft_future_cancel(futures[other]);
        if (atomic_load(&arena->submitted) > atomic_load(&arena->shut_at))
            WITNESS(weft_executor_shutdown(arena->pool, .no_wait = true,
                                           .cancel_futures = arena->cancel) == WEFT_OK);
    }
    for (size_t i = 0; i < BATCH; i++)
        if (futures[i] != NULL)
            settle(&jobs[i], futures[i], true);
        else
            WITNESS(atomic_load(&jobs[i].runs) == 0);
}

static void *work(void *arg)
{
    struct arena *arena = arg;
    static atomic_uint_fast64_t seeds = 1;
    uint64_t random = arena->seed + atomic_fetch_add(&seeds, 1) * 7919;
    for (int i = 0; i < 6; i++)
        submit_batch(arena, &random);
    return NULL;
}

/* One executor's life. */
static void live(uint64_t *random)
{
    uint64_t dice = test_random(random);
    struct arena arena = {.seed = dice | 1, .cancel = dice % 2 == 0};
    atomic_store(&arena.shut_at, dice % 3 == 0 ? 600 : 1000000);
    arena.pool = weft_executor_new(
        (int)((dice >> 8) % 3) + 1, .queue_size = (dice >> 16) % 2 * 20,
        .order = (weft_order)((dice >> 20) % 2), .when_full = (weft_when_full)((dice >> 24) % 3),
        .keep_alive = (dice >> 32) % 2 == 0 ? 1e-4 : 0, .timing = (dice >> 36) % 2 == 0);
    struct crew crew = crew_start(THREADS, work, &arena);
    crew_join(&crew);
    assert_int_equal(weft_executor_shutdown(arena.pool), WEFT_OK);
    weft_executor_stats stats;
    assert_int_equal(weft_executor_get_stats(arena.pool, &stats), WEFT_OK);
    assert_int_equal(stats.submitted, atomic_load(&arena.submitted));
    assert_int_equal(stats.done, atomic_load(&arena.run));
    assert_int_equal(stats.failed, atomic_load(&arena.expired));
    assert_int_equal(stats.queued + stats.running, 0);
    assert_int_equal(stats.done + stats.failed + stats.cancelled, stats.submitted);
    assert_true(stats.cancelled >= atomic_load(&arena.cancelled)); /* and posted ones */
    weft_executor_free(arena.pool);
}

static void live_many_lives(void)
{
    uint64_t random =
        (uint64_t)test_setting("WEFT_STRESS_SEED", (double)(test_clock() % 1000000)) + 1;
    int64_t end = test_clock() + test_stress_time();
    printf("WEFT_STRESS_SEED=%llu\n", (unsigned long long)random - 1);
    do
        live(&random);
    while (test_clock() < end);
    EVENTUALLY(weft_thread_active_count() == 1);
}

TEST(every_task_is_run_or_cancelled_or_expires_and_is_counted)
{
    live_many_lives();
}

TEST(every_task_is_accounted_for_in_a_storm_of_signals)
{
    storm_begin();
    live_many_lives();
    storm_end();
}

/* ---- bursts -------------------------------------------------------------------------------- */

struct meeting {
    atomic_int missing;
    weft_event complete;
};

/* Ends when all of the burst have been started: each needs a worker of its own. */
static void *meet(void *arg)
{
    struct meeting *meeting = arg;
    if (atomic_fetch_sub(&meeting->missing, 1) == 1)
        WITNESS(weft_event_set(&meeting->complete) == WEFT_OK);
    WITNESS(weft_event_wait_for(&meeting->complete, 30) == WEFT_OK);
    return NULL;
}

static void *nothing(void *arg)
{
    return arg;
}

/* After short tasks some of the workers have stepped aside. */
static void burst(void)
{
    enum { WORKERS = 4 };
    uint64_t random =
        (uint64_t)test_setting("WEFT_STRESS_SEED", (double)(test_clock() % 1000000)) + 1;
    int64_t end = test_clock() + test_stress_time();
    weft_executor *pool = weft_executor_new(WORKERS);
    printf("WEFT_STRESS_SEED=%llu\n", (unsigned long long)random - 1);
    do {
        struct meeting meeting = {0};
        weft_future *futures[WORKERS];
        int tasks = 1 + (int)(test_random(&random) % WORKERS);
        atomic_store(&meeting.missing, tasks);
        for (uint64_t i = test_random(&random) % 8 == 0 ? 2000 : 0; i > 0; i--)
            assert_int_equal(weft_executor_post(pool, nothing, NULL), WEFT_OK);
        for (int i = 0; i < tasks; i++)
            futures[i] = weft_executor_submit(pool, meet, &meeting);
        for (int i = 0; i < tasks; i++) {
            assert_int_equal(weft_future_result(futures[i], NULL), WEFT_OK);
            weft_future_free(futures[i]);
        }
        if (test_random(&random) % 2 == 0) /* some or all workers go to sleep */
            assert_int_equal(weft_sleep((double)(test_random(&random) % 50) * 1e-6), WEFT_OK);
    } while (test_clock() < end);
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    weft_executor_free(pool);
}

TEST(every_task_of_a_burst_gets_an_idle_worker)
{
    burst();
}

TEST(every_task_of_a_burst_gets_an_idle_worker_in_a_storm_of_signals)
{
    storm_begin();
    burst();
    storm_end();
}
