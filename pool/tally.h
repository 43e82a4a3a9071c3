/* SPDX-License-Identifier: MIT */
/*
 * What has become of tasks, and how long they took.
 */
#ifndef WEFTI_POOL_TALLY_H
#define WEFTI_POOL_TALLY_H

#include <stdint.h>

#include <weft/executor_stats.h>

#include "platform/atomic.h"

/* Durations in nanoseconds; weft_histogram has the meaning of the buckets. */
struct wefti_times {
    WEFTI_ATOMIC_64 uint64_t total;
    WEFTI_ATOMIC_64 uint64_t longest;
    WEFTI_ATOMIC_64 uint64_t buckets[WEFT_HISTOGRAM_BUCKETS];
};

/*
 * What has become of tasks. One thread writes at a time (a worker its own, who has the executor's
 * mutex the executor's), with relaxed stores: any may read.
 */
struct wefti_tally {
    WEFTI_ATOMIC_64 uint64_t done;
    WEFTI_ATOMIC_64 uint64_t failed;
    WEFTI_ATOMIC_64 uint64_t cancelled;
    struct wefti_times waits; /* with `timing` */
    struct wefti_times runs;
};

/* Counts one more, in a tally that is the caller's to write. */
void wefti_tally_add(uint64_t *number);
void wefti_tally_time(struct wefti_times *times, int64_t nanoseconds);

/* Adds what one tally has to another, whose mutex is locked. */
void wefti_tally_merge(struct wefti_tally *into, const struct wefti_tally *from);

#endif
