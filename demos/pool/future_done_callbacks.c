/* SPDX-License-Identifier: MIT */
/**
 * @file future_done_callbacks.c
 * @brief Functions that are called when a future is done
 *
 * Nobody has to wait for a future to hear of it: a callback is called with it when it is done.
 * Three tasks run on two workers, one of them fails, one has two callbacks. Then the special
 * cases: a callback on a future that is done already, one that fails itself, one on a future that
 * is cancelled.
 *
 * Source: threads, section 3.3, lines 1779-1840.
 *
 * Look for: which thread calls. It is the worker that has just run the task, so a callback should
 * be short. Who asks for the result may have it before the callbacks are through; who needs them
 * to be waits for the pool's shutdown.
 *
 * Facts:
 * - each callback is called once, with a future that is done
 * - it is called in the thread that ran the task
 * - the callbacks of a future are called in the order of their adding
 * - the failure is heard of after 1 s, the success after 2 s, the third after 3 s at least
 * - a callback on a future that is done is called at once, in the calling thread
 * - a callback that fails keeps the next one from nothing, and changes no result
 * - a future that is cancelled calls its callbacks, too
 */
#include <stdlib.h>

#include "demo.h"
#include "demo_future.h"

struct task {
    const char *name;
    double seconds;
    bool fails;
    uint32_t ident; /* of the thread that ran it */
    double start;   /* of the whole, for the callbacks */
};

struct call {
    const char *name;
    const struct task *task;
    atomic_int calls;
    bool was_done;
    bool same_thread; /* as the task's */
    double after;
};

static void *work(void *arg)
{
    struct task *task = arg;
    task->ident = weft_thread_ident(weft_thread_current());
    demo_sleep(task->seconds);
    if (task->fails)
        return weft_raise(WEFT_RUNTIME, "%s is meant to fail", task->name);
    return demo_text("%s has succeeded", task->name);
}

static void *hear(weft_future *future, void *arg)
{
    struct call *call = arg;
    const weft_error *error = weft_future_error(future);
    call->calls++;
    call->was_done = weft_future_done(future);
    call->same_thread = weft_thread_ident(weft_thread_current()) == call->task->ident;
    call->after = demo_now() - call->task->start;
    demo_say("%s: %s", call->name,
             weft_future_cancelled(future) ? "cancelled"
             : error != NULL               ? error->message
                                           : (const char *)weft_future_value(future));
    return arg;
}

static void *fail(weft_future *future, void *arg)
{
    (void)future;
    (void)arg;
    demo_say("a callback fails");
    return weft_raise(WEFT_RUNTIME, "the callback's own failure");
}

/* The default hook prints what a callback raised; so does this one, as a line of the story. */
static void print_error(weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    (void)arg;
    demo_say("the hook hears: %s", error->message);
}

static void add(weft_future *future, weft_continuation *callback, void *arg)
{
    bool added = weft_future_add_done_callback(future, callback, arg) == WEFT_OK;
    demo_must(added ? future : NULL);
}

static bool is_called_well(const struct call *call)
{
    return call->calls == 1 && call->was_done && call->same_thread;
}

static void call_back(void)
{
    struct task tasks[3] = {{.name = "success", .seconds = 2.0},
                            {.name = "failure", .seconds = 1.0, .fails = true},
                            {.name = "third", .seconds = 2.0}};
    struct call calls[4] = {{.name = "callback of success", .task = &tasks[0]},
                            {.name = "callback of failure", .task = &tasks[1]},
                            {.name = "callback 1 of third", .task = &tasks[2]},
                            {.name = "callback 2 of third", .task = &tasks[2]}};
    weft_future *futures[3];
    double start = demo_now();
    WEFT_WITH_EXECUTOR(pool, 2, .thread_name_prefix = "worker") {
        for (int i = 0; i < 3; i++) {
            tasks[i].start = start;
            futures[i] = demo_must(weft_executor_submit(pool, work, &tasks[i], .free_value = free));
            add(futures[i], hear, &calls[i]);
        }
        add(futures[2], hear, &calls[3]);
        for (int i = 0; i < 3; i++)
            weft_future_result(futures[i], NULL);
        demo_say("has asked for all results");
    }
    bool well = true;
    for (int i = 0; i < 4; i++)
        well = well && is_called_well(&calls[i]);
    CHECK(well, "each was called once, with a future that was done, by the worker that did it");
    CHECK(demo_in_order("worker_? callback 1 of third: third has succeeded",
                        "worker_? callback 2 of third: third has succeeded"),
          "callback 1 came before callback 2, as they were added");
    CHECK(demo_count("worker_? callback of failure: failure is meant to fail") == 1,
          "the one of the failed task has the error");
    CHECK(demo_at_least(calls[1].after, 1.0) && demo_at_least(calls[0].after, 2.0) &&
              demo_at_least(calls[2].after, 3.0),
          "heard of at 1 s the failure, 2 s the success, 3 s the third, or later");
    demo_free_futures(3, futures);
}

static void *nothing(void *arg)
{
    return arg;
}

static void call_back_later(void)
{
    struct task task = {.ident = weft_thread_ident(weft_thread_current()), .start = demo_now()};
    struct call late = {.name = "late callback", .task = &task};
    struct call next = {.name = "next callback", .task = &task};
    struct call cancelled = {.name = "callback of cancelled", .task = &task};
    char value[] = "the value";
    WEFT_WITH_EXECUTOR(pool, 1) {
        demo_part("On a future that is done already");
        weft_future *future = demo_must(weft_executor_submit(pool, nothing, value));
        weft_future_result(future, NULL);
        add(future, hear, &late);
        CHECK(is_called_well(&late), "it was called at once, by the thread that added it");

        demo_part("After one that fails");
        add(future, fail, NULL);
        add(future, hear, &next);
        CHECK(is_called_well(&next), "the next one was called all the same");
        CHECK(weft_future_error(future) == NULL && weft_future_value(future) == value &&
                  demo_count("* the hook hears: the callback's own failure") == 1,
              "the result is unchanged, and the failure was reported");
        weft_future_free(future);
    }
    demo_part("On a future that is cancelled");
    weft_future *promise = demo_must(weft_future_new());
    add(promise, hear, &cancelled);
    weft_future_cancel(promise);
    CHECK(is_called_well(&cancelled) &&
              demo_count("MainThread callback of cancelled: cancelled") == 1,
          "it was called by the thread that cancelled");
    weft_future_free(promise);
}

int main(void)
{
    demo_begin("Functions that are called when a future is done");
    weft_set_excepthook(print_error, NULL);
    call_back();
    call_back_later();
    return demo_end();
}
