/* SPDX-License-Identifier: MIT */
/* Relaxed throughout: each number has one writer at a time and stands for itself. */
#include "pool/tally.h"
#include "platform/atomic.h"

static void add(uint64_t *number, uint64_t more)
{
    wefti_store(number, wefti_load(number, RELAXED) + more, RELAXED);
}

void wefti_tally_add(uint64_t *number)
{
    add(number, 1);
}

static void keep_longest(struct wefti_times *times, uint64_t time)
{
    if (time > wefti_load(&times->longest, RELAXED))
        wefti_store(&times->longest, time, RELAXED);
}

void wefti_tally_time(struct wefti_times *times, int64_t nanoseconds)
{
    uint64_t time = nanoseconds > 0 ? (uint64_t)nanoseconds : 0;
    int bucket = time > 0 ? 63 - __builtin_clzll(time) : 0;
    if (bucket >= WEFT_HISTOGRAM_BUCKETS)
        bucket = WEFT_HISTOGRAM_BUCKETS - 1;
    add(&times->total, time);
    add(&times->buckets[bucket], 1);
    keep_longest(times, time);
}

static void merge_times(struct wefti_times *into, const struct wefti_times *from)
{
    add(&into->total, wefti_load(&from->total, RELAXED));
    keep_longest(into, wefti_load(&from->longest, RELAXED));
    for (size_t i = 0; i < WEFT_HISTOGRAM_BUCKETS; i++)
        add(&into->buckets[i], wefti_load(&from->buckets[i], RELAXED));
}

void wefti_tally_merge(struct wefti_tally *into, const struct wefti_tally *from)
{
    add(&into->done, wefti_load(&from->done, RELAXED));
    add(&into->failed, wefti_load(&from->failed, RELAXED));
    add(&into->cancelled, wefti_load(&from->cancelled, RELAXED));
    merge_times(&into->waits, &from->waits);
    merge_times(&into->runs, &from->runs);
}
