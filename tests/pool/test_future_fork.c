/* SPDX-License-Identifier: MIT */
/*
 * In the child of a fork nobody waits. What the program completes itself works on, and what the forking
 * thread was about goes on; test_lost.c has what other threads were about.
 */
#include "future_help.h"
#include "in_child.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void *fork_in_task(void *arg)
{
    (void)arg;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) { /* it goes on in the child, where it is a task as before */
        WITNESS(weft_future_running(weft_future_current()));
        WITNESS(weft_future_result(weft_future_current(), NULL) == WEFT_DEADLOCK);
        WITNESS(weft_future_request_cancel(weft_future_current()) == WEFT_OK);
        WITNESS(weft_cancel_requested());
        WITNESS(weft_sleep(1e6) == WEFT_INTERRUPTED);
        _exit(test_witness_failures() != 0);
    }
    int status = 0;
    WITNESS(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return NULL;
}

TEST(a_task_that_forks_goes_on_in_the_child)
{
    struct pool pool;
    pool_open(&pool, 1);
    weft_future *future = pool_submit(&pool, fork_in_task, NULL);
    assert_int_equal(weft_future_result(future, NULL), WEFT_OK);
    weft_future_free(future);
    pool_close(&pool);
}

/* Threads that wait for a promise in every way, on their own stacks. */
struct waiting {
    weft_future *futures[2];
    int calls;
};

static void *wait_for_result(void *arg)
{
    struct waiting *waiting = arg;
    WITNESS(weft_future_result(waiting->futures[0], NULL) == WEFT_OK);
    return NULL;
}

static void *wait_for_first(void *arg)
{
    struct waiting *waiting = arg;
    weft_future *futures[] = {waiting->futures[1], waiting->futures[0]};
    WITNESS(weft_wait_futures(2, futures, WEFT_FIRST_EXCEPTION, NULL, WEFT_FOREVER) == WEFT_OK);
    return NULL;
}

static void *walk_along(void *arg)
{
    struct waiting *waiting = arg;
    weft_future *future;
    weft_status status;
    WEFT_AS_COMPLETED(future, 2, waiting->futures, WEFT_FOREVER, status) {
    }
    WITNESS(status == WEFT_OK);
    return NULL;
}

static void *count_call(weft_future *future, void *arg)
{
    (void)future;
    ((struct waiting *)arg)->calls++;
    return NULL;
}

static void complete_in_child(void *arg)
{
    struct waiting *waiting = arg;
    weft_future *future;
    weft_status status;
    WITNESS(weft_future_waiters(waiting->futures[0]) == 0);
    WITNESS(weft_future_waiters(waiting->futures[1]) == 0);
    WITNESS(waiting->futures[1]->hooks == NULL); /* they lay on stacks that are used anew */
    WITNESS(weft_future_set_result(waiting->futures[0], &forty_two) == WEFT_OK);
    WITNESS(waiting->calls == 1); /* a callback is the program's, not a thread's */
    WITNESS(weft_future_result(waiting->futures[0], NULL) == WEFT_OK);
    size_t seen = 0;
    WEFT_AS_COMPLETED(future, 2, waiting->futures, 0.001, status)
        seen++;
    WITNESS(seen == 1 && status == WEFT_TIMEOUT);
    WITNESS(weft_future_cancel(waiting->futures[1]) == WEFT_OK);
}

TEST(a_promise_is_completed_in_the_child_too)
{
    weft_target *const ways[] = {wait_for_result, wait_for_first, walk_along};
    struct waiting waiting = {.futures = {weft_future_new(), weft_future_new()}};
    struct crew crew = {.size = 3};
    assert_int_equal(weft_future_add_done_callback(waiting.futures[0], count_call, &waiting),
                     WEFT_OK);
    for (size_t i = 0; i < 3; i++)
        crew.threads[i] = weft_thread_spawn(ways[i], &waiting);
    EVENTUALLY(weft_future_waiters(waiting.futures[0]) == 3);
    assert_true(holds_in_child_to_exit(complete_in_child, &waiting));
    assert_int_equal(waiting.calls, 0);
    assert_int_equal(weft_future_waiters(waiting.futures[0]), 3);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(weft_future_set_result(waiting.futures[i], NULL), WEFT_OK);
    crew_join(&crew);
    weft_future_free(waiting.futures[0]);
    weft_future_free(waiting.futures[1]);
}

/* The forking thread's own walk goes on in the child. */
TEST(a_walk_goes_on_in_the_child)
{
    weft_future *futures[] = {canned_future(FINISHED), weft_future_new()};
    weft_future *future;
    weft_status status;
    size_t seen = 0;
    int child_status = 1;
    pid_t child = 1;
    WEFT_AS_COMPLETED(future, 2, futures, WEFT_FOREVER, status) {
        if (++seen == 1) {
            fflush(NULL);
            child = fork();
            WITNESS(weft_future_set_result(futures[1], NULL) == WEFT_OK);
        }
    }
    if (child == 0)
        _exit(seen != 2 || status != WEFT_OK || test_witness_failures() != 0);
    assert_int_equal(waitpid(child, &child_status, 0), child);
    assert_int_equal(child_status, 0);
    assert_int_equal(seen, 2);
    weft_future_free(futures[0]);
    weft_future_free(futures[1]);
}
