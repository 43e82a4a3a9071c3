/* SPDX-License-Identifier: MIT */
/**
 * @file future_result_timeout.c
 * @brief Asking for a result: with patience, without, of a task that fails, and twice
 *
 * Who asks for a result waits until it is there, or for so long as he likes. When a wait times
 * out, nothing happens to the task: it runs on, and its result can be asked for later. The error
 * of a task that fails waits in the future for whoever asks. A result may be asked for again and
 * again.
 *
 * Source: threads, section 3.3, lines 1480-1541. There the slow task's text says that it will never
 * be returned; it is there two seconds later.
 *
 * Look for: "the wait timed out" and "the task has failed" are two statuses. In Python both can
 * be a TimeoutError, and the caller cannot tell who ran out of time.
 *
 * Facts:
 * - a result is there after 1 s at least, and its error is none
 * - a wait of 1 s for a task of 3 s times out, not before 1 s, and the task runs on undisturbed
 * - asked again, the same future has its value, 3 s after the submit at least
 * - a task that fails hands its own code and message to whoever asks; forced to succeed it does not
 * - a task that itself fails with a time-out is not mistaken for a wait that timed out
 * - asked twice, a future lends the same value
 */
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_future.h"

enum { CODE_VALUE_ERROR = WEFT_USER + 1 };

static void *succeed(void *arg)
{
    demo_sleep(1.0);
    return demo_text("result_%s", (const char *)arg);
}

static atomic_bool wait_is_over;

/* Takes 3 s, and longer than the wait for it. */
static void *take_long(void *arg)
{
    demo_sleep(3.0);
    DEMO_AWAIT(wait_is_over);
    demo_say("has its result at last");
    return demo_text("result_%s", (const char *)arg);
}

struct outcome {
    weft_status code; /* WEFT_OK: it succeeds */
    double seconds;
};

static void *end_as_told(void *arg)
{
    const struct outcome *outcome = arg;
    demo_sleep(outcome->seconds);
    if (outcome->code != WEFT_OK)
        return weft_raise(outcome->code, "FAILING_001 cannot go on");
    return demo_text("result_%s", "FAILING_001");
}

static void ask_with_patience(weft_executor *pool)
{
    char id[] = "SUCCESS_001";
    const weft_error *error;
    void *value;
    double start = demo_now();
    weft_future *future = demo_must(weft_executor_submit(pool, succeed, id, .free_value = free));
    weft_status status = weft_future_result(future, &value);
    double elapsed = demo_now() - start;
    demo_say("has %s", status == WEFT_OK ? (char *)value : "nothing");
    CHECK(status == WEFT_OK && strcmp(value, "result_SUCCESS_001") == 0, "the result is there");
    CHECK(demo_at_least(elapsed, 1.0), "after 1 s at least");
    CHECK(weft_future_exception(future, &error) == WEFT_OK && error == NULL,
          "asked for its error, it has none");
    weft_future_free(future);
}

static struct {
    weft_future *future;
    double submitted;
} slow;

static void ask_too_early(weft_executor *pool)
{
    static char id[] = "TIMEOUT_001";
    void *value = NULL;
    slow.submitted = demo_now();
    weft_future *future = slow.future =
        demo_must(weft_executor_submit(pool, take_long, id, .free_value = free));
    weft_status status = weft_future_result_for(future, &value, demo_seconds(1.0));
    double elapsed = demo_now() - slow.submitted;
    demo_say("%s; the task is %s", weft_strerror(status),
             weft_task_state_name(weft_future_state(future)));
    CHECK(status == WEFT_TIMEOUT && demo_at_least(elapsed, 1.0),
          "the wait timed out, not before 1 s");
    CHECK(!weft_future_done(future) && !weft_future_cancelled(future),
          "the task was neither ended nor cancelled by that");
    wait_is_over = true;
}

static void ask_again(void)
{
    void *value = NULL;
    weft_status status = weft_future_result(slow.future, &value);
    double elapsed = demo_now() - slow.submitted;
    demo_say("asks again: %s", (char *)value);
    CHECK(status == WEFT_OK && strcmp(value, "result_TIMEOUT_001") == 0,
          "asked again, the same future has its value");
    CHECK(demo_at_least(elapsed, 3.0), "3 s after the submit at least");
    weft_future_free(slow.future);
}

/* The status of asking; the error, if any, is copied. */
static weft_status end_with(weft_executor *pool, struct outcome outcome, weft_status *code,
                            double *elapsed)
{
    double start = demo_now();
    weft_future *future =
        demo_must(weft_executor_submit(pool, end_as_told, &outcome, .free_value = free));
    weft_status status = weft_future_result_for(future, NULL, DEMO_PATIENCE);
    *elapsed = demo_now() - start;
    const weft_error *error = weft_future_error(future);
    *code = error != NULL ? error->code : WEFT_OK;
    if (error != NULL)
        demo_say("failed: \"%s\", raised by %s", error->message, error->thread_name);
    else
        demo_say("has %s", (char *)weft_future_value(future));
    weft_future_free(future);
    return status;
}

static void ask_who_may_fail(weft_executor *pool)
{
    weft_status code;
    double elapsed;
    weft_status status = end_with(pool, (struct outcome){CODE_VALUE_ERROR, 0.5}, &code, &elapsed);
    CHECK(status == WEFT_FAILED && code == CODE_VALUE_ERROR &&
              demo_count("* \"FAILING_001 cannot go on\", raised by worker_?") == 1,
          "who asks gets the task's own code and message");
    status = end_with(pool, (struct outcome){WEFT_OK, 1.5}, &code, &elapsed);
    CHECK(status == WEFT_OK && demo_at_least(elapsed, 1.5),
          "made to succeed, it has a result after 1.5 s at least");
    status = end_with(pool, (struct outcome){WEFT_TIMEOUT, 0.1}, &code, &elapsed);
    CHECK(status == WEFT_FAILED && code == WEFT_TIMEOUT,
          "a time-out of the task's own is its failure; the wait has not timed out");
}

static void ask_twice(weft_executor *pool)
{
    char id[] = "SUCCESS_002";
    void *first = NULL;
    void *second = NULL;
    weft_future *future = demo_must(weft_executor_submit(pool, succeed, id, .free_value = free));
    weft_status status = weft_future_result(future, &first);
    /* 0 is no time to wait: it succeeds, for there is nothing to wait for. */
    weft_status again = weft_future_result_for(future, &second, 0);
    demo_say("%s, and again %s", (char *)first, (char *)second);
    CHECK(status == WEFT_OK && again == WEFT_OK && first == second && first != NULL,
          "asked twice, it lends the same value, the second time at once");
    weft_future_free(future);
}

int main(void)
{
    demo_begin("Asking for a result: with patience, without, of a task that fails, and twice");
    WEFT_WITH_EXECUTOR(pool, 3, .thread_name_prefix = "worker") {
        demo_part("With patience");
        ask_with_patience(pool);
        demo_part("Too early");
        ask_too_early(pool);
        demo_part("A task that may fail, while that one runs on");
        ask_who_may_fail(pool);
        demo_part("Asked again");
        ask_again();
        demo_part("Twice");
        ask_twice(pool);
    }
    return demo_end();
}
