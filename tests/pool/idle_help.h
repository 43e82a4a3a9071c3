/* SPDX-License-Identifier: MIT */
/*
 * The threads of this process as the system sees them: how often each was off a processor, and how long
 * on one.
 */
#ifndef TESTS_POOL_IDLE_HELP_H
#define TESTS_POOL_IDLE_HELP_H

#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "asleep.h"

enum { TASKS_MOST = 64 };

struct task {
    uint32_t id;
    unsigned long switches; /* off a processor, for whatever reason */
    unsigned long ticks;    /* of processor time */
};

struct tasks {
    size_t count;
    struct task each[TASKS_MOST];
};

static inline void read_task(struct task *task)
{
    char path[64];
    char line[512] = "";
    unsigned long user = 0;
    unsigned long in_system = 0;
    snprintf(path, sizeof path, "/proc/self/task/%u/status", task->id);
    FILE *status = fopen(path, "r");
    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL) {
        const char *is = strstr(line, "voluntary_ctxt_switches:"); /* or nonvoluntary */
        if (is != NULL)
            task->switches += strtoul(strchr(is, ':') + 1, NULL, 10);
    }
    fclose(status);
    snprintf(path, sizeof path, "/proc/self/task/%u/stat", task->id);
    FILE *stat = fopen(path, "r");
    assert_non_null(stat);
    assert_non_null(fgets(line, sizeof line, stat));
    fclose(stat);
    assert_int_equal(sscanf(strrchr(line, ')'),
                            ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                            &in_system),
                     2);
    task->ticks = user + in_system;
}

/* All of the process's but the caller and those that are in `except`. */
static inline struct tasks look(const struct tasks *except)
{
    struct tasks tasks = {0};
    DIR *folder = opendir("/proc/self/task");
    assert_non_null(folder);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        uint32_t id = (uint32_t)strtoul(entry->d_name, NULL, 10);
        bool wanted = id != 0 && id != thread_id();
        for (size_t i = 0; except != NULL && i < except->count; i++)
            wanted = wanted && except->each[i].id != id;
        if (wanted) {
            assert_in_range(tasks.count, 0, TASKS_MOST - 1);
            tasks.each[tasks.count].id = id;
            read_task(&tasks.each[tasks.count++]);
        }
    }
    closedir(folder);
    return tasks;
}

static inline void pause_for(double seconds)
{
    struct timespec left = {.tv_sec = (time_t)seconds,
                            .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&left, &left) != 0) {
    }
}

static inline bool same_tasks(const struct tasks *a, const struct tasks *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = a->each[i].id == b->each[i].id && a->each[i].switches == b->each[i].switches &&
               a->each[i].ticks == b->each[i].ticks;
    return same;
}

/* Whether nothing has happened since the last time this was asked, and all sleep. */
static inline bool quiet(const struct tasks *except, struct tasks *last)
{
    struct tasks tasks = look(except);
    bool same = same_tasks(&tasks, last);
    for (size_t i = 0; i < tasks.count; i++)
        same = same && asleep(tasks.each[i].id);
    *last = tasks;
    if (!same)
        pause_for(0.05);
    return same;
}

#endif
