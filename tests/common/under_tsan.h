/* SPDX-License-Identifier: MIT */
/*
 * Whether the tests run under ThreadSanitizer: there the child of a process with several threads
 * cannot start threads of its own.
 */
#ifndef TESTS_COMMON_UNDER_TSAN_H
#define TESTS_COMMON_UNDER_TSAN_H

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#ifndef UNDER_TSAN
#define UNDER_TSAN 0
#endif

#endif
