/* SPDX-License-Identifier: MIT */
/**
 * @file result.h
 * @brief How a demo ended, and what it has shown.
 */
#ifndef RUNNER_RESULT_H
#define RUNNER_RESULT_H

#include <stdbool.h>
#include <stddef.h>

#include "catalogue.h"
#include "text.h"

enum status {
    STATUS_OK,      /**< All facts held. */
    STATUS_FAILED,  /**< A fact did not hold, or the demo ended in another way. */
    STATUS_HUNG,    /**< It did not end in time. */
    STATUS_SKIPPED, /**< It cannot run here. */
    STATUS_NOT_RUN, /**< The runner was interrupted before its end. */
    STATUSES
};

/** "ok", "failed", "hung", "skipped", "not run" */
const char *status_name(enum status status);

/** A line of a demo that begins with a check mark or a cross. */
struct fact {
    char *text;
    bool held;
};

struct result {
    const struct demo *demo;
    enum status status;
    double seconds;
    char *reason; /**< Why it is not ok, in words; NULL: it is. */
    struct fact *facts;
    size_t fact_count;
    size_t held_count;
    struct text output; /**< Its standard output and standard error. */
    size_t dump;        /**< Where in the output the dump of a hung demo begins. */
};

/** Reads the facts from the output. */
void result_read_facts(struct result *result);

/** From how the process ended (as waitpid() says it) to status and reason. */
void result_judge(struct result *result, int wait_status);

/** The demo has no program: it is skipped. */
void result_not_built(struct result *result);

void result_free(struct result *result);

#endif
