/* SPDX-License-Identifier: MIT */
/**
 * @file thread_name_prefix.c
 * @brief The names of a pool's threads
 *
 * A pool that is given a prefix names its threads Worker_0, Worker_1 and so on; who looks at a
 * trace, a debugger or `ps` knows whose they are. Five tasks that do nothing say in which thread
 * they ran. They are so short that one thread may do them all. Then three tasks wait for each
 * other: now there have to be three threads.
 *
 * Source: threads, section 3.1, lines 542-565.
 *
 * Look for: a thread is only started if no idle one is there. The name that the system shows is
 * the same, cut to 15 characters.
 *
 * Facts:
 * - each of five tasks ran in a thread named Worker_0, Worker_1 or Worker_2
 * - a name and a number belong together: no two threads share one
 * - three tasks that wait for each other ran in Worker_0, Worker_1 and Worker_2
 * - the system knows the threads by the same names
 * - without a prefix the pool makes one up, ThreadPoolExecutor-N, another one for each pool
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "demo.h"
#include "demo_future.h"

enum { WORKERS = 3, TASKS = 5 };

struct task {
    int number;
    demo_rendezvous *meeting; /* NULL: does not wait */
    char name[64];
    char system_name[16];
    uint32_t ident;
};

static demo_rendezvous all_here = DEMO_RENDEZVOUS_INIT(WORKERS);

static void *note_thread(void *arg)
{
    struct task *task = arg;
    weft_thread *self = weft_thread_current();
    if (task->meeting != NULL)
        demo_rendezvous_meet(task->meeting);
    snprintf(task->name, sizeof task->name, "%s", weft_thread_name(self));
    task->ident = weft_thread_ident(self);
    pthread_getname_np(pthread_self(), task->system_name, sizeof task->system_name);
    return task;
}

static void run(weft_executor *pool, int count, struct task *tasks, demo_rendezvous *meeting)
{
    weft_future *futures[TASKS];
    weft_future *done;
    weft_status status;
    for (int i = 0; i < count; i++) {
        tasks[i] = (struct task){.number = i, .meeting = meeting};
        futures[i] = demo_must(weft_executor_submit(pool, note_thread, &tasks[i]));
    }
    WEFT_AS_COMPLETED(done, (size_t)count, futures, DEMO_PATIENCE, status) {
        const struct task *task = weft_future_value(done);
        demo_say("task %d ran in %s, thread number %u", task->number, task->name, task->ident);
    }
    demo_free_futures((size_t)count, futures);
}

static bool is_a_workers_name(const char *name)
{
    return strcmp(name, "Worker_0") == 0 || strcmp(name, "Worker_1") == 0 ||
           strcmp(name, "Worker_2") == 0;
}

/* Whether the names are equal exactly where the numbers are. */
static bool one_to_one(const struct task *tasks, int count)
{
    for (int i = 0; i < count; i++)
        for (int j = 0; j < i; j++)
            if ((tasks[i].ident == tasks[j].ident) != (strcmp(tasks[i].name, tasks[j].name) == 0))
                return false;
    return true;
}

static void name_without_prefix(char *name, size_t size)
{
    struct task task = {0};
    WEFT_WITH_EXECUTOR(pool, 1) {
        run(pool, 1, &task, NULL);
    }
    snprintf(name, size, "%s", task.name);
}

int main(void)
{
    struct task tasks[TASKS + WORKERS];
    demo_begin("The names of a pool's threads");
    WEFT_WITH_EXECUTOR(pool, WORKERS, .thread_name_prefix = "Worker") {
        demo_part("Five tasks that do nothing");
        run(pool, TASKS, tasks, NULL);
        demo_say("%u of %d threads were started", demo_stats(pool).workers, WORKERS);
        demo_part("Three tasks that wait for each other");
        run(pool, WORKERS, tasks + TASKS, &all_here);
    }
    bool named = true;
    bool system_too = true;
    for (int i = 0; i < TASKS + WORKERS; i++) {
        named = named && is_a_workers_name(tasks[i].name);
        system_too = system_too && strcmp(tasks[i].name, tasks[i].system_name) == 0;
    }
    const struct task *three = tasks + TASKS;
    CHECK(named, "every task ran in Worker_0, Worker_1 or Worker_2");
    CHECK(one_to_one(tasks, TASKS + WORKERS), "a name and a number belong together");
    CHECK(strcmp(three[0].name, three[1].name) != 0 && strcmp(three[0].name, three[2].name) != 0 &&
              strcmp(three[1].name, three[2].name) != 0,
          "who waits for each other ran in three threads: Worker_0, Worker_1, Worker_2");
    CHECK(system_too, "the system knows the threads by the same names");

    demo_part("Two pools without a prefix");
    char first[64];
    char second[64];
    unsigned numbers[2] = {0, 0};
    name_without_prefix(first, sizeof first);
    name_without_prefix(second, sizeof second);
    CHECK(sscanf(first, "ThreadPoolExecutor-%u_0", &numbers[0]) == 1 &&
              sscanf(second, "ThreadPoolExecutor-%u_0", &numbers[1]) == 1 &&
              numbers[0] != numbers[1],
          "each pool makes up a prefix of its own, ThreadPoolExecutor-N");
    return demo_end();
}
