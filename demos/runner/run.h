/* SPDX-License-Identifier: MIT */
/**
 * @file run.h
 * @brief Runs demos, several at once, and sees to it that each one ends.
 */
#ifndef RUNNER_RUN_H
#define RUNNER_RUN_H

#include "catalogue.h"
#include "options.h"
#include "result.h"

/** The results of a run. */
struct results {
    struct result *all; /**< One for each demo. */
    size_t count;
    double seconds;  /**< From the first start to the last end. */
    int interrupted; /**< The signal that ended the run early; 0: none. */
};

/** Runs all demos of the catalogue, which must outlive the results. */
struct results run_demos(const struct catalogue *catalogue, const struct options *options);

void results_free(struct results *results);

#endif
