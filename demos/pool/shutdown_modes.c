/* SPDX-License-Identifier: MIT */
/**
 * @file shutdown_modes.c
 * @brief Three ways to shut a pool down, and what becomes of the tasks
 *
 * A pool is shut down with tasks running and tasks queued. With waiting, the call returns when all
 * are done. Without waiting it returns at once, but interrupts nothing: even what was only queued
 * is still run, and the process does not end before. Who wants an early end cancels the futures:
 * then what runs ends, and what is queued never starts.
 *
 * Source: threads, section 3.1, lines 734-789. Its comment calls the second way "forced" and says
 * that tasks may be interrupted; they are not.
 *
 * Look for: in all three ways a later submit is refused. They differ in who waits, and in what
 * becomes of the queue.
 *
 * Facts:
 * - the three shortest tasks are heard of in the order of their length
 * - waiting: the shutdown returns when all five tasks are done, not before 6.5 s
 * - not waiting: it returns while two tasks run and one is queued, and all three are done later
 * - after it a submit is refused
 * - a process that ends meanwhile waits for its tasks
 * - cancelling: two running tasks end, the queued one is cancelled and never runs
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_child.h"
#include "demo_future.h"

struct task {
    int number;
    double seconds;
    atomic_int *after; /* it ends when this is at least `turn`, too; NULL: by time alone */
    int turn;
};

static void *run_long(void *arg)
{
    const struct task *task = arg;
    demo_say("begins task %d, %.1f s", task->number, task->seconds);
    demo_sleep(task->seconds);
    if (task->after != NULL)
        DEMO_AWAIT(*task->after >= task->turn);
    demo_say("ends task %d", task->number);
    return arg;
}

/* ---- with waiting ---- */

static void shut_down_and_wait(void)
{
    enum { TASKS = 5, EARLY = 3 };
    atomic_int heard = 0; /* task 1 ends after task 0 was heard of, and so on */
    struct task tasks[TASKS];
    weft_future *futures[TASKS];
    weft_future *done;
    weft_status status;
    int in_order = 0;
    weft_executor *pool = demo_must(weft_executor_new(3, .thread_name_prefix = "waited"));
    double start = demo_now();
    for (int i = 0; i < TASKS; i++) {
        tasks[i] = (struct task){i, 2.0 + 0.5 * i, &heard, i < EARLY ? i : EARLY};
        futures[i] =
            demo_must(weft_executor_submit(pool, run_long, &tasks[i], .tag = &tasks[i].number));
    }
    WEFT_AS_COMPLETED(done, EARLY, futures, DEMO_PATIENCE, status) {
        int number = *(int *)weft_future_tag(done);
        demo_say("hears that task %d is done", number);
        in_order += number == heard;
        heard++;
    }
    CHECK(in_order == EARLY, "tasks 0, 1 and 2 were heard of in this order");
    demo_say("shuts down and waits");
    weft_executor_shutdown(pool);
    demo_say("the pool is shut down");
    CHECK(demo_stats(pool).done == TASKS && demo_stats(pool).workers == 0,
          "all five tasks are done, and no thread is left");
    CHECK(demo_at_least(demo_now() - start, 6.5), "2.5 s for task 1 and then 4 s for task 4");
    CHECK(demo_in_order("waited_? ends task 0", "waited_? begins task 3*") &&
              demo_in_order("waited_? ends task 1", "waited_? begins task 4*"),
          "task 3 began when task 0 had ended, task 4 when task 1 had");
    demo_free_futures(TASKS, futures);
    weft_executor_free(pool);
}

/* ---- without waiting ---- */

struct three {
    weft_executor *pool;
    atomic_int open; /* the tasks end when it is 1 */
    struct task tasks[3];
    weft_future *futures[3];
};

/* Two tasks run, one is queued. */
static void start_three(struct three *three, const char *prefix, double seconds)
{
    three->pool = demo_must(weft_executor_new(2, .thread_name_prefix = prefix));
    for (int i = 0; i < 3; i++) {
        three->tasks[i] = (struct task){i, seconds, &three->open, 1};
        three->futures[i] =
            demo_must(weft_executor_submit(three->pool, run_long, &three->tasks[i]));
    }
    demo_sleep(seconds / 3);
    DEMO_AWAIT(demo_stats(three->pool).running == 2);
}

static void end_three(struct three *three)
{
    demo_free_futures(3, three->futures);
    weft_executor_free(three->pool);
}

static void shut_down_and_go(void)
{
    struct three three = {.open = 0};
    start_three(&three, "left", 3.0);
    demo_say("shuts down and does not wait");
    weft_executor_shutdown(three.pool, .no_wait = true);
    weft_executor_stats stats = demo_stats(three.pool);
    demo_say("goes on: %d tasks run, %d is queued", (int)stats.running, (int)stats.queued);
    CHECK(stats.running == 2 && stats.queued == 1,
          "the shutdown returned while two tasks ran and one was queued");
    weft_future *late = weft_executor_submit(three.pool, run_long, &three.tasks[0]);
    weft_status refused = weft_last_status();
    CHECK(late == NULL && refused == WEFT_SHUTDOWN, "a later submit is refused");
    three.open = 1;
    size_t done = 0;
    weft_status status =
        weft_wait_futures(3, three.futures, WEFT_ALL_COMPLETED, &done, DEMO_PATIENCE);
    CHECK(status == WEFT_OK && done == 3 && demo_count("left_? ends task 2") == 1,
          "nothing was interrupted: all three were done, the queued one, too");
    end_three(&three);
}

/* ---- at the end of the process ---- */

static int end_process(void *arg)
{
    static struct three three = {.open = 1};
    start_three(&three, "exiting", 0.6);
    weft_executor_shutdown(three.pool, .no_wait = true);
    demo_say("has nothing more to do");
    end_three(&three);
    (void)arg;
    return 0;
}

/* ---- cancelling ---- */

static void shut_down_and_cancel(void)
{
    struct three three = {.open = 0};
    start_three(&three, "cancelled", 0.6);
    demo_say("shuts down, cancels what is queued, does not wait");
    weft_executor_shutdown(three.pool, .no_wait = true, .cancel_futures = true);
    CHECK(weft_future_cancelled(three.futures[2]) && demo_stats(three.pool).cancelled == 1,
          "the queued task was cancelled at once");
    three.open = 1;
    weft_executor_shutdown(three.pool); /* now it waits */
    CHECK(weft_future_result(three.futures[0], NULL) == WEFT_OK &&
              weft_future_result(three.futures[1], NULL) == WEFT_OK,
          "the two that ran have ended and have results");
    CHECK(weft_future_result(three.futures[2], NULL) == WEFT_CANCELLED &&
              demo_count("cancelled_? begins task 2") == 0,
          "the cancelled one has never run");
    end_three(&three);
}

int main(void)
{
    demo_begin("Three ways to shut a pool down, and what becomes of the tasks");

    demo_part("A process that ends while its pool works");
    demo_child child = demo_child_run(end_process, NULL, WEFT_FOREVER);
    CHECK(child.exit_status == 0 && demo_count("exiting_? ends task ?") == 3 &&
              demo_in_order("child has nothing more to do", "exiting_? ends task 2"),
          "the process has waited for the three tasks before it ended");

    demo_part("With waiting");
    shut_down_and_wait();
    demo_part("Without waiting");
    shut_down_and_go();
    demo_part("Cancelling what is queued");
    shut_down_and_cancel();
    return demo_end();
}
