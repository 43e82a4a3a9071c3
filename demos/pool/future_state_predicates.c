/* SPDX-License-Identifier: MIT */
/**
 * @file future_state_predicates.c
 * @brief Five futures before and after waiting for all of them, and other ways to wait
 *
 * Five tasks on three workers: three run, two are queued. Waiting for all of them returns when the
 * last one is done, and fails not, though one of the tasks does: to wait is one thing, to ask for
 * the result is another. Then the other ways: for the first one, for the first failure, for some
 * time only. Each sorts the futures into those that are done and those that are not.
 *
 * Source: threads, section 3.3, lines 1728-1775.
 *
 * Look for: waiting for the first failure returns although tasks still run. It is meant for work
 * that is worthless once a part of it has failed.
 *
 * Facts:
 * - at first 1, 2 and 3 run, 4 and 5 do not, none is done or cancelled
 * - waiting for all gives five that are done and none that is not, after two waves of 2 s
 * - number 3 has failed, and only that one
 * - waiting for the first returns with that one; for the first failure with the one that failed
 * - a wait that times out gives what is done so far
 */
#include "demo.h"
#include "demo_future.h"

enum { FUTURES = 5, WORKERS = 3 };

static demo_rendezvous first_look = DEMO_RENDEZVOUS_INIT(WORKERS + 1);
static weft_event may_end = WEFT_EVENT_INIT; /* the slow ones of the later parts */

static void *test(void *arg)
{
    const int *number = arg;
    demo_say("task %d begins", *number);
    if (*number <= WORKERS)
        demo_rendezvous_meet(&first_look); /* it runs, and is seen to */
    demo_sleep(2.0);
    if (*number % 3 == 0)
        return weft_raise(WEFT_VALUE_ERROR, "task %d fails", *number);
    return arg;
}

static void *succeed(void *arg)
{
    return arg;
}

static void *fail(void *arg)
{
    (void)arg;
    return weft_raise(WEFT_VALUE_ERROR, "fails at once");
}

static void *wait_for_event(void *arg)
{
    weft_event_wait(&may_end);
    return arg;
}

static const char *yes_or_no(bool yes)
{
    return yes ? "yes" : "no";
}

static void print(weft_future *const *futures)
{
    demo_line("    %6s  %-7s  %-9s  %-4s  %s", "future", "running", "cancelled", "done", "result");
    for (int i = 0; i < FUTURES; i++)
        demo_line(
            "    %6d  %-7s  %-9s  %-4s  %s", i + 1, yes_or_no(weft_future_running(futures[i])),
            yes_or_no(weft_future_cancelled(futures[i])), yes_or_no(weft_future_done(futures[i])),
            !weft_future_done(futures[i])           ? "-"
            : weft_future_error(futures[i]) == NULL ? "success"
                                                    : "failed");
}

static void wait_for_all(weft_executor *pool)
{
    int numbers[FUTURES];
    weft_future *futures[FUTURES];
    weft_future *sorted[FUTURES];
    size_t done = 0;
    double start = demo_now();
    for (int i = 0; i < FUTURES; i++) {
        numbers[i] = i + 1;
        sorted[i] = futures[i] = demo_must(weft_executor_submit(pool, test, &numbers[i]));
    }
    for (int i = 0; i < WORKERS; i++)
        DEMO_AWAIT(weft_future_running(futures[i]));
    print(futures);
    bool as_expected = true;
    for (int i = 0; i < FUTURES; i++)
        as_expected = as_expected && weft_future_running(futures[i]) == (i < WORKERS) &&
                      !weft_future_done(futures[i]) && !weft_future_cancelled(futures[i]);
    CHECK(as_expected, "1, 2 and 3 run, 4 and 5 do not; none is done or cancelled");
    demo_rendezvous_meet(&first_look);

    weft_status status =
        weft_wait_futures(FUTURES, sorted, WEFT_ALL_COMPLETED, &done, DEMO_PATIENCE);
    double elapsed = demo_now() - start;
    demo_say("waited for all: %zu are done, %zu are not", done, FUTURES - done);
    CHECK(status == WEFT_OK && done == FUTURES,
          "all five are done, and the wait has not failed with the task that did");
    CHECK(demo_at_least(elapsed, 4.0), "two waves of 2 s: 4 s at least");
    print(futures);
    as_expected = true;
    for (int i = 0; i < FUTURES; i++)
        as_expected = as_expected && weft_future_done(futures[i]) &&
                      !weft_future_running(futures[i]) && !weft_future_cancelled(futures[i]) &&
                      (weft_future_error(futures[i]) != NULL) == (i == 2);
    CHECK(as_expected, "all are done, none runs, none was cancelled, and only number 3 has failed");
    demo_free_futures(FUTURES, futures);
}

/* Waits for `target`, which ends at once, and two tasks that wait for the event. Returns whether
   only that one is done. */
static bool only_one_is_done(weft_executor *pool, weft_target *target, weft_return_when when,
                             double seconds, weft_status expected)
{
    weft_future *futures[3];
    size_t done = 0;
    weft_event_clear(&may_end);
    futures[0] = demo_must(weft_executor_submit(pool, wait_for_event, NULL));
    futures[1] = demo_must(weft_executor_submit(pool, wait_for_event, NULL));
    weft_future *quick = futures[2] = demo_must(weft_executor_submit(pool, target, NULL));
    if (expected == WEFT_TIMEOUT)
        DEMO_AWAIT(weft_future_done(quick)); /* else it might be seen not to be done yet */
    weft_status status = weft_wait_futures(3, futures, when, &done, seconds);
    bool only = status == expected && done == 1 && futures[0] == quick &&
                !weft_future_done(futures[1]) && !weft_future_done(futures[2]);
    demo_say("the wait %s: %zu is done, %zu are not",
             status == WEFT_OK ? "is over" : "has timed out", done, 3 - done);
    weft_event_set(&may_end);
    for (int i = 0; i < 3; i++)
        weft_future_result(futures[i], NULL);
    demo_free_futures(3, futures);
    return only;
}

int main(void)
{
    demo_begin("Five futures before and after waiting for all of them, and other ways to wait");
    WEFT_WITH_EXECUTOR(pool, WORKERS, .thread_name_prefix = "worker") {
        demo_part("For all");
        wait_for_all(pool);
        demo_part("For the first one");
        CHECK(only_one_is_done(pool, succeed, WEFT_FIRST_COMPLETED, DEMO_PATIENCE, WEFT_OK),
              "the first one ends the wait, and stands before those that are not done");
        demo_part("For the first one that fails");
        CHECK(only_one_is_done(pool, fail, WEFT_FIRST_EXCEPTION, DEMO_PATIENCE, WEFT_OK),
              "the failure ends the wait while the others still run");
        demo_part("For all, with a time limit");
        double start = demo_now();
        CHECK(only_one_is_done(pool, succeed, WEFT_ALL_COMPLETED, demo_seconds(0.5), WEFT_TIMEOUT),
              "it times out with one that is done and two that are not");
        CHECK(demo_at_least(demo_now() - start, 0.5), "not before 0.5 s");
    }
    return demo_end();
}
