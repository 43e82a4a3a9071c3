/* SPDX-License-Identifier: MIT */
/**
 * @file resource_pool_basic.c
 * @brief A resource pool: permits, a list of what is idle, and a way to make more
 *
 * Connections are dear: each takes 0.5 s to make. A pool makes three, when they are needed, and
 * lends them. A semaphore says how many may be out, a lock guards the list of those that are idle:
 * who has a permit finds one there, or may make one. Nine threads come at once; they are served in
 * the order in which they came.
 *
 * Here the pool is built from the two; weft/patterns/resource_pool.h has one that can do more, and
 * the other demos of this chapter use it.
 *
 * Source: locks, section 4.3.
 *
 * Look for: "makes". One connection is there from the start, two are made, and seven loans need
 * none.
 *
 * Facts:
 * - without a pool nine threads make nine connections
 * - with it three are made for nine loans; seven are of one that was idle; never more than 3 are
 *   out
 * - permits and loans together are never more than the capacity, and exactly that at rest
 * - a borrow with a time limit gives up while all are out; waiters are served in their order
 * - the pool destroys all three when it is closed, and not while one is out
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_thread.h"

enum { CAPACITY = 3, THREADS = 9 };

struct connection {
    int number;
};

static atomic_int made;
static demo_crowd users;

static struct connection *make_connection(void)
{
    struct connection *connection = demo_must(malloc(sizeof *connection));
    connection->number = ++made;
    demo_say("makes connection %d", connection->number);
    demo_sleep(0.5);
    return connection;
}

/* ---- the pool ---- */

static struct pool {
    weft_bounded_semaphore permits; /* for what is not out */
    weft_lock lock;                 /* guards the rest */
    struct connection *idle[CAPACITY];
    int idle_count;
    int out;
    int borrowed, reused, destroyed;
    bool too_many; /* permits and loans were more than the capacity at some moment */
} pool = {.permits = WEFT_BOUNDED_SEMAPHORE_INIT(CAPACITY)};

/* A permit may be on its way from or to a thread, so the sum may be less than the capacity. */
static void look(void) WEFT_REQUIRES(pool.lock)
{
    if (pool.out + weft_bounded_semaphore_value(&pool.permits) > CAPACITY)
        pool.too_many = true;
}

static weft_status borrow(double seconds, struct connection **connection)
{
    weft_status status = weft_bounded_semaphore_acquire_for(&pool.permits, seconds);
    if (status != WEFT_OK)
        return status;
    *connection = NULL;
    WEFT_WITH(&pool.lock) {
        pool.borrowed++;
        pool.out++;
        if (pool.idle_count > 0) {
            pool.reused++;
            *connection = pool.idle[--pool.idle_count];
        }
        look();
    }
    if (*connection == NULL)
        *connection = make_connection(); /* takes long: without the lock */
    return WEFT_OK;
}

static void give_back(struct connection *connection)
{
    WEFT_WITH(&pool.lock) {
        pool.idle[pool.idle_count++] = connection;
        pool.out--;
        look();
    }
    weft_bounded_semaphore_release(&pool.permits); /* last: who gets it finds what is idle */
}

static weft_status close_pool(void)
{
    WEFT_HOLD(&pool.lock);
    if (pool.out > 0)
        return WEFT_BUSY;
    while (pool.idle_count > 0) {
        struct connection *connection = pool.idle[--pool.idle_count];
        demo_say("drops connection %d", connection->number);
        free(connection);
        pool.destroyed++;
    }
    return WEFT_OK;
}

/* ---- its users ---- */

static void *use_own(void *arg)
{
    free(make_connection());
    return arg;
}

static void *use_from_pool(void *arg)
{
    struct connection *connection;
    if (borrow(DEMO_PATIENCE, &connection) != WEFT_OK)
        return arg;
    demo_crowd_enter(&users);
    demo_say("has connection %d", connection->number);
    DEMO_AWAIT(users.peak == CAPACITY);
    demo_sleep(0.3);
    demo_crowd_leave(&users);
    give_back(connection);
    return arg;
}

static void run(weft_target *use)
{
    weft_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = demo_spawn(use, NULL, "thread-%d", i);
    demo_join_all(THREADS, threads);
}

static void busy_pool(void)
{
    demo_part("With a pool of three, one of them made beforehand");
    pool.idle[pool.idle_count++] = make_connection();
    run(use_from_pool);
    demo_say("%d made, %d loans, %d of one that was idle", made, pool.borrowed, pool.reused);
    CHECK(made == CAPACITY, "three connections were made");
    CHECK(pool.borrowed == THREADS && pool.reused == THREADS - CAPACITY + 1,
          "nine loans, seven of them of a connection that was idle");
    CHECK(users.peak == CAPACITY, "three were out at once, and never more");
    CHECK(!pool.too_many && weft_bounded_semaphore_value(&pool.permits) == CAPACITY,
          "permits and loans were never more than the capacity; all permits are back");
}

static void *wait_in_line(void *arg)
{
    struct connection *connection;
    if (borrow(DEMO_PATIENCE, &connection) == WEFT_OK) {
        demo_say("is served");
        give_back(connection);
    }
    return arg;
}

static void full_pool(void)
{
    demo_part("While all are out");
    struct connection *mine[CAPACITY] = {NULL};
    struct connection *more;
    int have = 0;
    while (have < CAPACITY && borrow(0, &mine[have]) == WEFT_OK)
        have++;
    demo_say("has all three, and wants a fourth for 0.3 s");
    double start = demo_now();
    weft_status status = borrow(demo_seconds(0.3), &more);
    CHECK(status == WEFT_TIMEOUT && demo_at_least(demo_now() - start, 0.3),
          "a borrow with a time limit gives up, not before its 0.3 s");
    CHECK(close_pool() == WEFT_BUSY, "the pool cannot be closed");

    weft_thread *threads[2];
    for (size_t i = 0; i < 2; i++) {
        threads[i] = demo_spawn(wait_in_line, NULL, "in-line-%zu", i);
        DEMO_AWAIT(weft_bounded_semaphore_waiters(&pool.permits) == i + 1);
    }
    demo_say("two wait in line; gives one back");
    give_back(mine[0]);
    demo_join_all(2, threads);
    CHECK(demo_in_order("in-line-0 is served", "in-line-1 is served"),
          "who came first is served first");
    for (int i = 1; i < have; i++)
        give_back(mine[i]);
}

int main(void)
{
    demo_begin("A resource pool: permits, a list of what is idle, and a way to make more");
    demo_part("Without a pool");
    run(use_own);
    CHECK(made == THREADS, "nine threads make nine connections");
    made = 0;
    busy_pool();
    full_pool();
    demo_part("The end");
    CHECK(close_pool() == WEFT_OK && pool.destroyed == CAPACITY, "all three are destroyed");
    return demo_end();
}
