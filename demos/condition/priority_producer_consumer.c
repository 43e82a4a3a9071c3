/* SPDX-License-Identifier: MIT */
/**
 * @file priority_producer_consumer.c
 * @brief Priority scheduling with a heap and a Condition
 *
 * Tasks have a priority, and consumers take the most urgent one that is there. The list is a heap:
 * its first element is the greatest, and putting one in or taking one out moves a few elements
 * only. A number counts the tasks, so that of two with the same priority the older one comes first.
 *
 * First all tasks are there before anybody takes one: the order shows. Then they trickle in, two
 * consumers take them as they come, and the priority decides only among those that are waiting.
 *
 * Source: locks, section 3.3, lines 2459-2507.
 *
 * Look for: which way the comparison goes. Python's heapq gives the *smallest* first, so the
 * original serves priority 1 before 5, and calls 5 the high one.
 *
 * Facts:
 * - from a full heap: high 1, high 2, middle 1, low 1, low 2
 * - as they trickle in, each of the five tasks is done exactly once
 * - the consumers end by themselves when all is done, and leave nothing behind
 */
#include "demo.h"
#include "demo_thread.h"

enum { TASKS = 5 };

struct task {
    int priority;
    const char *what;
    int number; /* how many came before */
};

static const struct task given[TASKS] = {{.priority = 1, .what = "low 1"},
                                         {.priority = 5, .what = "high 1"},
                                         {.priority = 3, .what = "middle 1"},
                                         {.priority = 5, .what = "high 2"},
                                         {.priority = 1, .what = "low 2"}};

static weft_condition condition = WEFT_CONDITION_INIT; /* guards all below */
static struct task heap[TASKS];
static int length;
static int counter;
static bool closed;

/* ---- the heap: no element goes before its parent, element (i - 1) / 2 ---- */

static bool goes_before(const struct task *a, const struct task *b)
{
    return a->priority > b->priority || (a->priority == b->priority && a->number < b->number);
}

static void exchange(int i, int j)
{
    struct task task = heap[i];
    heap[i] = heap[j];
    heap[j] = task;
}

static void heap_push(struct task task)
{
    int i = length++;
    heap[i] = task;
    for (; i > 0 && goes_before(&heap[i], &heap[(i - 1) / 2]); i = (i - 1) / 2)
        exchange(i, (i - 1) / 2);
}

static struct task heap_pop(void)
{
    struct task top = heap[0];
    heap[0] = heap[--length];
    for (int i = 0, child = 1; child < length; i = child, child = 2 * i + 1) {
        if (child + 1 < length && goes_before(&heap[child + 1], &heap[child]))
            child++;
        if (!goes_before(&heap[child], &heap[i]))
            break;
        exchange(i, child);
    }
    return top;
}

/* ---- producing and consuming ---- */

static void produce(struct task task)
{
    WEFT_HOLD(&condition);
    task.number = counter++;
    heap_push(task);
    demo_say("adds %s, priority %d", task.what, task.priority);
    weft_condition_notify(&condition, 1);
}

static void close_heap(void)
{
    WEFT_HOLD(&condition);
    closed = true;
    demo_say("that was all");
    weft_condition_notify_all(&condition);
}

static bool there_is_news(void *arg)
{
    (void)arg;
    return length > 0 || closed;
}

/* False: there is none, and none will come. */
static bool next_task(struct task *task)
{
    WEFT_HOLD(&condition);
    weft_condition_wait_pred(&condition, there_is_news, NULL);
    if (length == 0)
        return false;
    *task = heap_pop();
    return true;
}

static void *consume(void *arg)
{
    struct task task;
    while (next_task(&task)) {
        demo_say("does %s, priority %d", task.what, task.priority);
        demo_sleep(0.5);
    }
    return arg;
}

int main(void)
{
    demo_begin("Priority scheduling with a heap and a Condition");

    demo_part("All tasks are there, one consumer");
    for (int i = 0; i < TASKS; i++)
        produce(given[i]);
    close_heap();
    demo_join(demo_spawn(consume, NULL, "consumer"));
    CHECK(demo_in_order("consumer does high 1, *", "consumer does high 2, *",
                        "consumer does middle 1, *", "consumer does low 1, *",
                        "consumer does low 2, *"),
          "the most urgent first, and among equals the oldest");
    CHECK(demo_count("consumer does *") == TASKS && length == 0,
          "each was done once, none is left");

    demo_part("Tasks trickle in, two consumers");
    closed = false;
    weft_thread *consumers[] = {demo_spawn(consume, NULL, "consumer-0"),
                                demo_spawn(consume, NULL, "consumer-1")};
    DEMO_AWAIT(weft_condition_waiters(&condition) == 2);
    for (int i = 0; i < TASKS; i++) {
        produce(given[i]);
        demo_sleep(0.2);
    }
    close_heap();
    demo_join_all(2, consumers);
    bool once = true;
    for (int i = 0; i < TASKS; i++)
        once = once && demo_count(demo_name("consumer-? does %s, *", given[i].what)) == 1;
    CHECK(once, "each of the five tasks was done exactly once");
    CHECK(length == 0 && weft_condition_waiters(&condition) == 0,
          "both consumers have ended, and nothing is left");
    return demo_end();
}
