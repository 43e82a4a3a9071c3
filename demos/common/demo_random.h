/* SPDX-License-Identifier: MIT */
/**
 * @file demo_random.h
 * @brief Random numbers that are the same in every run.
 *
 * Each thread has a generator of its own, so what it draws does not depend on who runs first:
 * @code
 *     demo_random dice = demo_random_stream(worker_number);
 *     demo_sleep(demo_random_between(&dice, 0.001, 0.010));
 * @endcode
 * The seed is 1, or WEFT_DEMO_SEED of the environment.
 */
#ifndef DEMO_RANDOM_H
#define DEMO_RANDOM_H

#include <stdint.h>

/** A generator; for one thread at a time. The field is private. */
typedef struct demo_random {
    uint64_t state;
} demo_random;

/** The generator number @p stream of this run's seed. */
demo_random demo_random_stream(uint32_t stream);

/** 64 random bits. */
uint64_t demo_random_bits(demo_random *random);

/** A whole number from 0 to @p count - 1. */
uint32_t demo_random_below(demo_random *random, uint32_t count);

/** A number from @p low up to, but not including, @p high. */
double demo_random_between(demo_random *random, double low, double high);

#endif
