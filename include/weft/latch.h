/* SPDX-License-Identifier: MIT */
/**
 * @file latch.h
 * @brief Latch: a count-down latch, as Java's CountDownLatch and C++'s std::latch.
 *
 * It begins with a count. Threads count it down, others wait until it has reached zero; then it is
 * open, and stays open for ever. Python has none: an Event and a counter under a lock do the same.
 * For what repeats take a Barrier, or a new latch each time.
 *
 * Zeroed memory is no latch: it answers every call with #WEFT_VALUE_ERROR. Nothing has to be
 * destroyed. A latch may lie anywhere but must not be moved or copied while in use. Its memory may
 * be freed when no thread waits any more, even while the count_down() that opened it has not
 * returned: that does not touch the latch after it is seen to be open.
 *
 * @code
 *     static weft_latch loaded = WEFT_LATCH_INIT(3);
 *
 *     weft_latch_count_down(&loaded);      // each of three loaders, when it is done
 *
 *     weft_latch_wait(&loaded);            // whoever needs all three
 * @endcode
 *
 * Every call is thread-safe. No call may be made from a signal handler. NULL is #WEFT_VALUE_ERROR.
 */
#ifndef WEFT_LATCH_H
#define WEFT_LATCH_H

#include <stddef.h>
#include <stdint.h>

#include <weft/clock.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** The highest count. */
#define WEFT_LATCH_MAX 0x3fffffff

/** A latch of 4 bytes. The field is private. */
typedef struct weft_latch {
    uint32_t state;
} weft_latch;

/**
 * A latch of count @p n, a constant or not; 0 is one that is open already. A number out of range
 * (negative) makes an object that answers every call with WEFT_VALUE_ERROR.
 */
#define WEFT_LATCH_INIT(n)                                                                         \
    {                                                                                              \
        (uint64_t)(n) <= WEFT_LATCH_MAX ? (uint32_t)(n) << 2 | 1U : 0U                             \
    }

/** Makes a latch. WEFT_OK; WEFT_VALUE_ERROR if @p count is out of range. */
WEFT_API weft_status weft_latch_init(weft_latch *latch, int count);

/**
 * Counts down by one; at zero lets all go on that wait. Never waits itself.
 * @return WEFT_OK; WEFT_VALUE_ERROR if the count would pass zero: nothing has changed then.
 */
WEFT_API weft_status weft_latch_count_down(weft_latch *latch);

/** Counts down by @p n at once, all or nothing; also WEFT_VALUE_ERROR if @p n is less than 1. */
WEFT_API weft_status weft_latch_count_down_n(weft_latch *latch, int n);

/**
 * Waits until the count is zero.
 * @return WEFT_OK, or WEFT_INTERRUPTED.
 */
WEFT_API weft_status weft_latch_wait(weft_latch *latch);

/**
 * Waits until the count is zero, at most @p seconds.
 * @return WEFT_OK; WEFT_TIMEOUT, never early; WEFT_INTERRUPTED; WEFT_VALUE_ERROR for NaN.
 */
WEFT_API WEFT_CHECKED weft_status weft_latch_wait_for(weft_latch *latch, double seconds);

/** The same, until weft_now() reaches @p deadline. */
WEFT_API WEFT_CHECKED weft_status weft_latch_wait_until(weft_latch *latch, double deadline);

/**
 * Counts down by one and waits for the others.
 * @return WEFT_OK; WEFT_INTERRUPTED: it has counted all the same; WEFT_VALUE_ERROR if the count was
 *         zero before.
 */
WEFT_API weft_status weft_latch_arrive_and_wait(weft_latch *latch);

/** The count at this moment. Who sees 0 sees what came before the last count_down(). */
WEFT_API int weft_latch_count(const weft_latch *latch);

/** How many threads wait at this moment. For tests and for looking inside; O(waiters). */
WEFT_API size_t weft_latch_waiters(const weft_latch *latch);

/** Says that the latch ends here: WEFT_OK, or WEFT_BUSY if a thread waits for it. */
WEFT_API weft_status weft_latch_done(weft_latch *latch);

/** A latch on the heap, for bindings; NULL: WEFT_VALUE_ERROR or WEFT_NO_MEMORY. */
WEFT_API weft_latch *weft_latch_new(int count);

/** Frees what weft_latch_new() made; NULL is allowed. It must not be in use. */
WEFT_API void weft_latch_free(weft_latch *latch);

WEFT_END_DECLS

#endif
