/* SPDX-License-Identifier: MIT */
/**
 * @file sizing_formula_probe.c
 * @brief Processors * (1 + wait / computing): a rule of thumb, probed
 *
 * How many workers keep the processors busy? As many as there are, and for each as many more as a
 * task waits longer than it computes. A probe runs one kind of task eight times and measures how
 * long it waits and how long it computes; from that comes a recommended size. Then a climb: from
 * as many workers as processors, doubled as long as that brings a tenth more, it finds a size by
 * trying. Three kinds are probed: wait and computing as 0 to 1, 1 to 1, 9 to 1.
 *
 * Source: threads, section 3.4.
 *
 * Look for: what is measured as waiting. To take the time of a task and subtract its computing
 * counts the time that it wanted a processor and got none as waiting, too: on a busy machine that
 * rule asks for more workers, and makes it busier.
 *
 * Facts:
 * - the recommended sizes are N, 2N and 10N for N processors, or more if the machine was slow
 * - no size is faster than its waits allow, or than its processors do: from 10N on the second rules
 * - the climb ends within eight steps
 * - tasks that only compute, four for each processor at once: measured as "time minus computing"
 *   they seem to wait three times as long as they compute; they do not wait at all
 */
#include "demo.h"
#include "demo_future.h"
#include "demo_processor.h"

enum { PROBES = 8, KINDS = 3, TASKS = 60, MOST_STEPS = 8, CROWD = 4 };

struct kind {
    const char *name;
    double wait; /* seconds of the story, as the next */
    double computing;
    int factor; /* recommended for each processor */
};

static const struct kind kinds[KINDS] = {
    {"0 to 1", 0, 0.004, 1}, {"1 to 1", 0.004, 0.004, 2}, {"9 to 1", 0.018, 0.002, 10}};

/* Real seconds of a task. */
struct measure {
    double waited;
    double computed;
    double total;
};

static struct measure run_once(const struct kind *kind, double scale)
{
    struct measure measure = {0, 0, 0};
    double start = weft_now();
    if (kind->wait > 0) {
        weft_sleep(kind->wait * scale);
        measure.waited = weft_now() - start;
    }
    double before = demo_processor_seconds();
    demo_compute(kind->computing * scale / demo_seconds(1));
    measure.computed = demo_processor_seconds() - before;
    measure.total = weft_now() - start;
    return measure;
}

/* The sums of some runs, alone, in real time: what is measured is this machine. */
static struct measure probe(const struct kind *kind)
{
    struct measure sums = {0, 0, 0};
    for (int i = 0; i < PROBES; i++) {
        struct measure one = run_once(kind, 1);
        sums.waited += one.waited;
        sums.computed += one.computed;
        sums.total += one.total;
    }
    return sums;
}

/* ---- the climb ---- */

static void *run_task(void *arg)
{
    run_once(arg, demo_seconds(1));
    return arg;
}

struct climb {
    int steps;
    bool possible; /* no size was faster than it can be */
};

/* Tasks a second. */
static double try_size(const struct kind *kind, int size, struct climb *climb)
{
    int processors = demo_processors();
    double start = demo_now();
    WEFT_WITH_EXECUTOR(pool, size) {
        for (int i = 0; i < TASKS; i++)
            demo_posted(weft_executor_post(pool, run_task, (void *)(uintptr_t)kind));
    }
    double elapsed = demo_now() - start;
    int rounds = (TASKS + size - 1) / size; /* somebody runs so many */
    climb->steps++;
    /* One in a hundred is for the clocks, which are not the same. */
    climb->possible =
        climb->possible && demo_at_least(elapsed, rounds * kind->wait) &&
        elapsed * 1.01 + 0.001 / demo_seconds(1) >= TASKS * kind->computing / processors;
    demo_line("    %4d workers %8.0f tasks a second", size, TASKS / elapsed);
    return TASKS / elapsed;
}

static int climb_from(const struct kind *kind, int size, struct climb *climb)
{
    double best = try_size(kind, size, climb);
    while (climb->steps < MOST_STEPS) {
        double next = try_size(kind, 2 * size, climb);
        if (next < 1.1 * best)
            break;
        best = next;
        size *= 2;
    }
    if (size > 1 && climb->steps < MOST_STEPS && try_size(kind, size * 3 / 2, climb) > 1.1 * best)
        size = size * 3 / 2;
    return size;
}

static void probe_kind(const struct kind *kind, int processors)
{
    struct climb climb = {.possible = true};
    struct measure measure = probe(kind);
    double recommended = processors * (1 + measure.waited / measure.computed);
    demo_say("%s: waits %.1f ms, computes %.1f ms: %.0f workers", kind->name,
             measure.waited / PROBES * 1000, measure.computed / PROBES * 1000, recommended);
    int found = climb_from(kind, processors, &climb);
    demo_say("%s: the climb has found %d", kind->name, found);
    /* What the clock's steps add to the computing makes the ratio a little smaller. */
    CHECK(recommended >= 0.8 * kind->factor * processors,
          "%s: %d workers are recommended for %d processors, or more", kind->name,
          kind->factor * processors, processors);
    CHECK(climb.possible, "no size was faster than its waits and the processors allow");
    CHECK(climb.steps <= MOST_STEPS && found >= processors, "the climb took %d steps", climb.steps);
}

/* ---- measured wrongly ---- */

struct crowded {
    demo_rendezvous *meeting;
    double submitted; /* real seconds, as the next two */
    double ended;
    struct measure measure;
};

static void *run_crowded(void *arg)
{
    struct crowded *crowded = arg;
    demo_rendezvous_meet(crowded->meeting);
    crowded->measure = run_once(&kinds[0], 1);
    crowded->ended = weft_now();
    return arg;
}

static void measure_wrongly(int processors)
{
    enum { MOST = 256 };
    static struct crowded tasks[MOST];
    int count = CROWD * processors < MOST ? CROWD * processors : MOST;
    demo_rendezvous meeting = DEMO_RENDEZVOUS_INIT((uint32_t)count);
    double start = weft_now();
    double last = start;
    double computed = 0;
    double waited = 0;
    WEFT_WITH_EXECUTOR(pool, count) {
        for (int i = 0; i < count; i++) {
            tasks[i] = (struct crowded){.meeting = &meeting};
            demo_posted(weft_executor_post(pool, run_crowded, &tasks[i]));
        }
    }
    for (int i = 0; i < count; i++) {
        last = tasks[i].ended > last ? tasks[i].ended : last;
        computed += tasks[i].measure.computed;
        waited += tasks[i].measure.waited;
    }
    double mean = computed / count;
    double seeming = (last - start - mean) / mean;
    demo_say("%d tasks at once, each computes for %.1f ms", count, mean * 1000);
    demo_say("the last one has ended after %.1f ms", (last - start) * 1000);
    int expected = count / processors - 1;
    CHECK(seeming >= 0.95 * expected,
          "time minus computing: as if it waited %d times as long as it computes", expected);
    CHECK(waited == 0, "what is measured as waiting is none at all");
}

int main(void)
{
    demo_begin("Processors * (1 + wait / computing): a rule of thumb, probed");
    int processors = demo_processors();
    for (int i = 0; i < KINDS; i++) {
        demo_part("Wait and computing as %s, %d processors", kinds[i].name, processors);
        probe_kind(&kinds[i], processors);
    }
    demo_part("Measured wrongly");
    measure_wrongly(processors);
    return demo_end();
}
