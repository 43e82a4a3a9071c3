/* SPDX-License-Identifier: MIT */
/**
 * @file resource_pool_tuning.c
 * @brief How large a pool should be: capacity, warming, growing and shrinking, batches
 *
 * Four knobs of a pool. The capacity: 48 tasks of 50 ms with 1, 2, 4 and 8 resources. Warming: who
 * comes first does not wait for the factory. Growing and shrinking: more places when threads wait,
 * fewer when nothing is used. Batches: three resources with one operation of the semaphore, all or
 * none.
 *
 * Source: locks, section 4.3.
 *
 * Look for: the numbers of the last part. Loans and returns balance; if they do not, there is a
 * leak.
 *
 * Facts:
 * - with capacity c never more than c are out, and 48 tasks take 48/c times 50 ms at least
 * - cold, the first borrow makes a resource; warm, it makes none
 * - the pool grows from 2 to 6 while four wait, and all four are served; it shrinks to 1 when idle
 * - two that borrow three one by one out of four block each other; in a batch both get theirs
 * - loans are returns and what is still out
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_pool.h"
#include "demo_thread.h"

enum { TASKS = 48, THREADS = 8 };

static demo_pool pool;
static demo_crowd users;
static int expected;
static atomic_int next_task;

static void *make(void *arg)
{
    (void)arg;
    demo_sleep(0.2);
    return demo_must(malloc(1));
}

static void destroy(void *arg, void *resource)
{
    (void)arg;
    free(resource);
}

static void open_pool(int capacity)
{
    demo_pool_init(&pool, &(demo_pool_kind){.create = make, .destroy = destroy}, capacity);
}

static void close_pool(void)
{
    if (demo_pool_close(&pool) != WEFT_OK)
        demo_say("something is still out");
}

/* ---- capacity ---- */

static void *do_tasks(void *arg)
{
    while (atomic_fetch_add(&next_task, 1) < TASKS) {
        demo_loan loan;
        if (demo_pool_borrow(&pool, DEMO_PATIENCE, &loan) != WEFT_OK)
            break;
        demo_crowd_enter(&users);
        DEMO_AWAIT(users.peak >= expected);
        demo_sleep(0.05);
        demo_crowd_leave(&users);
        demo_pool_give_back(&pool, loan);
    }
    return arg;
}

static void capacity(void)
{
    demo_part("48 tasks of 50 ms, eight threads");
    bool bounded = true;
    bool long_enough = true;
    for (int count = 1; count <= THREADS; count *= 2) {
        weft_thread *threads[THREADS];
        open_pool(count);
        demo_pool_warm(&pool, count);
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
        long_enough = long_enough && demo_at_least(elapsed, 0.05 * TASKS / count);
        close_pool();
    }
    CHECK(bounded, "with capacity c c were out at once, and never more");
    CHECK(long_enough, "48 tasks took 48/c times 50 ms at least");
}

/* ---- warming ---- */

static double first_borrow(void)
{
    demo_loan loan;
    double start = demo_now();
    if (demo_pool_borrow(&pool, 0, &loan) == WEFT_OK)
        demo_pool_give_back(&pool, loan);
    return demo_now() - start;
}

static void warming(void)
{
    demo_part("The first borrow, cold and warm");
    open_pool(4);
    double cold = first_borrow();
    CHECK(demo_pool_count(&pool).created == 1 && demo_at_least(cold, 0.2),
          "cold, it makes a resource, which takes 0.2 s at least");
    close_pool();
    open_pool(4);
    demo_pool_warm(&pool, 4);
    double warm = first_borrow();
    demo_say("cold %.3f s, warm %.3f s", cold, warm);
    CHECK(demo_pool_count(&pool).created == 4 && demo_pool_count(&pool).reused == 1,
          "warm, it takes one of the four that are there");
    close_pool();
}

/* ---- growing and shrinking ---- */

static weft_semaphore may_leave = WEFT_SEMAPHORE_INIT(0);

static void *hold_until_told(void *arg)
{
    demo_loan loan;
    if (demo_pool_borrow(&pool, DEMO_PATIENCE, &loan) == WEFT_OK) {
        demo_crowd_enter(&users);
        weft_semaphore_acquire(&may_leave);
        demo_crowd_leave(&users);
        demo_pool_give_back(&pool, loan);
    }
    return arg;
}

static void grow_and_shrink(void)
{
    demo_part("Growing while threads wait, shrinking while nothing is used");
    weft_thread *threads[6];
    open_pool(2);
    users = (demo_crowd){.inside = 0};
    for (int i = 0; i < 6; i++)
        threads[i] = demo_spawn(hold_until_told, NULL, "holder-%d", i);
    DEMO_AWAIT(weft_bounded_semaphore_waiters(&pool.permits) == 4 && users.inside == 2);
    demo_sleep(0.3);
    demo_say("four wait: grows from 2 to 6");
    demo_pool_resize(&pool, 6);
    DEMO_AWAIT(users.inside == 6);
    CHECK(users.peak == 6, "all six have one, and nobody had to give one back");
    weft_semaphore_release_n(&may_leave, 6);
    demo_join_all(6, threads);
    demo_sleep(0.3);
    int evicted = demo_pool_evict(&pool, WEFT_FOREVER, 0.3, 1);
    demo_pool_resize(&pool, 1);
    demo_say("unused for 0.3 s: %d go, capacity 1", evicted);
    CHECK(evicted == 5 && demo_pool_count(&pool).idle == 1, "five of six go, one stays");
    close_pool();
}

/* ---- batches ---- */

enum { BATCH = 3 };

static demo_rendezvous both_have_two = DEMO_RENDEZVOUS_INIT(2);
static atomic_int got_all;

static void *one_by_one(void *arg)
{
    demo_loan loans[BATCH];
    int have = 0;
    while (have < BATCH - 1 && demo_pool_borrow(&pool, DEMO_PATIENCE, &loans[have]) == WEFT_OK)
        have++;
    demo_rendezvous_meet(&both_have_two);
    if (demo_pool_borrow(&pool, demo_seconds(0.3), &loans[have]) == WEFT_OK)
        have++;
    demo_say("has %d of three", have);
    got_all += have == BATCH;
    demo_rendezvous_meet(&both_have_two);
    for (int i = 0; i < have; i++)
        demo_pool_give_back(&pool, loans[i]);
    return arg;
}

static void *all_at_once(void *arg)
{
    demo_loan loans[BATCH];
    if (demo_pool_borrow_many(&pool, BATCH, DEMO_PATIENCE, loans, __FILE__, __LINE__) != WEFT_OK)
        return arg;
    demo_say("has three");
    got_all++;
    demo_sleep(0.1);
    for (int i = 0; i < BATCH; i++)
        demo_pool_give_back(&pool, loans[i]);
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
    demo_part("Three each, of four");
    open_pool(4);
    two_threads(one_by_one);
    CHECK(got_all == 0, "one by one: both have two and block each other");
    two_threads(all_at_once);
    CHECK(got_all == 2, "in a batch both get their three, one after the other");
    demo_loan loan;
    bool lent = demo_pool_borrow(&pool, 0, &loan) == WEFT_OK;
    demo_pool_counts counts = demo_pool_count(&pool);
    demo_say("%d loans, %d returns, %d out, %d gave up", counts.borrowed, counts.returned,
             counts.out, counts.timed_out);
    CHECK(counts.borrowed == counts.returned + counts.out && lent && counts.timed_out == 2,
          "loans are returns and what is out");
    demo_pool_give_back(&pool, loan);
    close_pool();
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
