/* SPDX-License-Identifier: MIT */
/**
 * @file options.h
 * @brief The command line.
 */
#ifndef RUNNER_OPTIONS_H
#define RUNNER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum command { COMMAND_RUN, COMMAND_LIST, COMMAND_SHOW };

struct options {
    enum command command;
    bool json;
    bool verbose;
    double speed;   /**< Every wait of a demo is divided by it. */
    size_t jobs;    /**< How many demos run at once. */
    double timeout; /**< Seconds that a demo may take. */
    char **words;   /**< What follows the command. */
    size_t count;
};

/** Reads the command line. --help, --version and mistakes end the program. */
struct options options_read(int argc, char **argv);

#endif
