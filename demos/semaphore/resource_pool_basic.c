/* SPDX-License-Identifier: MIT */
/**
 * @file resource_pool_basic.c
 * @brief A resource pool: permits, a list of what is idle, and a way to make more
 *
 * Connections are dear: each takes 0.5 s to make. A pool makes three, when they are needed, and
 * lends them. A semaphore says how many may be out, a lock guards the list of those that are idle.
 * Nine threads come at once; they are served in the order in which they came.
 *
 * Source: locks, section 4.3.
 *
 * Look for: "makes". One connection is there from the start, two are made, and six loans need none.
 *
 * Facts:
 * - without a pool nine threads make nine connections
 * - with it three are made, nine loans, six of a connection that was idle; never more than 3 are
 *   out
 * - permits and loans together are never more than the capacity, and exactly that at rest
 * - a borrow with a time limit gives up while all are out; waiters are served in their order
 * - the pool destroys all three when it is closed, and not while one is out
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_pool.h"
#include "demo_thread.h"

enum { CAPACITY = 3, THREADS = 9 };

struct connection {
    int number;
};

static atomic_int made;
static demo_pool pool;
static demo_crowd users;
static atomic_bool too_many;

static void *make_connection(void *arg)
{
    (void)arg;
    struct connection *connection = demo_must(malloc(sizeof *connection));
    connection->number = ++made;
    demo_say("makes connection %d", connection->number);
    demo_sleep(0.5);
    return connection;
}

static void drop_connection(void *arg, void *connection)
{
    (void)arg;
    demo_say("drops connection %d", ((struct connection *)connection)->number);
    free(connection);
}

static void *use_own(void *arg)
{
    void *mine = make_connection(NULL);
    free(mine);
    return arg;
}

/* One permit may be on its way from or to a thread, so the sum may be less than the capacity. */
static void look(void)
{
    demo_pool_counts counts = demo_pool_count(&pool);
    if (counts.out + counts.permits > CAPACITY)
        too_many = true;
}

static void *use_from_pool(void *arg)
{
    demo_loan loan;
    if (demo_pool_borrow(&pool, DEMO_PATIENCE, &loan) != WEFT_OK)
        return arg;
    demo_crowd_enter(&users);
    demo_say("has connection %d", ((struct connection *)loan.resource)->number);
    DEMO_AWAIT(users.peak == CAPACITY);
    demo_sleep(0.3);
    demo_crowd_leave(&users);
    demo_pool_give_back(&pool, loan);
    look();
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
    demo_pool_init(&pool, &(demo_pool_kind){.create = make_connection, .destroy = drop_connection},
                   CAPACITY);
    demo_pool_warm(&pool, 1);
    run(use_from_pool);
    demo_pool_counts counts = demo_pool_count(&pool);
    demo_say("%d made, %d loans, %d of them reused one", counts.created, counts.borrowed,
             counts.reused);
    CHECK(counts.created == CAPACITY, "three connections were made");
    CHECK(counts.borrowed == THREADS && counts.reused == THREADS - CAPACITY + 1,
          "nine loans: the one made beforehand and six more were of a connection that was idle");
    CHECK(users.peak == CAPACITY, "never more than three were out");
    CHECK(!too_many && counts.permits == CAPACITY - counts.out,
          "permits and loans were never more than the capacity; at rest they are exactly that");
}

static void *wait_in_line(void *arg)
{
    demo_loan loan;
    if (demo_pool_borrow(&pool, DEMO_PATIENCE, &loan) == WEFT_OK) {
        demo_say("is served");
        demo_pool_give_back(&pool, loan);
    }
    return arg;
}

static void full_pool(void)
{
    demo_part("While all are out");
    demo_loan loans[CAPACITY];
    demo_loan more;
    int have = 0;
    while (have < CAPACITY && demo_pool_borrow(&pool, 0, &loans[have]) == WEFT_OK)
        have++;
    double start = demo_now();
    weft_status status = demo_pool_borrow(&pool, demo_seconds(0.3), &more);
    CHECK(status == WEFT_TIMEOUT && demo_at_least(demo_now() - start, 0.3),
          "a borrow with a time limit gives up, not before its 0.3 s");
    CHECK(demo_pool_close(&pool) == WEFT_BUSY, "the pool cannot be closed");

    weft_thread *threads[2];
    for (size_t i = 0; i < 2; i++) {
        threads[i] = demo_spawn(wait_in_line, NULL, "in-line-%zu", i);
        DEMO_AWAIT(weft_bounded_semaphore_waiters(&pool.permits) == i + 1);
    }
    demo_pool_give_back(&pool, loans[0]);
    demo_join_all(2, threads);
    CHECK(demo_in_order("in-line-0 is served", "in-line-1 is served"),
          "who came first is served first");
    for (int i = 1; i < have; i++)
        demo_pool_give_back(&pool, loans[i]);
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
    weft_status closed = demo_pool_close(&pool);
    CHECK(closed == WEFT_OK && demo_pool_count(&pool).destroyed == CAPACITY,
          "all three are destroyed");
    return demo_end();
}
