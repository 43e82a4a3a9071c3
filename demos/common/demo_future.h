/* SPDX-License-Identifier: MIT */
/**
 * @file demo_future.h
 * @brief Futures with less ado, for demos that submit many tasks.
 *
 * @code
 *     weft_future *jobs[3];
 *     for (int i = 0; i < 3; i++)
 *         jobs[i] = demo_must(weft_executor_submit(pool, work, &numbers[i], .free_value = free));
 *     ...
 *     demo_free_futures(3, jobs);
 * @endcode
 */
#ifndef DEMO_FUTURE_H
#define DEMO_FUTURE_H

#include "demo.h"

/** Gives up the handles of @p count futures; NULL is allowed among them. */
void demo_free_futures(size_t count, weft_future *const *futures);

/** For `demo_posted(weft_executor_post(pool, ...))`: a refusal ends the demo with status 2. */
void demo_posted(weft_status status);

/** A text on the heap, made as by printf(): what a task with `.free_value = free` returns. */
char *demo_text(const char *format, ...) WEFT_PRINTF(1, 2);

/** The counts of @p executor at this moment, for DEMO_AWAIT(demo_stats(pool).queued == 3). */
weft_executor_stats demo_stats(weft_executor *executor);

#endif
