/* SPDX-License-Identifier: MIT */
/**
 * @file phase_barrier.c
 * @brief A phase barrier from a Condition: all finish a phase before any starts the next
 *
 * Three workers do three phases of work. Who has finished a phase is counted; the last one to
 * finish opens the next phase and wakes the others, who wait at its door. Then the same workers do
 * the same on a Barrier of the library, which is this counter, this phase number and this condition
 * in one.
 *
 * Source: locks, section 3.4, lines 2750-2793.
 *
 * Look for: a worker that is fast waits in front of the next phase, never inside it.
 *
 * Facts:
 * - nobody starts a phase before all three have completed the one before
 * - the counts go 1/3, 2/3, 3/3 in each phase
 * - three phases of 1 s take 3 s at least, and the phase is 3 at the end
 * - the Barrier keeps the same order
 */
#include <stdio.h>

#include "demo.h"
#include "demo_thread.h"

enum { WORKERS = 3, PHASES = 3, LONGEST = 64 };

/* ---- a condition ---- */

struct phase_barrier {
    weft_condition condition; /* guards all below */
    int current;
    int completed; /* how many have completed the current phase */
};

static struct phase_barrier phases;

static void wait_phase(int phase)
{
    WEFT_HOLD(&phases.condition);
    while (phases.current < phase)
        weft_condition_wait(&phases.condition);
    demo_say("starts phase %d", phase);
}

static void complete_phase(int phase)
{
    WEFT_HOLD(&phases.condition);
    phases.completed++;
    demo_say("completes phase %d (%d/%d)", phase, phases.completed, WORKERS);
    if (phases.completed == WORKERS) {
        phases.current++;
        phases.completed = 0;
        demo_say("opens phase %d", phases.current);
        weft_condition_notify_all(&phases.condition);
    }
}

static void *work(void *arg)
{
    for (int phase = 0; phase < PHASES; phase++) {
        wait_phase(phase);
        demo_sleep(1.0);
        complete_phase(phase);
    }
    return arg;
}

/* ---- a Barrier ---- */

static weft_barrier barrier = WEFT_BARRIER_INIT(WORKERS);
static atomic_int broken;

static void *work_with_barrier(void *arg)
{
    for (int phase = 0; phase < PHASES; phase++) {
        demo_say("begins part %d", phase);
        demo_sleep(0.2);
        demo_say("ends part %d", phase);
        broken += weft_barrier_wait(&barrier, NULL) != WEFT_OK;
    }
    return arg;
}

static void run(weft_target *target)
{
    weft_thread *workers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        workers[i] = demo_spawn(target, NULL, "worker-%d", i);
    demo_join_all(WORKERS, workers);
}

/* Whether all workers have said `ends` of a phase before anybody said `begins` of the next. */
static bool in_phases(const char *ends, const char *begins)
{
    bool ordered = true;
    for (int phase = 0; phase + 1 < PHASES; phase++) {
        for (int i = 0; i < WORKERS; i++) {
            char end[LONGEST];
            snprintf(end, sizeof end, ends, i, phase);
            ordered = ordered && demo_in_order(end, demo_name(begins, phase + 1));
        }
    }
    return ordered;
}

static bool counts_rise(int phase)
{
    char text[WORKERS][LONGEST];
    for (int i = 0; i < WORKERS; i++)
        snprintf(text[i], LONGEST, "* completes phase %d (%d/%d)", phase, i + 1, WORKERS);
    return demo_in_order(text[0], text[1], text[2]);
}

int main(void)
{
    demo_begin("A phase barrier from a Condition: all finish a phase before any starts the next");

    demo_part("A condition, a counter and a phase number");
    double start = demo_now();
    run(work);
    double elapsed = demo_now() - start;
    CHECK(in_phases("worker-%d completes phase %d *", "worker-? starts phase %d"),
          "nobody has started a phase before all three had completed the one before");
    CHECK(counts_rise(0) && counts_rise(1) && counts_rise(2),
          "the counts go 1/3, 2/3, 3/3 in each phase");
    CHECK(phases.current == PHASES, "the phase is 3 at the end");
    CHECK(demo_at_least(elapsed, 3.0), "three phases of 1 s take 3 s at least");

    demo_part("The library's Barrier");
    run(work_with_barrier);
    CHECK(in_phases("worker-%d ends part %d", "worker-? begins part %d") && broken == 0,
          "nobody has begun a part before all three had ended the one before");
    return demo_end();
}
