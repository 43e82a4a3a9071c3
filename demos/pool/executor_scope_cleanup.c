/* SPDX-License-Identifier: MIT */
// NEEDS: sqlite3
/**
 * @file executor_scope_cleanup.c
 * @brief A pool that ends with its block, however the block is left
 *
 * Four queries go to a database, three at a time. Inside the block the pool takes one query more;
 * at its end it waits for all tasks and ends its threads. Only then the database is closed and
 * removed: nobody uses it any more. In the second part the block fails half-way and is left by
 * `return`. The pool is shut down all the same, before anybody hears of the failure.
 *
 * Source: threads, section 3.1, lines 793-876. The failure, which is its subject, is commented out
 * there, and its database is a sleep. Here it is SQLite, in a file.
 *
 * Look for: no line of the program shuts the pool down. C has no `with`, but a variable can have a
 * function that is called when it goes out of scope.
 *
 * Facts:
 * - four of four queries succeed, and a fifth one inside the block
 * - each asks the real tables, and one of them writes
 * - the clean-up comes once, after all tasks have ended
 * - a submit after the block is refused, and runs nothing
 * - a block that fails has waited for its tasks before the failure is reported
 * - three queries one after another take 2.1 s at least
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "demo_future.h"
#include "demo_random.h"

enum { QUERIES = 4 };

struct query {
    const char *id;
    const char *sql;
};

static const struct query queries[QUERIES] = {
    {"SELECT_USERS", "SELECT count(*) FROM users"},
    {"GET_ORDERS", "SELECT sum(amount) FROM orders"},
    {"FETCH_PRODUCTS", "SELECT group_concat(name, ' ') FROM products"},
    {"UPDATE_STATS", "UPDATE products SET sold = sold + 1 RETURNING sold"},
};

static const struct query extra_query = {
    "EXTRA_QUERY", "SELECT name FROM products WHERE price = (SELECT max(price) FROM products)"};

static const char tables[] =
    "CREATE TABLE users(name); INSERT INTO users VALUES ('Ada'), ('Alan'), ('Edsger');"
    "CREATE TABLE orders(amount); INSERT INTO orders VALUES (20), (22);"
    "CREATE TABLE products(name, price, sold); INSERT INTO products VALUES ('lock', 5, 0);"
    "INSERT INTO products VALUES ('queue', 9, 0), ('event', 4, 0);";

static char path[4096];
static atomic_uint tasks_run;
static double slowness = 1; /* of the database; set while no task runs */

/* A connection of the caller's own; NULL: there is none. */
static sqlite3 *connect_database(void)
{
    sqlite3 *database = NULL;
    if (sqlite3_open(path, &database) != SQLITE_OK) {
        sqlite3_close(database);
        return NULL;
    }
    sqlite3_busy_timeout(database, (int)(DEMO_PATIENCE * 1000));
    return database;
}

/* The first row's first value, on the heap; NULL: the query failed. */
static char *ask(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    char *answer = NULL;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        answer = demo_text("%s", (const char *)sqlite3_column_text(statement, 0));
    while (answer != NULL && sqlite3_step(statement) == SQLITE_ROW)
        continue;
    sqlite3_finalize(statement);
    return answer;
}

static void *run_query(void *arg)
{
    const struct query *query = arg;
    demo_random dice = demo_random_stream(++tasks_run);
    demo_say("%s: connects", query->id);
    sqlite3 *database = connect_database();
    if (database == NULL)
        return weft_raise(WEFT_USER, "%s: no database", query->id);
    demo_sleep(0.5 * slowness);
    demo_say("%s: executes", query->id);
    char *answer = ask(database, query->sql);
    demo_sleep(demo_random_between(&dice, 0.2, 0.8) * slowness);
    if (answer == NULL)
        weft_raise(WEFT_USER, "%s: %s", query->id, sqlite3_errmsg(database));
    sqlite3_close(database);
    demo_say("%s: done", query->id);
    return answer != NULL ? answer : WEFT_RAISED;
}

static weft_future *submit(weft_executor *pool, const struct query *query)
{
    void *task = (void *)(uintptr_t)query; /* only read */
    return weft_executor_submit(pool, run_query, task, .tag = task, .free_value = free);
}

static bool create_database(void)
{
    demo_temporary(path, sizeof path);
    int file = mkstemp(path);
    if (file < 0)
        return false;
    close(file);
    sqlite3 *database = connect_database();
    bool made = database != NULL && sqlite3_exec(database, tables, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_close(database);
    return made;
}

static void clean_up(void)
{
    demo_say("cleans up");
    demo_sleep(0.1);
    unlink(path);
}

/* ---- the block that goes well ---- */

static int collect(weft_future *const *futures)
{
    int succeeded = 0;
    weft_future *done;
    weft_status status;
    WEFT_AS_COMPLETED(done, QUERIES, futures, DEMO_PATIENCE, status) {
        const struct query *query = weft_future_tag(done);
        const char *answer = weft_future_value(done);
        demo_say("%s: %s", query->id, answer != NULL ? answer : weft_future_error(done)->message);
        succeeded += answer != NULL;
    }
    return succeeded;
}

static bool says(weft_future *future, const char *expected)
{
    const char *value = weft_future_value(future);
    return value != NULL && strcmp(value, expected) == 0;
}

static void ask_all(void)
{
    weft_future *futures[QUERIES] = {NULL};
    weft_executor *kept = NULL;
    WEFT_WITH_EXECUTOR(pool, 3, .thread_name_prefix = "db") {
        kept = weft_executor_ref(pool);
        for (int i = 0; i < QUERIES; i++)
            futures[i] = demo_must(submit(pool, &queries[i]));
        CHECK(collect(futures) == QUERIES, "four of four queries succeeded");
        demo_say("submits one more inside the block");
        weft_future *extra = demo_must(submit(pool, &extra_query));
        CHECK(weft_future_result(extra, NULL) == WEFT_OK && says(extra, "queue"),
              "so did a fifth one: the dearest product is the queue");
        weft_future_free(extra);
    }
    demo_say("the block is left");
    CHECK(says(futures[0], "3") && says(futures[1], "42") && says(futures[2], "lock queue event") &&
              says(futures[3], "1"),
          "3 users, 42 in orders, 3 products, and 1 sold of each");
    weft_future *late = submit(kept, &queries[0]);
    weft_status refused = weft_last_status();
    demo_say("submits after the block: %s", weft_strerror(refused));
    CHECK(late == NULL && refused == WEFT_SHUTDOWN && tasks_run == QUERIES + 1,
          "a submit after the block is refused, and no task was run for it");
    CHECK(weft_thread_active_count() == 1, "no thread of the pool is left");
    demo_free_futures(QUERIES, futures);
    weft_executor_free(kept);
}

/* ---- the block that fails ---- */

static weft_status ask_and_fail(weft_future **first, weft_future **second)
{
    WEFT_WITH_EXECUTOR(pool, 1, .thread_name_prefix = "failing") {
        *first = demo_must(submit(pool, &queries[0]));
        *second = demo_must(submit(pool, &queries[1]));
        demo_say("something goes wrong inside the block");
        return WEFT_FAILED; /* leaves the block by its end, not past it */
    }
    return weft_last_status(); /* there was no pool */
}

int main(void)
{
    weft_future *futures[2] = {NULL, NULL};
    demo_begin("A pool that ends with its block, however the block is left");
    if (!create_database())
        return demo_skip("there is no place for a temporary database");

    demo_part("A block that goes well");
    double start = demo_now();
    ask_all();
    CHECK(demo_at_least(demo_now() - start, 2.1),
          "three queries one after another: 2.1 s at least");

    demo_part("A block that fails");
    slowness = 0.4;
    weft_status status = ask_and_fail(&futures[0], &futures[1]);
    demo_say("hears of the failure");
    CHECK(status == WEFT_FAILED && weft_future_done(futures[0]) && weft_future_done(futures[1]) &&
              demo_in_order("failing_0 GET_ORDERS: done", "MainThread hears of the failure"),
          "the pool has run both tasks before the failure was heard of");
    demo_free_futures(2, futures);

    clean_up();
    CHECK(demo_count("MainThread cleans up") == 1 && demo_count("* done") == QUERIES + 3 &&
              demo_in_order("failing_0 GET_ORDERS: done", "MainThread cleans up"),
          "the clean-up came once, after all seven tasks");
    CHECK(access(path, F_OK) != 0, "the database is gone");
    return demo_end();
}
