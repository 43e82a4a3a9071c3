/* SPDX-License-Identifier: MIT */
/*
 * A place where a thread may be cancelled.
 */
#ifndef TESTS_COMMON_CANCEL_H
#define TESTS_COMMON_CANCEL_H

/* As pthread_testcancel. */
void test_cancel_here(void);

#endif
