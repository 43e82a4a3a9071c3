/* SPDX-License-Identifier: MIT */
/**
 * @file show.h
 * @brief The source of a demo, a page at a time.
 */
#ifndef RUNNER_SHOW_H
#define RUNNER_SHOW_H

#include "catalogue.h"

/** Shows it: through $PAGER (or less) on a terminal, else as it is. Returns an exit status. */
int show_source(const struct demo *demo);

#endif
