/* SPDX-License-Identifier: MIT */
/*
 * One moment of an executor: under its mutex nothing is submitted or taken; what ends meanwhile is
 * running or has ended, and in one of the two numbers.
 */
#include <weft/executor_stats.h>

#include <string.h>

#include "platform/atomic.h"
#include "platform/clock.h"
#include "pool/executor.h"

static double seconds(uint64_t nanoseconds)
{
    return (double)nanoseconds / (double)WEFTI_SECOND;
}

static void add_times(weft_histogram *sum, const struct wefti_times *times)
{
    double longest = seconds(wefti_load(&times->longest, RELAXED));
    sum->total += seconds(wefti_load(&times->total, RELAXED));
    if (longest > sum->longest)
        sum->longest = longest;
    for (size_t i = 0; i < WEFT_HISTOGRAM_BUCKETS; i++) {
        uint64_t count = wefti_load(&times->buckets[i], RELAXED);
        sum->buckets[i] += count;
        sum->count += count;
    }
}

/* Relaxed, as the numbers' writers: each stands for itself. */
static void add(weft_executor_stats *sum, const struct wefti_tally *tally)
{
    sum->done += wefti_load(&tally->done, RELAXED);
    sum->failed += wefti_load(&tally->failed, RELAXED);
    sum->cancelled += wefti_load(&tally->cancelled, RELAXED);
    add_times(&sum->waits, &tally->waits);
    add_times(&sum->runs, &tally->runs);
}

weft_status weft_executor_get_stats_with(weft_executor *executor, weft_executor_stats *stats,
                                         size_t size)
{
    weft_executor_stats all = {0};
    if (executor == NULL || stats == NULL)
        return WEFT_VALUE_ERROR;
    wefti_mutex_lock(&executor->mutex);
    wefti_executor_collect(executor);
    add(&all, &executor->tally);
    for (const struct wefti_worker *worker = executor->workers; worker != NULL;
         worker = worker->next)
        add(&all, &worker->tally);
    all.submitted = executor->submitted;
    all.queued = executor->queue.length;
    all.running = all.submitted - all.queued - all.done - all.failed - all.cancelled;
    all.peak = wefti_load(&executor->inbox.peak, RELAXED);
    all.workers = executor->live;
    all.idle = executor->idle.asleep - executor->idle.called;
    int64_t oldest = executor->timing ? wefti_task_queue_oldest(&executor->queue) : 0;
    wefti_mutex_unlock(&executor->mutex);
    if (oldest != 0)
        all.oldest = seconds((uint64_t)(wefti_clock() - oldest));
    /* A caller compiled against another version may know fewer numbers, or more. */
    memset(stats, 0, size);
    memcpy(stats, &all, size < sizeof all ? size : sizeof all);
    return WEFT_OK;
}

double weft_histogram_quantile(const weft_histogram *histogram, double quantile)
{
    if (histogram == NULL || !(quantile >= 0))
        return 0;
    double wanted = quantile * (double)histogram->count;
    double sum = 0;
    double limit = 2e-9;
    for (size_t i = 0; i < WEFT_HISTOGRAM_BUCKETS; i++) {
        sum += (double)histogram->buckets[i];
        if (histogram->buckets[i] > 0 && sum >= wanted)
            return limit < histogram->longest ? limit : histogram->longest;
        limit *= 2;
    }
    return histogram->longest;
}
