/* SPDX-License-Identifier: MIT */
#include "primitives/onlookers.h"

#include "platform/sanitizer.h"
#include "platform/valgrind.h"

/* Whether all the bits are set. */
static bool told(uint32_t bits)
{
    return (wefti_load(&wefti_watch, RELAXED) & bits) == bits;
}

void wefti_onlookers_startup(void)
{
    uint32_t found = 0;
    if (wefti_tsan_present())
        found |= WEFTI_WATCH_TSAN;
    if (wefti_tsan_knows_locks())
        found |= WEFTI_WATCH_TSAN_LOCKS;
    if (wefti_valgrind_present())
        found |= WEFTI_WATCH_VALGRIND;
    if (found != 0)
        wefti_fetch_or(&wefti_watch, found, RELAXED);
}

void wefti_watch_acquired(void *object)
{
    if (told(WEFTI_WATCH_TSAN))
        wefti_tsan_acquire(object);
    if (told(WEFTI_WATCH_VALGRIND))
        wefti_valgrind_acquire(object);
}

void wefti_watch_releasing(void *object)
{
    if (told(WEFTI_WATCH_TSAN))
        wefti_tsan_release(object);
    if (told(WEFTI_WATCH_VALGRIND))
        wefti_valgrind_release(object);
}

/* A lock that is known as one orders work by itself, and readers' work not among each other. */

void wefti_onlookers_took(const struct wefti_want *want)
{
    bool owned = want->ownership == WEFTI_OWNER;
    if (owned && told(WEFTI_WATCH_TSAN_LOCKS))
        wefti_tsan_locked(want->object, want->shared, want->timed);
    else if (told(WEFTI_WATCH_TSAN))
        wefti_tsan_acquire(want->object);
    if (owned && told(WEFTI_WATCH_VALGRIND))
        wefti_valgrind_locked(want->object, want->shared);
    else if (told(WEFTI_WATCH_VALGRIND))
        wefti_valgrind_acquire(want->object);
}

void wefti_onlookers_release(const struct wefti_want *want)
{
    bool owned = want->ownership == WEFTI_OWNER;
    if (owned && told(WEFTI_WATCH_TSAN_LOCKS))
        wefti_tsan_unlocks(want->object, want->shared);
    else if (told(WEFTI_WATCH_TSAN))
        wefti_tsan_release(want->object);
    if (owned && told(WEFTI_WATCH_VALGRIND))
        wefti_valgrind_unlocks(want->object);
    else if (told(WEFTI_WATCH_VALGRIND))
        wefti_valgrind_release(want->object);
}

void wefti_onlookers_done(const void *object)
{
    void *address = (void *)(uintptr_t)object;
    if (told(WEFTI_WATCH_TSAN_LOCKS))
        wefti_tsan_done(object);
    if (told(WEFTI_WATCH_VALGRIND))
        wefti_valgrind_done(address);
}

void wefti_onlookers_left(struct wefti_waiter *waiters, size_t count)
{
    if (told(WEFTI_WATCH_VALGRIND))
        wefti_valgrind_regained(waiters, count * sizeof *waiters);
}
