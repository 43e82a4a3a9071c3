/* SPDX-License-Identifier: MIT */
/**
 * @file condition_thread_pool.c
 * @brief A three-thread pool built on one Condition
 *
 * Workers wait for tasks; who submits one notifies one worker. A worker takes the oldest task under
 * the lock and runs it outside, so that the others can take theirs. Shutting down says that no more
 * will come, wakes everybody, and waits: a worker leaves when it has been said and no task is left.
 * A task that fails is counted, and its worker goes on. Python's ThreadPoolExecutor is this with
 * futures, which bring back the results.
 *
 * Source: locks, section 3.4, lines 2576-2624.
 *
 * Look for: the run of a task stands outside the lock. Inside it the pool would run one at a time.
 *
 * Facts:
 * - each of 10 tasks is run exactly once, all before the shutdown returns
 * - all three workers run tasks at once, and end
 * - it takes 2 s at least: somebody runs four tasks of 0.5 s
 * - a task that fails takes no worker along
 * - a task that comes after the shutdown is refused
 */
#include "demo.h"
#include "demo_thread.h"

enum { WORKERS = 3, TASKS = 10, MOST = 16 };

struct task {
    bool (*run)(void *arg); /* returns whether it has succeeded */
    void *arg;
};

struct pool {
    weft_condition condition; /* guards all below */
    struct task tasks[MOST];  /* those from `first` to `last` wait, a ring */
    unsigned first;
    unsigned last;
    bool shut_down;
    int failed;
    weft_thread *workers[WORKERS];
};

/* ---- the pool ---- */

static bool there_is_news(void *arg)
{
    const struct pool *pool = arg;
    return pool->first != pool->last || pool->shut_down;
}

/* The next task; false: there is none, and none will come. */
static bool next_task(struct pool *pool, struct task *task)
{
    WEFT_HOLD(&pool->condition);
    weft_condition_wait_pred(&pool->condition, there_is_news, pool);
    if (pool->first == pool->last)
        return false;
    *task = pool->tasks[pool->first++ % MOST];
    return true;
}

static void *work(void *arg)
{
    struct pool *pool = arg;
    struct task task;
    while (next_task(pool, &task)) {
        if (!task.run(task.arg))
            WEFT_WITH(&pool->condition) {
                pool->failed++;
            }
    }
    demo_say("leaves");
    return arg;
}

static void pool_start(struct pool *pool)
{
    for (int i = 0; i < WORKERS; i++)
        pool->workers[i] = demo_spawn(work, pool, "worker-%d", i);
}

static weft_status pool_submit(struct pool *pool, bool (*run)(void *arg), void *arg)
{
    WEFT_HOLD(&pool->condition);
    if (pool->shut_down)
        return WEFT_SHUTDOWN;
    if (pool->last - pool->first == MOST)
        return WEFT_FULL;
    pool->tasks[pool->last++ % MOST] = (struct task){run, arg};
    return weft_condition_notify(&pool->condition, 1);
}

static void pool_shut_down(struct pool *pool)
{
    WEFT_WITH(&pool->condition) {
        pool->shut_down = true;
        demo_say("shuts the pool down, %u tasks wait", pool->last - pool->first);
        weft_condition_notify_all(&pool->condition);
    }
    demo_join_all(WORKERS, pool->workers);
    demo_say("the pool is closed");
}

/* ---- its use ---- */

static struct pool pool;
static demo_crowd running;
static demo_rendezvous first_three = DEMO_RENDEZVOUS_INIT(WORKERS);

static bool run_task(void *arg)
{
    int number = *(int *)arg;
    demo_crowd_enter(&running);
    demo_say("runs task %d", number);
    if (number < WORKERS)
        demo_rendezvous_meet(&first_three);
    demo_sleep(0.5);
    demo_crowd_leave(&running);
    return true;
}

static bool fail(void *arg)
{
    (void)arg;
    demo_say("runs a task that fails");
    return false;
}

int main(void)
{
    int numbers[TASKS];
    int accepted = 0;
    demo_begin("A three-thread pool built on one Condition");
    double start = demo_now();
    pool_start(&pool);
    for (int i = 0; i < TASKS; i++) {
        numbers[i] = i;
        accepted += pool_submit(&pool, run_task, &numbers[i]) == WEFT_OK;
        demo_sleep(0.1);
    }
    accepted += pool_submit(&pool, fail, NULL) == WEFT_OK;
    pool_shut_down(&pool);
    double elapsed = demo_now() - start;

    bool once = accepted == TASKS + 1;
    for (int i = 0; i < TASKS; i++)
        once = once && demo_count(demo_name("worker-? runs task %d", i)) == 1;
    CHECK(once && pool.first == pool.last, "each of 10 tasks was run exactly once, none is left");
    CHECK(demo_in_order("worker-? runs task 9", "MainThread the pool is closed"),
          "the shutdown has waited for the tasks that were queued");
    CHECK(running.peak == WORKERS && demo_count("worker-? leaves") == WORKERS,
          "all three workers ran tasks at once, and all have ended");
    CHECK(demo_at_least(elapsed, 2.0), "somebody has run four tasks of 0.5 s: 2 s at least");
    CHECK(pool.failed == 1, "the task that failed was counted, and took no worker along");

    weft_status late = pool_submit(&pool, fail, NULL);
    demo_say("a task after the shutdown: %s", weft_strerror(late));
    CHECK(late == WEFT_SHUTDOWN && pool.first == pool.last, "a task after the shutdown is refused");
    return demo_end();
}
