/* SPDX-License-Identifier: MIT */
/**
 * @file attributes.h
 * @brief What the compiler is told about weft's functions: visibility, unused results, locking.
 *
 * The lock attributes are clang's thread-safety analysis (`-Wthread-safety`); other compilers see
 * nothing. With them clang checks at compile time that guarded data is touched under its lock:
 * @code
 *     static weft_lock lock = WEFT_LOCK_INIT;
 *     static int counter WEFT_GUARDED_BY(lock);
 * @endcode
 */
#ifndef WEFT_ATTRIBUTES_H
#define WEFT_ATTRIBUTES_H

/** Marks a function of the public surface; everything else is hidden. */
#define WEFT_API __attribute__((visibility("default")))

/** The result says whether the call succeeded: ignoring it is a mistake. */
#define WEFT_CHECKED __attribute__((warn_unused_result))

/** A function whose argument number @p text is printf's format, its values from @p first on. */
#define WEFT_PRINTF(text, first) __attribute__((__format__(__printf__, text, first)))

#if defined(__clang__)
#define WEFT_ANALYSIS(attribute) __attribute__((attribute))
#else
#define WEFT_ANALYSIS(attribute)
#endif

/** A type that can be held. */
#define WEFT_CAPABILITY(name) WEFT_ANALYSIS(capability(name))
/** A capability that its holder may take again (clang 21 and later know of it). */
#if defined(__clang__) && defined(__has_attribute)
#if __has_attribute(reentrant_capability)
#define WEFT_REENTRANT __attribute__((reentrant_capability))
#endif
#endif
#ifndef WEFT_REENTRANT
#define WEFT_REENTRANT
#endif
/** Data at file scope (or a C++ member) that is touched only while @p lock is held. */
#define WEFT_GUARDED_BY(lock) WEFT_ANALYSIS(guarded_by(lock))
/** The same for a member of a C struct: C compilers cannot check it, readers and C++ can. */
#ifdef __cplusplus
#define WEFT_GUARDED_BY_MEMBER(lock) WEFT_ANALYSIS(guarded_by(lock))
#else
#define WEFT_GUARDED_BY_MEMBER(lock)
#endif
/** A function that is called while the caller holds the named locks. */
#define WEFT_REQUIRES(...) WEFT_ANALYSIS(requires_capability(__VA_ARGS__))
/** A function that returns with the lock held. */
#define WEFT_ACQUIRES(...) WEFT_ANALYSIS(acquire_capability(__VA_ARGS__))
/** A function that holds the lock when it returns WEFT_OK. */
#define WEFT_TRY_ACQUIRES(...) WEFT_ANALYSIS(try_acquire_capability(0, __VA_ARGS__))
/** A function after which the lock counts as held, without a release of its own. */
#define WEFT_ASSERTS(...) WEFT_ANALYSIS(assert_capability(__VA_ARGS__))
/** A function that gives the lock up. */
#define WEFT_RELEASES(...) WEFT_ANALYSIS(release_capability(__VA_ARGS__))
/** The same for the side that several threads hold at once, and may only read under. */
#define WEFT_REQUIRES_SHARED(...) WEFT_ANALYSIS(requires_shared_capability(__VA_ARGS__))
#define WEFT_ACQUIRES_SHARED(...) WEFT_ANALYSIS(acquire_shared_capability(__VA_ARGS__))
#define WEFT_TRY_ACQUIRES_SHARED(...) WEFT_ANALYSIS(try_acquire_shared_capability(0, __VA_ARGS__))
#define WEFT_ASSERTS_SHARED(...) WEFT_ANALYSIS(assert_shared_capability(__VA_ARGS__))
#define WEFT_RELEASES_SHARED(...) WEFT_ANALYSIS(release_shared_capability(__VA_ARGS__))
/** A function whose own body the analysis leaves out. */
#define WEFT_NO_ANALYSIS WEFT_ANALYSIS(no_thread_safety_analysis)

#ifdef __cplusplus
#define WEFT_BEGIN_DECLS extern "C" {
#define WEFT_END_DECLS }
#else
#define WEFT_BEGIN_DECLS
#define WEFT_END_DECLS
#endif

#endif
