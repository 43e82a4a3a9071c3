/* SPDX-License-Identifier: MIT */
/*
 * Tasks that tests of executors share: they wait for a gate, so that a test knows what runs and what
 * is queued.
 */
#ifndef TESTS_POOL_EXECUTOR_HELP_H
#define TESTS_POOL_EXECUTOR_HELP_H

#include <stdatomic.h>

#include "test.h"

/* An executor's numbers at this moment. */
static inline weft_executor_stats numbers(weft_executor *pool)
{
    weft_executor_stats stats;
    WITNESS(weft_executor_get_stats(pool, &stats) == WEFT_OK);
    return stats;
}

/* Returns its argument. */
static inline void *same(void *arg)
{
    return arg;
}

/* Counts. */
static inline void *tick(void *count)
{
    atomic_fetch_add((atomic_int *)count, 1);
    return NULL;
}

/* Tasks that wait until they are let go. */
struct gate {
    atomic_int inside;
    weft_event open; /* zeroed: not set */
};

static inline void *pass(void *arg)
{
    struct gate *gate = arg;
    atomic_fetch_add(&gate->inside, 1);
    WITNESS(weft_event_wait(&gate->open) == WEFT_OK);
    return arg;
}

/* The pool's workers are busy from now on: with so many tasks at the gate, whose futures are freed. */
static inline void occupy(weft_executor *pool, struct gate *gate, int tasks)
{
    for (int i = 0; i < tasks; i++)
        assert_int_equal(weft_executor_post(pool, pass, gate), WEFT_OK);
    EVENTUALLY(atomic_load(&gate->inside) == tasks);
}

static inline void finish(weft_executor *pool)
{
    assert_int_equal(weft_executor_shutdown(pool), WEFT_OK);
    weft_executor_free(pool);
}

/* Waits for a future's value, and frees it. */
static inline void *value_of(weft_future *future)
{
    void *value = NULL;
    assert_non_null(future);
    assert_int_equal(weft_future_result(future, &value), WEFT_OK);
    weft_future_free(future);
    return value;
}

#endif
