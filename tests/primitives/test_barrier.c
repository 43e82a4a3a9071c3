/* SPDX-License-Identifier: MIT */
/*
 * Barrier: the cases of CPython's own tests. Actions, late deadlines, forks and other corners are in
 * test_barrier_meeting.c.
 */
#include "interrupt.h"
#include "test.h"

#include <math.h>
#include <stdatomic.h>

enum { N = 5 };

struct fixture {
    weft_barrier barrier;
    weft_barrier other;
    int passes;
    atomic_int entered;
    atomic_int left;
    atomic_int broken;
    atomic_int again;
    atomic_int indices[N];
    atomic_int actions;
};

TEST(parties_below_one_are_refused)
{
    weft_barrier barrier;
    weft_barrier none = WEFT_BARRIER_INIT(0);
    weft_barrier negative = WEFT_BARRIER_INIT(-1);
    assert_int_equal(weft_barrier_init(&barrier, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_barrier_init(&barrier, -1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_barrier_init(&barrier, WEFT_BARRIER_MAX + 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_barrier_init(&barrier, 2, .timeout = NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_barrier_init(NULL, 2), WEFT_VALUE_ERROR);
    assert_int_equal(weft_barrier_init_with(&barrier, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_barrier_init_with(&barrier, &(const weft_barrier_options){0}),
                     WEFT_VALUE_ERROR);
    assert_null(weft_barrier_new(0));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);

    weft_barrier *const wrong[] = {&none, &negative, NULL};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(weft_barrier_wait(wrong[i], NULL), WEFT_VALUE_ERROR);
        assert_int_equal(weft_barrier_wait_for(wrong[i], NULL, 0), WEFT_VALUE_ERROR);
        assert_int_equal(weft_barrier_wait_until(wrong[i], NULL, 0), WEFT_VALUE_ERROR);
        assert_int_equal(weft_barrier_reset(wrong[i]), WEFT_VALUE_ERROR);
        assert_int_equal(weft_barrier_abort(wrong[i]), WEFT_VALUE_ERROR);
        assert_int_equal(weft_barrier_done(wrong[i]), WEFT_VALUE_ERROR);
        assert_int_equal(weft_barrier_parties(wrong[i]), 0);
        assert_int_equal(weft_barrier_n_waiting(wrong[i]), 0);
        assert_false(weft_barrier_broken(wrong[i]));
    }
}

static void *pass_in_lockstep(void *arg)
{
    struct fixture *f = arg;
    for (int i = 0; i < f->passes; i++) {
        atomic_fetch_add(&f->entered, 1);
        WITNESS(atomic_load(&f->left) == i * N);
        WITNESS(weft_barrier_wait(&f->barrier, NULL) == WEFT_OK);
        atomic_fetch_add(&f->left, 1);
        WITNESS(atomic_load(&f->entered) == (i + 1) * N);
        WITNESS(weft_barrier_wait(&f->barrier, NULL) == WEFT_OK);
    }
    return NULL;
}

static void pass(int passes)
{
    struct fixture f = {.barrier = WEFT_BARRIER_INIT(N), .passes = passes};
    struct crew crew = crew_start(N, pass_in_lockstep, &f);
    crew_join(&crew);
    assert_int_equal(weft_barrier_n_waiting(&f.barrier), 0);
    assert_false(weft_barrier_broken(&f.barrier));
    assert_int_equal(weft_barrier_parties(&f.barrier), N);
}

TEST(a_barrier_is_passed_in_lockstep)
{
    pass(1);
}

TEST(a_barrier_works_again_and_again)
{
    pass(10);
    pass(1000);
}

static void *note_index(void *arg)
{
    struct fixture *f = arg;
    int index = -1;
    WITNESS(weft_barrier_wait(&f->barrier, &index) == WEFT_OK);
    WITNESS(index >= 0 && index < N);
    atomic_fetch_add(&f->indices[index], 1);
    return NULL;
}

TEST(each_index_comes_once)
{
    struct fixture f = {.barrier = WEFT_BARRIER_INIT(N)};
    for (int round = 1; round <= 50; round++) {
        struct crew crew = crew_start(N, note_index, &f);
        crew_join(&crew);
        for (int i = 0; i < N; i++)
            assert_int_equal(atomic_load(&f.indices[i]), round);
    }
}

static void *act(void *arg)
{
    struct fixture *f = arg;
    atomic_fetch_add(&f->actions, 1);
    return NULL;
}

static void *pass_with_action(void *arg)
{
    struct fixture *f = arg;
    WITNESS(weft_barrier_wait(&f->barrier, NULL) == WEFT_OK);
    WITNESS(atomic_load(&f->actions) == 1);
    return NULL;
}

TEST(the_action_runs_once)
{
    struct fixture f = {.passes = 0};
    assert_int_equal(weft_barrier_init(&f.barrier, N, .action = act, .arg = &f), WEFT_OK);
    struct crew crew = crew_start(N, pass_with_action, &f);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.actions), 1);
}

/* Passes once; then one aborts instead of passing again. */
static void *pass_and_abort(void *arg)
{
    struct fixture *f = arg;
    int index = -1;
    WITNESS(weft_barrier_wait(&f->barrier, &index) == WEFT_OK);
    if (index == N / 2)
        WITNESS(weft_barrier_abort(&f->barrier) == WEFT_OK);
    else if (weft_barrier_wait(&f->barrier, NULL) == WEFT_BROKEN_BARRIER)
        atomic_fetch_add(&f->broken, 1);
    else
        atomic_fetch_add(&f->left, 1);
    return NULL;
}

TEST(abort_breaks_the_barrier_for_all)
{
    struct fixture f = {.barrier = WEFT_BARRIER_INIT(N)};
    struct crew crew = crew_start(N, pass_and_abort, &f);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.left), 0);
    assert_int_equal(atomic_load(&f.broken), N - 1);
    assert_true(weft_barrier_broken(&f.barrier));
    assert_int_equal(weft_barrier_n_waiting(&f.barrier), 0);
    assert_int_equal(weft_barrier_wait(&f.barrier, NULL), WEFT_BROKEN_BARRIER);
}

static void *pass_and_reset(void *arg)
{
    struct fixture *f = arg;
    int index = -1;
    WITNESS(weft_barrier_wait(&f->barrier, &index) == WEFT_OK);
    if (index == N / 2) {
        EVENTUALLY(weft_barrier_n_waiting(&f->barrier) == N - 1);
        WITNESS(weft_barrier_reset(&f->barrier) == WEFT_OK);
    } else if (weft_barrier_wait(&f->barrier, NULL) == WEFT_BROKEN_BARRIER) {
        atomic_fetch_add(&f->broken, 1);
    } else {
        atomic_fetch_add(&f->left, 1);
    }
    WITNESS(weft_barrier_wait(&f->barrier, NULL) == WEFT_OK);
    atomic_fetch_add(&f->again, 1);
    return NULL;
}

TEST(reset_frees_those_that_wait)
{
    struct fixture f = {.barrier = WEFT_BARRIER_INIT(N)};
    struct crew crew = crew_start(N, pass_and_reset, &f);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.left), 0);
    assert_int_equal(atomic_load(&f.broken), N - 1);
    assert_int_equal(atomic_load(&f.again), N);
    assert_false(weft_barrier_broken(&f.barrier));
}

static void *pass_abort_and_reset(void *arg)
{
    struct fixture *f = arg;
    int index = -1;
    pass_and_abort(f);
    WITNESS(weft_barrier_wait(&f->other, &index) == WEFT_OK);
    if (index == N / 2)
        WITNESS(weft_barrier_reset(&f->barrier) == WEFT_OK);
    WITNESS(weft_barrier_wait(&f->other, NULL) == WEFT_OK);
    WITNESS(weft_barrier_wait(&f->barrier, NULL) == WEFT_OK);
    atomic_fetch_add(&f->again, 1);
    return NULL;
}

TEST(a_broken_barrier_can_be_reset)
{
    struct fixture f = {.barrier = WEFT_BARRIER_INIT(N), .other = WEFT_BARRIER_INIT(N)};
    struct crew crew = crew_start(N, pass_abort_and_reset, &f);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.left), 0);
    assert_int_equal(atomic_load(&f.broken), N - 1);
    assert_int_equal(atomic_load(&f.again), N);
}

/* One is late: it comes when the others' time is over, which has broken the barrier for it too. */
static void *come_late(void *arg)
{
    struct fixture *f = arg;
    int index = -1;
    WITNESS(weft_barrier_wait(&f->barrier, &index) == WEFT_OK);
    if (index == N / 2)
        EVENTUALLY(weft_barrier_broken(&f->barrier));
    int64_t start = test_clock();
    WITNESS(weft_barrier_wait_for(&f->barrier, &index, 0.05) == WEFT_BROKEN_BARRIER);
    if (test_clock() - start >= 50000000)
        atomic_fetch_add(&f->left, 1);
    return NULL;
}

TEST(a_timeout_breaks_the_barrier_for_all)
{
    struct fixture f = {.barrier = WEFT_BARRIER_INIT(N)};
    struct crew crew = crew_start(N, come_late, &f);
    crew_join(&crew);
    assert_true(atomic_load(&f.left) >= 1);
    assert_true(weft_barrier_broken(&f.barrier));
}

TEST(the_barriers_own_timeout_is_the_default)
{
    weft_barrier barrier;
    assert_int_equal(weft_barrier_init(&barrier, 2, .timeout = 0.1), WEFT_OK);
    int64_t start = test_clock();
    assert_int_equal(weft_barrier_wait(&barrier, NULL), WEFT_BROKEN_BARRIER);
    assert_true(test_clock() - start >= 100000000);
    assert_int_equal(weft_barrier_reset(&barrier), WEFT_OK);
    start = test_clock();
    assert_int_equal(weft_barrier_wait_for(&barrier, NULL, 0.15), WEFT_BROKEN_BARRIER);
    assert_true(test_clock() - start >= 150000000);

    assert_int_equal(weft_barrier_init(&barrier, 2, .timeout = -1), WEFT_OK);
    assert_int_equal(weft_barrier_wait(&barrier, NULL), WEFT_BROKEN_BARRIER);
    assert_int_equal(weft_barrier_init(&barrier, 2, .timeout = 1e-60), WEFT_OK);
    assert_int_equal(weft_barrier_wait(&barrier, NULL), WEFT_BROKEN_BARRIER);
    assert_int_equal(weft_barrier_init(&barrier, 1, .timeout = WEFT_FOREVER), WEFT_OK);
    assert_int_equal(weft_barrier_wait(&barrier, NULL), WEFT_OK);
}

TEST(one_party_never_waits)
{
    weft_barrier barrier = WEFT_BARRIER_INIT(1);
    uint64_t parks = weft_park_count();
    for (int i = 0; i < 3; i++) {
        int index = -1;
        assert_int_equal(weft_barrier_wait(&barrier, &index), WEFT_OK);
        assert_int_equal(index, 0);
        assert_int_equal(weft_barrier_wait_for(&barrier, NULL, 0), WEFT_OK);
    }
    assert_true(weft_park_count() == parks);
}
