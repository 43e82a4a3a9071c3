/* SPDX-License-Identifier: MIT */
/*
 * Forks at any moment: threads submit, cancel, compose and complete, and the main thread forks again
 * and again. Each child asks for every future that is in the table, without a timeout. One that is not
 * done there, and never will be, makes the child hang, and its alarm ends it.
 */
#include "test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "under_tsan.h"

enum { WORKERS = 3, FUTURES = 24, FORKS = 200, PATIENCE = 30 };

const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0"; /* a child has not freed what the others need */
}

struct load {
    weft_executor *pool;
    weft_lock lock; /* guards the tables; the forking thread holds it, so the child has it */
    weft_future *futures[FUTURES];
    weft_future *promises[FUTURES]; /* what some of them wait for; all that are not done */
    atomic_bool over;
    atomic_uint seeds;
};

static void *work(void *arg)
{
    return weft_cancel_requested() ? NULL : arg;
}

static void *follow(weft_future *future, void *arg)
{
    WITNESS(weft_future_done(future));
    return arg;
}

/* One of a table, with a reference. */
static weft_future *pick(struct load *load, weft_future **table, uint32_t random)
{
    weft_future *future = NULL;
    WEFT_WITH(&load->lock)
        future = weft_future_ref(table[random % FUTURES]);
    return future;
}

/*
 * Puts one into a table, and gives up what was there. A promise is kept first, for others need it; while
 * another thread is about to keep it, it stays, for a child could not find it.
 */
static void put(struct load *load, weft_future **table, uint32_t random, weft_future *future)
{
    weft_future *before = future;
    WEFT_WITH(&load->lock) {
        weft_future **place = &table[random % FUTURES];
        if (table == load->promises)
            (void)weft_future_set_result(*place, load);
        if (table != load->promises || weft_future_done(*place)) {
            before = *place;
            *place = future;
        }
    }
    weft_future_free(before);
}

static weft_future *make(struct load *load, uint32_t random, weft_future *const *sources)
{
    switch (random % 6) {
    case 0:
        return weft_future_then(sources[0], work, .executor = load->pool);
    case 1:
        return weft_future_then(sources[0], .always = follow, .arg = load);
    case 2:
        return weft_when_all(2, sources);
    case 3:
        return weft_when_any(2, sources);
    default:
        return weft_executor_submit(load->pool, work, load, .priority = (int)(random % 3));
    }
}

static void *act(void *arg)
{
    struct load *load = arg;
    uint64_t random = 77003U + 31U * atomic_fetch_add(&load->seeds, 1);
    while (!atomic_load(&load->over)) {
        uint32_t what = test_random(&random);
        weft_future *sources[] = {
            pick(load, what % 2 == 0 ? load->promises : load->futures, what / 2),
            pick(load, load->futures, what / 64)};
        weft_future *future = make(load, what / 256, sources);
        WITNESS(future != NULL && weft_future_add_done_callback(future, follow, load) == WEFT_OK);
        put(load, load->futures, what / 1024, future);
        if (what / 4096 % 4 == 0)
            (void)weft_future_request_cancel(sources[1]);
        if (what / 4096 % 4 == 1)
            (void)weft_future_set_result(sources[0], load); /* if it is a promise */
        if (what / 4096 % 4 == 2)
            put(load, load->promises, what / 16384, weft_future_new());
        weft_future_free(sources[0]);
        weft_future_free(sources[1]);
    }
    return NULL;
}

/* In the child: promises are the program's to complete; all others are done then. */
static void ask_for_all(struct load *load)
{
    alarm(PATIENCE);
    for (size_t i = 0; i < FUTURES; i++)
        if (weft_future_set_result(load->promises[i], load) != WEFT_OK)
            WITNESS(weft_future_done(load->promises[i]));
    for (size_t i = 0; i < FUTURES; i++) {
        weft_status status = weft_future_result(load->futures[i], NULL);
        WITNESS(status == WEFT_OK || status == WEFT_FAILED || status == WEFT_CANCELLED);
        WITNESS(weft_future_done(load->futures[i]));
    }
}

static bool holds_in_child(struct load *load)
{
    int status = 0;
    (void)weft_lock_acquire(&load->lock);
    pid_t child = fork();
    if (child == 0) {
        ask_for_all(load);
        _exit(test_witness_failures() != 0);
    }
    (void)weft_lock_release(&load->lock);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

TEST(every_future_is_done_in_the_child_whenever_that_is_forked)
{
    if (UNDER_TSAN) /* a child may find its allocator locked for ever, by a thread of the parent */
        skip();
    struct load load = {.pool = weft_executor_new(2)};
    for (size_t i = 0; i < FUTURES; i++) {
        load.promises[i] = weft_future_new();
        load.futures[i] = weft_executor_submit(load.pool, work, &load);
    }
    fflush(NULL);
    struct crew crew = crew_start(WORKERS, act, &load);
    int held = 0;
    while (held < FORKS && holds_in_child(&load))
        held++;
    atomic_store(&load.over, true);
    crew_join(&crew);
    assert_int_equal(held, FORKS);
    for (size_t i = 0; i < FUTURES; i++) {
        (void)weft_future_set_result(load.promises[i], &load);
        weft_future_free(load.promises[i]);
        weft_future_free(load.futures[i]);
    }
    assert_int_equal(weft_executor_shutdown(load.pool), WEFT_OK);
    weft_executor_free(load.pool);
}
