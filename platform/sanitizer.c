/* SPDX-License-Identifier: MIT */
#include "platform/sanitizer.h"

#include <stddef.h>
#include <stdint.h>

/* ThreadSanitizer's own names; weak, so that they are NULL where its runtime is absent. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void __tsan_acquire(void *object) __attribute__((weak));
void __tsan_release(void *object) __attribute__((weak));

void __tsan_mutex_pre_lock(void *object, unsigned flags) __attribute__((weak));
void __tsan_mutex_post_lock(void *object, unsigned flags, int depth) __attribute__((weak));
int __tsan_mutex_pre_unlock(void *object, unsigned flags) __attribute__((weak));
void __tsan_mutex_post_unlock(void *object, unsigned flags) __attribute__((weak));
void __tsan_mutex_destroy(void *object, unsigned flags) __attribute__((weak));

enum { READ_LOCK = 1 << 3, TRY_LOCK = 1 << 4 }; /* its flags */

bool wefti_tsan_present(void)
{
    return __tsan_acquire != NULL && __tsan_release != NULL;
}

void wefti_tsan_acquire(void *object)
{
    __tsan_acquire(object);
}

void wefti_tsan_release(void *object)
{
    __tsan_release(object);
}

bool wefti_tsan_knows_locks(void)
{
    return __tsan_mutex_pre_lock != NULL && __tsan_mutex_post_lock != NULL &&
           __tsan_mutex_pre_unlock != NULL && __tsan_mutex_post_unlock != NULL &&
           __tsan_mutex_destroy != NULL;
}

void wefti_tsan_locked(void *object, bool shared, bool tried)
{
    unsigned flags = (shared ? READ_LOCK : 0U) | (tried ? TRY_LOCK : 0U);
    __tsan_mutex_pre_lock(object, flags);
    __tsan_mutex_post_lock(object, flags, 0);
}

void wefti_tsan_unlocks(void *object, bool shared)
{
    unsigned flags = shared ? READ_LOCK : 0U;
    (void)__tsan_mutex_pre_unlock(object, flags);
    __tsan_mutex_post_unlock(object, flags);
}

void wefti_tsan_done(const void *object)
{
    __tsan_mutex_destroy((void *)(uintptr_t)object, 0);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
