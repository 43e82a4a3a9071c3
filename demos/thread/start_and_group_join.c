/* SPDX-License-Identifier: MIT */
/**
 * @file start_and_group_join.c
 * @brief Starting in a row, all at once, or in groups; waiting for all or for a group
 *
 * What depends on what decides how threads are started and waited for. Three steps of which each
 * needs the one before run one after the other: start, join, start. Six jobs that need nothing of
 * each other start together, and all are joined. Where two builders need all three loaders, and a
 * reporter both builders, each group starts when the one before has been joined.
 *
 * Source: threads, section 1.3.
 *
 * Look for: the charts. A column is 0.05 s.
 *
 * Facts:
 * - in a row: no two run at the same time, the whole takes the sum of the times at least
 * - all at once: all six run at the same time, the whole takes the longest time at least
 * - in groups: no builder starts before the last loader has ended
 * - a result is there when its thread has been joined
 * - a builder that is started without waiting for the loaders finds none
 */
#include <stdio.h>

#include "demo.h"
#include "demo_thread.h"

enum { STEPS = 3, JOBS = 6, LOADERS = 3, BUILDERS = 2 };

struct job {
    const char *name;
    double seconds;
    demo_rendezvous *together; /* with the others of the batch; NULL: alone */
    atomic_bool *gate;         /* it does not end before this is true; NULL: it may */
    const struct job *needs;   /* the first of those whose results it adds up */
    int needed;                /* how many */
    double began;
    double ended;
    int result;
};

static demo_crowd crowd;

static void *run_job(void *arg)
{
    struct job *job = arg;
    demo_crowd_enter(&crowd);
    job->began = demo_now();
    demo_say("begins");
    if (job->together != NULL)
        demo_rendezvous_meet(job->together);
    demo_sleep(job->seconds);
    if (job->gate != NULL)
        DEMO_AWAIT(*job->gate);
    int sum = job->needed == 0;
    for (int i = 0; i < job->needed; i++)
        sum += job->needs[i].result;
    job->result = sum;
    demo_say("ends");
    job->ended = demo_now();
    demo_crowd_leave(&crowd);
    return arg;
}

static void start_jobs(struct job *jobs, weft_thread **threads, int count)
{
    for (int i = 0; i < count; i++)
        threads[i] = demo_spawn(run_job, &jobs[i], "%s", jobs[i].name);
}

static void run_group(struct job *jobs, int count)
{
    weft_thread *threads[JOBS];
    start_jobs(jobs, threads, count);
    demo_join_all((size_t)count, threads);
}

static void print_chart(const struct job *jobs, int count)
{
    for (int i = 0; i < count; i++) {
        char bar[64] = "";
        int from = (int)((jobs[i].began - jobs[0].began) / 0.05);
        int to = (int)((jobs[i].ended - jobs[0].began) / 0.05);
        for (int column = 0; column < to && column < (int)sizeof bar - 1; column++)
            bar[column] = column < from ? ' ' : '#';
        demo_line("    %-10s |%s", jobs[i].name, bar);
    }
}

static void run_in_a_row(void)
{
    demo_part("In a row");
    struct job steps[STEPS] = {{.name = "load", .seconds = 0.1},
                               {.name = "transform", .seconds = 0.2, .needed = 1},
                               {.name = "save", .seconds = 0.1, .needed = 1}};
    double start = demo_now();
    for (int i = 0; i < STEPS; i++) {
        if (i > 0)
            steps[i].needs = &steps[i - 1];
        run_group(&steps[i], 1);
    }
    print_chart(steps, STEPS);
    CHECK(crowd.peak == 1 && demo_in_order("load begins", "load ends", "transform begins",
                                           "transform ends", "save begins", "save ends"),
          "no two steps have run at the same time");
    CHECK(demo_at_least(demo_now() - start, 0.4), "the whole takes the sum at least: 0.4 s");
    CHECK(steps[STEPS - 1].result == 1, "the result has gone through all three");
}

static void run_all_at_once(void)
{
    static demo_rendezvous together = DEMO_RENDEZVOUS_INIT(JOBS);
    struct job jobs[JOBS];
    demo_part("All at once");
    for (int i = 0; i < JOBS; i++)
        jobs[i] = (struct job){
            .name = (const char *[]){"job-1", "job-2", "job-3", "job-4", "job-5", "job-6"}[i],
            .seconds = 0.1 + 0.04 * i,
            .together = &together};
    crowd.peak = 0;
    double start = demo_now();
    run_group(jobs, JOBS);
    int sum = 0;
    for (int i = 0; i < JOBS; i++)
        sum += jobs[i].result;
    print_chart(jobs, JOBS);
    CHECK(crowd.peak == JOBS, "all six have run at the same time");
    CHECK(demo_at_least(demo_now() - start, 0.3), "the whole takes the longest at least: 0.3 s");
    CHECK(sum == JOBS, "after the last join all results are there");
}

static void run_in_groups(void)
{
    demo_part("In groups");
    struct job jobs[LOADERS + BUILDERS + 1] = {
        {.name = "loader-1", .seconds = 0.1},
        {.name = "loader-2", .seconds = 0.2},
        {.name = "loader-3", .seconds = 0.15},
        {.name = "builder-1", .seconds = 0.1, .needs = &jobs[0], .needed = LOADERS},
        {.name = "builder-2", .seconds = 0.2, .needs = &jobs[0], .needed = LOADERS},
        {.name = "reporter", .seconds = 0.1, .needs = &jobs[LOADERS], .needed = BUILDERS}};
    double start = demo_now();
    run_group(jobs, LOADERS);
    demo_say("has joined the loaders");
    run_group(jobs + LOADERS, BUILDERS);
    demo_say("has joined the builders");
    run_group(jobs + LOADERS + BUILDERS, 1);
    print_chart(jobs, LOADERS + BUILDERS + 1);
    bool ordered = true;
    for (int loader = 1; loader <= LOADERS; loader++)
        for (int builder = 1; builder <= BUILDERS; builder++) {
            char ends[32];
            snprintf(ends, sizeof ends, "loader-%d ends", loader);
            ordered = ordered && demo_in_order(ends, demo_name("builder-%d begins", builder));
        }
    CHECK(ordered, "no builder has begun before all loaders had ended");
    CHECK(demo_in_order("builder-1 ends", "reporter begins") &&
              demo_in_order("builder-2 ends", "reporter begins"),
          "the reporter has begun after both builders");
    CHECK(demo_at_least(demo_now() - start, 0.5),
          "the longest of each group one after the other: 0.5 s at least");
    CHECK(jobs[LOADERS + BUILDERS].result == LOADERS * BUILDERS,
          "each builder has seen all loaders' results, the reporter both builders'");
}

static void run_too_early(void)
{
    demo_part("In groups, and the builder waits for nobody");
    atomic_bool has_looked = false;
    struct job jobs[LOADERS + 1] = {
        {.name = "loader-1", .seconds = 0.1, .gate = &has_looked},
        {.name = "loader-2", .seconds = 0.2, .gate = &has_looked},
        {.name = "loader-3", .seconds = 0.15, .gate = &has_looked},
        {.name = "builder", .seconds = 0.05, .needs = &jobs[0], .needed = LOADERS}};
    weft_thread *loaders[LOADERS];
    start_jobs(jobs, loaders, LOADERS);
    run_group(jobs + LOADERS, 1);
    has_looked = true; /* the loaders were not so fast that the mistake went unnoticed */
    demo_join_all(LOADERS, loaders);
    demo_say("the builder has found %d of %d results", jobs[LOADERS].result, LOADERS);
    CHECK(jobs[LOADERS].result == 0, "who does not join the loaders builds from nothing");
}

int main(void)
{
    demo_begin("Starting in a row, all at once, or in groups; waiting for all or for a group");
    run_in_a_row();
    run_all_at_once();
    run_in_groups();
    run_too_early();
    return demo_end();
}
