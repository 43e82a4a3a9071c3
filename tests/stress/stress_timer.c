/* SPDX-License-Identifier: MIT */
/*
 * Timers started, cancelled, joined and freed by many threads: each fires once, or was cancelled.
 */
#include "test.h"

#include <stdatomic.h>
#include <string.h>

enum { THREADS = 4, BATCH = 64 };

struct one {
    weft_timer *timer;
    atomic_int fired;
    int64_t due;
};

static int64_t end;

static void *fire(void *arg)
{
    struct one *one = arg;
    WITNESS(test_clock() >= one->due);
    atomic_fetch_add(&one->fired, 1);
    return arg;
}

static void *come_and_go(void *arg)
{
    static atomic_uint_fast64_t seeds = 1;
    uint64_t random = atomic_fetch_add(&seeds, 1) * 7919;
    while (test_clock() < end) {
        struct one batch[BATCH];
        memset(batch, 0, sizeof batch);
        bool never[BATCH] = {false};
        for (size_t i = 0; i < BATCH; i++) {
            int64_t wait = (int64_t)(test_random(&random) % 3000000) - 500000;
            batch[i].due = test_clock() + (wait > 0 ? wait : 0);
            batch[i].timer = weft_timer_spawn((double)wait / 1e9, fire, &batch[i]);
            WITNESS(batch[i].timer != NULL);
            size_t other = test_random(&random) % (i + 1);
            if (test_random(&random) % 2 == 0)
                never[other] |= weft_timer_cancel(batch[other].timer) == WEFT_OK;
        }
        for (size_t i = 0; i < BATCH; i++) {
            WITNESS(weft_timer_join(batch[i].timer) == WEFT_OK);
            WITNESS(atomic_load(&batch[i].fired) == (never[i] ? 0 : 1));
            WITNESS(weft_timer_value(batch[i].timer) == (never[i] ? NULL : &batch[i]));
            weft_timer_free(batch[i].timer);
        }
    }
    return arg;
}

TEST(each_timer_fires_once_or_was_cancelled)
{
    end = test_clock() + test_stress_time();
    struct crew crew = crew_start(THREADS, come_and_go, NULL);
    crew_join(&crew);
    assert_int_equal(weft_thread_active_count(), 1);
}
