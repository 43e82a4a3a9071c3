/* SPDX-License-Identifier: MIT */
/*
 * What holds in the child of a fork.
 *
 *     static void find_nobody(void *lock) { WITNESS(weft_lock_waiters(lock) == 0); }
 *     ...
 *     assert_true(holds_in_child(find_nobody, &lock));     WITNESS(...) in a thread
 *
 * The child is not looked at for leaks: it has not freed what the case needs.
 */
#ifndef TESTS_COMMON_IN_CHILD_H
#define TESTS_COMMON_IN_CHILD_H

#include "test.h"

/* Runs it in a child, which ends at once after it; whether all that was witnessed there held. */
bool holds_in_child(void (*run)(void *arg), void *arg);

/* The same, but the child exits: what the library does at exit is done there, and comes to an end. */
bool holds_in_child_to_exit(void (*run)(void *arg), void *arg);

#endif
