/* SPDX-License-Identifier: MIT */
/*
 * Timers started, cancelled, joined in every way and freed by many threads that are interrupted: each
 * fires once, or was cancelled.
 */
#include "test.h"

#include <stdatomic.h>
#include <string.h>

#include "interrupt.h"
#include "storm.h"

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

/* Joins it in some way, as often as it takes. */
static void join_somehow(weft_timer *timer, uint64_t *random)
{
    weft_status status = WEFT_TIMEOUT;
    while (status != WEFT_OK) {
        double seconds = (double)(test_random(random) % 997) * 1e-6;
        switch (test_random(random) % 3) {
        case 0:
            status = weft_timer_join_for(timer, seconds);
            break;
        case 1:
            status = weft_timer_join_until(timer, weft_now() + seconds);
            break;
        default:
            status = weft_timer_join(timer);
        }
        WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT || status == WEFT_INTERRUPTED);
    }
}

static void *come_and_go(void *arg)
{
    uint64_t random = test_stress_random();
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
            join_somehow(batch[i].timer, &random);
            WITNESS(atomic_load(&batch[i].fired) == (never[i] ? 0 : 1));
            WITNESS(weft_timer_value(batch[i].timer) == (never[i] ? NULL : &batch[i]));
            weft_timer_free(batch[i].timer);
        }
    }
    return arg;
}

static void run(void)
{
    end = test_clock() + test_stress_time();
    struct crew crew = crew_start(THREADS, come_and_go, NULL);
    (void)interrupt_at_random(&crew, end);
    crew_join(&crew);
    assert_int_equal(weft_thread_active_count(), 1);
}

TEST(each_timer_fires_once_or_was_cancelled)
{
    run();
}

TEST(each_timer_fires_once_or_was_cancelled_in_a_storm_of_signals)
{
    storm_begin();
    run();
    storm_end();
}
