/* SPDX-License-Identifier: MIT */
/*
 * Ends another thread's present or next wait, as the library itself does it; and asks what it
 * waits for.
 */
#ifndef TESTS_COMMON_INTERRUPT_H
#define TESTS_COMMON_INTERRUPT_H

#include "primitives/park.h"
#include "test.h"

/* False if the thread has not begun, or has ended. */
bool test_interrupt(const weft_thread *thread);

/* Whether the thread waits at this moment, for something of that kind. */
bool test_waits_for(const weft_thread *thread, enum wefti_kind kind);

#endif
