/* SPDX-License-Identifier: MIT */
/* WEFT_AS_COMPLETED: the cases of CPython's test_as_completed.py, and what C adds. */
#include "faulty_memory.h"
#include "future_help.h"

#include <math.h>

enum { MOST = 40 };

struct walk {
    weft_future *futures[MOST];
    size_t count;
    double seconds; /* 0: for ever */
    weft_future *seen[MOST];
    atomic_size_t seen_count;
    weft_status status;
};

static void *walk_along(void *arg)
{
    struct walk *walk = arg;
    weft_future *future;
    WEFT_AS_COMPLETED(future, walk->count, walk->futures,
                      walk->seconds != 0 ? walk->seconds : WEFT_FOREVER, walk->status) {
        WITNESS(weft_future_done(future));
        walk->seen[atomic_load(&walk->seen_count)] = future;
        atomic_fetch_add(&walk->seen_count, 1);
    }
    return NULL;
}

static void free_them(struct walk *walk)
{
    for (size_t i = 0; i < walk->count; i++)
        weft_future_free(walk->futures[i]);
}

TEST(all_come_in_the_order_in_which_they_are_done)
{
    weft_future *first = weft_future_new();
    weft_future *second = weft_future_new();
    struct walk walk = {.count = 5,
                        .futures = {canned_future(NOTIFIED), first, canned_future(FAILED), second,
                                    canned_future(FINISHED)}};
    struct crew crew = crew_start(1, walk_along, &walk);
    EVENTUALLY(atomic_load(&walk.seen_count) == 3 && weft_future_waiters(second) == 1);
    assert_int_equal(weft_future_set_result(second, NULL), WEFT_OK);
    EVENTUALLY(atomic_load(&walk.seen_count) == 4 && weft_future_waiters(first) == 1);
    assert_int_equal(weft_future_cancel(first), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(walk.status, WEFT_OK);
    assert_int_equal(atomic_load(&walk.seen_count), 5);
    weft_future *order[] = {walk.futures[0], walk.futures[2], walk.futures[4], second, first};
    assert_memory_equal(walk.seen, order, sizeof order);
    free_them(&walk);
}

/* Both were done before the walk went on: their order is kept. */
TEST(those_that_are_done_meanwhile_keep_their_order)
{
    weft_future *futures[] = {weft_future_new(), weft_future_new(), weft_future_new()};
    weft_future *order[3] = {0};
    weft_future *future;
    weft_status status;
    size_t seen = 0;
    assert_int_equal(weft_future_set_result(futures[1], NULL), WEFT_OK);
    WEFT_AS_COMPLETED(future, 3, futures, WEFT_FOREVER, status) {
        order[seen++] = future;
        if (seen == 1) {
            assert_int_equal(weft_future_set_result(futures[2], NULL), WEFT_OK);
            assert_int_equal(weft_future_set_result(futures[0], NULL), WEFT_OK);
        }
    }
    assert_int_equal(status, WEFT_OK);
    assert_int_equal(seen, 3);
    assert_ptr_equal(order[0], futures[1]);
    assert_ptr_equal(order[1], futures[2]);
    assert_ptr_equal(order[2], futures[0]);
    for (size_t i = 0; i < 3; i++)
        weft_future_free(futures[i]);
}

TEST(those_that_are_done_come_before_the_timeout)
{
    for (int round = 0; round < 2; round++) {
        struct walk walk = {.count = 4,
                            .futures = {canned_future(NOTIFIED), canned_future(PENDING),
                                        canned_future(FAILED), canned_future(FINISHED)},
                            .seconds = round == 0 ? -1 : 0.02};
        int64_t start = test_clock();
        walk_along(&walk);
        assert_true(round == 0 || test_clock() - start >= 20000000);
        assert_int_equal(walk.status, WEFT_TIMEOUT);
        assert_int_equal(atomic_load(&walk.seen_count), 3);
        free_them(&walk);
    }
}

TEST(who_comes_twice_comes_once)
{
    enum canned states[] = {PENDING, FINISHED};
    for (size_t round = 0; round < 2; round++) {
        struct walk walk = {.count = 3, .futures = {canned_future(states[round])}};
        walk.futures[1] = weft_future_ref(walk.futures[0]);
        walk.futures[2] = weft_future_ref(walk.futures[0]);
        struct crew crew = crew_start(1, walk_along, &walk);
        if (states[round] == PENDING) {
            EVENTUALLY(weft_future_waiters(walk.futures[0]) == 1);
            assert_int_equal(weft_future_set_result(walk.futures[0], NULL), WEFT_OK);
        }
        crew_join(&crew);
        assert_int_equal(walk.status, WEFT_OK);
        assert_int_equal(atomic_load(&walk.seen_count), 1);
        free_them(&walk);
    }
}

static int freed;

static void count_free(void *value)
{
    (void)value;
    freed++;
}

/* CPython's test_free_reference_yielded_future: the walk lends what comes, until the next. */
TEST(what_has_come_may_be_freed)
{
    weft_future *futures[8];
    weft_future *future;
    weft_status status;
    int seen = 0;
    for (size_t i = 0; i < 8; i++)
        futures[i] = weft_future_new(.free_value = count_free);
    assert_int_equal(weft_future_set_result(futures[0], &forty_two), WEFT_OK);
    WEFT_AS_COMPLETED(future, 8, futures, WEFT_FOREVER, status) {
        assert_int_equal(freed, seen);
        assert_ptr_equal(future, futures[seen]);
        weft_future_free(future);
        assert_ptr_equal(weft_future_value(future), &forty_two);
        if (++seen < 8)
            assert_int_equal(weft_future_set_result(futures[seen], &forty_two), WEFT_OK);
    }
    assert_int_equal(status, WEFT_OK);
    assert_int_equal(seen, 8);
    assert_int_equal(freed, 8);
}

/* ---- leaving early ------------------------------------------------------------------------- */

static weft_status leave_by_return(struct walk *walk)
{
    weft_future *future;
    weft_status status;
    WEFT_AS_COMPLETED(future, walk->count, walk->futures, WEFT_FOREVER, status)
        return WEFT_FULL;
    return status;
}

TEST(a_walk_may_be_left_early)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    struct walk walk = {.count = MOST};
    weft_future *future;
    weft_status status;
    for (size_t i = 0; i < MOST; i++)
        walk.futures[i] = canned_future(i % 2 == 0 ? FINISHED : PENDING);
    int seen = 0;
    WEFT_AS_COMPLETED(future, MOST, walk.futures, WEFT_FOREVER, status) {
        if (++seen == 3)
            break;
    }
    assert_int_equal(status, WEFT_OK);
    assert_int_equal(leave_by_return(&walk), WEFT_FULL);
    WEFT_AS_COMPLETED(future, MOST, walk.futures, WEFT_FOREVER, status)
        goto out;
out:
    /* Nobody is told any more. */
    for (size_t i = 0; i < MOST; i++)
        if (!weft_future_done(walk.futures[i]))
            assert_int_equal(weft_future_set_result(walk.futures[i], NULL), WEFT_OK);
    free_them(&walk);
    faulty_memory_end(&memory);
}

/* The walk keeps those that have not come. */
TEST(all_may_be_freed_before_it_is_left)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    struct walk walk = {.count = 3};
    weft_future *future;
    weft_status status;
    for (size_t i = 0; i < 3; i++)
        walk.futures[i] = canned_future(i == 0 ? FINISHED : i == 1 ? RUNNING : FAILED);
    WEFT_AS_COMPLETED(future, 3, walk.futures, WEFT_FOREVER, status) {
        free_them(&walk);
        break;
    }
    faulty_memory_end(&memory);
}

TEST(an_interruption_ends_the_walk)
{
    struct walk walk = {.count = 2, .futures = {canned_future(PENDING), canned_future(FINISHED)}};
    struct crew crew = crew_start(1, walk_along, &walk);
    EVENTUALLY(weft_future_waiters(walk.futures[0]) == 1);
    assert_int_equal(weft_thread_interrupt(crew.threads[0]), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(walk.status, WEFT_INTERRUPTED);
    assert_int_equal(atomic_load(&walk.seen_count), 1);
    assert_int_equal(weft_future_waiters(walk.futures[0]), 0);
    free_them(&walk);
}

TEST(nobody_waits_while_the_block_runs)
{
    weft_future *futures[] = {canned_future(PENDING), canned_future(FINISHED)};
    weft_future *future;
    weft_status status;
    WEFT_AS_COMPLETED(future, 2, futures, 0, status)
        assert_int_equal(weft_future_waiters(futures[0]), 0);
    assert_int_equal(status, WEFT_TIMEOUT);
    weft_future_free(futures[0]);
    weft_future_free(futures[1]);
}

TEST(none_at_all_is_an_empty_walk)
{
    weft_future *future = canned_future(FINISHED);
    weft_future *none;
    weft_status status = WEFT_FULL;
    WEFT_AS_COMPLETED(none, 0, NULL, WEFT_FOREVER, status)
        fail();
    assert_int_equal(status, WEFT_OK);
    assert_null(none);
    weft_future_free(future);
}

TEST(misuse_is_refused)
{
    weft_future *futures[] = {canned_future(FINISHED), NULL};
    weft_future *future;
    weft_status status = WEFT_OK;
    WEFT_AS_COMPLETED(future, 2, futures, WEFT_FOREVER, status)
        fail();
    assert_int_equal(status, WEFT_VALUE_ERROR);
    WEFT_AS_COMPLETED(future, 1, NULL, WEFT_FOREVER, status)
        fail();
    assert_int_equal(status, WEFT_VALUE_ERROR);
    WEFT_AS_COMPLETED(future, 1, futures, (double)NAN, status)
        fail();
    assert_int_equal(status, WEFT_VALUE_ERROR);
    assert_null(future);
    weft_future_free(futures[0]);
}

TEST(a_few_come_without_memory_and_many_need_it)
{
    struct faulty_memory memory = {.fail_at = WEFT_FUTURES_INLINE + 2};
    struct walk walk = {.count = WEFT_FUTURES_INLINE + 1};
    faulty_memory_begin(&memory);
    for (size_t i = 0; i < walk.count; i++) {
        walk.futures[i] = weft_future_new();
        assert_int_equal(weft_future_set_result(walk.futures[i], NULL), WEFT_OK);
    }
    walk_along(&walk);
    assert_int_equal(walk.status, WEFT_NO_MEMORY);
    assert_int_equal(atomic_load(&walk.seen_count), 0);
    walk.count--;
    walk_along(&walk);
    assert_int_equal(walk.status, WEFT_OK);
    assert_int_equal(atomic_load(&walk.seen_count), WEFT_FUTURES_INLINE);
    assert_int_equal(atomic_load(&memory.calls), WEFT_FUTURES_INLINE + 2);
    walk.count++;
    atomic_store(&walk.seen_count, 0);
    walk_along(&walk); /* there is memory again */
    assert_int_equal(atomic_load(&walk.seen_count), WEFT_FUTURES_INLINE + 1);
    free_them(&walk);
    faulty_memory_end(&memory);
}

/* ---- in a task ----------------------------------------------------------------------------- */

static void *walk_along_children(void *arg)
{
    struct walk walk = {.count = 6};
    for (size_t i = 0; i < walk.count; i++)
        walk.futures[i] = pool_submit(arg, give_back, NULL);
    walk_along(&walk);
    WITNESS(walk.status == WEFT_OK);
    WITNESS(atomic_load(&walk.seen_count) == 6);
    free_them(&walk);
    return NULL;
}

static void *walk_and_free(void *arg)
{
    weft_future *futures[6];
    weft_future *future;
    weft_status status;
    size_t seen = 0;
    for (size_t i = 0; i < 6; i++)
        futures[i] = pool_submit(arg, give_back, NULL);
    WITNESS(weft_future_cancel(futures[4]) == WEFT_OK);
    WEFT_AS_COMPLETED(future, 6, futures, WEFT_FOREVER, status) {
        weft_future_free(future);
        seen++;
    }
    WITNESS(seen == 6 && status == WEFT_OK);
    return NULL;
}

TEST(a_task_runs_the_children_that_it_waits_for)
{
    struct pool pool;
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, walk_along_children, &pool);
    weft_future *frees = pool_submit(&pool, walk_and_free, &pool);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    assert_int_equal(weft_future_result(frees, NULL), WEFT_OK);
    weft_future_free(future);
    weft_future_free(frees);
    pool_close(&pool);
    assert_int_equal(atomic_load(&pool.ran_here), 11);
}
