/* SPDX-License-Identifier: MIT */
/**
 * @file future_done_polling.c
 * @brief Looking now and then whether a future is done
 *
 * A long task and a quick one run. The main thread looks at three moments whether they are done:
 * at once, when the quick one must be through, and when the long one must be. To look never waits,
 * so the main thread may do other things in between.
 *
 * Source: threads, section 3.3, lines 1543-1588.
 *
 * Look for: the quick task is done and nobody has asked for its result yet. A future keeps it.
 *
 * Facts:
 * - at first neither is done
 * - at the second look the quick one is done, the long one is not
 * - at the third both are; in between lie 0.5 s and 2 s at least
 * - a look does not wait: the tasks end only after it, and it comes back
 * - the result of a future that is done is there at once, with a time limit of 0
 */
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_future.h"

struct task {
    const char *name;
    double seconds;
    atomic_int *looks; /* it ends after so many */
    int turn;
};

static void *work(void *arg)
{
    const struct task *task = arg;
    demo_say("%s begins", task->name);
    demo_sleep(task->seconds);
    DEMO_AWAIT(*task->looks >= task->turn);
    demo_say("%s ends", task->name);
    return demo_text("%s completed", task->name);
}

/* Bit 0: the long one is done; bit 1: the quick one. */
static int look(weft_future *task_long, weft_future *task_quick, atomic_int *looks)
{
    bool long_done = weft_future_done(task_long);
    bool quick_done = weft_future_done(task_quick);
    demo_say("looks: LONG is %s, QUICK is %s", long_done ? "done" : "not done",
             quick_done ? "done" : "not done");
    ++*looks;
    return (int)long_done | (int)quick_done << 1;
}

int main(void)
{
    atomic_int looks = 0;
    struct task tasks[2] = {{"LONG", 2.0, &looks, 2}, {"QUICK", 0.5, &looks, 1}};
    void *value = NULL;
    demo_begin("Looking now and then whether a future is done");
    WEFT_WITH_EXECUTOR(pool, 2, .thread_name_prefix = "worker") {
        double start = demo_now();
        weft_future *slow =
            demo_must(weft_executor_submit(pool, work, &tasks[0], .free_value = free));
        weft_future *quick =
            demo_must(weft_executor_submit(pool, work, &tasks[1], .free_value = free));
        int seen = look(slow, quick, &looks);
        CHECK(seen == 0, "at first neither is done");

        demo_sleep(1.0); /* does other things */
        DEMO_AWAIT(weft_future_done(quick));
        double elapsed = demo_now() - start;
        seen = look(slow, quick, &looks);
        CHECK(seen == 2 && demo_at_least(elapsed, 0.5),
              "at the second look the quick one is done, the long one is not");
        CHECK(weft_future_result_for(quick, &value, 0) == WEFT_OK &&
                  strcmp(value, "QUICK completed") == 0,
              "its result is there at once: it takes a time limit of 0");
        demo_say("has it: %s", (char *)value);

        demo_sleep(2.0);
        DEMO_AWAIT(weft_future_done(slow));
        elapsed = demo_now() - start;
        seen = look(slow, quick, &looks);
        CHECK(seen == 3 && demo_at_least(elapsed, 3.0), "at the third look, after 3 s, both are");
        CHECK(weft_future_result_for(slow, &value, 0) == WEFT_OK &&
                  strcmp(value, "LONG completed") == 0,
              "so is the result of the long one");
        demo_say("has it: %s", (char *)value);
        weft_future_free(slow);
        weft_future_free(quick);
    }
    CHECK(demo_in_order("MainThread looks: LONG is not done, QUICK is not done", "* QUICK ends",
                        "MainThread looks: LONG is not done, QUICK is done", "* LONG ends",
                        "MainThread looks: LONG is done, QUICK is done"),
          "to look does not wait: the tasks ended only after it had looked");
    return demo_end();
}
