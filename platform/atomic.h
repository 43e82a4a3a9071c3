/* SPDX-License-Identifier: MIT */
/*
 * Atomics: the only home of the compiler's __atomic builtins, so that a checking build can see
 * every access. They work on plain integers and pointers, because the structs of the public headers
 * hold nothing else. The order is named at each call: wefti_load(&word, ACQUIRE).
 *
 * There is no fence: ThreadSanitizer does not understand one.
 */
#ifndef WEFTI_PLATFORM_ATOMIC_H
#define WEFTI_PLATFORM_ATOMIC_H

/* For 64-bit fields: i386 aligns them to 4 bytes, and then one may lie across two cache lines. */
#define WEFTI_ATOMIC_64 _Alignas(8)

#define wefti_load(object, order) __atomic_load_n((object), __ATOMIC_##order)
#define wefti_store(object, value, order) __atomic_store_n((object), (value), __ATOMIC_##order)
#define wefti_exchange(object, value, order)                                                       \
    __atomic_exchange_n((object), (value), __ATOMIC_##order)
#define wefti_fetch_add(object, value, order)                                                      \
    __atomic_fetch_add((object), (value), __ATOMIC_##order)
#define wefti_fetch_sub(object, value, order)                                                      \
    __atomic_fetch_sub((object), (value), __ATOMIC_##order)
#define wefti_fetch_or(object, value, order) __atomic_fetch_or((object), (value), __ATOMIC_##order)
#define wefti_fetch_xor(object, value, order)                                                      \
    __atomic_fetch_xor((object), (value), __ATOMIC_##order)

/* Strong compare-and-swap; a failure is relaxed and stores what was found in *expected. */
#define wefti_cas(object, expected, value, order)                                                  \
    __atomic_compare_exchange_n((object), (expected), (value), 0, __ATOMIC_##order,                \
                                __ATOMIC_RELAXED)

#endif
