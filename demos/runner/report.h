/* SPDX-License-Identifier: MIT */
/**
 * @file report.h
 * @brief What is printed: lists and results, for people and as JSON.
 */
#ifndef RUNNER_REPORT_H
#define RUNNER_REPORT_H

#include "catalogue.h"
#include "run.h"

/** The demos, by chapter. */
void report_list(const struct catalogue *catalogue);

/** A table by chapter, then what went wrong, with the output. */
void report_results(const struct results *results);

/** The demos as an array of objects. */
void report_list_json(const struct catalogue *catalogue);

/** The same with status, seconds, facts and output. */
void report_results_json(const struct results *results);

/** Whether no demo failed or hung. */
bool report_good(const struct results *results);

#endif
