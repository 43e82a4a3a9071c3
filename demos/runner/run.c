/* SPDX-License-Identifier: MIT */
/*
 * A demo that runs (its slot):
 *
 *   from       to         when
 *   free       RUNNING    it is started
 *   RUNNING    free       it ends: ok, failed or skipped
 *   RUNNING    DUMPING    its time is over: SIGQUIT asks it what its threads wait for
 *   DUMPING    DUMPING    it has had time to answer: SIGKILL to its group
 *   DUMPING    free       it ends: hung
 */
#include "run.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "process.h"
#include "progress.h"

static const double DUMP_SECONDS = 2; /* for a demo to say what its threads wait for */

struct slot {
    struct process process; /* pid 0: the slot is free */
    struct result *result;
    double start;
    double deadline;
    bool dumping;
};

struct run {
    const struct options *options;
    struct results results;
    size_t next; /* result to start next */
    struct slot *slots;
    size_t used;
    struct pollfd *polled; /* the signals, then one for each slot */
    struct progress progress;
};

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Starts demos until all slots are used or nothing is left. */
static void start_demos(struct run *run)
{
    for (size_t i = 0; i < run->options->jobs && run->next < run->results.count; i++) {
        struct slot *slot = &run->slots[i];
        while (slot->process.pid == 0 && run->next < run->results.count) {
            struct result *result = &run->results.all[run->next++];
            if (access(result->demo->program, X_OK) != 0) {
                result_not_built(result);
                progress_ended(&run->progress, result);
                continue;
            }
            progress_started(&run->progress, result);
            *slot = (struct slot){.result = result, .start = now()};
            slot->deadline = slot->start + run->options->timeout;
            slot->process = process_start(result->demo->program, run->options->speed);
            run->used++;
        }
    }
}

static void end_slot(struct run *run, struct slot *slot, int wait_status)
{
    struct result *result = slot->result;
    result->seconds = now() - slot->start;
    result_read_facts(result);
    if (run->results.interrupted != 0)
        result->status = STATUS_NOT_RUN;
    else if (!slot->dumping)
        result_judge(result, wait_status);
    slot->process.pid = 0;
    run->used--;
    progress_ended(&run->progress, result);
}

/* A demo whose time is over is asked for a dump first, and killed a little later. */
static void out_of_time(struct run *run, struct slot *slot)
{
    if (slot->dumping) {
        process_signal(&slot->process, SIGKILL);
        slot->deadline += DUMP_SECONDS;
        return;
    }
    slot->dumping = true;
    slot->deadline = now() + DUMP_SECONDS;
    slot->result->status = STATUS_HUNG;
    slot->result->reason = format_string("no end after %g s", run->options->timeout);
    slot->result->dump = slot->result->output.length;
    process_signal(&slot->process, SIGQUIT);
}

static void read_output(struct run *run, struct slot *slot)
{
    size_t length = process_read(&slot->process, &slot->result->output);
    if (run->options->verbose)
        progress_output(&slot->result->output, length);
}

static void look_after(struct run *run, struct slot *slot)
{
    int wait_status;
    if (slot->process.pid == 0)
        return;
    read_output(run, slot);
    size_t before = slot->result->output.length;
    if (process_ended(&slot->process, &slot->result->output, &wait_status)) {
        if (run->options->verbose)
            progress_output(&slot->result->output, slot->result->output.length - before);
        end_slot(run, slot, wait_status);
    } else if (now() >= slot->deadline)
        out_of_time(run, slot);
}

static void read_signals(struct run *run)
{
    struct signalfd_siginfo info;
    while (read(run->polled[0].fd, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD || run->results.interrupted != 0)
            continue;
        run->results.interrupted = (int)info.ssi_signo;
        run->next = run->results.count;
        for (size_t i = 0; i < run->options->jobs; i++)
            if (run->slots[i].process.pid != 0)
                process_signal(&run->slots[i].process, SIGKILL);
    }
}

/* Waits until something happens or a demo's time is over. */
static void wait_for_something(struct run *run)
{
    double earliest = now() + 1;
    for (size_t i = 0; i < run->options->jobs; i++) {
        struct slot *slot = &run->slots[i];
        bool used = slot->process.pid != 0;
        run->polled[i + 1] =
            (struct pollfd){.fd = used ? slot->process.output : -1, .events = POLLIN};
        if (used && slot->deadline < earliest)
            earliest = slot->deadline;
    }
    double left = earliest - now();
    poll(run->polled, run->options->jobs + 1, left > 0 ? (int)(left * 1000) + 1 : 0);
}

struct results run_demos(const struct catalogue *catalogue, const struct options *options)
{
    struct run run = {.options = options, .results = {.count = catalogue->count}};
    run.results.all = calloc(run.results.count + 1, sizeof(struct result));
    run.slots = calloc(options->jobs, sizeof(struct slot));
    run.polled = calloc(options->jobs + 1, sizeof(struct pollfd));
    if (run.results.all == NULL || run.slots == NULL || run.polled == NULL)
        fail("out of memory");
    for (size_t i = 0; i < run.results.count; i++)
        run.results.all[i] =
            (struct result){.demo = &catalogue->demos[i], .status = STATUS_NOT_RUN};

    run.polled[0] = (struct pollfd){.fd = process_watch_signals(), .events = POLLIN};
    run.progress = progress_begin(options, run.results.count);
    double start = now();
    start_demos(&run);
    while (run.used > 0) {
        wait_for_something(&run);
        read_signals(&run);
        for (size_t i = 0; i < options->jobs; i++)
            look_after(&run, &run.slots[i]);
        start_demos(&run);
    }
    run.results.seconds = now() - start;
    progress_end(&run.progress);
    close(run.polled[0].fd);
    free(run.slots);
    free(run.polled);
    return run.results;
}

void results_free(struct results *results)
{
    for (size_t i = 0; i < results->count; i++)
        result_free(&results->all[i]);
    free(results->all);
}
