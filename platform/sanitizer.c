/* SPDX-License-Identifier: MIT */
#include "platform/sanitizer.h"

#include <stddef.h>

/* ThreadSanitizer's own names; weak, so that they are NULL where its runtime is absent. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void __tsan_acquire(void *object) __attribute__((weak));
void __tsan_release(void *object) __attribute__((weak));

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
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
