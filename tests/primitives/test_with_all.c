/* SPDX-License-Identifier: MIT */
/* Several locks at once: in one order, each once, in one time, all or none. */
#include "test.h"

#include <math.h>
#include <stdatomic.h>

#include "interrupt.h"

/* In one array, so that their addresses ascend. */
static struct {
    weft_lock a;
    weft_rlock b;
    weft_lock c;
    weft_condition d;
} all;

static void assert_all_free(void)
{
    assert_false(weft_lock_locked(&all.a));
    assert_false(weft_rlock_locked(&all.b));
    assert_false(weft_lock_locked(&all.c));
    assert_false(weft_condition_locked(&all.d));
}

static void assert_all_held(void)
{
    assert_true(weft_lock_locked(&all.a));
    assert_int_equal(weft_rlock_depth(&all.b), 1);
    assert_true(weft_lock_locked(&all.c));
    assert_int_equal(weft_rlock_depth(&all.d.own), 1);
}

TEST(all_are_held_in_the_block_and_released_after_it)
{
    int blocks = 0;
    WEFT_WITH_ALL(&all.c, &all.b, &all.d, &all.a) {
        assert_all_held();
        blocks++;
    }
    assert_all_free();
    WEFT_WITH_ALL(&all.c) {
        assert_true(weft_lock_locked(&all.c));
        assert_false(weft_lock_locked(&all.a));
        blocks++;
        break;
    }
    assert_all_free();
    assert_int_equal(blocks, 2);
}

static int leave_by_return(void)
{
    WEFT_WITH_ALL(&all.b, &all.a) {
        return 7;
    }
    return 0;
}

TEST(they_are_released_however_the_block_is_left)
{
    assert_int_equal(leave_by_return(), 7);
    assert_all_free();
}

TEST(what_is_named_twice_is_taken_once)
{
    weft_condition over_a = WEFT_CONDITION_INIT_ON(&all.a);
    int blocks = 0;
    WEFT_WITH_ALL(&all.a, &all.b, &all.a, &over_a, &all.b, &all.c, &all.d, &all.d) {
        assert_all_held();
        blocks++;
    }
    assert_int_equal(blocks, 1);
    assert_all_free();
}

TEST(an_rlock_of_ones_own_is_taken_again)
{
    WEFT_WITH(&all.b) {
        WEFT_WITH_ALL(&all.a, &all.b) {
            assert_int_equal(weft_rlock_depth(&all.b), 2);
        }
        assert_int_equal(weft_rlock_depth(&all.b), 1);
    }
    assert_all_free();
}

/* ---- order --------------------------------------------------------------------------------- */

static void *take_all(void *arg)
{
    atomic_int *done = arg;
    WEFT_WITH_ALL(&all.c, &all.b, &all.a) {
        atomic_fetch_add(done, 1);
    }
    return NULL;
}

TEST(they_are_taken_in_the_order_of_their_addresses)
{
    atomic_int done = 0;
    assert_int_equal(weft_rlock_acquire(&all.b), WEFT_OK);
    struct crew crew = crew_start(1, take_all, &done);
    EVENTUALLY(weft_rlock_waiters(&all.b) == 1);
    assert_true(weft_lock_locked(&all.a));  /* before b, and held while it waits */
    assert_false(weft_lock_locked(&all.c)); /* behind b, though named first */
    assert_int_equal(weft_rlock_release(&all.b), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(atomic_load(&done), 1);
    assert_all_free();
}

enum { ROUNDS = 3000 };

static int counter; /* guarded by each of the three */

static void *upwards(void *arg)
{
    for (int i = 0; i < ROUNDS; i++)
        WEFT_WITH_ALL(&all.a, &all.b, &all.c) {
            counter++;
        }
    return arg;
}

static void *downwards(void *arg)
{
    for (int i = 0; i < ROUNDS; i++)
        WEFT_WITH_ALL(&all.c, &all.b) {
            counter++;
        }
    return arg;
}

TEST(opposite_orders_do_not_deadlock)
{
    struct crew up = crew_start(2, upwards, NULL);
    struct crew down = crew_start(2, downwards, NULL);
    crew_join(&up);
    crew_join(&down);
    assert_int_equal(counter, 4 * ROUNDS);
}

/* ---- all or none --------------------------------------------------------------------------- */

static void *take_all_for(void *arg)
{
    const double *seconds = arg;
    weft_status status = WEFT_OK;
    int blocks = 0;
    int64_t start = test_clock();
    WEFT_WITH_ALL_FOR(*seconds, status, &all.a, &all.b, &all.c) {
        blocks++;
    }
    WITNESS(test_clock() - start >= (int64_t)(*seconds * 1e9));
    WITNESS(status == WEFT_TIMEOUT && weft_last_status() == WEFT_TIMEOUT);
    WITNESS(blocks == 0);
    WITNESS(!weft_lock_locked(&all.a) && !weft_rlock_is_owned(&all.b));
    return NULL;
}

TEST(if_one_cannot_be_had_in_time_none_is_held)
{
    double seconds[] = {0, 0.01};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(weft_lock_acquire(&all.c), WEFT_OK);
        struct crew crew = crew_start(1, take_all_for, &seconds[i]);
        crew_join(&crew);
        assert_false(weft_lock_locked(&all.a));
        assert_false(weft_rlock_locked(&all.b));
        assert_int_equal(weft_lock_release(&all.c), WEFT_OK);
    }
}

static void *be_interrupted(void *arg)
{
    int blocks = 0;
    WEFT_WITH_ALL(&all.a, &all.b, &all.c) {
        blocks++;
    }
    WITNESS(blocks == 0);
    WITNESS(weft_last_status() == WEFT_INTERRUPTED);
    return arg;
}

TEST(an_interruption_leaves_none_held)
{
    assert_int_equal(weft_lock_acquire(&all.c), WEFT_OK);
    struct crew crew = crew_start(1, be_interrupted, NULL);
    EVENTUALLY(weft_lock_waiters(&all.c) == 1);
    assert_true(test_interrupt(crew.threads[0]));
    crew_join(&crew);
    assert_int_equal(weft_lock_release(&all.c), WEFT_OK);
    assert_all_free();
}

struct holder {
    double until;
    atomic_bool ready;
};

static void *hold_until(void *arg)
{
    struct holder *holder = arg;
    WITNESS(weft_lock_acquire(&all.a) == WEFT_OK);
    atomic_store(&holder->ready, true);
    WITNESS(weft_sleep_until(holder->until) == WEFT_OK);
    WITNESS(weft_lock_release(&all.a) == WEFT_OK);
    return NULL;
}

/* Were there a limit for each, the second wait would end 0.1 + 0.2 seconds from the start or later. */
TEST(one_deadline_is_for_all)
{
    bool measured = false;
    assert_int_equal(weft_lock_acquire(&all.c), WEFT_OK);
    while (!measured) {
        double start = weft_now();
        struct holder holder = {.until = start + 0.1};
        struct crew crew = crew_start(1, hold_until, &holder);
        EVENTUALLY(atomic_load(&holder.ready));
        weft_status status = WEFT_OK;
        WEFT_WITH_ALL_FOR(0.2, status, &all.a, &all.c) {
            fail();
        }
        double took = weft_now() - start;
        assert_int_equal(status, WEFT_TIMEOUT);
        assert_true(took >= 0.2);
        measured = took < 0.3; /* a busy machine may need a few rounds */
        crew_join(&crew);
    }
    assert_int_equal(weft_lock_release(&all.c), WEFT_OK);
}

/* ---- the functions ------------------------------------------------------------------------- */

TEST(arrays_of_any_length_are_taken_and_released)
{
    enum { LOCKS = 50 };
    weft_lock locks[LOCKS] = {WEFT_LOCK_INIT};
    weft_holdable held[LOCKS + 1];
    for (size_t i = 0; i < LOCKS; i++)
        held[i] = WEFT_HOLDABLE(&locks[i * 7 % LOCKS]);
    held[LOCKS] = WEFT_HOLDABLE(&locks[3]);
    for (int round = 0; round < 2; round++) { /* the array may be used again as it is */
        assert_int_equal(weft_acquire_all(LOCKS + 1, held, WEFT_FOREVER), WEFT_OK);
        for (size_t i = 0; i < LOCKS; i++)
            assert_true(weft_lock_locked(&locks[i]));
        assert_int_equal(weft_release_all(LOCKS + 1, held), WEFT_OK);
        for (size_t i = 0; i < LOCKS; i++)
            assert_false(weft_lock_locked(&locks[i]));
    }
    assert_int_equal(weft_acquire_all(0, NULL, 1), WEFT_OK);
    assert_int_equal(weft_release_all(0, NULL), WEFT_OK);
}

TEST(what_is_missing_is_refused_and_none_is_held)
{
    weft_rlock *no_lock = NULL;
    weft_holdable held[] = {WEFT_HOLDABLE(&all.a), WEFT_HOLDABLE(no_lock), WEFT_HOLDABLE(&all.c)};
    assert_int_equal(weft_acquire_all(3, held, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_acquire_all(1, NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_release_all(1, NULL), WEFT_VALUE_ERROR);
    weft_holdable nothing = {NULL, 0};
    assert_int_equal(weft_acquire_all(1, &nothing, 1), WEFT_VALUE_ERROR);
    weft_holdable one = WEFT_HOLDABLE(&all.a);
    assert_int_equal(weft_acquire_all(1, &one, NAN), WEFT_VALUE_ERROR);
    WEFT_WITH_ALL(&all.a, no_lock) {
        fail();
    }
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    weft_guards_leave(NULL);
    assert_all_free();
}

TEST(a_scope_of_more_than_fit_is_refused)
{
    weft_holdable many[WEFT_WITH_ALL_MOST + 1];
    weft_guards guards = {0};
    for (size_t i = 0; i <= WEFT_WITH_ALL_MOST; i++)
        many[i] = WEFT_HOLDABLE(&all.a);
    assert_false(weft_guards_enter(&guards, WEFT_WITH_ALL_MOST + 1, many, 1));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    weft_guards_leave(&guards);
    assert_all_free();
    assert_true(weft_guards_enter(&guards, WEFT_WITH_ALL_MOST, many, 1));
    assert_true(weft_lock_locked(&all.a));
    weft_guards_leave(&guards);
    assert_all_free();
}

TEST(a_release_that_fails_does_not_keep_the_others)
{
    weft_holdable held[] = {WEFT_HOLDABLE(&all.a), WEFT_HOLDABLE(&all.b), WEFT_HOLDABLE(&all.c)};
    assert_int_equal(weft_acquire_all(3, held, 1), WEFT_OK);
    assert_int_equal(weft_rlock_release(&all.b), WEFT_OK);
    assert_int_equal(weft_release_all(3, held), WEFT_NOT_OWNER);
    assert_all_free();
}
