/* SPDX-License-Identifier: MIT */
/*
 * One word that every acquire and release tests once: zero is the fast path, any bit leads to the
 * watched one, which tells whoever looks on.
 */
#ifndef WEFTI_PRIMITIVES_WATCH_H
#define WEFTI_PRIMITIVES_WATCH_H

#include <stdint.h>

#include "platform/atomic.h"

enum wefti_watch_bit {
    WEFTI_WATCH_TSAN = 1U << 0, /* ThreadSanitizer's runtime is present */
};

extern uint32_t wefti_watch;

/* Relaxed: the word is set before threads start, or takes effect some time later. */
#define wefti_watched() (__builtin_expect(wefti_load(&wefti_watch, RELAXED) != 0, 0))

/* Finds out who looks on; once, when the library is loaded. */
void wefti_watch_startup(void);

/* The watched path of whatever is acquired and released, or ends and is waited for. */
void wefti_watch_acquired(void *object);
void wefti_watch_releasing(void *object);

#endif
