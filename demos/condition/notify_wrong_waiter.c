/* SPDX-License-Identifier: MIT */
/**
 * @file notify_wrong_waiter.c
 * @brief notify can wake a waiter that cannot use the event; notify_all cannot
 *
 * Two workers wait on one condition, each for a task of its own type. notify() does not know what
 * they wait for: it wakes the one that has waited longest. If that is the right one all is well. If
 * B's worker waited first, and a task for A is added, B's worker wakes, finds nothing for it and
 * waits again, behind A's worker. A's task lies there and nobody has been told. The next
 * notification is one short: somebody is left with a task and no wake-up, and only a time-out gets
 * it out. notify_all() tells everybody.
 *
 * Source: locks, section 3.2, lines 2193-2237.
 *
 * Look for: the time-out of B's worker when the task that it waits for is there. Without one it
 * would wait for ever.
 *
 * Facts:
 * - right order: each worker does the task of its type, no wait times out
 * - wrong order: B's worker is woken for A's task; it gets its own only when its 2 s are over
 * - wrong order, notify_all: both get their tasks, no wait times out
 */
#include "demo.h"
#include "demo_thread.h"

enum { MOST = 4 };

struct worker {
    char type;
    double patience; /* of each wait but the first, in real seconds */
    int timeouts;
    bool found_late; /* the task was there when the last wait timed out */
    bool waited_2s;  /* and that wait had lasted 2 s */
};

static weft_condition condition = WEFT_CONDITION_INIT; /* guards all below, and the workers */
static char tasks[MOST];
static int task_count;

static bool take_task(char type) WEFT_REQUIRES(condition)
{
    for (int i = 0; i < task_count; i++) {
        if (tasks[i] == type) {
            tasks[i] = tasks[--task_count];
            return true;
        }
    }
    return false;
}

static void *work(void *arg)
{
    struct worker *me = arg;
    WEFT_HOLD(&condition);
    weft_status status = WEFT_OK;
    double seconds = DEMO_PATIENCE;
    while (!take_task(me->type)) {
        demo_say("finds nothing to do, waits");
        double start = demo_now();
        status = weft_condition_wait_for(&condition, seconds);
        seconds = me->patience;
        me->timeouts += status == WEFT_TIMEOUT;
        me->waited_2s = demo_at_least(demo_now() - start, 2.0);
        demo_say("%s", status == WEFT_OK ? "is woken" : "has waited long enough");
    }
    me->found_late = status == WEFT_TIMEOUT;
    demo_say("does task %c", me->type);
    return arg;
}

static void add_task(char type, bool all)
{
    WEFT_HOLD(&condition);
    tasks[task_count++] = type;
    demo_say("adds a task for %c, notifies %s", type, all ? "all" : "one");
    if (all)
        weft_condition_notify_all(&condition);
    else
        weft_condition_notify(&condition, 1);
}

/* Starts a worker and waits until it waits as one of `count`. */
static weft_thread *start(struct worker *worker, size_t count)
{
    weft_thread *thread = demo_spawn(work, worker, "worker-%c", worker->type);
    DEMO_AWAIT(weft_condition_waiters(&condition) == count);
    return thread;
}

static void notify_the_right_one(void)
{
    demo_part("notify, the right one waits first");
    struct worker a = {.type = 'A', .patience = DEMO_PATIENCE};
    struct worker b = {.type = 'B', .patience = DEMO_PATIENCE};
    weft_thread *threads[] = {start(&a, 1), start(&b, 2)};
    demo_sleep(0.5);
    add_task('A', false);
    add_task('B', false);
    demo_join_all(2, threads);
    CHECK(task_count == 0 && a.timeouts + b.timeouts == 0,
          "each worker does the task of its type, no wait times out");
}

static void notify_the_wrong_one(void)
{
    demo_part("notify, the wrong one waits first");
    struct worker a = {.type = 'A', .patience = DEMO_PATIENCE};
    struct worker b = {.type = 'B', .patience = demo_seconds(2.0)};
    weft_thread *threads[] = {start(&b, 1), start(&a, 2)};
    size_t before = demo_count("worker-B is woken");
    add_task('A', false);
    DEMO_AWAIT(demo_count("worker-B is woken") > before);
    DEMO_AWAIT(weft_condition_waiters(&condition) == 2); /* it waits again, behind worker-A */
    demo_sleep(0.1);
    add_task('B', false);
    demo_join_all(2, threads);
    CHECK(demo_count("worker-B is woken") == before + 1, "B's worker was woken once, for A's task");
    CHECK(task_count == 0 && a.timeouts == 0, "A's worker got its task by B's notification");
    CHECK(b.found_late && b.waited_2s,
          "B's worker got its own only when its 2 s were over: its wake-up was lost");
}

static void notify_both(void)
{
    demo_part("notify_all, the wrong one waits first");
    struct worker a = {.type = 'A', .patience = DEMO_PATIENCE};
    struct worker b = {.type = 'B', .patience = DEMO_PATIENCE};
    weft_thread *threads[] = {start(&b, 1), start(&a, 2)};
    demo_sleep(0.5);
    add_task('A', true);
    demo_sleep(0.1);
    add_task('B', true);
    demo_join_all(2, threads);
    CHECK(task_count == 0 && a.timeouts + b.timeouts == 0,
          "both workers get their tasks, no wait times out");
}

int main(void)
{
    demo_begin("notify can wake a waiter that cannot use the event; notify_all cannot");
    notify_the_right_one();
    notify_the_wrong_one();
    notify_both();
    return demo_end();
}
