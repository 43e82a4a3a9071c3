/* SPDX-License-Identifier: MIT */
/**
 * @file futures.h
 * @brief Several futures: Python's `concurrent.futures.wait` and `as_completed`.
 *
 * @code
 *     size_t done;
 *     if (weft_wait_futures(n, jobs, WEFT_FIRST_EXCEPTION, &done, 5.0) == WEFT_OK)
 *         ...                                   // jobs[0 .. done) are done, the others are not
 *
 *     weft_future *job;
 *     weft_status status;
 *     WEFT_AS_COMPLETED(job, n, jobs, 5.0, status)
 *         show(weft_future_value(job));         // in the order in which they are done
 *     if (status == WEFT_TIMEOUT)
 *         puts("not all of them");
 * @endcode
 * A worker that waits without a timeout runs those itself that its executor has not started, or that
 * are queued there meanwhile, one after the other; and what they are composed of. Every call is thread-safe; the array is the caller's.
 */
#ifndef WEFT_FUTURES_H
#define WEFT_FUTURES_H

#include <stdbool.h>
#include <stddef.h>

#include <weft/future.h>

WEFT_BEGIN_DECLS

/** What weft_wait_futures() waits for. */
typedef enum weft_return_when {
    WEFT_ALL_COMPLETED = 0,   /**< All are done: ALL_COMPLETED. */
    WEFT_FIRST_COMPLETED = 1, /**< One is: FIRST_COMPLETED. */
    WEFT_FIRST_EXCEPTION = 2, /**< One has failed (not: was cancelled), or all are done. */
} weft_return_when;

/** So many futures can be waited for at once without an allocation. */
#define WEFT_FUTURES_INLINE 16

/**
 * Waits at most @p seconds: `wait(fs, timeout, return_when)`. Then sorts the array: those that are
 * done come first, in their order; the others follow in any order. Whoever comes twice stays twice.
 * @param[out] done how many are done, unless it is WEFT_VALUE_ERROR; may be NULL.
 * @return WEFT_OK, at once for none at all; WEFT_TIMEOUT; WEFT_INTERRUPTED; WEFT_VALUE_ERROR for
 *         NaN, a NULL among them or another @p when; WEFT_NO_MEMORY only if there are more than
 *         #WEFT_FUTURES_INLINE and it is not for all; WEFT_DEADLOCK as weft_future_result(): for
 *         all if one of them never ends, for the first if none does.
 */
WEFT_API WEFT_CHECKED weft_status weft_wait_futures(size_t count, weft_future **futures,
                                                    weft_return_when when, size_t *done,
                                                    double seconds);

/** A walk over futures in the order in which they are done; what #WEFT_AS_COMPLETED stands on. */
typedef struct weft_completions {
    size_t count;                /**< As given, */
    weft_future *const *futures; /**< the same, */
    double seconds;              /**< the same; */
    weft_status *status;         /**< where it says how it went. */
    int begun;                   /**< The rest is private. */
    int64_t deadline;
    weft_future *lent;
    void *hooks;
    uint64_t group[12];
    uint64_t room[WEFT_FUTURES_INLINE][5];
} weft_completions;

/**
 * Waits for the next one. The first call begins the walk, and its time.
 * @param[out] future it, lent; the program may give up a reference of its own meanwhile.
 * @return whether there is one. If not, *status says why: WEFT_OK: each has come once;
 *         WEFT_TIMEOUT, WEFT_INTERRUPTED; WEFT_VALUE_ERROR for NaN or a NULL among them;
 *         WEFT_DEADLOCK if none that is left ever ends, as weft_future_result();
 *         WEFT_NO_MEMORY only if there are more than #WEFT_FUTURES_INLINE.
 */
WEFT_API bool weft_completions_next(weft_completions *completions, weft_future **future);

/** Ends the walk, wherever it is. */
WEFT_API void weft_completions_end(weft_completions *completions);

WEFT_END_DECLS

#define WEFT_COMPLETIONS_JOIN_(a, b) a##b
#define WEFT_COMPLETIONS_JOIN(a, b) WEFT_COMPLETIONS_JOIN_(a, b)
#define WEFT_COMPLETIONS WEFT_COMPLETIONS_JOIN(weft_completions_in_line_, __LINE__)

#ifdef __cplusplus

namespace weft
{
/** A walk that ends when it goes out of scope. */
struct completions : weft_completions {
    completions(size_t n, weft_future *const *array, double limit, weft_status *result)
        : weft_completions()
    {
        count = n;
        futures = array;
        seconds = limit;
        status = result;
    }
    completions(const completions &) = delete;
    completions &operator=(const completions &) = delete;
    ~completions() { weft_completions_end(this); }
};
} // namespace weft

#define WEFT_COMPLETIONS_FRESH(count, futures, seconds, status)                                    \
    ::weft::completions WEFT_COMPLETIONS((count), (futures), (seconds), (status))

#else

#define WEFT_COMPLETIONS_FRESH(count_, futures_, seconds_, status_)                                \
    weft_completions WEFT_COMPLETIONS __attribute__((cleanup(weft_completions_end))) = {           \
        .count = (count_), .futures = (futures_), .seconds = (seconds_), .status = (status_)}

#endif

/**
 * Runs the block that follows for each of @p count futures when it is done, in that order:
 * `for future in as_completed(fs, timeout)`. Those that are done already come first; whoever comes
 * twice comes once. All have @p seconds together. break, return and goto leave it and nothing is
 * lost; the variable @p status_variable (a ::weft_status) says how it went, as
 * weft_completions_next(). It holds a reference to each future that has not come yet.
 */
#define WEFT_AS_COMPLETED(future_variable, count, futures, seconds, status_variable)               \
    for (WEFT_COMPLETIONS_FRESH((count), (futures), (seconds), &(status_variable));                \
         weft_completions_next(&WEFT_COMPLETIONS, &(future_variable));)

#endif
