/* SPDX-License-Identifier: MIT */
/**
 * @file future_basics.c
 * @brief What a future is: a result that will be there later
 *
 * Two tasks are submitted to a pool of two: A takes two seconds, B takes one. Each submit gives a
 * future at once, long before there is a result. The main thread can look at it (is it done? in
 * which state is it?) without waiting, or ask for the result, and wait until it is there.
 *
 * Source: threads, section 3.3, lines 1431-1476.
 *
 * Look for: the result of B is asked for first, because it is there first. Asked for A first, the
 * main thread would have waited for both.
 *
 * Facts:
 * - right after the submit neither is done, and both run
 * - when the result of B is there, after 1 s at least, A still runs
 * - the result of A is there after 2 s at least; then both are done
 * - the tasks ran at the same time, in two threads
 * - a future that is done says so, and has its value
 */
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_future.h"

struct task {
    const char *name;
    double seconds;
    atomic_bool *after; /* it does not end before this is true; NULL: it may */
    uint32_t ident;     /* of its thread */
};

static demo_rendezvous both_run = DEMO_RENDEZVOUS_INIT(2);

static void *work(void *arg)
{
    struct task *task = arg;
    demo_say("task %s begins", task->name);
    task->ident = weft_thread_ident(weft_thread_current());
    demo_rendezvous_meet(&both_run);
    demo_sleep(task->seconds);
    if (task->after != NULL)
        DEMO_AWAIT(*task->after);
    demo_say("task %s ends", task->name);
    return demo_text("the result of %s", task->name);
}

static void print(const char *name, weft_future *future)
{
    weft_task_state state = weft_future_state(future);
    if (state == WEFT_TASK_FINISHED)
        demo_say("%s: <Future finished, returned \"%s\">", name,
                 (const char *)weft_future_value(future));
    else
        demo_say("%s: <Future %s>, done: %s", name, weft_task_state_name(state),
                 weft_future_done(future) ? "yes" : "no");
}

int main(void)
{
    atomic_bool b_was_heard = false;
    struct task tasks[2] = {{"A", 2.0, &b_was_heard, 0}, {"B", 1.0, NULL, 0}};
    void *value;
    demo_begin("What a future is: a result that will be there later");
    double start = demo_now();
    WEFT_WITH_EXECUTOR(pool, 2, .thread_name_prefix = "worker") {
        weft_future *a = demo_must(weft_executor_submit(pool, work, &tasks[0], .free_value = free));
        weft_future *b = demo_must(weft_executor_submit(pool, work, &tasks[1], .free_value = free));
        DEMO_AWAIT(weft_future_running(a) && weft_future_running(b));
        print("A", a);
        print("B", b);
        CHECK(!weft_future_done(a) && !weft_future_done(b), "neither is done, both run");

        weft_status status = weft_future_result(b, &value);
        double elapsed = demo_now() - start;
        CHECK(status == WEFT_OK && strcmp(value, "the result of B") == 0,
              "the result of B is there");
        CHECK(demo_at_least(elapsed, 1.0), "after 1 s at least");
        print("A", a);
        CHECK(weft_future_done(b) && !weft_future_done(a) && weft_future_running(a),
              "B is done, A still runs");
        b_was_heard = true;

        status = weft_future_result(a, &value);
        elapsed = demo_now() - start;
        CHECK(status == WEFT_OK && strcmp(value, "the result of A") == 0,
              "the result of A is there");
        CHECK(demo_at_least(elapsed, 2.0), "after 2 s at least");
        print("A", a);
        print("B", b);
        CHECK(weft_future_done(a) && weft_future_done(b), "both are done");
        CHECK(demo_count("MainThread ?: <Future finished, returned *the result of *") == 2,
              "both print as finished, with what they returned");
        weft_future_free(a);
        weft_future_free(b);
    }
    CHECK(tasks[0].ident != tasks[1].ident, "the two ran in two threads, at the same time");
    return demo_end();
}
