/* SPDX-License-Identifier: MIT */
/**
 * @file condition_connection_pool.c
 * @brief A pool of three connections shared by six workers, with timeouts
 *
 * Connections are dear, so there are three of them, and who needs one borrows it. Six workers come
 * at once: three get one, three wait until one is given back. Who waits has a time limit, and the
 * limit is for the whole wait, however often it is woken. Giving back what one does not have is
 * refused: the pool knows which connections are out.
 *
 * Source: locks, section 3.4, lines 2630-2681.
 *
 * Look for: connection 2 goes first. The pool hands out the one that came back last, for it is the
 * most likely to be still alive and warm.
 *
 * Facts:
 * - never more than 3 connections are out, and 3 are
 * - all six workers get one, in two waves, which take twice 1 s at least
 * - the first one handed out is number 2
 * - if they are kept too long, the three who wait give up after 2 s, not before
 * - a time limit of 0 is not "none"; a connection that is given back twice is refused
 */
#include "demo.h"
#include "demo_thread.h"

enum { CONNECTIONS = 3, WORKERS = 6 };

struct pool {
    weft_condition condition; /* guards all below */
    int available[CONNECTIONS];
    int count;
    bool in_use[CONNECTIONS];
};

/* ---- the pool ---- */

static bool any_available(void *arg)
{
    return ((struct pool *)arg)->count > 0;
}

static weft_status pool_acquire(struct pool *pool, double seconds, int *connection)
{
    WEFT_HOLD(&pool->condition);
    weft_status status =
        weft_condition_wait_pred_for(&pool->condition, any_available, pool, seconds);
    if (status != WEFT_OK)
        return status;
    *connection = pool->available[--pool->count];
    pool->in_use[*connection] = true;
    demo_say("borrows connection %d, %d left", *connection, pool->count);
    return WEFT_OK;
}

static weft_status pool_release(struct pool *pool, int connection)
{
    WEFT_HOLD(&pool->condition);
    if (connection < 0 || connection >= CONNECTIONS || !pool->in_use[connection])
        return WEFT_VALUE_ERROR;
    pool->in_use[connection] = false;
    pool->available[pool->count++] = connection;
    demo_say("gives connection %d back, %d available", connection, pool->count);
    return weft_condition_notify(&pool->condition, 1);
}

static bool all_are_back(struct pool *pool)
{
    WEFT_HOLD(&pool->condition);
    return pool->count == CONNECTIONS && !pool->in_use[0] && !pool->in_use[1] && !pool->in_use[2];
}

/* ---- its use ---- */

static struct pool pool = {.available = {0, 1, 2}, .count = CONNECTIONS};
static demo_crowd users;
static demo_rendezvous wave = DEMO_RENDEZVOUS_INIT(CONNECTIONS);
static atomic_int given_up;
static atomic_int too_early;

/* Three are out at a time, so those who meet here are a wave. */
static void *use_for_a_second(void *arg)
{
    int connection;
    if (pool_acquire(&pool, DEMO_PATIENCE, &connection) != WEFT_OK)
        return arg;
    demo_crowd_enter(&users);
    demo_rendezvous_meet(&wave);
    demo_sleep(1.0);
    demo_crowd_leave(&users);
    pool_release(&pool, connection);
    return arg;
}

static void *use_too_long(void *arg)
{
    int connection;
    double start = demo_now();
    weft_status status = pool_acquire(&pool, demo_seconds(2.0), &connection);
    if (status != WEFT_OK) {
        too_early += !demo_at_least(demo_now() - start, 2.0);
        demo_say("gives up: %s", weft_strerror(status));
        given_up++;
        return arg;
    }
    demo_sleep(3.0);
    DEMO_AWAIT(given_up == WORKERS - CONNECTIONS);
    pool_release(&pool, connection);
    return arg;
}

static void run(weft_target *use)
{
    weft_thread *workers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        workers[i] = demo_spawn(use, NULL, "worker-%d", i);
    demo_join_all(WORKERS, workers);
}

int main(void)
{
    demo_begin("A pool of three connections shared by six workers, with timeouts");

    demo_part("Each keeps its connection for 1 s");
    double start = demo_now();
    run(use_for_a_second);
    double elapsed = demo_now() - start;
    CHECK(users.peak == CONNECTIONS, "three connections were out at once, and never more");
    CHECK(demo_count("worker-? borrows *") == WORKERS && demo_at_least(elapsed, 2.0),
          "all six workers got one, in two waves of 1 s at least");
    CHECK(demo_in_order("worker-? borrows connection 2, 2 left", "worker-? borrows connection 1, *",
                        "worker-? borrows connection 0, *"),
          "number 2 went first: the last one in is the first one out");
    CHECK(all_are_back(&pool), "all are back");

    demo_part("Each would keep it for 3 s, and waits for 2 s at most");
    run(use_too_long);
    CHECK(given_up == 3 && too_early == 0, "three workers gave up, none before its 2 s were over");
    CHECK(all_are_back(&pool), "all are back");

    demo_part("Mistakes and limits");
    int mine[CONNECTIONS];
    int more;
    for (int i = 0; i < CONNECTIONS; i++)
        if (pool_acquire(&pool, 0, &mine[i]) != WEFT_OK)
            mine[i] = -1;
    CHECK(pool_acquire(&pool, 0, &more) == WEFT_TIMEOUT,
          "a time limit of 0 while none is there times out, and is no wait for ever");
    for (int i = 0; i < CONNECTIONS; i++)
        pool_release(&pool, mine[i]);
    weft_status twice = pool_release(&pool, mine[0]);
    demo_say("gives connection %d back once more: %s", mine[0], weft_status_exception(twice));
    CHECK(twice == WEFT_VALUE_ERROR && all_are_back(&pool),
          "a connection that is given back twice is refused, and is there once");
    return demo_end();
}
