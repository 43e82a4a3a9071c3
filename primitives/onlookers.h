/* SPDX-License-Identifier: MIT */
/*
 * Tools that look on while the program runs, ThreadSanitizer and helgrind, and what they are told:
 * that one thread's work comes before another's, and of owned locks that they are locks. A Lock is
 * none to them, since any thread may release it: it only orders work.
 */
#ifndef WEFTI_PRIMITIVES_ONLOOKERS_H
#define WEFTI_PRIMITIVES_ONLOOKERS_H

#include "primitives/watch.h"

/* Finds out who is there; once, when the library is loaded. */
void wefti_onlookers_startup(void);

/* As wefti_watch_took, wefti_watch_releases and wefti_watch_done. */
void wefti_onlookers_took(const struct wefti_want *want);
void wefti_onlookers_release(const struct wefti_want *want);
void wefti_onlookers_done(const void *object);

/* A thread's entries have left the room: nobody else knows that memory any more. */
void wefti_onlookers_left(struct wefti_waiter *waiters, size_t count);

#endif
