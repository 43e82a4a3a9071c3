/* SPDX-License-Identifier: MIT */
/**
 * @file worker_initializer.c
 * @brief What each worker sets up for itself before its first task
 *
 * A pool can be given an initializer and its argument. Each worker runs it once, before its first
 * task: here it makes a random generator, seeded with the base seed (the argument) and the worker's
 * number, and a count of tasks. Both lie in a Local, so each thread sees its own and nobody needs a
 * lock. In the second part an initializer fails: such a pool is broken.
 *
 * Source: threads, section 3.1, lines 572-611.
 *
 * Look for: the draw of a worker depends on its own seed only. One generator that all share, as
 * `random.seed()` sets it, would give what the last one who seeded it left behind.
 *
 * Facts:
 * - the initializer ran once in each of three workers, before that worker's first task
 * - the initializer got the argument; no two seeds are equal
 * - the counts of all workers make 10, and each worker counted 1, 2, 3 ... without a gap
 * - a worker that starts again from its seed draws the same number; other seeds, other numbers
 * - an initializer that fails breaks the pool: the tasks fail, and a submit is refused
 */
#include <stdio.h>
#include <stdlib.h>

#include "demo.h"
#include "demo_future.h"
#include "demo_random.h"

enum { WORKERS = 3, TASKS = 10 };

struct own {
    uint32_t seed;
    int tasks; /* how many this worker has run */
};

struct task {
    int number;
    uint32_t ident; /* of the thread that ran it; the next two are that thread's */
    uint32_t seed;
    int count;
    double value;
};

static WEFT_LOCAL_OF(struct own) owns = WEFT_LOCAL_OF_INIT(.destructor = free);
static atomic_uint initialized;
static demo_rendezvous all_here = DEMO_RENDEZVOUS_INIT(WORKERS);

static void *set_up(void *arg)
{
    const uint32_t *base = arg;
    struct own *own = malloc(sizeof *own);
    if (own == NULL)
        return weft_raise(WEFT_NO_MEMORY, "no memory for a worker's own data");
    *own = (struct own){.seed = *base + initialized++};
    if (WEFT_LOCAL_SET(&owns, own) != WEFT_OK) {
        free(own);
        return weft_raise(WEFT_NO_MEMORY, "no memory for a worker's own data");
    }
    demo_say("is set up, seed %u", own->seed);
    return NULL;
}

static void *draw(void *arg)
{
    struct task *task = arg;
    struct own *own = WEFT_LOCAL_GET(&owns);
    if (own == NULL)
        return weft_raise(WEFT_RUNTIME, "a task in a worker that was not set up");
    if (task->number < WORKERS)
        demo_rendezvous_meet(&all_here); /* so that three workers have to come */
    demo_random dice = demo_random_stream(own->seed);
    task->ident = weft_thread_ident(weft_thread_current());
    task->seed = own->seed;
    task->count = ++own->tasks;
    task->value = demo_random_between(&dice, 0, 1);
    demo_say("runs task %d, its number %d: draws %.3f", task->number, task->count, task->value);
    demo_sleep(0.1);
    return task;
}

/* Whether tasks have equal seeds and equal draws exactly if one worker ran them. */
static bool draws_fit(const struct task *tasks)
{
    bool fit = true;
    for (int i = 0; i < TASKS; i++)
        for (int j = 0; j < i; j++) {
            bool same = tasks[i].ident == tasks[j].ident;
            fit = fit && (tasks[i].seed == tasks[j].seed) == same &&
                  (tasks[i].value == tasks[j].value) == same;
        }
    return fit;
}

/* How many tasks the worker of this one ran, if it counted 1, 2, 3 ... without a gap; else 0. */
static int tasks_of_worker(const struct task *tasks, uint32_t ident)
{
    int count = 0;
    int sum = 0;
    for (int i = 0; i < TASKS; i++)
        if (tasks[i].ident == ident) {
            count++;
            sum += tasks[i].count;
        }
    return sum == count * (count + 1) / 2 ? count : 0;
}

static void check_tasks(const struct task *tasks)
{
    int workers = 0;
    int sum = 0;
    for (int i = 0; i < TASKS; i++)
        if (tasks[i].count == 1) {
            workers++;
            sum += tasks_of_worker(tasks, tasks[i].ident);
        }
    CHECK(initialized == WORKERS && workers == WORKERS,
          "three workers ran tasks, and the initializer ran three times");
    CHECK(sum == TASKS, "each worker counted 1, 2, 3 ..., and all together 10");
    CHECK(draws_fit(tasks), "the same worker drew the same number, another worker another one");
}

/* Whether the worker was set up once, and ran no task before. */
static bool was_set_up_first(int worker)
{
    char set_up_line[64];
    char task_line[64];
    snprintf(set_up_line, sizeof set_up_line, "worker_%d is set up, seed 100?", worker);
    snprintf(task_line, sizeof task_line, "worker_%d runs task *", worker);
    return demo_count(set_up_line) == 1 && demo_in_order(set_up_line, task_line);
}

static void *fail(void *arg)
{
    return weft_raise(WEFT_USER, "%s", (const char *)arg);
}

static void *never(void *arg)
{
    demo_say("runs a task without being set up");
    return arg;
}

int main(void)
{
    uint32_t base = 1000;
    struct task tasks[TASKS] = {{.number = 0}};
    weft_future *futures[TASKS];
    int done = 0;
    char what[] = "no database";
    demo_begin("What each worker sets up for itself before its first task");
    WEFT_WITH_EXECUTOR(pool, WORKERS, .thread_name_prefix = "worker", .initializer = set_up,
                       .init_arg = &base) {
        for (int i = 0; i < TASKS; i++) {
            tasks[i] = (struct task){.number = i};
            futures[i] = demo_must(weft_executor_submit(pool, draw, &tasks[i]));
        }
        for (int i = 0; i < TASKS; i++)
            done += weft_future_result(futures[i], NULL) == WEFT_OK;
    }
    demo_free_futures(TASKS, futures);
    CHECK(done == TASKS, "all ten tasks found their worker set up");
    for (int i = 0; i < WORKERS; i++)
        CHECK(was_set_up_first(i), "worker_%d was set up once, before its first task", i);
    check_tasks(tasks);
    CHECK(weft_local_count(&owns.local) == 0, "each worker's own data went when it ended");

    demo_part("An initializer that fails");
    weft_executor *broken = demo_must(weft_executor_new(1, .thread_name_prefix = "broken",
                                                        .initializer = fail, .init_arg = what));
    weft_future *task = demo_must(weft_executor_submit(broken, never, NULL));
    weft_status status = weft_future_result(task, NULL);
    const weft_error *error = weft_future_error(task);
    demo_say("the task has failed: %s", error == NULL ? "" : error->message);
    CHECK(status == WEFT_FAILED && error != NULL && error->code == WEFT_BROKEN_POOL,
          "the task that was queued fails: the pool is broken");
    weft_future *late = weft_executor_submit(broken, never, NULL);
    weft_status refused = weft_last_status();
    CHECK(late == NULL && refused == WEFT_BROKEN_POOL, "a later submit is refused");
    CHECK(demo_count("* runs a task without being set up") == 0, "neither was ever run");
    weft_future_free(task);
    weft_executor_shutdown(broken);
    weft_executor_free(broken);
    return demo_end();
}
