/* SPDX-License-Identifier: MIT */
/*
 * The resource pool: what is lent, made, kept and ended, on a clock that the test moves.
 */
#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include <weft/patterns/patterns.h>

#include "faulty_memory.h"
#include "tests/patterns/clock_help.h"

enum { MOST = 64 };

/* Resources are places of an array: their numbers are the order of making. */
struct maker {
    struct clock clock; /* first: the pool's clock gets this struct, too */
    atomic_int made, ended;
    atomic_bool fails;
    atomic_bool valid[MOST];
    atomic_bool ended_already[MOST];
};

static void *make(void *arg)
{
    struct maker *maker = arg;
    if (atomic_load(&maker->fails))
        return weft_raise(WEFT_USER + 3, "no more");
    int number = atomic_fetch_add(&maker->made, 1) % MOST;
    atomic_store(&maker->valid[number], true);
    atomic_store(&maker->ended_already[number], false);
    return &maker->valid[number];
}

static void end(void *resource, void *arg)
{
    struct maker *maker = arg;
    WITNESS(!atomic_exchange(&maker->ended_already[(atomic_bool *)resource - maker->valid], true));
    atomic_fetch_add(&maker->ended, 1);
}

static bool is_valid(void *resource, void *arg)
{
    (void)arg;
    return atomic_load((atomic_bool *)resource);
}

#define BY(maker)                                                                                  \
    .create = make, .destroy = end, .validate = is_valid, .now = clock_now, .arg = &(maker)

static int number_of(const struct maker *maker, const weft_loan *loan)
{
    return (int)((atomic_bool *)loan->resource - maker->valid);
}

/* Borrows one, and says which. */
static int borrow(weft_resource_pool *pool, const struct maker *maker, weft_loan *loan)
{
    assert_int_equal(weft_resource_pool_try_borrow(pool, loan), WEFT_OK);
    return number_of(maker, loan);
}

static void give_back(weft_resource_pool *pool, weft_loan *loan)
{
    assert_int_equal(weft_resource_pool_give_back(pool, loan), WEFT_OK);
}

static weft_resource_pool_stats stats_of(weft_resource_pool *pool)
{
    weft_resource_pool_stats stats;
    assert_int_equal(weft_resource_pool_get_stats(pool, &stats), WEFT_OK);
    return stats;
}

/* ---- lending --------------------------------------------------------------------------------- */

TEST(what_came_back_last_is_lent_first)
{
    struct maker maker = {.made = 0};
    weft_resource_pool *pool = weft_resource_pool_new(3, BY(maker));
    weft_loan loans[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(borrow(pool, &maker, &loans[i]), i);
    give_back(pool, &loans[2]);
    give_back(pool, &loans[0]);
    assert_int_equal(borrow(pool, &maker, &loans[0]), 0);
    assert_int_equal(borrow(pool, &maker, &loans[2]), 2);
    assert_int_equal(atomic_load(&maker.made), 3);
    for (int i = 0; i < 3; i++)
        give_back(pool, &loans[i]);
    weft_resource_pool_free(pool);
    assert_int_equal(atomic_load(&maker.ended), 3);
}

TEST(never_more_than_the_most_are_out)
{
    struct maker maker = {.made = 0};
    weft_resource_pool *pool = weft_resource_pool_new(2, BY(maker));
    weft_loan loans[3];
    (void)borrow(pool, &maker, &loans[0]);
    (void)borrow(pool, &maker, &loans[1]);
    assert_int_equal(weft_resource_pool_try_borrow(pool, &loans[2]), WEFT_TIMEOUT);
    int64_t start = test_clock();
    assert_int_equal(weft_resource_pool_borrow_for(pool, &loans[2], 0.01), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 10000000);
    assert_int_equal(weft_resource_pool_borrow_for(pool, &loans[2], NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_thread_interrupt(weft_thread_current()), WEFT_OK);
    assert_int_equal(weft_resource_pool_borrow(pool, &loans[2]), WEFT_INTERRUPTED);
    weft_resource_pool_stats stats = stats_of(pool);
    assert_int_equal(stats.timed_out, 2);
    assert_int_equal(stats.out, 2);
    assert_int_equal(stats.peak, 2);
    give_back(pool, &loans[0]);
    give_back(pool, &loans[1]);
    weft_resource_pool_free(pool);
}

struct visit {
    weft_resource_pool *pool;
    weft_status expected;
};

static void *visit(void *arg)
{
    struct visit *visit = arg;
    weft_loan loan;
    weft_status status = weft_resource_pool_borrow(visit->pool, &loan);
    WITNESS(status == visit->expected);
    if (status == WEFT_OK)
        WITNESS(weft_resource_pool_give_back(visit->pool, &loan) == WEFT_OK);
    return NULL;
}

TEST(who_waits_gets_what_comes_back)
{
    struct maker maker = {.made = 0};
    struct visit all = {weft_resource_pool_new(1, BY(maker)), WEFT_OK};
    weft_loan loan;
    (void)borrow(all.pool, &maker, &loan);
    struct crew crew = crew_start(3, visit, &all);
    EVENTUALLY(stats_of(all.pool).waiting == 3);
    give_back(all.pool, &loan);
    crew_join(&crew);
    assert_int_equal(atomic_load(&maker.made), 1);
    assert_int_equal(stats_of(all.pool).reused, 3);
    weft_resource_pool_free(all.pool);
}

TEST(a_stale_loan_is_refused)
{
    struct maker maker = {.made = 0};
    weft_resource_pool *pool = weft_resource_pool_new(1, BY(maker));
    weft_resource_pool *other = weft_resource_pool_new(1, BY(maker));
    weft_loan loan;
    (void)borrow(pool, &maker, &loan);
    weft_loan copy = loan;
    assert_int_equal(weft_resource_pool_give_back(other, &loan), WEFT_VALUE_ERROR);
    give_back(pool, &loan);
    assert_null(loan.resource);
    assert_int_equal(weft_resource_pool_give_back(pool, &loan), WEFT_VALUE_ERROR);
    assert_int_equal(weft_resource_pool_give_back(pool, &copy), WEFT_VALUE_ERROR);
    (void)borrow(pool, &maker, &loan); /* the same resource is out again, to another */
    assert_ptr_equal(loan.resource, copy.resource);
    assert_int_equal(weft_resource_pool_give_back(pool, &copy), WEFT_VALUE_ERROR);
    assert_int_equal(weft_resource_pool_discard(pool, &copy), WEFT_VALUE_ERROR);
    assert_int_equal(stats_of(pool).refused, 4);
    give_back(pool, &loan);
    weft_resource_pool_free(pool);
    weft_resource_pool_free(other);
}

/* ---- making and ending ----------------------------------------------------------------------- */

TEST(what_is_not_valid_is_replaced)
{
    struct maker maker = {.made = 0};
    weft_resource_pool *pool = weft_resource_pool_new(2, BY(maker), .min_size = 2);
    weft_loan loan;
    assert_int_equal(stats_of(pool).idle, 2);
    atomic_store(&maker.valid[0], false);
    atomic_store(&maker.valid[1], false);
    assert_int_equal(borrow(pool, &maker, &loan), 2);
    weft_resource_pool_stats stats = stats_of(pool);
    assert_int_equal(stats.invalid, 2);
    assert_int_equal(stats.destroyed, 2);
    assert_int_equal(stats.reused, 0);
    assert_int_equal(weft_resource_pool_discard(pool, &loan), WEFT_OK);
    assert_int_equal(atomic_load(&maker.ended), 3);
    assert_int_equal(stats_of(pool).idle, 0);
    weft_resource_pool_free(pool);
}

TEST(a_create_that_fails_gives_the_permit_back)
{
    struct maker maker = {.fails = true};
    weft_resource_pool *pool = weft_resource_pool_new(1, BY(maker));
    weft_loan loan;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(weft_resource_pool_try_borrow(pool, &loan), WEFT_FAILED);
        assert_int_equal(weft_last_error()->code, WEFT_USER + 3);
    }
    assert_int_equal(stats_of(pool).failed, 3);
    atomic_store(&maker.fails, false);
    assert_int_equal(borrow(pool, &maker, &loan), 0);
    give_back(pool, &loan);
    weft_resource_pool_free(pool);

    atomic_store(&maker.fails, true);
    assert_null(weft_resource_pool_new(1, BY(maker), .min_size = 1));
    assert_int_equal(weft_last_status(), WEFT_FAILED);
}

TEST(what_is_idle_too_long_ends_but_for_the_least)
{
    struct maker maker = {.made = 0};
    weft_resource_pool *pool =
        weft_resource_pool_new(4, BY(maker), .min_size = 1, .idle_timeout = 10);
    weft_loan loans[4];
    for (int i = 0; i < 4; i++)
        (void)borrow(pool, &maker, &loans[i]);
    for (int i = 0; i < 4; i++)
        give_back(pool, &loans[i]);
    maker.clock.now = 9.5;
    assert_int_equal(weft_resource_pool_maintain(pool), WEFT_OK);
    assert_int_equal(stats_of(pool).idle, 4);
    assert_int_equal(borrow(pool, &maker, &loans[0]), 3); /* looking has not changed the order */
    maker.clock.now = 10;
    give_back(pool, &loans[0]); /* ends the one that was idle longest */
    assert_int_equal(stats_of(pool).expired, 1);
    assert_true(atomic_load(&maker.ended_already[0]));
    assert_int_equal(weft_resource_pool_maintain(pool), WEFT_OK);
    assert_int_equal(stats_of(pool).idle, 1);
    maker.clock.now = 100;
    assert_int_equal(weft_resource_pool_maintain(pool), WEFT_OK);
    assert_int_equal(stats_of(pool).idle, 1);
    assert_int_equal(borrow(pool, &maker, &loans[0]), 3);
    give_back(pool, &loans[0]);
    weft_resource_pool_free(pool);
}

TEST(what_has_lived_too_long_is_replaced)
{
    struct maker maker = {.made = 0};
    weft_resource_pool *pool =
        weft_resource_pool_new(2, BY(maker), .min_size = 1, .max_lifetime = 10);
    weft_loan loan;
    maker.clock.now = 10;
    assert_int_equal(borrow(pool, &maker, &loan), 1);
    maker.clock.now = 20;
    give_back(pool, &loan);
    assert_int_equal(atomic_load(&maker.ended), 2);
    assert_int_equal(weft_resource_pool_maintain(pool), WEFT_OK);
    assert_int_equal(stats_of(pool).idle, 1);
    assert_int_equal(atomic_load(&maker.made), 3);
    weft_resource_pool_free(pool);
}

TEST(maintenance_replaces_what_is_not_valid)
{
    struct maker maker = {.made = 0};
    weft_resource_pool *pool = weft_resource_pool_new(3, BY(maker), .min_size = 3);
    atomic_store(&maker.valid[1], false);
    assert_int_equal(weft_resource_pool_maintain(pool), WEFT_OK);
    assert_int_equal(stats_of(pool).invalid, 1);
    assert_int_equal(stats_of(pool).idle, 3);
    atomic_store(&maker.valid[2], false);
    atomic_store(&maker.fails, true);
    assert_int_equal(weft_resource_pool_maintain(pool), WEFT_FAILED);
    assert_int_equal(stats_of(pool).idle, 2);
    weft_resource_pool_free(pool);
}

TEST(a_pool_grows_and_shrinks)
{
    struct maker maker = {.made = 0};
    struct visit all = {weft_resource_pool_new(1, BY(maker)), WEFT_OK};
    weft_loan loans[2];
    (void)borrow(all.pool, &maker, &loans[0]);
    struct crew crew = crew_start(1, visit, &all);
    EVENTUALLY(stats_of(all.pool).waiting == 1);
    assert_int_equal(weft_resource_pool_resize(all.pool, 2), WEFT_OK);
    crew_join(&crew);
    (void)borrow(all.pool, &maker, &loans[1]);
    assert_int_equal(weft_resource_pool_resize(all.pool, 1), WEFT_OK);
    give_back(all.pool, &loans[0]); /* one too many */
    assert_int_equal(stats_of(all.pool).expired, 1);
    assert_int_equal(weft_resource_pool_try_borrow(all.pool, &loans[0]), WEFT_TIMEOUT);
    give_back(all.pool, &loans[1]);
    assert_int_equal(stats_of(all.pool).idle, 1);
    weft_resource_pool_free(all.pool);
}

/* ---- the end --------------------------------------------------------------------------------- */

TEST(a_close_ends_waits_and_what_comes_back)
{
    struct maker maker = {.made = 0};
    struct visit all = {weft_resource_pool_new(2, BY(maker), .min_size = 2), WEFT_SHUTDOWN};
    weft_loan loans[2];
    (void)borrow(all.pool, &maker, &loans[0]);
    (void)borrow(all.pool, &maker, &loans[1]);
    struct crew crew = crew_start(3, visit, &all);
    EVENTUALLY(stats_of(all.pool).waiting == 3);
    assert_int_equal(weft_resource_pool_close(all.pool), WEFT_BUSY);
    crew_join(&crew);
    weft_loan late;
    assert_int_equal(weft_resource_pool_try_borrow(all.pool, &late), WEFT_SHUTDOWN);
    assert_int_equal(weft_resource_pool_maintain(all.pool), WEFT_SHUTDOWN);
    assert_int_equal(weft_resource_pool_resize(all.pool, 5), WEFT_SHUTDOWN);
    give_back(all.pool, &loans[0]);
    assert_int_equal(atomic_load(&maker.ended), 1);
    give_back(all.pool, &loans[1]);
    assert_int_equal(weft_resource_pool_close(all.pool), WEFT_OK);
    assert_int_equal(atomic_load(&maker.ended), 2);
    weft_resource_pool_free(all.pool);
}

TEST(the_last_loan_frees_a_pool_that_was_given_up)
{
    struct maker maker = {.made = 0};
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    weft_resource_pool *pool = weft_resource_pool_new(2, BY(maker), .min_size = 2);
    weft_loan loan;
    (void)borrow(pool, &maker, &loan);
    weft_resource_pool_free(pool);
    assert_int_equal(atomic_load(&maker.ended), 1);
    give_back(pool, &loan);
    assert_int_equal(atomic_load(&maker.ended), 2);
    faulty_memory_end(&memory);
}

/* ---- looking --------------------------------------------------------------------------------- */

TEST(the_leak_report_says_who_where_and_how_long)
{
    struct maker maker = {.made = 0};
    weft_resource_pool *pool = weft_resource_pool_new(3, BY(maker));
    weft_loan loans[2];
    weft_loan_info infos[3];
    size_t count;
    (void)borrow(pool, &maker, &loans[0]);
    maker.clock.now = 60;
    (void)borrow(pool, &maker, &loans[1]);
    maker.clock.now = 90;
    assert_int_equal(weft_resource_pool_loans(pool, 31, infos, 3, &count), WEFT_OK);
    assert_int_equal(count, 1);
    assert_ptr_equal(infos[0].resource, loans[0].resource);
    assert_true(infos[0].seconds == 90);
    assert_string_equal(infos[0].thread_name, "MainThread");
    assert_int_equal(infos[0].thread, 1);
    assert_non_null(strstr(infos[0].file, "test_resource_pool.c"));
    assert_true(infos[0].line > 0);
    assert_int_equal(weft_resource_pool_loans(pool, 0, infos, 1, &count), WEFT_OK);
    assert_int_equal(count, 2);
    give_back(pool, &loans[0]);
    give_back(pool, &loans[1]);
    assert_int_equal(weft_resource_pool_loans(pool, 0, NULL, 0, &count), WEFT_OK);
    assert_int_equal(count, 0);
    assert_int_equal(weft_resource_pool_loans(pool, NAN, infos, 1, &count), WEFT_VALUE_ERROR);
    weft_resource_pool_free(pool);
}

TEST(numbers_out_of_range_are_refused)
{
    const weft_resource_pool_options bad[] = {
        {.max_size = 0, .create = make},
        {.max_size = -1, .create = make},
        {.max_size = 1},
        {.max_size = 1, .create = make, .min_size = 2},
        {.max_size = 1, .create = make, .min_size = -1},
        {.max_size = 1, .create = make, .idle_timeout = -1},
        {.max_size = 1, .create = make, .max_lifetime = NAN},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        weft_set_last_status(WEFT_OK);
        assert_null(weft_resource_pool_new_with(&bad[i]));
        assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    }
    assert_null(weft_resource_pool_new_with(NULL));
    struct maker maker = {.made = 0};
    weft_resource_pool *pool = weft_resource_pool_new(3, BY(maker), .min_size = 2);
    assert_int_equal(weft_resource_pool_resize(pool, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_resource_pool_resize(pool, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_resource_pool_try_borrow(pool, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_resource_pool_try_borrow(NULL, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_resource_pool_give_back(pool, NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_resource_pool_close(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_resource_pool_maintain(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_resource_pool_get_stats(pool, NULL), WEFT_VALUE_ERROR);
    weft_resource_pool_free(pool);
    weft_resource_pool_free(NULL);
}

TEST(without_memory_nothing_is_lent_and_nothing_lost)
{
    for (size_t fail_at = 1; fail_at <= 3; fail_at++) {
        struct maker maker = {.made = 0};
        struct faulty_memory memory = {.fail_at = fail_at};
        faulty_memory_begin(&memory);
        weft_loan loan;
        weft_resource_pool *pool = weft_resource_pool_new(2, BY(maker), .min_size = 1);
        assert_int_equal(pool == NULL, fail_at <= 2);
        if (pool == NULL) {
            assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
        } else {
            weft_loan second;
            (void)borrow(pool, &maker, &loan);
            assert_int_equal(weft_resource_pool_try_borrow(pool, &second), WEFT_NO_MEMORY);
            (void)borrow(pool, &maker, &second);
            give_back(pool, &loan);
            give_back(pool, &second);
        }
        weft_resource_pool_free(pool);
        assert_int_equal(atomic_load(&maker.made), atomic_load(&maker.ended));
        faulty_memory_end(&memory);
    }
}
