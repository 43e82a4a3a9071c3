/* SPDX-License-Identifier: MIT */
/*
 * Ends another thread's present or next wait, as the library itself does it.
 */
#ifndef TESTS_COMMON_INTERRUPT_H
#define TESTS_COMMON_INTERRUPT_H

#include "test.h"

/* False if the thread has not begun, or has ended. */
bool test_interrupt(const weft_thread *thread);

#endif
