/* SPDX-License-Identifier: MIT */
/**
 * @file tiered_pools.c
 * @brief One pool for all, or one for each kind of task: who waits behind whom
 *
 * 200 tasks of three kinds come in a stream: 140 that wait 10 ms, 50 that compute for 5 ms, 10 that
 * are urgent and take 1 ms. With one pool of eight, an urgent task stands in the same queue as all
 * others. With a pool for each kind (16, as many as processors, 2) it only waits for its like. The
 * first part shows the worst case: all workers of the shared pool are in tasks that do not end.
 *
 * Source: threads, section 3.4.
 *
 * Look for: priorities in the shared queue are not enough. They put an urgent task first in the
 * queue, but give it no worker.
 *
 * Facts:
 * - shared: an urgent task, though first in the queue, does not start before another one ends
 * - separate: it is done while all others still run
 * - all 200 tasks are done in both set-ups
 * - separate: at no time more computing tasks run than there are processors
 * - submitted = queued + running + done, at every look
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_future.h"
#include "demo_processor.h"

enum kind { WAITING, COMPUTING, URGENT, KINDS };
enum { TASKS = 200, SHARED = 8, WAITERS = 16 };

static const char *const kind_names[KINDS] = {"waiting", "computing", "urgent"};

/* ---- the worst case ---- */

static void *occupy(void *arg)
{
    weft_event_wait(arg);
    return arg;
}

static void *hurry(void *arg)
{
    demo_say("does the urgent task");
    return arg;
}

/* All workers of the pool are in tasks that wait for the event. */
static void occupy_all(weft_executor *pool, int workers, weft_event *event)
{
    for (int i = 0; i < workers; i++)
        demo_posted(weft_executor_post(pool, occupy, event));
    DEMO_AWAIT(demo_stats(pool).running == (uint64_t)workers);
}

static void shared_worst_case(void)
{
    weft_event event = WEFT_EVENT_INIT;
    WEFT_WITH_EXECUTOR(pool, SHARED, .thread_name_prefix = "shared") {
        occupy_all(pool, SHARED, &event);
        weft_future *later = demo_must(weft_executor_submit(pool, occupy, &event));
        weft_future *urgent = demo_must(weft_executor_submit(pool, hurry, NULL, .priority = -1));
        weft_status status = weft_future_result_for(urgent, NULL, demo_seconds(0.5));
        demo_say("shared pool: the urgent task is %s after 0.5 s",
                 weft_task_state_name(weft_future_state(urgent)));
        CHECK(status == WEFT_TIMEOUT && weft_future_state(urgent) == WEFT_TASK_PENDING,
              "in the shared pool the urgent task has no worker, whatever its priority");
        weft_event_set(&event);
        CHECK(weft_future_result(urgent, NULL) == WEFT_OK,
              "it is done when one of the others has ended");
        weft_future_free(later);
        weft_future_free(urgent);
    }
}

static void separate_worst_case(void)
{
    weft_event event = WEFT_EVENT_INIT;
    WEFT_WITH_EXECUTOR(waiting, WAITERS, .thread_name_prefix = "waiting") {
        WEFT_WITH_EXECUTOR(urgent, 2, .thread_name_prefix = "urgent") {
            occupy_all(waiting, WAITERS, &event);
            weft_future *task = demo_must(weft_executor_submit(urgent, hurry, NULL));
            weft_status status = weft_future_result(task, NULL);
            CHECK(status == WEFT_OK && demo_stats(waiting).running == WAITERS,
                  "in a pool of its own it is done while all %d others still run", WAITERS);
            weft_event_set(&event);
            weft_future_free(task);
        }
    }
}

/* ---- the stream ---- */

struct task {
    enum kind kind;
    double submitted;
    double latency; /* from the submit to the end, of the story */
};

static demo_crowd computing;
static struct task tasks[TASKS];

static void *run_task(void *arg)
{
    struct task *task = arg;
    if (task->kind == COMPUTING) {
        demo_crowd_enter(&computing);
        demo_compute(0.005);
        demo_crowd_leave(&computing);
    } else {
        demo_sleep(task->kind == WAITING ? 0.010 : 0.001);
    }
    task->latency = demo_now() - task->submitted;
    return arg;
}

/* 70 % wait, 25 % compute, 5 % are urgent, well mixed. */
static enum kind kind_of(int number)
{
    return number % 20 == 19 ? URGENT : number % 4 == 1 ? COMPUTING : WAITING;
}

static bool adds_up(weft_executor *pool)
{
    weft_executor_stats stats = demo_stats(pool);
    return stats.submitted == stats.queued + stats.running + stats.done;
}

static int by_size(const void *left, const void *right)
{
    double l = *(const double *)left;
    double r = *(const double *)right;
    return (l > r) - (l < r);
}

static void print_latencies(void)
{
    demo_line("%12s %8s %10s %10s %10s", "kind", "tasks", "half", "95 %", "all");
    for (int kind = 0; kind < KINDS; kind++) {
        double latencies[TASKS];
        size_t count = 0;
        for (int i = 0; i < TASKS; i++)
            if ((int)tasks[i].kind == kind)
                latencies[count++] = tasks[i].latency * 1000;
        qsort(latencies, count, sizeof latencies[0], by_size);
        demo_line("%12s %8zu %7.1f ms %7.1f ms %7.1f ms", kind_names[kind], count,
                  latencies[count / 2], latencies[count * 95 / 100], latencies[count - 1]);
    }
}

/* Runs the stream on a pool for each kind, which may be one for all. Returns whether the counts of
   all pools have added up at every look. */
static bool run_stream(weft_executor *const pools[KINDS])
{
    bool sums = true;
    computing.peak = 0;
    for (int i = 0; i < TASKS; i++) {
        enum kind kind = kind_of(i);
        tasks[i] = (struct task){.kind = kind, .submitted = demo_now()};
        demo_posted(weft_executor_post(pools[kind], run_task, &tasks[i]));
        for (int k = 0; k < KINDS; k++)
            sums = sums && adds_up(pools[k]);
    }
    for (int k = 0; k < KINDS; k++)
        weft_executor_shutdown(pools[k]);
    print_latencies();
    return sums;
}

static void stream_to_one(void)
{
    WEFT_WITH_EXECUTOR(pool, SHARED) {
        bool sums = run_stream((weft_executor *[KINDS]){pool, pool, pool});
        CHECK(demo_stats(pool).done == TASKS, "all 200 tasks are done");
        CHECK(sums, "submitted was queued + running + done at every look");
    }
    demo_say("at most %d tasks computed at once", computing.peak);
}

static void stream_to_three(void)
{
    int processors = demo_processors();
    WEFT_WITH_EXECUTOR(waiting, WAITERS) {
        WEFT_WITH_EXECUTOR(computers, processors) {
            WEFT_WITH_EXECUTOR(urgent, 2) {
                bool sums = run_stream((weft_executor *[KINDS]){waiting, computers, urgent});
                CHECK(demo_stats(waiting).done == 140 && demo_stats(computers).done == 50 &&
                          demo_stats(urgent).done == 10,
                      "140, 50 and 10 tasks are done");
                CHECK(sums, "the counts of all three have added up at every look");
            }
        }
    }
    CHECK(computing.peak <= processors, "never more computed at once than there are processors: %d",
          processors);
}

int main(void)
{
    demo_begin("One pool for all, or one for each kind of task: who waits behind whom");
    demo_part("The worst case: tasks that do not end, and an urgent one");
    shared_worst_case();
    separate_worst_case();
    demo_part("200 tasks on one pool of eight");
    stream_to_one();
    demo_part("200 tasks on three pools");
    stream_to_three();
    return demo_end();
}
