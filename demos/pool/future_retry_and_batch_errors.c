/* SPDX-License-Identifier: MIT */
/**
 * @file future_retry_and_batch_errors.c
 * @brief Trying again what failed, and a batch whose failures are collected
 *
 * A task that fails for a reason that may pass is submitted again, after a pause, three times at
 * most. What each attempt does is written in a script, so that every run is the same. An attempt
 * that takes too long is asked to end and waited for before the next one: attempts never overlap.
 * An error of the program itself is not tried again. Then five tasks run as a batch; the results
 * go into one list, the errors, with what is known about them, into another.
 *
 * Source: threads, section 3.3, lines 1936-2062. There the outcomes are random, every exception is
 * tried again, and an attempt that timed out runs on beside the next.
 *
 * Look for: whether to try again is decided by the error's code, not by the fact that there is one.
 *
 * Facts:
 * - three retries are four attempts at most
 * - "fail, fail, succeed": three attempts, two errors, one success, two pauses of 1 s
 * - "always fail": four attempts, and the last error is the one that is returned
 * - an error of the program is returned after one attempt
 * - an attempt that hangs is ended before the next one begins
 * - a batch of five: three results, two errors, each with its task's name, text and place
 */
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_future.h"

enum { MAX_RETRIES = 3, BATCH = 5 };
enum { CODE_CONNECTION = WEFT_USER + 1, CODE_PROGRAM = WEFT_USER + 2 };

/* ---- a task that does what its script says ---- */

struct script {
    const char *name;
    const char *acts; /* a letter an attempt: s succeeds, f fails, h hangs, p: program error */
    int attempts;     /* so far; attempts do not overlap */
    demo_crowd inside;
};

/* Waits until it is asked to end. */
static void *hang(const struct script *script)
{
    while (!weft_cancel_requested())
        demo_sleep(10);
    demo_say("%s was asked to end", script->name);
    return weft_raise(WEFT_CANCELLED, "%s: ended on request", script->name);
}

static void *attempt(struct script *script)
{
    int number = script->attempts++;
    demo_say("%s, attempt %d", script->name, number + 1);
    demo_sleep(0.2);
    switch (script->acts[number]) {
    case 's':
        return demo_text("%s succeeded at attempt %d", script->name, number + 1);
    case 'f':
        return weft_raise(CODE_CONNECTION, "%s: connection %d refused", script->name, number + 1);
    case 'h':
        return hang(script);
    default:
        return weft_raise(CODE_PROGRAM, "%s: no such column", script->name);
    }
}

static void *unreliable(void *arg)
{
    struct script *script = arg;
    demo_crowd_enter(&script->inside);
    void *value = attempt(script);
    demo_crowd_leave(&script->inside);
    return value;
}

/* ---- trying again ---- */

struct tally {
    int successes;
    int errors;
};

/* Whether it makes sense to try again. */
static bool may_pass(weft_status status, weft_future *future)
{
    return status == WEFT_TIMEOUT ||
           (status == WEFT_FAILED && weft_future_error(future)->code == CODE_CONNECTION);
}

/* The future of the last attempt. Each has `seconds`, after each comes a pause. */
static weft_future *retry(weft_executor *pool, struct script *script, double seconds, double pause,
                          struct tally *tally)
{
    for (int left = MAX_RETRIES;; left--) {
        weft_future *future =
            demo_must(weft_executor_submit(pool, unreliable, script, .free_value = free));
        weft_status status = weft_future_result_for(future, NULL, seconds);
        if (status == WEFT_TIMEOUT) {
            demo_say("%s takes too long", script->name);
            weft_future_request_cancel(future);
            weft_future_result(future, NULL); /* it has ended before the next attempt */
        }
        if (status == WEFT_OK) {
            tally->successes++;
            return future;
        }
        tally->errors++;
        if (left == 0 || !may_pass(status, future))
            return future;
        weft_future_free(future);
        demo_sleep(pause);
    }
}

static void retry_scripts(weft_executor *pool)
{
    struct tally tally = {0, 0};
    struct script recovers = {.name = "RECOVERS", .acts = "ffs"};
    double start = demo_now();
    weft_future *future = retry(pool, &recovers, DEMO_PATIENCE, 1.0, &tally);
    double elapsed = demo_now() - start;
    demo_say("has: %s", (const char *)weft_future_value(future));
    CHECK(recovers.attempts == 3 && tally.errors == 2 && tally.successes == 1,
          "\"fail, fail, succeed\": three attempts, two errors, one success");
    CHECK(demo_at_least(elapsed, 2.0), "with two pauses of 1 s");
    weft_future_free(future);

    struct script fails = {.name = "FAILS", .acts = "ffff"};
    future = retry(pool, &fails, DEMO_PATIENCE, 0.2, &tally);
    demo_say("gives up: %s", weft_future_error(future)->message);
    CHECK(fails.attempts == MAX_RETRIES + 1 && tally.errors == 2 + 4,
          "\"always fail\": four attempts, four errors more");
    CHECK(strcmp(weft_future_error(future)->message, "FAILS: connection 4 refused") == 0,
          "the error that is returned is the last one");
    weft_future_free(future);

    struct script broken = {.name = "BROKEN", .acts = "pppp"};
    future = retry(pool, &broken, DEMO_PATIENCE, 1.0, &tally);
    demo_say("gives up: %s", weft_future_error(future)->message);
    CHECK(broken.attempts == 1 && weft_future_error(future)->code == CODE_PROGRAM,
          "an error of the program is not tried again");
    weft_future_free(future);
}

static void retry_what_hangs(weft_executor *pool)
{
    struct tally tally = {0, 0};
    struct script hangs = {.name = "HANGS", .acts = "hhhh"};
    weft_future *future = retry(pool, &hangs, demo_seconds(0.3), 0.1, &tally);
    CHECK(tally.errors == MAX_RETRIES + 1 && weft_future_cancelled(future),
          "four attempts that hang have timed out, all ended when they were asked to");
    CHECK(hangs.attempts <= MAX_RETRIES + 1 && hangs.inside.peak <= 1 &&
              demo_stats(pool).running == 0,
          "no two of them were inside at once, and none is left");
    weft_future_free(future);
}

/* ---- a batch ---- */

struct job {
    const char *id;
    weft_target *target;
    void *arg;
};

static void *ask_network(void *arg)
{
    demo_sleep(0.5);
    if (arg != NULL)
        return weft_raise(CODE_CONNECTION, "%s", (const char *)arg);
    return demo_text("200 OK");
}

static void run_batch(weft_executor *pool)
{
    struct script scripts[3] = {{.name = "FIRST", .acts = "s"},
                                {.name = "SECOND", .acts = "f"},
                                {.name = "THIRD", .acts = "s"}};
    char refused[] = "ConnectionError: the network is down";
    const struct job jobs[BATCH] = {{"task_1", unreliable, &scripts[0]},
                                    {"task_2", unreliable, &scripts[1]},
                                    {"task_3", ask_network, NULL},
                                    {"task_4", ask_network, refused},
                                    {"task_5", unreliable, &scripts[2]}};
    weft_future *futures[BATCH];
    weft_future *done;
    weft_status status;
    int placed = 0; /* errors that know their place and thread */
    for (int i = 0; i < BATCH; i++)
        futures[i] =
            demo_must(weft_executor_submit(pool, jobs[i].target, jobs[i].arg,
                                           .tag = (void *)(uintptr_t)&jobs[i], .free_value = free));
    WEFT_AS_COMPLETED(done, BATCH, futures, DEMO_PATIENCE, status) {
        const struct job *job = weft_future_tag(done);
        const weft_error *error = weft_future_error(done);
        if (error == NULL) {
            demo_say("result of %s: %s", job->id, (const char *)weft_future_value(done));
            continue;
        }
        const char *file = strrchr(error->file, '/');
        demo_say("error of %s: %s", job->id, error->message);
        demo_line("             in %s, line %d of %s", error->thread_name, error->line,
                  file != NULL ? file + 1 : error->file);
        placed += error->line > 0 && strncmp(error->thread_name, "worker_", 7) == 0;
    }
    CHECK(status == WEFT_OK && demo_count("MainThread result of *") == 3 &&
              demo_count("MainThread error of *") == 2,
          "three results and two errors: no failure has disturbed another task");
    CHECK(demo_count("MainThread result of task_3: 200 OK") == 1 &&
              demo_count("MainThread error of task_4: ConnectionError: the network is down*") == 1,
          "task_3 is among the results, task_4 among the errors, with its text");
    CHECK(demo_count("MainThread result of task_1: *") == 1 &&
              demo_count("MainThread error of task_2: *") == 1 &&
              demo_count("MainThread result of task_5: *") == 1,
          "the others are where their scripts want them");
    CHECK(placed == 2, "each error knows where it was raised, and in which thread");
    demo_free_futures(BATCH, futures);
}

int main(void)
{
    demo_begin("Trying again what failed, and a batch whose failures are collected");
    WEFT_WITH_EXECUTOR(pool, 2, .thread_name_prefix = "worker") {
        demo_part("Trying again");
        retry_scripts(pool);
        demo_part("Attempts that hang");
        retry_what_hangs(pool);
        demo_part("A batch");
        run_batch(pool);
    }
    return demo_end();
}
