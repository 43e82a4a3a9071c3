/* SPDX-License-Identifier: MIT */
#include "primitives/watch.h"

#include "platform/sanitizer.h"

uint32_t wefti_watch;

void wefti_watch_startup(void)
{
    if (wefti_tsan_present())
        wefti_fetch_or(&wefti_watch, WEFTI_WATCH_TSAN, RELAXED);
}

void wefti_watch_acquired(void *object)
{
    if (wefti_load(&wefti_watch, RELAXED) & WEFTI_WATCH_TSAN)
        wefti_tsan_acquire(object);
}

void wefti_watch_releasing(void *object)
{
    if (wefti_load(&wefti_watch, RELAXED) & WEFTI_WATCH_TSAN)
        wefti_tsan_release(object);
}
