/* SPDX-License-Identifier: MIT */
/**
 * @file progress.h
 * @brief What is shown while demos run: one live line on a terminal, else a line a demo.
 */
#ifndef RUNNER_PROGRESS_H
#define RUNNER_PROGRESS_H

#include "options.h"
#include "result.h"

enum progress_form {
    PROGRESS_NONE,    /**< The result is JSON. */
    PROGRESS_LINES,   /**< A line when a demo ends. */
    PROGRESS_LIVE,    /**< One line that changes. */
    PROGRESS_VERBOSE, /**< The demos' own output. */
};

struct progress {
    enum progress_form form;
    size_t all;
    size_t ended;
    size_t bad;                  /**< Failed or hung. */
    const struct result *latest; /**< The one that was started last. */
};

struct progress progress_begin(const struct options *options, size_t all);
void progress_started(struct progress *progress, const struct result *result);
void progress_ended(struct progress *progress, const struct result *result);

/** Shows the last @p length bytes of a demo's output. */
void progress_output(const struct text *output, size_t length);

/** Takes the live line away. */
void progress_end(const struct progress *progress);

/** @p sequence, a colour of the terminal's, or "" if standard output shows none. */
const char *colour(const char *sequence);

/** The colour of a status. */
const char *status_colour(enum status status);

#endif
