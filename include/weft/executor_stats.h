/* SPDX-License-Identifier: MIT */
/**
 * @file executor_stats.h
 * @brief What an executor has done: counts, and with `.timing` how long tasks waited and ran.
 *
 * @code
 *     weft_executor_stats stats;
 *     weft_executor_get_stats(pool, &stats);
 *     printf("%zu wait, half of them for less than %g s\n", stats.queued,
 *            weft_histogram_quantile(&stats.waits, 0.5));
 * @endcode
 * Python has nothing of the kind.
 */
#ifndef WEFT_EXECUTOR_STATS_H
#define WEFT_EXECUTOR_STATS_H

#include <stddef.h>
#include <stdint.h>

#include <weft/executor.h>
#include <weft/status.h>

WEFT_BEGIN_DECLS

/** How many classes of durations a histogram has. */
#define WEFT_HISTOGRAM_BUCKETS 48

/** How durations are distributed. */
typedef struct weft_histogram {
    uint64_t count; /**< So many durations. */
    double total;   /**< Their sum, in seconds. */
    double longest; /**< In seconds. */
    /** Number i counts those of 2^i nanoseconds and more, and less than twice that; the first also
     *  shorter ones, the last (39 hours) also longer ones. */
    uint64_t buckets[WEFT_HISTOGRAM_BUCKETS];
} weft_histogram;

/** One moment of an executor. submitted = queued + running + done + failed + cancelled. */
typedef struct weft_executor_stats {
    uint64_t submitted; /**< Tasks that were accepted, by submit, post and compositions. */
    uint64_t queued;    /**< Of these: wait for a worker. */
    uint64_t running;   /**< Run, or are being ended. */
    uint64_t done;      /**< Have returned a value. A task is counted before its future is done. */
    uint64_t failed;    /**< Have failed, have expired, or found the pool broken. */
    uint64_t cancelled; /**< Were cancelled before they ran. */
    uint64_t peak;      /**< The most that were queued at once. */
    uint32_t workers;   /**< Threads that run tasks, wait for them, or are starting. */
    uint32_t idle;      /**< Of these: wait. */
    double oldest;      /**< Seconds since the oldest queued task came; 0 without `.timing`. */
    weft_histogram waits; /**< From submit to start; empty without `.timing`, as is the next. */
    weft_histogram runs;  /**< From start to end. */
} weft_executor_stats;

/**
 * Fills in @p stats. O(workers), and O(queued) with `.timing`.
 * @return WEFT_OK; WEFT_VALUE_ERROR for NULL.
 */
#define weft_executor_get_stats(executor, stats)                                                   \
    weft_executor_get_stats_with((executor), (stats), sizeof(weft_executor_stats))

/** The function behind weft_executor_get_stats(): @p size is that of the caller's struct. */
WEFT_API weft_status weft_executor_get_stats_with(weft_executor *executor,
                                                  weft_executor_stats *stats, size_t size);

/**
 * The duration in seconds that the part @p quantile (0 to 1) of a histogram's durations does not
 * exceed, to a factor of two: the upper end of a bucket, but not more than the longest; 0 for an
 * empty one, NULL or NaN.
 */
WEFT_API double weft_histogram_quantile(const weft_histogram *histogram, double quantile);

WEFT_END_DECLS

#endif
