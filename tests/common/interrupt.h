/* SPDX-License-Identifier: MIT */
/*
 * Ends other threads' present or next waits; and asks what they wait for.
 */
#ifndef TESTS_COMMON_INTERRUPT_H
#define TESTS_COMMON_INTERRUPT_H

#include "primitives/park.h"
#include "test.h"

/* As the library itself does it. False if the thread has not begun, or has ended. */
bool test_interrupt(const weft_thread *thread);

/* For a stress test: one of the crew every 100 us, at random, until the end; how many. */
uint64_t interrupt_at_random(const struct crew *crew, int64_t end);

/* Whether the thread waits at this moment, for something of that kind. */
bool test_waits_for(const weft_thread *thread, enum wefti_kind kind);

#endif
