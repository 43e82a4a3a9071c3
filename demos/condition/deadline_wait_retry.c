/* SPDX-License-Identifier: MIT */
/**
 * @file deadline_wait_retry.c
 * @brief Wait for data in one-second slices against an overall deadline
 *
 * A consumer waits for data, but not for ever, and wants to say every second that it is still
 * there. It makes a deadline of the time it has, once, and waits in slices that end at the deadline
 * at the latest. The data come after 3 s, when it has waited in vain three times. Then without
 * data: it gives up. At last the same without slices: a wait with a predicate and a deadline is one
 * call.
 *
 * Source: locks, section 3.2, lines 2291-2326.
 *
 * Look for: what is left of the time is computed from the deadline, on the monotonic clock. If each
 * wait got the whole time anew the waiting might never end.
 *
 * Facts:
 * - the data are received after 3 s at least, after three slices in vain
 * - without data it gives up when its time is over, not before, after at most two slices
 * - the predicate form does both
 */
#include "demo.h"
#include "demo_thread.h"

struct request {
    void (*wait)(struct request *request);
    double seconds; /* to wait at most, real */
    const char *data;
    int slices;
    double waited; /* in the story */
};

static weft_condition condition = WEFT_CONDITION_INIT;
static const char *data; /* guarded by condition */
static atomic_int slices_over;

static double earlier(double a, double b)
{
    return a < b ? a : b;
}

static void wait_in_slices(struct request *request)
{
    double deadline = weft_now() + request->seconds;
    WEFT_HOLD(&condition);
    while (data == NULL) {
        double now = weft_now();
        if (now >= deadline) {
            demo_say("gives up");
            return;
        }
        demo_say("waits, slice %d", ++request->slices);
        weft_status status =
            weft_condition_wait_until(&condition, earlier(deadline, now + demo_seconds(1.0)));
        slices_over += status == WEFT_TIMEOUT;
    }
    request->data = data;
    demo_say("gets: %s", data);
}

static bool is_there(void *arg)
{
    (void)arg;
    return data != NULL;
}

static void wait_for_predicate(struct request *request)
{
    WEFT_HOLD(&condition);
    demo_say("waits, in one call");
    weft_status status = weft_condition_wait_pred_for(&condition, is_there, NULL, request->seconds);
    if (status == WEFT_OK)
        request->data = data;
    demo_say("%s", status == WEFT_OK ? "gets the data" : weft_strerror(status));
}

static void *consume(void *arg)
{
    struct request *request = arg;
    double start = demo_now();
    request->wait(request);
    request->waited = demo_now() - start;
    return arg;
}

static void provide(const char *what)
{
    WEFT_HOLD(&condition);
    data = what;
    demo_say("provides the data");
    weft_condition_notify(&condition, 1);
}

int main(void)
{
    demo_begin("Wait for data in one-second slices against an overall deadline");

    demo_part("Slices, the data come in time");
    struct request in_time = {.wait = wait_in_slices, .seconds = DEMO_PATIENCE};
    weft_thread *consumer = demo_spawn(consume, &in_time, "consumer");
    DEMO_AWAIT(slices_over >= 3);
    provide("important data");
    demo_join(consumer);
    CHECK(in_time.data != NULL, "the consumer has received the data");
    CHECK(demo_at_least(in_time.waited, 3.0) && in_time.slices >= 3,
          "after 3 s at least, after three slices in vain");

    demo_part("Slices, no data");
    data = NULL;
    struct request in_vain = {.wait = wait_in_slices, .seconds = demo_seconds(1.5)};
    demo_join(demo_spawn(consume, &in_vain, "consumer"));
    CHECK(in_vain.data == NULL && demo_at_least(in_vain.waited, 1.5),
          "it has given up, not before its 1.5 s were over");
    CHECK(in_vain.slices <= 2, "these make a whole slice and a half at most");

    demo_part("One call, the data come in time");
    struct request by_call = {.wait = wait_for_predicate, .seconds = DEMO_PATIENCE};
    consumer = demo_spawn(consume, &by_call, "consumer");
    DEMO_AWAIT(weft_condition_waiters(&condition) == 1);
    demo_sleep(0.3);
    provide("important data");
    demo_join(consumer);
    CHECK(by_call.data != NULL, "weft_condition_wait_pred_for() says that they are there");

    demo_part("One call, no data");
    data = NULL;
    struct request no_data = {.wait = wait_for_predicate, .seconds = demo_seconds(0.3)};
    demo_join(demo_spawn(consume, &no_data, "consumer"));
    CHECK(no_data.data == NULL && demo_at_least(no_data.waited, 0.3),
          "it times out when its 0.3 s are over");
    return demo_end();
}
