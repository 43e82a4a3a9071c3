/* SPDX-License-Identifier: MIT */
/*
 * Semaphore and BoundedSemaphore: the cases of CPython's own tests. Order, several permits at once
 * and resize are in test_semaphore_order.c, waiting in test_semaphore_wait.c, and what a waiter may
 * do with their memory in test_sync_memory.c.
 */
#include "semaphore_help.h"

/* ---- CPython's cases: BaseSemaphoreTests ----------------------------------------------------- */

TEST(a_negative_value_is_refused)
{
    weft_semaphore refused = WEFT_SEMAPHORE_INIT(-1);
    weft_bounded_semaphore bounded_refused = WEFT_BOUNDED_SEMAPHORE_INIT(-1);
    weft_semaphore fresh = WEFT_SEMAPHORE_INIT(2);
    assert_int_equal(weft_semaphore_init(&fresh, -1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_semaphore_init(&fresh, -WEFT_SEMAPHORE_MAX - 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_semaphore_init(&fresh, WEFT_SEMAPHORE_MAX + 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_semaphore_value(&fresh), 2);
    weft_bounded_semaphore bounded;
    assert_int_equal(weft_bounded_semaphore_init(&bounded, -1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_init(&bounded, WEFT_SEMAPHORE_MAX + 1),
                     WEFT_VALUE_ERROR);

    assert_int_equal(weft_semaphore_acquire(&refused), WEFT_VALUE_ERROR);
    assert_int_equal(weft_semaphore_try_acquire(&refused), WEFT_VALUE_ERROR);
    assert_int_equal(weft_semaphore_release(&refused), WEFT_VALUE_ERROR);
    assert_int_equal(weft_semaphore_resize(&refused, 5), WEFT_VALUE_ERROR);
    assert_int_equal(weft_semaphore_done(&refused), WEFT_VALUE_ERROR);
    assert_int_equal(weft_semaphore_value(&refused), 0);
    assert_int_equal(weft_bounded_semaphore_acquire(&bounded_refused), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_release(&bounded_refused), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_resize(&bounded_refused, 1), WEFT_VALUE_ERROR);

    assert_null(weft_semaphore_new(-1));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_null(weft_bounded_semaphore_new(-1));
}

static void take_and_give_back(struct fixture *f)
{
    assert_int_equal(CALL(f, acquire), WEFT_OK);
    assert_int_equal(CALL(f, acquire), WEFT_OK);
    assert_int_equal(CALL(f, value), 0);
    assert_int_equal(CALL(f, release), WEFT_OK);
    assert_int_equal(CALL(f, release), WEFT_OK);
    assert_int_equal(CALL(f, value), 2);
}

TEST(permits_are_taken_and_given_back)
{
    for_both(2, take_and_give_back);
}

static void forget(struct fixture *f)
{
    assert_int_equal(CALL(f, acquire), WEFT_OK);
    assert_int_equal(CALL_WITH(f, init, 1), WEFT_OK); /* its memory is used anew */
    assert_int_equal(CALL(f, acquire), WEFT_OK);
}

TEST(nothing_has_to_be_destroyed)
{
    for_both(1, forget);
}

enum { ASKERS = 10, PERMITS = 7 };

static void *ask_twice(void *arg)
{
    struct fixture *f = arg;
    WITNESS(CALL(f, acquire) == WEFT_OK);
    atomic_fetch_add(&f->first, 1);
    WITNESS(CALL(f, acquire) == WEFT_OK);
    atomic_fetch_add(&f->second, 1);
    return NULL;
}

/* So many permits have been given out, and no more will be: whoever is not done waits. */
static void expect_granted(struct fixture *f, int granted)
{
    EVENTUALLY(atomic_load(&f->first) + atomic_load(&f->second) == granted);
    EVENTUALLY(CALL(f, waiters) == (size_t)(ASKERS - atomic_load(&f->second)));
    assert_int_equal(atomic_load(&f->first) + atomic_load(&f->second), granted);
}

static void contend(struct fixture *f, bool at_once)
{
    assert_int_equal(CALL(f, acquire), WEFT_OK);
    struct crew crew = crew_start(ASKERS, ask_twice, f);
    int granted = PERMITS - 1;
    expect_granted(f, granted);
    for (int more = PERMITS; more >= PERMITS - 1; more--) {
        for (int i = 0; i < (at_once ? 1 : more); i++)
            assert_int_equal(at_once ? CALL_WITH(f, release_n, more) : CALL(f, release), WEFT_OK);
        granted += more;
        expect_granted(f, granted);
    }
    assert_int_equal(CALL(f, try_acquire), WEFT_TIMEOUT);
    assert_int_equal(CALL(f, release), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f->second), ASKERS);
    assert_int_equal(CALL(f, value), 0);
}

static void contend_one_by_one(struct fixture *f)
{
    contend(f, false);
}

static void contend_at_once(struct fixture *f)
{
    contend(f, true);
}

TEST(each_release_lets_exactly_one_go)
{
    for_both(PERMITS, contend_one_by_one);
}

TEST(a_release_of_n_lets_exactly_n_go)
{
    for_both(PERMITS, contend_at_once);
}

static void try_it(struct fixture *f)
{
    uint64_t parks = weft_park_count();
    assert_int_equal(CALL(f, try_acquire), WEFT_OK);
    assert_int_equal(CALL(f, try_acquire), WEFT_OK);
    assert_int_equal(CALL(f, try_acquire), WEFT_TIMEOUT);
    assert_int_equal(CALL_WITH(f, acquire_for, 0.0), WEFT_TIMEOUT);
    assert_int_equal(CALL_WITH(f, acquire_for, -3.0), WEFT_TIMEOUT);
    assert_int_equal(CALL_WITH(f, acquire_until, weft_now() - 1), WEFT_TIMEOUT);
    assert_int_equal(CALL(f, release), WEFT_OK);
    assert_int_equal(CALL(f, try_acquire), WEFT_OK);
    assert_true(weft_park_count() == parks);
}

TEST(try_acquire_never_waits)
{
    for_both(2, try_it);
}

static void *try_twice(void *arg)
{
    struct fixture *f = arg;
    for (int i = 0; i < 2; i++)
        atomic_fetch_add(CALL(f, try_acquire) == WEFT_OK ? &f->first : &f->refused, 1);
    return NULL;
}

static void try_among_many(struct fixture *f)
{
    assert_int_equal(CALL(f, acquire), WEFT_OK);
    struct crew crew = crew_start(5, try_twice, f);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f->first), 3);
    assert_int_equal(atomic_load(&f->refused), 7);
}

TEST(many_that_try_get_no_more_than_there_is)
{
    for_both(4, try_among_many);
}

static void time_out(struct fixture *f)
{
    assert_int_equal(CALL_WITH(f, acquire_for, 0.005), WEFT_OK);
    assert_int_equal(CALL_WITH(f, acquire_for, 0.005), WEFT_OK);
    assert_int_equal(CALL_WITH(f, acquire_for, 0.005), WEFT_TIMEOUT);
    assert_int_equal(CALL(f, release), WEFT_OK);
    assert_int_equal(CALL_WITH(f, acquire_for, 0.005), WEFT_OK);
    int64_t start = test_clock();
    assert_int_equal(CALL_WITH(f, acquire_for, 0.05), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 50000000);
    double deadline = weft_now() + 0.02;
    assert_int_equal(CALL_WITH(f, acquire_until, deadline), WEFT_TIMEOUT);
    assert_true(weft_now() >= deadline);
    assert_int_equal(CALL(f, waiters), 0);
    assert_int_equal(CALL(f, value), 0);
}

TEST(a_timeout_is_never_early)
{
    for_both(2, time_out);
}

static void wait_for_release(struct fixture *f)
{
    assert_int_equal(CALL(f, acquire), WEFT_OK);
    struct crew crew = crew_start(1, ask, f);
    EVENTUALLY(CALL(f, waiters) == 1);
    assert_int_equal(atomic_load(&f->first), 0);
    assert_int_equal(CALL(f, release), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f->first), 1);
    assert_int_equal(CALL(f, value), 0);
}

TEST(an_acquire_waits_for_a_release)
{
    for_both(1, wait_for_release);
}

/* What a block does inside; returns out of its scope if it is told so. */
static void nest(weft_semaphore *s, bool leave)
{
    WEFT_WITH(s) {
        assert_int_equal(weft_semaphore_try_acquire(s), WEFT_OK);
        assert_int_equal(weft_semaphore_release(s), WEFT_OK);
        WEFT_HOLD(s);
        assert_int_equal(weft_semaphore_try_acquire(s), WEFT_TIMEOUT);
        if (leave)
            return;
    }
}

TEST(a_scope_takes_a_permit_and_gives_it_back)
{
    weft_semaphore s = WEFT_SEMAPHORE_INIT(2);
    weft_bounded_semaphore b = WEFT_BOUNDED_SEMAPHORE_INIT(1);
    weft_status status;
    int runs = 0;
    nest(&s, false);
    assert_int_equal(weft_semaphore_value(&s), 2);
    nest(&s, true);
    assert_int_equal(weft_semaphore_value(&s), 2);
    WEFT_WITH(&b) {
        assert_int_equal(weft_bounded_semaphore_value(&b), 0);
        WEFT_WITH_FOR(&b, 0.001, status)
            runs++;
        assert_int_equal(status, WEFT_TIMEOUT);
        assert_int_equal(weft_last_status(), WEFT_TIMEOUT);
    }
    WEFT_WITH_FOR(&b, 0.001, status) {
        runs++;
    }
    assert_int_equal(runs, 1);
    {
        WEFT_HOLD(&b);
        assert_int_equal(weft_bounded_semaphore_value(&b), 0);
    }
    assert_int_equal(weft_bounded_semaphore_value(&b), 1);
}

TEST(a_plain_semaphore_may_be_released_beyond_its_start)
{
    weft_semaphore s = WEFT_SEMAPHORE_INIT(1);
    assert_int_equal(weft_semaphore_release(&s), WEFT_OK);
    assert_int_equal(weft_semaphore_acquire(&s), WEFT_OK);
    assert_int_equal(weft_semaphore_acquire(&s), WEFT_OK);
    assert_int_equal(weft_semaphore_release(&s), WEFT_OK);
    assert_int_equal(weft_semaphore_value(&s), 1);
}

TEST(a_bounded_semaphore_refuses_too_many_releases)
{
    weft_bounded_semaphore b = WEFT_BOUNDED_SEMAPHORE_INIT(3);
    assert_int_equal(weft_bounded_semaphore_release(&b), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_acquire_n(&b, 2), WEFT_OK);
    assert_int_equal(weft_bounded_semaphore_release_n(&b, 3), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_value(&b), 1);
    assert_int_equal(weft_bounded_semaphore_release_n(&b, 2), WEFT_OK);
    assert_int_equal(weft_bounded_semaphore_release(&b), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_value(&b), 3);
    assert_int_equal(weft_bounded_semaphore_acquire_n(&b, 4), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_acquire_n(&b, 3), WEFT_OK);
}
