/* SPDX-License-Identifier: MIT */
/**
 * @file bulkhead_worker_pools.c
 * @brief Slow tasks and fast tasks: one pool for all, or one for each kind
 *
 * Eight slow tasks are submitted, then twenty fast ones. In one pool of four workers the fast ones
 * stand behind the slow ones: not one of them is done before half of the slow ones are. Two pools
 * of two workers are two bulkheads of a ship: what floods one does not sink the other. The slow
 * tasks here end when they are told to, so who is done before whom does not depend on luck.
 *
 * Then a pool that is four large while there is much to do, and two when there is not.
 *
 * Source: locks, section 4.3.
 *
 * Look for: "0 of 20 fast ones are done", and what the same line says with two pools.
 *
 * Facts:
 * - one pool: while four slow tasks run no fast one is done, however long they take
 * - two pools: all twenty are done while not one slow task is
 * - all 28 are done in the end, either way
 * - a pool with min 2 and max 4 workers has 4 while they are needed, and 2 when they are idle
 */
#include "demo.h"

enum { SLOW = 8, FAST = 20, WORKERS = 4 };

static weft_semaphore may_end = WEFT_SEMAPHORE_INIT(0);
static atomic_int slow_started;
static atomic_int slow_done;
static atomic_int fast_done;

static void *slow(void *arg)
{
    slow_started++;
    weft_semaphore_acquire(&may_end);
    slow_done++;
    return arg;
}

static void *fast(void *arg)
{
    demo_sleep(0.02);
    fast_done++;
    return arg;
}

static void submit(weft_executor *pool, weft_target *task, int count)
{
    for (int i = 0; i < count; i++)
        weft_future_free(demo_must(weft_executor_submit(pool, task, NULL)));
}

static void begin(void)
{
    slow_started = slow_done = fast_done = 0;
}

static void one_pool(void)
{
    demo_part("One pool of four for all");
    begin();
    weft_executor *pool = demo_must(weft_executor_new(WORKERS, .thread_name_prefix = "shared"));
    submit(pool, slow, SLOW);
    submit(pool, fast, FAST);
    DEMO_AWAIT(slow_started == WORKERS);
    demo_sleep(1.0);
    demo_say("1 s later: %d of %d slow ones, %d of %d fast ones are done", slow_done, SLOW,
             fast_done, FAST);
    CHECK(fast_done == 0, "no fast task is done while four slow ones run");
    weft_semaphore_release_n(&may_end, WORKERS);
    DEMO_AWAIT(slow_started == SLOW);
    demo_say("four slow ones have ended, the next four have begun");
    CHECK(slow_done == WORKERS && fast_done == 0, "nor when the next four have begun");
    weft_semaphore_release_n(&may_end, SLOW - WORKERS);
    weft_executor_shutdown(pool);
    weft_executor_free(pool);
    CHECK(slow_done == SLOW && fast_done == FAST, "in the end all 28 are done");
}

static void two_pools(void)
{
    demo_part("Two pools of two");
    begin();
    weft_executor *slow_pool =
        demo_must(weft_executor_new(WORKERS / 2, .thread_name_prefix = "slow"));
    weft_executor *fast_pool =
        demo_must(weft_executor_new(WORKERS / 2, .thread_name_prefix = "fast"));
    double start = demo_now();
    submit(slow_pool, slow, SLOW);
    submit(fast_pool, fast, FAST);
    DEMO_AWAIT(fast_done == FAST);
    demo_say("%d of %d slow ones, %d of %d fast ones are done", slow_done, SLOW, fast_done, FAST);
    CHECK(slow_done == 0, "all twenty fast ones are done, and not one slow one");
    CHECK(demo_at_least(demo_now() - start, 0.02 * FAST / 2),
          "two at a time they took ten times 0.02 s at least");
    weft_semaphore_release_n(&may_end, SLOW);
    weft_executor_shutdown(slow_pool);
    weft_executor_shutdown(fast_pool);
    weft_executor_free(slow_pool);
    weft_executor_free(fast_pool);
    CHECK(slow_done == SLOW, "in the end all 28 are done");
}

/* ---- a pool that grows and shrinks ---- */

static size_t workers(void)
{
    return weft_thread_active_count() - 1;
}

static void elastic(void)
{
    demo_part("Two to four workers");
    begin();
    weft_executor *pool = demo_must(weft_executor_new(
        4, .min_workers = 2, .keep_alive = demo_seconds(0.3), .thread_name_prefix = "elastic"));
    submit(pool, slow, SLOW);
    DEMO_AWAIT(slow_started == 4);
    demo_say("eight tasks: %zu workers", workers());
    CHECK(workers() == 4, "four workers while there is much to do");
    weft_semaphore_release_n(&may_end, SLOW);
    DEMO_AWAIT(slow_done == SLOW);
    DEMO_AWAIT(workers() == 2);
    demo_say("idle: %zu workers", workers());
    demo_sleep(1.0);
    CHECK(workers() == 2, "two of them end when they have been idle, and two stay");
    weft_executor_shutdown(pool);
    weft_executor_free(pool);
}

int main(void)
{
    demo_begin("Slow tasks and fast tasks: one pool for all, or one for each kind");
    one_pool();
    two_pools();
    elastic();
    return demo_end();
}
