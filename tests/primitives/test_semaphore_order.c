/* SPDX-License-Identifier: MIT */
/* Semaphores: first come first served, several permits at once, and another number of permits. */
#include "semaphore_help.h"

#include <math.h>

enum { ASKERS = 10 };

/* ---- order --------------------------------------------------------------------------------- */

struct asker {
    struct fixture *f;
    int number;
};

static void *ask_in_turn(void *arg)
{
    struct asker *asker = arg;
    struct fixture *f = asker->f;
    WITNESS(CALL(f, acquire) == WEFT_OK);
    WITNESS(atomic_fetch_add(&f->order, 1) == asker->number);
    atomic_fetch_add(&f->first, 1);
    return NULL;
}

static void queue_up(struct fixture *f)
{
    struct asker askers[ASKERS];
    weft_thread *threads[ASKERS];
    assert_int_equal(CALL_WITH(f, acquire_n, ASKERS), WEFT_OK);
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){f, i};
        threads[i] = weft_thread_spawn(ask_in_turn, &askers[i]);
        EVENTUALLY(CALL(f, waiters) == (size_t)i + 1);
    }
    for (int i = 0; i < ASKERS; i++) {
        assert_int_equal(CALL(f, release), WEFT_OK);
        EVENTUALLY(atomic_load(&f->first) == i + 1);
        assert_int_equal(weft_thread_join(threads[i]), WEFT_OK);
        weft_thread_free(threads[i]);
    }
}

TEST(permits_are_given_out_in_the_order_of_arrival)
{
    for_both(ASKERS, queue_up);
}

/* One thread asks for three, while permits come one by one. */
static void ask_for_much(struct fixture *f)
{
    assert_int_equal(CALL_WITH(f, acquire_n, 4), WEFT_OK);
    f->n = 3;
    struct crew big = crew_start(1, ask, f);
    EVENTUALLY(CALL(f, waiters) == 1);
    for (int free = 1; free <= 2; free++) {
        assert_int_equal(CALL(f, release), WEFT_OK);
        assert_int_equal(CALL(f, value), free);
        assert_int_equal(CALL(f, try_acquire), WEFT_TIMEOUT); /* there is one, but others wait */
        assert_int_equal(CALL_WITH(f, acquire_for, 0.001), WEFT_TIMEOUT);
        assert_int_equal(CALL(f, waiters), 1);
    }
    assert_int_equal(CALL(f, release), WEFT_OK);
    crew_join(&big);
    assert_int_equal(atomic_load(&f->first), 1);
    assert_int_equal(CALL(f, value), 0);
    assert_int_equal(CALL(f, release), WEFT_OK);
    assert_int_equal(CALL(f, try_acquire), WEFT_OK);
}

TEST(nobody_passes_a_big_request)
{
    for_both(4, ask_for_much);
}

static void *ask_for_one(void *arg)
{
    struct fixture *f = arg;
    WITNESS(CALL(f, acquire) == WEFT_OK);
    atomic_fetch_add(&f->second, 1);
    return NULL;
}

static void give_up_in_front(struct fixture *f)
{
    assert_int_equal(CALL_WITH(f, acquire_n, 4), WEFT_OK);
    f->n = 3;
    f->seconds = 0.02;
    struct crew big = crew_start(1, ask, f);
    EVENTUALLY(CALL(f, waiters) == 1 || atomic_load(&f->refused) == 1);
    struct crew small = crew_start(2, ask_for_one, f);
    assert_int_equal(CALL_WITH(f, release_n, 2), WEFT_OK);
    crew_join(&big);
    crew_join(&small); /* they get theirs as soon as the big one has gone */
    assert_int_equal(atomic_load(&f->refused), 1);
    assert_int_equal(CALL(f, value), 0);
}

TEST(a_request_that_times_out_lets_those_behind_it_go)
{
    for_both(4, give_up_in_front);
}

static void interrupt_in_front(struct fixture *f)
{
    assert_int_equal(CALL_WITH(f, acquire_n, 4), WEFT_OK);
    f->n = 3;
    struct crew big = crew_start(1, ask, f);
    EVENTUALLY(CALL(f, waiters) == 1);
    struct crew small = crew_start(2, ask_for_one, f);
    EVENTUALLY(CALL(f, waiters) == 3);
    assert_int_equal(CALL_WITH(f, release_n, 2), WEFT_OK);
    assert_int_equal(CALL(f, value), 2);
    assert_true(test_interrupt(big.threads[0]));
    crew_join(&big);
    crew_join(&small);
    assert_int_equal(atomic_load(&f->refused), 1);
    assert_int_equal(CALL(f, value), 0);
}

TEST(a_request_that_is_interrupted_lets_those_behind_it_go)
{
    for_both(4, interrupt_in_front);
}

/* ---- several at once ----------------------------------------------------------------------- */

static void all_or_none(struct fixture *f)
{
    assert_int_equal(CALL_WITH(f, try_acquire_n, 3), WEFT_OK);
    assert_int_equal(CALL_WITH(f, try_acquire_n, 3), WEFT_TIMEOUT);
    assert_int_equal(CALL(f, value), 2);
    assert_int_equal(CALL_WITH(f, acquire_n_for, 3, 0.001), WEFT_TIMEOUT);
    assert_int_equal(CALL(f, value), 2);
    assert_int_equal(CALL_WITH(f, acquire_n, 2), WEFT_OK);
    f->n = 5;
    struct crew crew = crew_start(1, ask, f);
    EVENTUALLY(CALL(f, waiters) == 1);
    assert_int_equal(CALL_WITH(f, release_n, 4), WEFT_OK);
    assert_int_equal(CALL(f, value), 4);
    assert_int_equal(CALL(f, waiters), 1);
    assert_int_equal(CALL(f, release), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(CALL(f, value), 0);
}

TEST(several_permits_are_taken_all_or_none)
{
    for_both(5, all_or_none);
}

static void wrong_numbers(struct fixture *f)
{
    for (int n = 0; n >= -1; n--) {
        assert_int_equal(CALL_WITH(f, acquire_n, n), WEFT_VALUE_ERROR);
        assert_int_equal(CALL_WITH(f, try_acquire_n, n), WEFT_VALUE_ERROR);
        assert_int_equal(CALL_WITH(f, acquire_n_for, n, 1.0), WEFT_VALUE_ERROR);
        assert_int_equal(CALL_WITH(f, release_n, n), WEFT_VALUE_ERROR);
    }
    assert_int_equal(CALL_WITH(f, acquire_n, WEFT_SEMAPHORE_MAX + 1), WEFT_VALUE_ERROR);
    assert_int_equal(CALL_WITH(f, acquire_for, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(CALL_WITH(f, acquire_until, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(CALL_WITH(f, acquire_n_for, 1, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(CALL(f, value), 2);

    const struct kind *kind = f->kind;
    assert_int_equal(kind->init(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(kind->acquire(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(kind->try_acquire(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(kind->acquire_for(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(kind->release(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(kind->release_n(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(kind->done(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(kind->value(NULL), 0);
    assert_int_equal(kind->waiters(NULL), 0);
    kind->free(NULL);
}

TEST(a_wrong_argument_is_a_value_error)
{
    for_both(2, wrong_numbers);
    assert_int_equal(weft_semaphore_resize(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_resize(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_limit(NULL), 0);
}

TEST(an_overflow_changes_nothing)
{
    weft_semaphore s = WEFT_SEMAPHORE_INIT(WEFT_SEMAPHORE_MAX - 1);
    assert_int_equal(weft_semaphore_release_n(&s, 2), WEFT_OVERFLOW);
    assert_int_equal(weft_semaphore_release_n(&s, WEFT_SEMAPHORE_MAX), WEFT_OVERFLOW);
    assert_int_equal(weft_semaphore_resize(&s, 2), WEFT_OVERFLOW);
    assert_int_equal(weft_semaphore_value(&s), WEFT_SEMAPHORE_MAX - 1);
    assert_int_equal(weft_semaphore_release(&s), WEFT_OK);
    assert_int_equal(weft_semaphore_release(&s), WEFT_OVERFLOW);
    assert_int_equal(weft_semaphore_value(&s), WEFT_SEMAPHORE_MAX);
    assert_int_equal(weft_semaphore_acquire_n(&s, WEFT_SEMAPHORE_MAX), WEFT_OK);
    assert_int_equal(weft_semaphore_resize(&s, -WEFT_SEMAPHORE_MAX), WEFT_OK);
    assert_int_equal(weft_semaphore_resize(&s, -1), WEFT_OVERFLOW);
    assert_int_equal(weft_semaphore_value(&s), -WEFT_SEMAPHORE_MAX);
}

/* ---- resize -------------------------------------------------------------------------------- */

TEST(resize_adds_permits_and_lets_waiters_go)
{
    struct fixture f = {.kind = &semaphore, .n = 2, .seconds = WEFT_FOREVER};
    assert_int_equal(CALL_WITH(&f, init, 1), WEFT_OK);
    struct crew crew = crew_start(2, ask, &f);
    EVENTUALLY(CALL(&f, waiters) == 2);
    assert_int_equal(weft_semaphore_resize(&f.object.semaphore, 2), WEFT_OK);
    EVENTUALLY(atomic_load(&f.first) == 1);
    assert_int_equal(CALL(&f, value), 1);
    assert_int_equal(weft_semaphore_resize(&f.object.semaphore, 1), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(CALL(&f, value), 0);
    assert_int_equal(weft_semaphore_resize(&f.object.semaphore, 0), WEFT_OK);
}

TEST(resize_takes_permits_away_even_if_they_are_out)
{
    weft_semaphore s = WEFT_SEMAPHORE_INIT(3);
    assert_int_equal(weft_semaphore_acquire_n(&s, 2), WEFT_OK);
    assert_int_equal(weft_semaphore_resize(&s, -2), WEFT_OK);
    assert_int_equal(weft_semaphore_value(&s), -1);
    assert_int_equal(weft_semaphore_release(&s), WEFT_OK);
    assert_int_equal(weft_semaphore_try_acquire(&s), WEFT_TIMEOUT);
    assert_int_equal(weft_semaphore_release(&s), WEFT_OK);
    assert_int_equal(weft_semaphore_try_acquire(&s), WEFT_OK);
}

TEST(a_bounded_semaphore_is_resized_to_a_new_limit)
{
    struct fixture f = {.kind = &bounded_semaphore, .n = 1, .seconds = WEFT_FOREVER};
    weft_bounded_semaphore *b = &f.object.bounded;
    assert_int_equal(CALL_WITH(&f, init, 2), WEFT_OK);
    assert_int_equal(CALL_WITH(&f, acquire_n, 2), WEFT_OK);
    struct crew crew = crew_start(1, ask, &f);
    EVENTUALLY(CALL(&f, waiters) == 1);
    assert_int_equal(weft_bounded_semaphore_resize(b, 4), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(weft_bounded_semaphore_limit(b), 4);
    assert_int_equal(CALL(&f, value), 1);
    assert_int_equal(weft_bounded_semaphore_resize(b, 1), WEFT_OK); /* three are out */
    assert_int_equal(CALL(&f, value), -2);
    assert_int_equal(CALL_WITH(&f, release_n, 4), WEFT_VALUE_ERROR);
    assert_int_equal(CALL_WITH(&f, release_n, 3), WEFT_OK);
    assert_int_equal(CALL(&f, value), 1);
    assert_int_equal(CALL(&f, release), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_resize(b, -1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_resize(b, WEFT_SEMAPHORE_MAX + 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_bounded_semaphore_limit(b), 1);
}
