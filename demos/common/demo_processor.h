/* SPDX-License-Identifier: MIT */
/**
 * @file demo_processor.h
 * @brief The processors: how many there are, and work for them.
 *
 * @code
 *     weft_executor *pool = demo_must(weft_executor_new(demo_processors()));
 *     ...
 *     demo_compute(0.005);                  // in a task: 5 ms of processor time, of the story
 * @endcode
 */
#ifndef DEMO_PROCESSOR_H
#define DEMO_PROCESSOR_H

/** How many processors this process may use, by its affinity; at least 1. */
int demo_processors(void);

/** Processor time that the calling thread has used, in real seconds. */
double demo_processor_seconds(void);

/**
 * Computes until the calling thread has used demo_seconds(seconds) of processor time: other
 * threads make it last longer, not do less.
 */
void demo_compute(double seconds);

#endif
