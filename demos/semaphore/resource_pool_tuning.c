/* SPDX-License-Identifier: MIT */
// NEEDS: weft::patterns
/**
 * @file resource_pool_tuning.c
 * @brief How large a pool should be: capacity, warming, growing and shrinking, batches
 *
 * Four knobs of a pool. The capacity: 48 tasks of 20 ms with 1, 2, 4 and 8 resources. Warming: who
 * comes first does not wait for the factory. Growing and shrinking: more places when threads wait,
 * fewer when nothing is used. Batches: three resources, all or none, by one operation of a
 * semaphore in front of the pool.
 *
 * Source: locks, section 4.3.
 *
 * Look for: the numbers of the last part. Loans and returns balance; if they do not, there is a
 * leak.
 *
 * Facts:
 * - with capacity c never more than c are out, and 48 tasks take 48/c times 20 ms at least
 * - cold, the first borrow makes a resource; warm, it makes none
 * - the pool grows from 2 to 6 while four wait, and all four are served; it shrinks to 1 when idle
 * - two that borrow three one by one out of four block each other; in a batch both get theirs
 * - loans are returns and what is still out
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_patterns.h"
#include "demo_thread.h"

enum { TASKS = 48, THREADS = 8 };

static weft_resource_pool *pool;
static demo_crowd users;
static int expected;
static atomic_int next_task;

static void *make(void *arg)
{
    (void)arg;
    demo_sleep(0.1);
    return demo_must(malloc(1));
}

static void destroy(void *resource, void *arg)
{
    (void)arg;
    free(resource);
}

/* A pool with `warm` resources that are made beforehand, and kept. */
static void open_pool(int capacity, int warm, double idle_timeout)
{
    pool = demo_must(weft_resource_pool_new(capacity, .create = make, .destroy = destroy,
                                            .min_size = warm, .idle_timeout = idle_timeout));
}

/* ---- capacity ---- */

static void *do_tasks(void *arg)
{
    while (atomic_fetch_add(&next_task, 1) < TASKS) {
        weft_loan loan;
        if (weft_resource_pool_borrow_for(pool, &loan, DEMO_PATIENCE) != WEFT_OK)
            break;
        demo_crowd_enter(&users);
        DEMO_AWAIT(users.peak >= expected);
        demo_sleep(0.02);
        demo_crowd_leave(&users);
        weft_resource_pool_give_back(pool, &loan);
    }
    return arg;
}

static void capacity(void)
{
    demo_part("48 tasks of 20 ms, eight threads");
    bool bounded = true;
    bool long_enough = true;
    for (int count = 1; count <= THREADS; count *= 2) {
        weft_thread *threads[THREADS];
        open_pool(count, count, 0);
        users = (demo_crowd){.inside = 0};
        expected = count;
        next_task = 0;
        double start = demo_now();
        for (int i = 0; i < THREADS; i++)
            threads[i] = demo_spawn(do_tasks, NULL, "thread-%d", i);
        demo_join_all(THREADS, threads);
        double elapsed = demo_now() - start;
        demo_line("    capacity %d: %6.3f s, %5.1f tasks a second, at most %d out", count, elapsed,
                  TASKS / elapsed, users.peak);
        bounded = bounded && users.peak == count;
        long_enough = long_enough && demo_at_least(elapsed, 0.02 * TASKS / count);
        weft_resource_pool_free(pool);
    }
    CHECK(bounded, "with capacity c c were out at once, and never more");
    CHECK(long_enough, "48 tasks took 48/c times 20 ms at least");
}

/* ---- warming ---- */

static double first_borrow(void)
{
    weft_loan loan;
    double start = demo_now();
    if (weft_resource_pool_try_borrow(pool, &loan) == WEFT_OK)
        weft_resource_pool_give_back(pool, &loan);
    return demo_now() - start;
}

static void warming(void)
{
    demo_part("The first borrow, cold and warm");
    open_pool(4, 0, 0);
    double cold = first_borrow();
    demo_say("cold: %.3f s", cold);
    CHECK(demo_pool_stats(pool).created == 1 && demo_at_least(cold, 0.1),
          "cold, it makes a resource, which takes 0.1 s at least");
    weft_resource_pool_free(pool);
    open_pool(4, 4, 0);
    demo_say("warm: %.3f s", first_borrow());
    CHECK(demo_pool_stats(pool).created == 4 && demo_pool_stats(pool).reused == 1,
          "warm, it takes one of the four that are there");
    weft_resource_pool_free(pool);
}

/* ---- growing and shrinking ---- */

static weft_semaphore may_leave = WEFT_SEMAPHORE_INIT(0);

static void *hold_until_told(void *arg)
{
    weft_loan loan;
    if (weft_resource_pool_borrow_for(pool, &loan, DEMO_PATIENCE) == WEFT_OK) {
        demo_crowd_enter(&users);
        weft_semaphore_acquire(&may_leave);
        demo_crowd_leave(&users);
        weft_resource_pool_give_back(pool, &loan);
    }
    return arg;
}

static void grow_and_shrink(void)
{
    demo_part("Growing while threads wait, shrinking while nothing is used");
    weft_thread *threads[6];
    open_pool(2, 1, demo_seconds(0.3));
    users = (demo_crowd){.inside = 0};
    for (int i = 0; i < 6; i++)
        threads[i] = demo_spawn(hold_until_told, NULL, "holder-%d", i);
    DEMO_AWAIT(demo_pool_stats(pool).waiting == 4 && users.inside == 2);
    demo_sleep(0.3);
    demo_say("four wait: grows from 2 to 6");
    weft_resource_pool_resize(pool, 6);
    DEMO_AWAIT(users.inside == 6);
    CHECK(users.peak == 6, "all six have one, and nobody had to give one back");
    weft_semaphore_release_n(&may_leave, 6);
    demo_join_all(6, threads);
    demo_say("nobody has one, %zu are idle", demo_pool_stats(pool).idle);
    demo_sleep(0.3);
    weft_resource_pool_maintain(pool);
    weft_status status = weft_resource_pool_resize(pool, 1);
    demo_say("unused for 0.3 s: %d go; capacity 1", (int)demo_pool_stats(pool).expired);
    CHECK(status == WEFT_OK && demo_pool_stats(pool).expired == 5 &&
              demo_pool_stats(pool).idle == 1,
          "five of six go, one stays");
    weft_resource_pool_free(pool);
}

/* ---- batches ---- */

enum { PLACES = 4, BATCH = 3 };

static demo_rendezvous both_have_two = DEMO_RENDEZVOUS_INIT(2);
static atomic_int got_all;

static void give_all_back(weft_loan *loans, int have)
{
    while (have > 0)
        weft_resource_pool_give_back(pool, &loans[--have]);
}

static void *one_by_one(void *arg)
{
    weft_loan loans[BATCH];
    int have = 0;
    while (have < BATCH - 1 && weft_resource_pool_borrow(pool, &loans[have]) == WEFT_OK)
        have++;
    demo_say("has two, wants a third");
    demo_rendezvous_meet(&both_have_two);
    if (weft_resource_pool_borrow_for(pool, &loans[have], demo_seconds(0.3)) == WEFT_OK)
        have++;
    demo_say("has %d of three, gives up", have);
    got_all += have == BATCH;
    demo_rendezvous_meet(&both_have_two);
    give_all_back(loans, have);
    return arg;
}

static weft_semaphore places = WEFT_SEMAPHORE_INIT(PLACES); /* as many as the pool has */

static void *all_at_once(void *arg)
{
    weft_loan loans[BATCH];
    int have = 0;
    weft_semaphore_acquire_n(&places, BATCH); /* all or none; the pool never lets wait */
    while (have < BATCH && weft_resource_pool_try_borrow(pool, &loans[have]) == WEFT_OK)
        have++;
    demo_say("has %d of three", have);
    got_all += have == BATCH;
    demo_sleep(0.3);
    give_all_back(loans, have);
    weft_semaphore_release_n(&places, BATCH);
    return arg;
}

static void two_threads(weft_target *borrow)
{
    got_all = 0;
    weft_thread *threads[] = {demo_spawn(borrow, NULL, "thread-1"),
                              demo_spawn(borrow, NULL, "thread-2")};
    demo_join_all(2, threads);
}

static void batches(void)
{
    demo_part("Three each, of four: one by one");
    open_pool(PLACES, 0, 0);
    two_threads(one_by_one);
    CHECK(got_all == 0, "both have two and block each other");
    demo_part("Three each, of four: in a batch");
    two_threads(all_at_once);
    CHECK(got_all == 2, "both get their three, one after the other");
    weft_loan loan;
    bool lent = weft_resource_pool_try_borrow(pool, &loan) == WEFT_OK;
    weft_resource_pool_stats stats = demo_pool_stats(pool);
    demo_say("%d loans, %d returns, %zu out, %d gave up", (int)stats.borrowed, (int)stats.returned,
             stats.out, (int)stats.timed_out);
    CHECK(lent && stats.out == 1 && stats.borrowed == stats.returned + stats.out &&
              stats.timed_out == 2,
          "loans are returns and what is out; two have given up");
    weft_resource_pool_give_back(pool, &loan);
    weft_resource_pool_free(pool);
}

int main(void)
{
    demo_begin("How large a pool should be: capacity, warming, growing and shrinking, batches");
    capacity();
    warming();
    grow_and_shrink();
    batches();
    return demo_end();
}
