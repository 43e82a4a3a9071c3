/* SPDX-License-Identifier: MIT */
/*
 * Lock and RLock while somebody watches: the word is taken as ever, and each step is told.
 */
#ifndef WEFTI_PRIMITIVES_WORD_WATCHED_H
#define WEFTI_PRIMITIVES_WORD_WATCHED_H

#include "primitives/watch.h"
#include "primitives/word_lock.h"

/* Takes the word that `want` is about, until a deadline, firmly or not; want has the rest. */
weft_status wefti_word_acquire_watched(uint32_t *word, struct wefti_want *want, int64_t deadline,
                                       bool firm);

/* wefti_word_resume, told if somebody watches. */
void wefti_word_resume_watched(uint32_t *word, struct wefti_want *want,
                               const struct wefti_parked *parked);

#endif
