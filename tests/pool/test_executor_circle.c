/* SPDX-License-Identifier: MIT */
/* Executor: waits that would never end are told to who enters the last one, and no other wait is. */
#include "test.h"

#include <stdatomic.h>

#include "executor_help.h"
#include "waits_help.h"

enum { LONG = 100000 };

static weft_executor *pool;
static weft_future *promise;

/* A task that waits for what a function makes of its own future, in one way. */
struct circle {
    weft_future *(*make)(weft_future *own);
    enum way way;
    weft_status status;
};

static void *go_round(void *arg)
{
    struct circle *circle = arg;
    weft_future *future = circle->make(weft_future_current());
    circle->status = wait_in(circle->way, 1, &future);
    weft_future_free(future);
    return NULL;
}

static void check_in_every_way(weft_future *(*make)(weft_future *own), weft_status status)
{
    for (enum way way = RESULT; way < WAYS; way++) {
        struct circle circle = {make, way, WEFT_OK};
        pool = weft_executor_new(1);
        (void)value_of(weft_executor_submit(pool, go_round, &circle));
        finish(pool);
        assert_int_equal(circle.status, status);
    }
}

/* ---- with itself --------------------------------------------------------------------------- */

static weft_future *itself(weft_future *own)
{
    return weft_future_ref(own);
}

static weft_future *what_follows(weft_future *own)
{
    return weft_future_then(own, same);
}

static weft_future *what_follows_in_the_pool(weft_future *own)
{
    return weft_future_then(own, same, .executor = pool);
}

static weft_future *all_with(weft_future *own)
{
    weft_future *child = weft_executor_submit(pool, same, NULL);
    weft_future *all = weft_when_all(2, (weft_future *[]){child, own});
    weft_future_free(child);
    return all;
}

static weft_future *any_of_what_follows(weft_future *own)
{
    weft_future *then = weft_future_then(own, same);
    weft_future *all = weft_when_all(2, (weft_future *[]){own, then});
    weft_future *any = weft_when_any(3, (weft_future *[]){then, all, own});
    weft_future_free(then);
    weft_future_free(all);
    return any;
}

static weft_future *a_long_chain(weft_future *own)
{
    weft_future *last = weft_future_ref(own);
    for (int i = 0; i < LONG; i++) {
        weft_future *next = weft_future_then(last, same);
        weft_future_free(last);
        last = next;
    }
    return last;
}

TEST(a_task_that_waits_for_what_is_composed_of_itself_is_told)
{
    check_in_every_way(itself, WEFT_DEADLOCK);
    check_in_every_way(what_follows, WEFT_DEADLOCK);
    check_in_every_way(what_follows_in_the_pool, WEFT_DEADLOCK);
    check_in_every_way(all_with, WEFT_DEADLOCK);
    check_in_every_way(any_of_what_follows, WEFT_DEADLOCK);
}

TEST(a_circle_of_any_length_needs_no_stack)
{
    check_in_every_way(a_long_chain, WEFT_DEADLOCK);
}

static weft_future *any_with_child(weft_future *own)
{
    weft_future *child = weft_executor_submit(pool, same, NULL);
    weft_future *then = weft_future_then(own, same);
    weft_future *any = weft_when_any(3, (weft_future *[]){own, then, child});
    weft_future_free(then);
    weft_future_free(child);
    return any;
}

TEST(a_task_that_waits_for_itself_or_a_child_gets_the_child)
{
    check_in_every_way(any_with_child, WEFT_OK);
}

static void *wait_for_both(void *arg)
{
    weft_status *statuses = arg;
    for (enum way way = RESULT; way < WAYS; way++) {
        weft_future *child = weft_executor_submit(pool, same, NULL);
        weft_future *both[] = {child, weft_future_current()};
        statuses[way] = wait_in(way, 2, both);
        weft_future_free(child);
    }
    return NULL;
}

TEST(a_task_that_waits_for_itself_and_a_child_is_told_as_soon_as_nothing_else_is_left)
{
    weft_status statuses[WAYS] = {0};
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, wait_for_both, statuses));
    finish(pool);
    for (enum way way = RESULT; way < WAYS; way++)
        assert_int_equal(statuses[way], way == FIRST_COMPLETED ? WEFT_OK : WEFT_DEADLOCK);
}

static void *wait_for_a_failure(void *arg)
{
    weft_future *both[] = {promise, weft_future_current()};
    *(weft_status *)arg = wait_in(FIRST_EXCEPTION, 2, both);
    return NULL;
}

TEST(who_waits_for_a_failure_is_told_when_the_last_one_that_could_fail_has_not)
{
    for (int fails = 0; fails < 2; fails++) {
        weft_status status = WEFT_OK;
        pool = weft_executor_new(1);
        promise = weft_future_new();
        weft_future *task = weft_executor_submit(pool, wait_for_a_failure, &status);
        EVENTUALLY(weft_future_waiters(promise) == 1);
        if (fails)
            assert_int_equal(weft_future_set_error(promise, WEFT_USER, "no"), WEFT_OK);
        else
            assert_int_equal(weft_future_set_result(promise, NULL), WEFT_OK);
        (void)value_of(task);
        assert_int_equal(status, fails ? WEFT_OK : WEFT_DEADLOCK);
        weft_future_free(promise);
        finish(pool);
    }
}

static void *wait_with_a_deadline(void *arg)
{
    weft_future *then = weft_future_then(weft_future_current(), same);
    WITNESS(weft_future_result_for(then, NULL, 0.001) == WEFT_TIMEOUT);
    WITNESS(weft_wait_futures(1, &then, WEFT_FIRST_COMPLETED, NULL, 0.001) == WEFT_TIMEOUT);
    WITNESS(weft_wait_futures(1, &then, WEFT_ALL_COMPLETED, NULL, 0.001) == WEFT_TIMEOUT);
    weft_future_free(then);
    return arg;
}

TEST(a_wait_with_a_deadline_ends_by_itself)
{
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, wait_with_a_deadline, NULL));
    finish(pool);
}

/* ---- with who waits in the same thread ----------------------------------------------------- */

static void *wait_for_all_of_ancestor(void *ancestor)
{
    weft_future *then = weft_future_then(ancestor, same);
    weft_future *all = weft_when_all(1, &then);
    WITNESS(weft_future_result(all, NULL) == WEFT_DEADLOCK);
    weft_future_free(all);
    weft_future_free(then);
    return NULL;
}

static void *have_child_wait(void *arg)
{
    weft_future *child =
        weft_executor_submit(pool, wait_for_all_of_ancestor, weft_future_current());
    weft_future *then = weft_future_then(child, same, .executor = pool);
    WITNESS(weft_future_result(then, NULL) == WEFT_OK);
    weft_future_free(then);
    weft_future_free(child);
    return arg;
}

TEST(a_child_that_waits_for_what_is_composed_of_its_ancestor_is_told)
{
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, have_child_wait, NULL));
    finish(pool);
}

static void *set_off_a_continuation(void *arg)
{
    weft_future *source = weft_future_new();
    weft_future *then = weft_future_then(source, wait_for_all_of_ancestor);
    WITNESS(weft_future_set_result(source, weft_future_current()) == WEFT_OK);
    WITNESS(weft_future_done(then));
    weft_future_free(then);
    weft_future_free(source);
    return arg;
}

TEST(a_continuation_that_waits_for_the_task_which_runs_it_is_told)
{
    pool = weft_executor_new(1);
    (void)value_of(weft_executor_submit(pool, set_off_a_continuation, NULL));
    finish(pool);
}

/* ---- with each other ----------------------------------------------------------------------- */

/* Tasks that wait one after the other, each for what stands there by then. */
struct party {
    enum way way;
    size_t count;
    weft_future *futures[2];
    weft_event begin;
    weft_future *task;
    weft_status status;
};

static void *wait_when_told(void *arg)
{
    struct party *party = arg;
    WITNESS(weft_event_wait(&party->begin) == WEFT_OK);
    party->status = wait_in(party->way, party->count, party->futures);
    return NULL;
}

static void submit_parties(size_t count, struct party *parties)
{
    pool = weft_executor_new((int)count);
    for (size_t i = 0; i < count; i++)
        parties[i].task = weft_executor_submit(pool, wait_when_told, &parties[i]);
    for (size_t i = 0; i < count; i++) /* none is run in place by another */
        EVENTUALLY(weft_future_running(parties[i].task));
}

static void let_wait(struct party *party)
{
    assert_int_equal(weft_event_set(&party->begin), WEFT_OK);
}

static void end_parties(size_t count, struct party *parties)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(weft_future_result(parties[i].task, NULL), WEFT_OK);
    for (size_t i = 0; i < count; i++)
        weft_future_free(parties[i].task);
    finish(pool);
}

static bool waits(const struct party *party)
{
    size_t waiters = 0;
    for (size_t i = 0; i < party->count; i++)
        waiters += weft_future_waiters(party->futures[i]);
    return waiters != 0;
}

/* The second one composes its future of the first one's only when that waits already. */
TEST(of_two_that_wait_for_what_is_composed_of_each_other_the_second_is_told)
{
    for (int i = 0; i < 3 * (WAYS - 2); i++) {
        const enum way way = (enum way)(ALL_COMPLETED + i / 3);
        struct party parties[2] = {{.way = way, .count = 1}, {.way = way, .count = 1}};
        submit_parties(2, parties);
        weft_future *others[] = {parties[1].task, parties[0].task};
        weft_future *composed[2]; /* the parties' own arrays are sorted by who waits */
        for (size_t k = 0; k < 2; k++) {
            if (i % 3 == 0)
                composed[k] = weft_when_all(1, &others[k]);
            else if (i % 3 == 1)
                composed[k] = weft_when_any(1, &others[k]);
            else
                composed[k] = weft_future_then(others[k], same, .executor = pool);
            parties[k].futures[0] = composed[k];
            let_wait(&parties[k]);
            if (k == 0)
                EVENTUALLY(waits(&parties[0]));
        }
        end_parties(2, parties);
        assert_int_equal(parties[0].status, WEFT_OK);
        assert_int_equal(parties[1].status, WEFT_DEADLOCK);
        weft_future_free(composed[0]);
        weft_future_free(composed[1]);
    }
}

/* A waits for B or C; B waits for A, which has another way; C waits for A, which has none then. */
TEST(who_takes_the_last_way_out_is_told)
{
    struct party parties[3] = {{.way = FIRST_COMPLETED, .count = 2},
                               {.way = ALL_COMPLETED, .count = 1},
                               {.way = ALL_COMPLETED, .count = 1}};
    submit_parties(3, parties);
    parties[0].futures[0] = parties[1].task;
    parties[0].futures[1] = parties[2].task;
    parties[1].futures[0] = parties[0].task;
    parties[2].futures[0] = parties[0].task;
    let_wait(&parties[0]);
    EVENTUALLY(weft_future_waiters(parties[2].task) == 1);
    let_wait(&parties[1]);
    EVENTUALLY(weft_future_waiters(parties[0].task) == 1);
    let_wait(&parties[2]);
    end_parties(3, parties);
    assert_int_equal(parties[0].status, WEFT_OK);
    assert_int_equal(parties[1].status, WEFT_OK);
    assert_int_equal(parties[2].status, WEFT_DEADLOCK);
}

/* A waits for B or the promise, B for A: that looks like a circle on the way to its way out. */
TEST(a_circle_with_a_way_out_is_waited_for)
{
    struct party parties[3] = {{.way = FIRST_COMPLETED, .count = 2},
                               {.way = ALL_COMPLETED, .count = 1},
                               {.way = ALL_COMPLETED, .count = 2}};
    promise = weft_future_new();
    submit_parties(3, parties);
    parties[0].futures[0] = parties[1].task;
    parties[0].futures[1] = promise;
    parties[1].futures[0] = parties[0].task;
    parties[2].futures[0] = parties[0].task;
    parties[2].futures[1] = parties[1].task;
    let_wait(&parties[0]);
    EVENTUALLY(weft_future_waiters(promise) == 1);
    let_wait(&parties[1]);
    EVENTUALLY(weft_future_waiters(parties[0].task) == 1);
    let_wait(&parties[2]);
    EVENTUALLY(weft_future_waiters(parties[0].task) == 2 || weft_future_done(parties[2].task));
    assert_int_equal(weft_future_set_result(promise, NULL), WEFT_OK);
    end_parties(3, parties);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(parties[i].status, WEFT_OK);
    weft_future_free(promise);
}
