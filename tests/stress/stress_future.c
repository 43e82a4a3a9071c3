/* SPDX-License-Identifier: MIT */
/*
 * Futures under load: rounds of a few futures that threads complete, cancel, wait for in every way,
 * hang callbacks and compositions on, and give up, all at random and at once. Every future is done
 * in the end, every callback was called once, nothing is left in memory, and nobody waits for ever:
 * the watchdog tells. In calm and in a storm of signals.
 */
#include "faulty_memory.h"
#include "storm.h"

#include "tests/pool/future_help.h"

enum { WORKERS = 5, FUTURES = 6, ACTIONS = 12 };

struct round {
    weft_future *futures[FUTURES]; /* promises; each worker has a reference to each */
    atomic_ullong added;
    atomic_ullong called;
    atomic_int completed[FUTURES]; /* how many calls said that they had completed it */
};

struct load {
    struct round round;
    weft_barrier barrier;
    atomic_uint seeds;
    atomic_ullong waits;
    bool over; /* written by one, before the barrier */
    int64_t end;
    unsigned long long rounds;
};

static void *count_call(weft_future *future, void *arg)
{
    struct round *round = arg;
    WITNESS(weft_future_done(future));
    atomic_fetch_add(&round->called, 1);
    return NULL;
}

static void *follow(weft_future *future, void *arg)
{
    WITNESS(weft_future_current() != NULL);
    return count_call(future, arg);
}

/* Whoever is told OK has completed it, and nobody else. */
static void complete(struct round *round, size_t i, uint64_t random)
{
    weft_future *future = round->futures[i];
    weft_status status;
    if (random % 3 == 0)
        status = weft_future_set_result(future, &round->completed[i]);
    else if (random % 3 == 1)
        status = weft_future_set_error(future, NO_FILE, "no");
    else
        status = weft_future_set_running_or_notify_cancel(future) == WEFT_OK
                     ? weft_future_set_result(future, NULL)
                     : WEFT_INVALID_STATE;
    WITNESS(status == WEFT_OK || status == WEFT_INVALID_STATE);
    atomic_fetch_add(&round->completed[i], status == WEFT_OK);
}

static void wait_for_some(struct round *round, uint64_t random)
{
    double seconds = (double)(random % 89) * 1e-6;
    size_t i = (size_t)(random % FUTURES);
    weft_future *futures[FUTURES];
    weft_future *future;
    weft_status status;
    size_t done = 0;
    memcpy(futures, round->futures, sizeof futures);
    switch (random / FUTURES % 4) {
    case 0:
        status = weft_future_result_for(futures[i], NULL, seconds);
        WITNESS(status == WEFT_TIMEOUT || weft_future_done(futures[i]));
        break;
    case 1:
        status =
            weft_wait_futures(FUTURES, futures, (weft_return_when)(random % 3), &done, seconds);
        WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT);
        for (size_t k = 0; k < done; k++)
            WITNESS(weft_future_done(futures[k]));
        break;
    case 2:
        WEFT_AS_COMPLETED(future, FUTURES, futures, seconds, status) {
            WITNESS(weft_future_done(future));
            if (++done > FUTURES / 2)
                break;
        }
        break;
    default:;
        weft_waitable waitables[] = {weft_future_waitable(futures[i]),
                                     weft_future_waitable(futures[(i + 1) % FUTURES])};
        status = weft_wait_any(2, waitables, &done, seconds);
        if (status == WEFT_OK)
            WITNESS(weft_future_done(futures[(i + done) % FUTURES]));
    }
}

static void compose(struct round *round, uint64_t random)
{
    weft_future *source = round->futures[random % FUTURES];
    weft_future *composed;
    switch (random / FUTURES % 3) {
    case 0:
        composed = weft_future_then(source, .always = follow, .arg = round);
        break;
    case 1:
        composed = weft_when_all(FUTURES, round->futures);
        break;
    default:
        composed = weft_when_any(FUTURES, round->futures);
    }
    atomic_fetch_add(&round->added, random / FUTURES % 3 == 0 ? 2 : 1);
    WITNESS(weft_future_add_done_callback(composed, count_call, round) == WEFT_OK);
    if (random / FUTURES % 3 != 0 && random % 5 == 0)
        WITNESS(weft_future_cancel(composed) == WEFT_OK || weft_future_done(composed));
    weft_future_free(composed);
}

static void act(struct load *load, uint64_t random)
{
    struct round *round = &load->round;
    size_t i = (size_t)(random % FUTURES);
    switch (random / FUTURES % 6) {
    case 0:
        complete(round, i, random / 64);
        break;
    case 1:
        if (random % 7 == 0)
            (void)weft_future_cancel(round->futures[i]);
        break;
    case 2:
        atomic_fetch_add(&round->added, 1);
        WITNESS(weft_future_add_done_callback(round->futures[i], count_call, round) == WEFT_OK);
        break;
    case 3:
        compose(round, random / 64);
        break;
    default:
        wait_for_some(round, random / 64);
        atomic_fetch_add(&load->waits, 1);
    }
}

static void begin_round(struct load *load)
{
    struct round *round = &load->round;
    *round = (struct round){.added = 0};
    for (size_t i = 0; i < FUTURES; i++) {
        round->futures[i] = weft_future_new();
        for (int k = 1; k < WORKERS; k++)
            (void)weft_future_ref(round->futures[i]);
    }
}

static void end_round(struct load *load)
{
    struct round *round = &load->round;
    WITNESS(atomic_load(&round->called) == atomic_load(&round->added));
    for (size_t i = 0; i < FUTURES; i++)
        WITNESS(atomic_load(&round->completed[i]) <= 1);
    load->rounds++;
    load->over = test_clock() >= load->end;
}

static void *work(void *arg)
{
    struct load *load = arg;
    uint64_t random = 88172645463325252U + 31U * atomic_fetch_add(&load->seeds, 1);
    for (;;) {
        int index = 0;
        WITNESS(weft_barrier_wait(&load->barrier, &index) == WEFT_OK);
        if (load->over)
            return NULL;
        for (int i = 0; i < ACTIONS; i++)
            act(load, test_random(&random));
        for (size_t i = 0; i < FUTURES; i++) /* the last one to do so completes it, if need be */
            weft_future_free(load->round.futures[i]);
        WITNESS(weft_barrier_wait(&load->barrier, &index) == WEFT_OK);
        if (index != 0)
            continue;
        end_round(load);
        if (!load->over)
            begin_round(load);
    }
}

static void play_rounds(void)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    struct load load = {.barrier = WEFT_BARRIER_INIT(WORKERS),
                        .end = test_clock() + test_stress_time()};
    begin_round(&load);
    struct crew crew = crew_start(WORKERS, work, &load);
    crew_join(&crew);
    faulty_memory_end(&memory);
    print_message("%llu rounds, %llu waits\n", load.rounds, atomic_load(&load.waits));
    assert_true(load.rounds > 10);
}

TEST(every_future_ends_once_and_every_callback_is_called_once)
{
    play_rounds();
}

TEST(every_future_ends_once_in_a_storm_of_signals)
{
    storm_begin();
    play_rounds();
    storm_end();
}

/* ---- tasks --------------------------------------------------------------------------------- */

struct tasks {
    struct pool pool;
    weft_event never;
    atomic_ullong submitted;
    atomic_ullong ran;
    atomic_ullong cancelled;
    atomic_uint seeds;
    int64_t end;
};

struct job {
    struct tasks *tasks;
    int depth;
};

static void *job(void *arg)
{
    struct job *own = arg;
    struct job next = {own->tasks, own->depth - 1};
    atomic_fetch_add(&own->tasks->ran, 1);
    if (own->depth < 0) {
        if (weft_event_wait_for(&own->tasks->never, 1e6) == WEFT_INTERRUPTED)
            return weft_raise_text(WEFT_CANCELLED, NULL);
    } else if (own->depth > 0) {
        weft_future *child = pool_submit(&own->tasks->pool, job, &next);
        weft_future *follows =
            weft_future_then(child, give_back, .executor = pool_executor(&own->tasks->pool));
        atomic_fetch_add(&own->tasks->submitted, 1);
        weft_status status = weft_future_result(own->depth % 2 == 0 ? child : follows, NULL);
        if (status != WEFT_OK && status != WEFT_INTERRUPTED)
            print_message("a child at depth %d: %s\n", own->depth, weft_strerror(status));
        WITNESS(status == WEFT_OK || status == WEFT_INTERRUPTED);
        while (weft_future_result(child, NULL) == WEFT_INTERRUPTED) {
        }
        weft_future_free(follows);
        weft_future_free(child);
    }
    return NULL;
}

static void *submit(void *arg)
{
    struct tasks *tasks = arg;
    uint64_t random = 4711U + 31U * atomic_fetch_add(&tasks->seeds, 1);
    while (test_clock() < tasks->end) {
        uint64_t what = test_random(&random);
        struct job own = {tasks, what % 5 == 0 ? -1 : (int)(what / 8 % 4)};
        weft_future *future = pool_submit(&tasks->pool, job, &own);
        atomic_fetch_add(&tasks->submitted, 1);
        weft_status asked = WEFT_RUNTIME;
        if (own.depth < 0 || what % 3 == 0)
            asked = what % 2 == 0 || own.depth < 0 ? weft_future_request_cancel(future)
                                                   : weft_future_cancel(future);
        weft_status status = weft_future_result(future, NULL);
        WITNESS(status == WEFT_OK || (status == WEFT_CANCELLED && asked == WEFT_OK));
        WITNESS(own.depth >= 0 || status == WEFT_CANCELLED);
        atomic_fetch_add(&tasks->cancelled, status == WEFT_CANCELLED);
        weft_future_free(future);
    }
    return NULL;
}

static void run_tasks(void)
{
    struct tasks tasks = {.end = test_clock() + test_stress_time()};
    pool_open(&tasks.pool, 2);
    struct crew crew = crew_start(3, submit, &tasks);
    crew_join(&crew);
    pool_close(&tasks.pool);
    unsigned long long ran = atomic_load(&tasks.ran);
    print_message("%llu submitted, %llu ran, %llu cancelled, %zu in place\n",
                  atomic_load(&tasks.submitted), ran, atomic_load(&tasks.cancelled),
                  atomic_load(&tasks.pool.ran_here));
    assert_true(ran <= atomic_load(&tasks.submitted));
    assert_true(ran + atomic_load(&tasks.cancelled) >= atomic_load(&tasks.submitted));
    assert_true(ran > 100);
}

TEST(every_task_runs_or_is_cancelled)
{
    run_tasks();
}

TEST(every_task_runs_or_is_cancelled_in_a_storm_of_signals)
{
    storm_begin();
    run_tasks();
    storm_end();
}
