/* SPDX-License-Identifier: MIT */
/*
 * Whether a thread sleeps in the system, as the system says.
 */
#ifndef TESTS_COMMON_ASLEEP_H
#define TESTS_COMMON_ASLEEP_H

#include <stdbool.h>
#include <stdint.h>

/* The system's number of the calling thread; never 0. */
uint32_t thread_id(void);

/* Whether the thread sleeps at this moment; false if there is none. */
bool asleep(uint32_t id);

#endif
