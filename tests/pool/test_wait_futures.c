/* SPDX-License-Identifier: MIT */
/* weft_wait_futures: the cases of CPython's test_wait.py, and what C adds. */
#include "faulty_memory.h"
#include "future_help.h"

#include <math.h>
#include <stdlib.h>

enum { MOST = 40 };

/* A thread that waits for several. */
struct waiting {
    weft_future *futures[MOST];
    size_t count;
    weft_return_when when;
    double seconds; /* 0: for ever */
    size_t done;
    weft_status status;
};

static void *wait_for_them(void *arg)
{
    struct waiting *waiting = arg;
    waiting->status =
        weft_wait_futures(waiting->count, waiting->futures, waiting->when, &waiting->done,
                          waiting->seconds != 0 ? waiting->seconds : WEFT_FOREVER);
    return NULL;
}

static bool is_among(weft_future *const *futures, size_t from, size_t to, const weft_future *future)
{
    while (from < to && futures[from] != future)
        from++;
    return from < to;
}

/* The future is among those that are done, or among the others. */
#define assert_done(waiting, future, expected)                                                     \
    do {                                                                                           \
        assert_int_equal(is_among((waiting)->futures, 0, (waiting)->done, (future)), (expected));  \
        assert_int_equal(                                                                          \
            is_among((waiting)->futures, (waiting)->done, (waiting)->count, (future)),             \
            !(expected));                                                                          \
    } while (0)

static void free_them(struct waiting *waiting)
{
    for (size_t i = 0; i < waiting->count; i++)
        weft_future_free(waiting->futures[i]);
}

TEST(a_future_that_comes_twice_is_done_twice)
{
    struct waiting waiting = {.count = 2, .futures = {canned_future(FINISHED)}};
    waiting.futures[1] = weft_future_ref(waiting.futures[0]);
    wait_for_them(&waiting);
    assert_int_equal(waiting.status, WEFT_OK);
    assert_int_equal(waiting.done, 2);
    free_them(&waiting);
    waiting = (struct waiting){.count = 3, .when = WEFT_FIRST_EXCEPTION};
    for (size_t i = 0; i < 3; i++)
        waiting.futures[i] = i == 0 ? canned_future(PENDING) : weft_future_ref(waiting.futures[0]);
    struct crew crew = crew_start(1, wait_for_them, &waiting);
    EVENTUALLY(weft_future_waiters(waiting.futures[0]) == 1);
    assert_int_equal(weft_future_set_result(waiting.futures[0], NULL), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(waiting.status, WEFT_OK);
    assert_int_equal(waiting.done, 3);
    free_them(&waiting);
}

TEST(the_first_that_is_done_ends_the_wait)
{
    weft_future *first = weft_future_new();
    weft_future *second = weft_future_new();
    struct waiting waiting = {.count = 2, .futures = {first, second}, .when = WEFT_FIRST_COMPLETED};
    struct crew crew = crew_start(1, wait_for_them, &waiting);
    EVENTUALLY(weft_future_waiters(first) == 1 && weft_future_waiters(second) == 1);
    assert_int_equal(weft_future_set_result(second, &forty_two), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(waiting.status, WEFT_OK);
    assert_int_equal(waiting.done, 1);
    assert_done(&waiting, second, true);
    assert_done(&waiting, first, false);
    assert_int_equal(weft_future_waiters(first), 0);
    free_them(&waiting);
}

TEST(what_is_done_already_ends_the_wait_at_once)
{
    struct waiting waiting = {
        .count = 3,
        .futures = {canned_future(PENDING), canned_future(NOTIFIED), canned_future(FINISHED)},
        .when = WEFT_FIRST_COMPLETED};
    weft_future *order[] = {waiting.futures[1], waiting.futures[2], waiting.futures[0]};
    uint64_t parks = weft_park_count();
    wait_for_them(&waiting);
    assert_int_equal(weft_park_count(), parks);
    assert_int_equal(waiting.status, WEFT_OK);
    assert_int_equal(waiting.done, 2);
    assert_memory_equal(waiting.futures, order, sizeof order); /* the done ones in their order */
    free_them(&waiting);
}

/* CPython counts it as not done until somebody has asked; weft does what its documentation says. */
TEST(a_cancelled_future_is_done)
{
    for (int when = WEFT_ALL_COMPLETED; when <= WEFT_FIRST_EXCEPTION; when++) {
        struct waiting waiting = {
            .count = 1, .futures = {canned_future(CANCELLED)}, .when = (weft_return_when)when};
        wait_for_them(&waiting);
        assert_int_equal(waiting.status, WEFT_OK);
        assert_int_equal(waiting.done, 1);
        free_them(&waiting);
    }
}

TEST(the_first_exception_ends_the_wait)
{
    weft_future *first = weft_future_new();
    weft_future *second = weft_future_new();
    weft_future *third = weft_future_new();
    struct waiting waiting = {
        .count = 3, .futures = {first, second, third}, .when = WEFT_FIRST_EXCEPTION};
    struct crew crew = crew_start(1, wait_for_them, &waiting);
    EVENTUALLY(weft_future_waiters(third) == 1);
    assert_int_equal(weft_future_set_result(first, &forty_two), WEFT_OK);
    assert_int_equal(weft_future_waiters(third), 1);
    assert_int_equal(weft_future_set_error(second, NO_FILE, "no"), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(waiting.status, WEFT_OK);
    assert_int_equal(waiting.done, 2);
    assert_done(&waiting, first, true);
    assert_done(&waiting, second, true);
    assert_done(&waiting, third, false);
    free_them(&waiting);
}

TEST(an_exception_among_others_that_are_done_ends_the_wait)
{
    weft_future *first = weft_future_new();
    weft_future *second = weft_future_new();
    struct waiting waiting = {.count = 5,
                              .futures = {canned_future(FINISHED), canned_future(CANCELLED),
                                          canned_future(NOTIFIED), first, second},
                              .when = WEFT_FIRST_EXCEPTION};
    struct crew crew = crew_start(1, wait_for_them, &waiting);
    EVENTUALLY(weft_future_waiters(second) == 1); /* a cancellation is no exception */
    assert_int_equal(weft_future_set_error(first, NO_FILE, "no"), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(waiting.status, WEFT_OK);
    assert_int_equal(waiting.done, 4);
    assert_done(&waiting, second, false);
    free_them(&waiting);
}

TEST(an_exception_that_is_there_ends_the_wait_at_once)
{
    struct waiting waiting = {.count = 2,
                              .futures = {canned_future(PENDING), canned_future(FAILED)},
                              .when = WEFT_FIRST_EXCEPTION};
    wait_for_them(&waiting);
    assert_int_equal(waiting.status, WEFT_OK);
    assert_int_equal(waiting.done, 1);
    free_them(&waiting);
}

TEST(without_an_exception_the_last_one_ends_the_wait)
{
    weft_future *first = weft_future_new();
    weft_future *second = weft_future_new();
    struct waiting waiting = {.count = 2, .futures = {first, second}, .when = WEFT_FIRST_EXCEPTION};
    struct crew crew = crew_start(1, wait_for_them, &waiting);
    EVENTUALLY(weft_future_waiters(first) == 1);
    assert_int_equal(weft_future_cancel(first), WEFT_OK);
    assert_int_equal(weft_future_waiters(second), 1);
    assert_int_equal(weft_future_set_result(second, NULL), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(waiting.status, WEFT_OK);
    assert_int_equal(waiting.done, 2);
    free_them(&waiting);
}

TEST(a_wait_for_all_ends_with_the_last)
{
    weft_future *first = weft_future_new();
    weft_future *second = weft_future_new();
    struct waiting waiting = {.count = 5,
                              .futures = {canned_future(FINISHED), canned_future(NOTIFIED), first,
                                          canned_future(FAILED), second}};
    struct crew crew = crew_start(1, wait_for_them, &waiting);
    EVENTUALLY(weft_future_waiters(first) == 1);
    assert_int_equal(weft_future_set_error(first, NO_FILE, "no"), WEFT_OK);
    EVENTUALLY(weft_future_waiters(second) == 1);
    assert_int_equal(weft_future_set_result(second, NULL), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(waiting.status, WEFT_OK);
    assert_int_equal(waiting.done, 5);
    free_them(&waiting);
}

TEST(a_timeout_is_never_early_and_says_who_is_done)
{
    for (int when = WEFT_ALL_COMPLETED; when <= WEFT_FIRST_EXCEPTION; when++) {
        bool first = when == WEFT_FIRST_COMPLETED;
        struct waiting waiting = {.count = 3,
                                  .futures = {canned_future(PENDING), canned_future(RUNNING),
                                              canned_future(first ? PENDING : FINISHED)},
                                  .when = (weft_return_when)when,
                                  .seconds = 0.02};
        weft_future *last = waiting.futures[2];
        int64_t start = test_clock();
        wait_for_them(&waiting);
        assert_true(test_clock() - start >= 20000000);
        assert_int_equal(waiting.status, WEFT_TIMEOUT);
        assert_int_equal(waiting.done, first ? 0 : 1);
        if (!first)
            assert_done(&waiting, last, true);
        free_them(&waiting);
    }
}

TEST(no_time_is_a_look)
{
    struct waiting waiting = {.count = 2,
                              .futures = {canned_future(PENDING), canned_future(FINISHED)}};
    uint64_t parks = weft_park_count();
    size_t done = 7;
    for (int when = WEFT_ALL_COMPLETED; when <= WEFT_FIRST_EXCEPTION; when++) {
        assert_int_equal(weft_wait_futures(2, waiting.futures, (weft_return_when)when, &done, 0),
                         when == WEFT_FIRST_COMPLETED ? WEFT_OK : WEFT_TIMEOUT);
        assert_int_equal(done, 1);
    }
    assert_int_equal(weft_wait_futures(2, waiting.futures, WEFT_FIRST_COMPLETED, NULL, -1),
                     WEFT_OK);
    assert_int_equal(weft_park_count(), parks);
    free_them(&waiting);
}

TEST(an_interruption_says_who_is_done)
{
    for (int when = WEFT_ALL_COMPLETED; when <= WEFT_FIRST_EXCEPTION; when += 2) {
        struct waiting waiting = {.count = 2,
                                  .futures = {canned_future(FINISHED), canned_future(PENDING)},
                                  .when = (weft_return_when)when};
        struct crew crew = crew_start(1, wait_for_them, &waiting);
        EVENTUALLY(weft_future_waiters(waiting.futures[1]) == 1);
        assert_int_equal(weft_thread_interrupt(crew.threads[0]), WEFT_OK);
        crew_join(&crew);
        assert_int_equal(waiting.status, WEFT_INTERRUPTED);
        assert_int_equal(waiting.done, 1);
        assert_int_equal(weft_future_waiters(waiting.futures[1]), 0);
        free_them(&waiting);
    }
}

TEST(none_at_all_are_done)
{
    size_t done = 7;
    for (int when = WEFT_ALL_COMPLETED; when <= WEFT_FIRST_EXCEPTION; when++) {
        assert_int_equal(weft_wait_futures(0, NULL, (weft_return_when)when, &done, WEFT_FOREVER),
                         WEFT_OK);
        assert_int_equal(done, 0);
    }
}

TEST(misuse_is_refused)
{
    weft_future *futures[] = {canned_future(FINISHED), NULL};
    size_t done = 7;
    assert_int_equal(weft_wait_futures(2, futures, WEFT_ALL_COMPLETED, &done, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_wait_futures(1, NULL, WEFT_ALL_COMPLETED, &done, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_wait_futures(1, futures, WEFT_ALL_COMPLETED, &done, NAN),
                     WEFT_VALUE_ERROR);
    assert_int_equal(weft_wait_futures(1, futures, (weft_return_when)3, &done, 0),
                     WEFT_VALUE_ERROR);
    assert_int_equal(done, 7);
    weft_future_free(futures[0]);
}

/* ---- memory -------------------------------------------------------------------------------- */

TEST(a_few_are_waited_for_without_memory)
{
    struct waiting waiting = {.count = WEFT_FUTURES_INLINE + 1};
    struct faulty_memory memory = {.fail_at = WEFT_FUTURES_INLINE + 2};
    faulty_memory_begin(&memory);
    for (size_t i = 0; i < waiting.count; i++)
        waiting.futures[i] = weft_future_new();
    assert_int_equal(weft_future_set_result(waiting.futures[3], NULL), WEFT_OK);
    waiting.when = WEFT_FIRST_COMPLETED;
    wait_for_them(&waiting); /* one too many */
    assert_int_equal(waiting.status, WEFT_NO_MEMORY);
    assert_int_equal(waiting.done, 1);
    waiting.count--;
    for (int when = WEFT_ALL_COMPLETED; when <= WEFT_FIRST_EXCEPTION; when++) {
        waiting.when = (weft_return_when)when;
        waiting.seconds = 1e-9;
        wait_for_them(&waiting);
        assert_int_equal(waiting.status, when == WEFT_FIRST_COMPLETED ? WEFT_OK : WEFT_TIMEOUT);
    }
    assert_int_equal(atomic_load(&memory.calls), WEFT_FUTURES_INLINE + 2);
    waiting.count++;
    waiting.when = WEFT_ALL_COMPLETED; /* that many need none at all */
    wait_for_them(&waiting);
    assert_int_equal(waiting.status, WEFT_TIMEOUT);
    assert_int_equal(atomic_load(&memory.calls), WEFT_FUTURES_INLINE + 2);
    free_them(&waiting);
    faulty_memory_end(&memory);
}

TEST(many_are_waited_for)
{
    struct faulty_memory memory = {0};
    struct waiting waiting = {.count = MOST, .when = WEFT_FIRST_EXCEPTION};
    faulty_memory_begin(&memory);
    for (size_t i = 0; i < MOST; i++)
        waiting.futures[i] = weft_future_new();
    weft_future *last = waiting.futures[MOST - 1];
    struct crew crew = crew_start(1, wait_for_them, &waiting);
    EVENTUALLY(weft_future_waiters(last) == 1);
    for (size_t i = 0; i < MOST; i++)
        assert_int_equal(weft_future_set_result(waiting.futures[i], NULL), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(waiting.done, MOST);
    free_them(&waiting);
    faulty_memory_end(&memory);
}

/* CPython's test_pending_calls_race. */
TEST(all_of_a_pool_are_waited_for)
{
    struct gate gate = {0};
    struct pool pool;
    struct waiting waiting = {.count = MOST};
    pool_open(&pool, 4);
    for (size_t i = 0; i < MOST; i++)
        waiting.futures[i] = pool_submit(&pool, pass_gate, &gate);
    assert_int_equal(weft_event_set(&gate.open), WEFT_OK);
    wait_for_them(&waiting);
    assert_int_equal(waiting.status, WEFT_OK);
    assert_int_equal(waiting.done, MOST);
    free_them(&waiting);
    pool_close(&pool);
}

/* ---- in a task ----------------------------------------------------------------------------- */

struct parent {
    struct pool *pool;
    weft_return_when when;
};

static void *wait_for_children(void *arg)
{
    const struct parent *parent = arg;
    struct waiting waiting = {.count = 4, .when = parent->when};
    for (size_t i = 0; i < waiting.count; i++)
        waiting.futures[i] = pool_submit(parent->pool, give_back, NULL);
    wait_for_them(&waiting);
    WITNESS(waiting.status == WEFT_OK);
    WITNESS(waiting.done == (parent->when == WEFT_FIRST_COMPLETED ? 1U : 4U));
    free_them(&waiting);
    return NULL;
}

TEST(a_task_runs_the_children_that_it_waits_for)
{
    for (int when = WEFT_ALL_COMPLETED; when <= WEFT_FIRST_EXCEPTION; when++) {
        struct pool pool;
        struct parent parent = {&pool, (weft_return_when)when};
        pool_open(&pool, 1);
        weft_future *future = pool_submit(&pool, wait_for_children, &parent);
        assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
        assert_int_equal(atomic_load(&pool.ran_here), when == WEFT_FIRST_COMPLETED ? 1 : 4);
        weft_future_free(future);
        pool_close(&pool);
    }
}
