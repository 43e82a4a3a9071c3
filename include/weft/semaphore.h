/* SPDX-License-Identifier: MIT */
/**
 * @file semaphore.h
 * @brief Semaphore and BoundedSemaphore: Python's `threading.Semaphore` and `BoundedSemaphore`.
 *
 * A number of permits. An acquire takes one, or waits until there is one; a release gives one back.
 * Nobody owns a permit: any thread may release, so a semaphore also counts what one thread has made
 * and another takes. A bounded one has a limit, and a release beyond it is an error.
 *
 * Permits are given out strictly in the order of arrival, also to those who want several: a thread
 * that comes later never passes one that waits. Several are given all at once or not at all, so a
 * big request is not starved by small ones, and two never wait for each other's half.
 *
 * All-zero bytes are a semaphore of value 0 (limit 0), and nothing has to be destroyed. It may lie
 * anywhere but must not be moved or copied while in use. Its memory may be freed when no thread is
 * in an acquire any more, even while the release that let the last one go on has not returned: a
 * release never touches the semaphore after the permit is there to be taken.
 *
 * @code
 *     static weft_semaphore slots = WEFT_SEMAPHORE_INIT(3);
 *
 *     weft_semaphore_acquire(&slots);
 *     download(url);
 *     weft_semaphore_release(&slots);
 *
 *     WEFT_WITH(&slots) { download(url); }
 * @endcode
 *
 * Every call is thread-safe. No call may be made from a signal handler. NULL is #WEFT_VALUE_ERROR.
 */
#ifndef WEFT_SEMAPHORE_H
#define WEFT_SEMAPHORE_H

#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** The most permits that a semaphore can have. */
#define WEFT_SEMAPHORE_MAX 0x3fffffff

/** A counting semaphore of 4 bytes. The field is private. */
typedef struct weft_semaphore {
    uint32_t state;
} weft_semaphore;

/** A semaphore with a limit, 8 bytes. The fields are private. */
typedef struct weft_bounded_semaphore {
    weft_semaphore semaphore;
    uint32_t limit;
} weft_bounded_semaphore;

/** Whether @p n is 0 to #WEFT_SEMAPHORE_MAX; private. */
#define WEFT_SEMAPHORE_FITS(n) ((uint64_t)(n) <= WEFT_SEMAPHORE_MAX)

/**
 * A semaphore of @p n permits, a constant or not. One that is out of range (negative) makes an
 * object that answers every call with WEFT_VALUE_ERROR.
 */
#define WEFT_SEMAPHORE_INIT(n)                                                                     \
    {                                                                                              \
        WEFT_SEMAPHORE_FITS(n) ? (uint32_t)(n) << 1 : UINT32_C(0x80000001)                         \
    }

/** A bounded semaphore that begins at its limit @p n. */
#define WEFT_BOUNDED_SEMAPHORE_INIT(n)                                                             \
    {                                                                                              \
        WEFT_SEMAPHORE_INIT(n), WEFT_SEMAPHORE_FITS(n) ? (uint32_t)(n) : 0U                        \
    }

/** Makes a semaphore: `Semaphore(value)`. WEFT_OK; WEFT_VALUE_ERROR if @p value is out of range. */
WEFT_API weft_status weft_semaphore_init(weft_semaphore *semaphore, int value);

/**
 * Takes a permit, waiting as long as it takes: `s.acquire()`.
 * @return WEFT_OK, or WEFT_INTERRUPTED and nothing is taken.
 */
WEFT_API weft_status weft_semaphore_acquire(weft_semaphore *semaphore);

/** Takes a permit if one is free and nobody waits, `s.acquire(blocking=False)`: or WEFT_TIMEOUT. */
WEFT_API WEFT_CHECKED weft_status weft_semaphore_try_acquire(weft_semaphore *semaphore);

/**
 * Takes a permit, waiting at most @p seconds: `s.acquire(timeout=seconds)`.
 * @return WEFT_OK; WEFT_TIMEOUT, never early; WEFT_INTERRUPTED; WEFT_VALUE_ERROR for NaN.
 */
WEFT_API WEFT_CHECKED weft_status weft_semaphore_acquire_for(weft_semaphore *semaphore,
                                                             double seconds);

/** Takes a permit, waiting until weft_now() reaches @p deadline; returns as the `_for` form. */
WEFT_API WEFT_CHECKED weft_status weft_semaphore_acquire_until(weft_semaphore *semaphore,
                                                               double deadline);

/**
 * The same for @p n permits at once, all or none. Python has no such call.
 * @return as above; WEFT_VALUE_ERROR unless @p n is 1 to #WEFT_SEMAPHORE_MAX.
 */
WEFT_API weft_status weft_semaphore_acquire_n(weft_semaphore *semaphore, int n);
WEFT_API WEFT_CHECKED weft_status weft_semaphore_try_acquire_n(weft_semaphore *semaphore, int n);
WEFT_API WEFT_CHECKED weft_status weft_semaphore_acquire_n_for(weft_semaphore *semaphore, int n,
                                                               double seconds);

/**
 * Gives a permit back, or adds one: `s.release()`. Any thread may call it.
 * @return WEFT_OK; WEFT_OVERFLOW beyond #WEFT_SEMAPHORE_MAX: nothing has changed then.
 */
WEFT_API weft_status weft_semaphore_release(weft_semaphore *semaphore);

/** The same for @p n at once, `s.release(n)`; WEFT_VALUE_ERROR if @p n is less than 1. */
WEFT_API weft_status weft_semaphore_release_n(weft_semaphore *semaphore, int n);

/**
 * Adds @p delta permits, or takes them away if it is negative; never waits. If so many are not free
 * the value becomes negative, and the next releases pay the debt. Python has no such call.
 * @return WEFT_OK; WEFT_OVERFLOW beyond #WEFT_SEMAPHORE_MAX either way: nothing has changed then.
 */
WEFT_API weft_status weft_semaphore_resize(weft_semaphore *semaphore, int delta);

/** How many permits are free at this moment; negative after a resize: so many are owed. */
WEFT_API int weft_semaphore_value(const weft_semaphore *semaphore);

/** How many threads wait at this moment. For tests and for looking inside; O(waiters). */
WEFT_API size_t weft_semaphore_waiters(const weft_semaphore *semaphore);

/** Says that the semaphore ends here: WEFT_OK, or WEFT_BUSY if a thread waits for it. */
WEFT_API weft_status weft_semaphore_done(weft_semaphore *semaphore);

/** A semaphore on the heap, for bindings; NULL: WEFT_VALUE_ERROR or WEFT_NO_MEMORY. */
WEFT_API weft_semaphore *weft_semaphore_new(int value);

/** Frees what weft_semaphore_new() made; NULL is allowed. It must not be in use. */
WEFT_API void weft_semaphore_free(weft_semaphore *semaphore);

/** Makes a bounded semaphore that begins at its limit: `BoundedSemaphore(value)`. */
WEFT_API weft_status weft_bounded_semaphore_init(weft_bounded_semaphore *semaphore, int value);

/** The acquires are a Semaphore's; several at once, and more than the limit: WEFT_VALUE_ERROR. */
WEFT_API weft_status weft_bounded_semaphore_acquire(weft_bounded_semaphore *semaphore);
WEFT_API WEFT_CHECKED weft_status
weft_bounded_semaphore_try_acquire(weft_bounded_semaphore *semaphore);
WEFT_API WEFT_CHECKED weft_status
weft_bounded_semaphore_acquire_for(weft_bounded_semaphore *semaphore, double seconds);
WEFT_API WEFT_CHECKED weft_status
weft_bounded_semaphore_acquire_until(weft_bounded_semaphore *semaphore, double deadline);
WEFT_API weft_status weft_bounded_semaphore_acquire_n(weft_bounded_semaphore *semaphore, int n);
WEFT_API WEFT_CHECKED weft_status
weft_bounded_semaphore_try_acquire_n(weft_bounded_semaphore *semaphore, int n);
WEFT_API WEFT_CHECKED weft_status
weft_bounded_semaphore_acquire_n_for(weft_bounded_semaphore *semaphore, int n, double seconds);

/**
 * Gives a permit back: `s.release()`.
 * @return WEFT_OK; WEFT_VALUE_ERROR ("Semaphore released too many times") if the value would pass
 *         the limit: nothing has changed then, also for several.
 */
WEFT_API weft_status weft_bounded_semaphore_release(weft_bounded_semaphore *semaphore);
WEFT_API weft_status weft_bounded_semaphore_release_n(weft_bounded_semaphore *semaphore, int n);

/**
 * Sets a new limit, 0 to #WEFT_SEMAPHORE_MAX; never waits. Permits that are out stay out: the value
 * changes as the limit does, and may become negative until enough have come back. A request that
 * waits for more than a new, lower limit waits on until the limit is raised again.
 */
WEFT_API weft_status weft_bounded_semaphore_resize(weft_bounded_semaphore *semaphore, int limit);

/** The queries and the rest are a Semaphore's; done reports permits that are out, too. */
WEFT_API int weft_bounded_semaphore_value(const weft_bounded_semaphore *semaphore);
WEFT_API int weft_bounded_semaphore_limit(const weft_bounded_semaphore *semaphore);
WEFT_API size_t weft_bounded_semaphore_waiters(const weft_bounded_semaphore *semaphore);
WEFT_API weft_status weft_bounded_semaphore_done(weft_bounded_semaphore *semaphore);
WEFT_API weft_bounded_semaphore *weft_bounded_semaphore_new(int value);
WEFT_API void weft_bounded_semaphore_free(weft_bounded_semaphore *semaphore);

WEFT_END_DECLS

#endif
