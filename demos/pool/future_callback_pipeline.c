/* SPDX-License-Identifier: MIT */
/**
 * @file future_callback_pipeline.c
 * @brief Three steps in a chain, each fed with the result of the one before
 *
 * Work in three steps: fetch, process, finish. What a callback returns nobody sees, so callbacks on
 * one future make no chain: all of them get the first result. A chain needs a future for each step.
 * `then` makes it: the new future is done when the next step is. If a step fails, the later ones
 * are skipped and the last future has the error.
 *
 * Source: threads, section 3.3, lines 1842-1932. There only the first of three callbacks is added,
 * what it returns is lost, and the main thread sleeps and hopes that it has run.
 *
 * Look for: the main thread waits for the last future only. No thread waits between the steps:
 * whoever ends one submits the next.
 *
 * Facts:
 * - callbacks on one future all get its value, not what the one before returned
 * - a chain makes step 1, 2 and 3 in this order, each fed with the result before
 * - four chains at once never mix their results
 * - a step that fails skips the later ones, and its error is the last future's
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_future.h"

enum { CHAINS = 4 };

static void *fetch(void *arg)
{
    const char *id = arg;
    demo_sleep(0.3);
    demo_say("fetches the data of %s", id);
    return demo_text("%s:fetched", id);
}

static void *process(void *arg)
{
    const char *fetched = arg;
    demo_sleep(0.1);
    demo_say("processes %s", fetched);
    return demo_text("%s:processed", fetched);
}

static void *finish(void *arg)
{
    const char *processed = arg;
    demo_sleep(0.1);
    demo_say("finishes %s", processed);
    return demo_text("%s:final", processed);
}

static void *refuse(void *arg)
{
    demo_say("cannot process %s", (const char *)arg);
    return weft_raise(WEFT_USER, "%s has no header", (const char *)arg);
}

/* ---- callbacks do not chain ---- */

static void *hear_and_return(weft_future *future, void *arg)
{
    demo_say("%s gets %s", (const char *)arg, (const char *)weft_future_value(future));
    return arg; /* nobody sees it */
}

static void try_callbacks(weft_executor *pool)
{
    char id[] = "P0";
    char names[2][16] = {"callback 1", "callback 2"};
    weft_future *future = demo_must(weft_executor_submit(pool, fetch, id, .free_value = free));
    int added = 0;
    for (int i = 0; i < 2; i++)
        added += weft_future_add_done_callback(future, hear_and_return, names[i]) == WEFT_OK;
    weft_future_result(future, NULL);
    weft_future_free(future);
    DEMO_AWAIT(demo_count("worker_? callback 2 gets *") == 1);
    CHECK(added == 2 && demo_count("worker_? callback 1 gets P0:fetched") == 1 &&
              demo_count("worker_? callback 2 gets P0:fetched") == 1,
          "both callbacks got the same value: no chain");
}

/* ---- a chain ---- */

/* The last future; the ones before live as long as it needs them. */
static weft_future *start_chain(weft_executor *pool, char *id, weft_target *middle)
{
    weft_future *step1 = demo_must(weft_executor_submit(pool, fetch, id, .free_value = free));
    weft_future *step2 =
        demo_must(weft_future_then(step1, middle, .executor = pool, .free_value = free));
    weft_future *step3 =
        demo_must(weft_future_then(step2, finish, .executor = pool, .free_value = free));
    weft_future_free(step1);
    weft_future_free(step2);
    return step3;
}

static void run_one(weft_executor *pool)
{
    char id[] = "P1";
    void *value = NULL;
    double start = demo_now();
    weft_future *last = start_chain(pool, id, process);
    weft_status status = weft_future_result(last, &value);
    demo_say("has %s", (const char *)value);
    CHECK(status == WEFT_OK && strcmp(value, "P1:fetched:processed:final") == 0,
          "each step was fed with the result of the one before");
    CHECK(demo_in_order("worker_? fetches the data of P1", "worker_? processes P1:fetched",
                        "worker_? finishes P1:fetched:processed",
                        "MainThread has P1:fetched:processed:final"),
          "the steps came in their order, and then the result");
    CHECK(demo_at_least(demo_now() - start, 0.5), "0.3 s and twice 0.1 s: 0.5 s at least");
    weft_future_free(last);
}

static void run_four(weft_executor *pool)
{
    char ids[CHAINS][8];
    weft_future *last[CHAINS];
    int right = 0;
    for (int i = 0; i < CHAINS; i++) {
        snprintf(ids[i], sizeof ids[i], "Q%d", i);
        last[i] = start_chain(pool, ids[i], process);
    }
    weft_future *all = demo_must(weft_when_all(CHAINS, last));
    void *values = NULL;
    weft_status status = weft_future_result(all, &values);
    for (int i = 0; status == WEFT_OK && i < CHAINS; i++)
        right += strcmp(((char **)values)[i], demo_name("Q%d:fetched:processed:final", i)) == 0;
    for (int i = 0; status == WEFT_OK && i < CHAINS; i++)
        demo_say("has %s", ((char **)values)[i]);
    CHECK(right == CHAINS, "four chains at once have four results of their own");
    weft_future_free(all);
    demo_free_futures(CHAINS, last);
}

static void run_failing(weft_executor *pool)
{
    char id[] = "P2";
    weft_future *last = start_chain(pool, id, refuse);
    weft_status status = weft_future_result(last, NULL);
    const weft_error *error = weft_future_error(last);
    demo_say("%s: %s", weft_strerror(status), error != NULL ? error->message : "");
    CHECK(status == WEFT_FAILED && error != NULL && error->code == WEFT_USER &&
              strcmp(error->message, "P2:fetched has no header") == 0,
          "the error of step 2 is the last future's");
    CHECK(demo_count("* finishes P2*") == 0, "step 3 was skipped");
    weft_future_free(last);
}

int main(void)
{
    demo_begin("Three steps in a chain, each fed with the result of the one before");
    WEFT_WITH_EXECUTOR(pool, 2, .thread_name_prefix = "worker") {
        demo_part("Two callbacks on one future");
        try_callbacks(pool);
        demo_part("A chain");
        run_one(pool);
        demo_part("Four chains on two workers");
        run_four(pool);
        demo_part("A step that fails");
        run_failing(pool);
    }
    return demo_end();
}
