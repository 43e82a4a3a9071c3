/* SPDX-License-Identifier: MIT */
/**
 * @file future_cancel.c
 * @brief Cancelling: what is queued never runs, what runs is left alone
 *
 * Both workers of a pool are busy, so the next task has to wait in the queue. While it waits it
 * can be cancelled, and is done at once: whoever waits for it goes on. A task that has started
 * cannot be cancelled; nothing stops a thread in the middle of its work. weft has one thing more
 * than Python: a task can be *asked* to end, and decides itself.
 *
 * Source: threads, section 3.3, lines 1590-1643. As written there the first task starts at once,
 * for both workers are idle; the cancellation is refused and the program ends with an exception.
 *
 * Look for: the task that is cancelled waits behind tasks that wait for an event. No sleep would
 * make sure that it has not started.
 *
 * Facts:
 * - a queued task is cancelled: it is done, cancelled, not running, and never entered
 * - its result is WEFT_CANCELLED at once; who waited for it is woken, its callbacks are called
 * - cancelling it once more succeeds again
 * - a running task refuses, goes on, and has its value; so does one that has finished
 * - among others a cancelled future comes exactly once
 * - a running task that is asked to end sees it, and ends as it likes
 */
#include "demo.h"
#include "demo_future.h"
#include "demo_thread.h"

static weft_event open = WEFT_EVENT_INIT;
static atomic_int entered; /* by tasks that are cancelled in time */

static void *block(void *arg)
{
    demo_say("is busy");
    weft_event_wait(&open);
    return arg;
}

static void *enter(void *arg)
{
    entered++;
    return arg;
}

static void *ask_for_result(void *arg)
{
    weft_status status = weft_future_result(arg, NULL);
    demo_say("gets: %s", weft_strerror(status));
    return arg;
}

static void *note(weft_future *future, void *arg)
{
    demo_say("the callback sees: cancelled %s", weft_future_cancelled(future) ? "yes" : "no");
    return arg;
}

static void cancel_queued(weft_executor *pool)
{
    weft_future *jobs[3];
    for (int i = 0; i < 2; i++)
        jobs[i] = demo_must(weft_executor_submit(pool, block, NULL));
    weft_future *queued = jobs[2] = demo_must(weft_executor_submit(pool, enter, NULL));
    DEMO_AWAIT(demo_stats(pool).running == 2);
    weft_thread *asker = demo_spawn(ask_for_result, queued, "asker");
    DEMO_AWAIT(weft_future_waiters(queued) == 1);
    bool added = weft_future_add_done_callback(queued, note, NULL) == WEFT_OK;
    demo_say("two tasks run, the third is %s", weft_task_state_name(weft_future_state(queued)));

    weft_status status = weft_future_cancel(queued);
    demo_say("cancels it: %s", weft_status_name(status));
    CHECK(status == WEFT_OK, "the queued task is cancelled");
    CHECK(weft_future_done(queued) && weft_future_cancelled(queued) && !weft_future_running(queued),
          "it is done, cancelled and not running");
    CHECK(weft_future_result_for(queued, NULL, 0) == WEFT_CANCELLED,
          "its result is \"cancelled\", at once");
    CHECK(weft_future_cancel(queued) == WEFT_OK, "cancelling it once more succeeds again");
    demo_join(asker);
    CHECK(demo_count("asker gets: the task was cancelled") == 1, "who waited for it was woken");
    CHECK(added && demo_count("MainThread the callback sees: cancelled yes") == 1,
          "its callback was called, by the thread that cancelled it");

    weft_event_set(&open);
    int came = 0;
    int seen = 0;
    weft_future *done;
    weft_status walk;
    WEFT_AS_COMPLETED(done, 3, jobs, DEMO_PATIENCE, walk) {
        came++;
        seen += done == queued;
    }
    CHECK(walk == WEFT_OK && came == 3 && seen == 1,
          "among three futures the cancelled one comes exactly once");
    CHECK(entered == 0 && demo_stats(pool).cancelled == 1, "its function was never entered");
    demo_free_futures(3, jobs);
}

static atomic_bool refused;

static void *take_a_second(void *arg)
{
    demo_sleep(1.0);
    DEMO_AWAIT(refused);
    return arg;
}

static void cancel_running(weft_executor *pool)
{
    int number = 42;
    void *value = NULL;
    weft_future *running = demo_must(weft_executor_submit(pool, take_a_second, &number));
    DEMO_AWAIT(weft_future_running(running));
    demo_sleep(0.2);
    weft_status status = weft_future_cancel(running);
    demo_say("cancels a task that is %s: %s", weft_task_state_name(weft_future_state(running)),
             weft_status_name(status));
    CHECK(status == WEFT_RUNTIME && !weft_future_done(running), "a running task refuses");
    refused = true;
    CHECK(weft_future_result(running, &value) == WEFT_OK && value == &number &&
              !weft_future_cancelled(running),
          "it goes on and has its value, and was not cancelled");
    status = weft_future_cancel(running);
    demo_say("cancels it when it is %s: %s", weft_task_state_name(weft_future_state(running)),
             weft_status_name(status));
    CHECK(status == WEFT_RUNTIME && !weft_future_cancelled(running), "a finished one does, too");
    weft_future_free(running);
}

/* Works in small steps, and ends early if it is asked to. */
static void *work_in_steps(void *arg)
{
    for (int step = 1; !weft_cancel_requested(); step++)
        demo_sleep(0.1); /* the request ends this, too */
    demo_say("was asked to end, and does");
    (void)arg;
    return weft_raise(WEFT_CANCELLED, "ended on request");
}

static void ask_running(weft_executor *pool)
{
    weft_future *running = demo_must(weft_executor_submit(pool, work_in_steps, NULL));
    DEMO_AWAIT(weft_future_running(running));
    demo_sleep(0.35);
    demo_say("asks the running task to end");
    CHECK(weft_future_request_cancel(running) == WEFT_OK, "a running task can be asked to end");
    CHECK(
        weft_future_result(running, NULL) == WEFT_CANCELLED && weft_future_cancelled(running) &&
            demo_in_order("MainThread asks the running task to end", "worker_? was asked to end*"),
        "it has seen it and given up: it counts as cancelled");
    weft_future_free(running);
}

int main(void)
{
    demo_begin("Cancelling: what is queued never runs, what runs is left alone");
    WEFT_WITH_EXECUTOR(pool, 2, .thread_name_prefix = "worker") {
        demo_part("A task that waits in the queue");
        cancel_queued(pool);
        demo_part("A task that runs");
        cancel_running(pool);
        demo_part("A task that lets itself be asked");
        ask_running(pool);
    }
    return demo_end();
}
