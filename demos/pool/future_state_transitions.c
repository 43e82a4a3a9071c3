/* SPDX-License-Identifier: MIT */
/**
 * @file future_state_transitions.c
 * @brief Every state that a future can be in, seen from outside
 *
 * Two tasks run on two workers; behind them wait three more: one that will succeed, one that is
 * cancelled while it waits, one that will fail. The main thread looks at all five every half
 * second and prints a row. A future only goes forward: from pending to running to finished, or
 * from pending to cancelled.
 *
 * Source: threads, section 3.3, lines 1647-1726. There two tasks run on two workers, so nobody is
 * ever seen to wait, to be cancelled or to fail. And three questions, cancelled? running? done?,
 * can get answers from three different moments; here one call gives the state.
 *
 * Look for: a row is a moment for each column, not one for all: five futures are asked one after
 * the other.
 *
 * Facts:
 * - at first A and B run, the others are pending
 * - B is seen to be done while A runs; A takes 3 s at least
 * - pending, running, cancelled, succeeded and failed are all seen
 * - no future was ever seen to go another way than forward
 * - at the end three have succeeded, one has failed, one was cancelled
 */
#include <stdio.h>

#include "demo.h"
#include "demo_future.h"

enum { FUTURES = 5, STATES = 5 };

enum view { PENDING, RUNNING, CANCELLED, SUCCEEDED, FAILED };

static const char *const words[STATES] = {"pending", "running", "cancelled", "done", "failed"};

/* Where a future may go from each state: bit i stands for state i. */
static const unsigned ways[STATES] = {
    [PENDING] = 1U << PENDING | 1U << RUNNING | 1U << CANCELLED | 1U << SUCCEEDED | 1U << FAILED,
    [RUNNING] = 1U << RUNNING | 1U << SUCCEEDED | 1U << FAILED,
    [CANCELLED] = 1U << CANCELLED,
    [SUCCEEDED] = 1U << SUCCEEDED,
    [FAILED] = 1U << FAILED,
};

struct task {
    char name;
    double seconds;
    bool fails;
    atomic_int *rows; /* it ends after the main thread has printed so many */
    int turn;
};

static void *work(void *arg)
{
    struct task *task = arg;
    demo_sleep(task->seconds);
    DEMO_AWAIT(*task->rows >= task->turn);
    if (task->fails)
        return weft_raise(WEFT_USER, "task %c cannot go on", task->name);
    return task;
}

static enum view view_of(weft_future *future)
{
    switch (weft_future_state(future)) {
    case WEFT_TASK_PENDING:
        return PENDING;
    case WEFT_TASK_RUNNING:
        return RUNNING;
    case WEFT_TASK_FINISHED:
        return weft_future_error(future) != NULL ? FAILED : SUCCEEDED;
    case WEFT_TASK_CANCELLED:
    case WEFT_TASK_CANCELLED_AND_NOTIFIED:
    default:
        return CANCELLED;
    }
}

struct poll {
    enum view now[FUTURES];
    unsigned seen; /* bit i: state i, of any future */
    bool forward;  /* so far no future went another way */
    atomic_int rows;
};

static bool all_done(const struct poll *poll)
{
    bool done = true;
    for (int i = 0; i < FUTURES; i++)
        done = done && poll->now[i] >= CANCELLED;
    return done;
}

static void look(struct poll *poll, weft_future *const *futures)
{
    char row[128];
    int length = 0;
    for (int i = 0; i < FUTURES; i++) {
        enum view view = view_of(futures[i]);
        poll->forward = poll->forward && (ways[poll->now[i]] >> view & 1) != 0;
        poll->seen |= 1U << view;
        poll->now[i] = view;
        length += snprintf(row + length, sizeof row - (size_t)length, "%c %-*s", 'A' + i,
                           i + 1 < FUTURES ? 10 : 0, words[view]);
    }
    demo_say("%s", row);
    poll->rows++;
}

int main(void)
{
    weft_future *futures[FUTURES];
    struct poll poll = {.forward = true}; /* all are pending before they are submitted */
    /* B ends when two rows have been printed, A when six have: B was seen to be done before. */
    struct task tasks[FUTURES] = {{'A', 3.0, false, &poll.rows, 6},
                                  {'B', 1.0, false, &poll.rows, 2},
                                  {'C', 0.5, false, &poll.rows, 0},
                                  {'D', 0.5, false, &poll.rows, 0},
                                  {'E', 0.5, true, &poll.rows, 0}};
    demo_begin("Every state that a future can be in, seen from outside");
    double start = demo_now();
    WEFT_WITH_EXECUTOR(pool, 2) {
        for (int i = 0; i < FUTURES; i++)
            futures[i] = demo_must(weft_executor_submit(pool, work, &tasks[i]));
        DEMO_AWAIT(weft_future_running(futures[0]) && weft_future_running(futures[1]));
        look(&poll, futures);
        CHECK(poll.now[0] == RUNNING && poll.now[1] == RUNNING && poll.now[2] == PENDING &&
                  poll.now[3] == PENDING && poll.now[4] == PENDING,
              "at first A and B run, the others are pending");
        CHECK(weft_future_cancel(futures[3]) == WEFT_OK, "D is cancelled while it waits");
        double a_done = 0;
        while (!all_done(&poll)) {
            demo_sleep(0.5);
            if (poll.rows == 2) /* from the third row on B is done */
                DEMO_AWAIT(weft_future_done(futures[1]));
            look(&poll, futures);
            if (a_done == 0 && poll.now[0] == SUCCEEDED)
                a_done = demo_now() - start;
        }
        CHECK(demo_at_least(a_done, 3.0), "A was done after 3 s at least");
    }
    CHECK(demo_count("MainThread A running *B done *") > 0, "B was seen to be done while A ran");
    CHECK(poll.seen == (1U << STATES) - 1,
          "pending, running, cancelled, done and failed were all seen");
    CHECK(poll.forward, "no future was seen to go another way than forward");
    CHECK(poll.now[0] == SUCCEEDED && poll.now[1] == SUCCEEDED && poll.now[2] == SUCCEEDED &&
              poll.now[3] == CANCELLED && poll.now[4] == FAILED,
          "A, B and C have succeeded, D was cancelled, E has failed");
    demo_free_futures(FUTURES, futures);
    return demo_end();
}
