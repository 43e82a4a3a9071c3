/* SPDX-License-Identifier: MIT */
/**
 * @file executor_basic_submit.c
 * @brief A pool of four workers runs eight tasks
 *
 * Eight tasks of half a second are submitted to a pool that may have four workers. Four run at
 * once, the others wait in the queue until a worker is free. A submit returns a future at once, and
 * the main thread walks over the futures in the order in which they are done. Leaving the block
 * shuts the pool down: it waits for the tasks and ends the threads.
 *
 * Source: threads, section 3.1, lines 480-506.
 *
 * Look for: two waves of four. The workers of the second wave are those of the first: no thread is
 * started for a task while an idle one, or a busy one that has reached the limit, can take it.
 *
 * Facts:
 * - there are eight results, one for each task
 * - four tasks were inside at once, and never more
 * - four threads did the work, named by the pool, two tasks each
 * - the first four that are done are tasks 0 to 3, then come 4 to 7
 * - two waves of 0.5 s take 1 s at least
 * - when the block is left, the four threads have ended
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_future.h"

enum { WORKERS = 4, TASKS = 8 };

static demo_crowd inside;
static demo_rendezvous wave = DEMO_RENDEZVOUS_INIT(WORKERS);

static void *work(void *arg)
{
    const int *number = arg;
    demo_crowd_enter(&inside);
    demo_say("runs task %d", *number);
    demo_rendezvous_meet(&wave); /* the four of a wave are here at once */
    demo_sleep(0.5);
    demo_crowd_leave(&inside);
    return demo_text("task %d finished in %s", *number, weft_thread_name(weft_thread_current()));
}

int main(void)
{
    weft_future *futures[TASKS];
    int numbers[TASKS];
    int order[TASKS]; /* of completion */
    int seen = 0;
    weft_status status = WEFT_OK;
    demo_begin("A pool of four workers runs eight tasks");
    double start = demo_now();

    WEFT_WITH_EXECUTOR(pool, WORKERS) {
        for (int i = 0; i < TASKS; i++) {
            numbers[i] = i;
            futures[i] = demo_must(weft_executor_submit(pool, work, &numbers[i], .tag = &numbers[i],
                                                        .free_value = free));
        }
        demo_say("has submitted %d tasks, %u threads work for it", TASKS, demo_stats(pool).workers);

        weft_future *done;
        WEFT_AS_COMPLETED(done, TASKS, futures, DEMO_PATIENCE, status) {
            demo_say("hears: %s", (const char *)weft_future_value(done));
            if (seen < TASKS)
                order[seen++] = *(const int *)weft_future_tag(done);
        }
        CHECK(demo_stats(pool).workers == WORKERS, "the pool has four threads");
    }
    double elapsed = demo_now() - start;
    size_t left = weft_thread_active_count();

    bool once = seen == TASKS && status == WEFT_OK;
    bool waves = once;
    bool shares = true;
    for (int i = 0; i < TASKS; i++) {
        once = once && demo_count(demo_name("MainThread hears: task %d *", i)) == 1;
        waves = waves && (order[i] < WORKERS) == (i < WORKERS);
    }
    for (int i = 0; i < WORKERS; i++)
        shares = shares && demo_count(demo_name("ThreadPoolExecutor-*_%d runs task ?", i)) == 2;
    CHECK(once, "there are eight results, one for each of the tasks 0 to 7");
    CHECK(inside.peak == WORKERS, "four tasks were inside at once, and never more");
    CHECK(shares, "four threads named ThreadPoolExecutor-N_0 to _3 did two tasks each");
    CHECK(waves, "tasks 0 to 3 were done first, then 4 to 7");
    CHECK(demo_at_least(elapsed, 1.0), "two waves of 0.5 s took 1 s at least");
    CHECK(left == 1, "when the block is left the pool's threads have ended");
    demo_free_futures(TASKS, futures);
    return demo_end();
}
