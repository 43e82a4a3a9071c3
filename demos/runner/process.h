/* SPDX-License-Identifier: MIT */
/**
 * @file process.h
 * @brief A demo as a process group: started, listened to, ended.
 */
#ifndef RUNNER_PROCESS_H
#define RUNNER_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "text.h"

struct process {
    pid_t pid;  /**< Also the number of its group. */
    int output; /**< Where its output comes from; -1 once it has ended. */
};

/**
 * Starts @p program with the given speed, in a group of its own. It is killed if the runner dies,
 * and asked by SIGQUIT it says what its threads wait for.
 */
struct process process_start(const char *program, double speed);

/** Reads what there is, without waiting, to @p output; returns how much. */
size_t process_read(struct process *process, struct text *output);

/** Whether it has ended. If so, the rest of its group is killed, the rest of its output read, and
    @p wait_status is what waitpid() says. */
bool process_ended(struct process *process, struct text *output, int *wait_status);

/** Sends a signal to the whole group. */
void process_signal(const struct process *process, int signal_number);

/** Blocks the signals that the runner reads from a file descriptor, and returns that. */
int process_watch_signals(void);

#endif
