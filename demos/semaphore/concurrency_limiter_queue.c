/* SPDX-License-Identifier: MIT */
/**
 * @file concurrency_limiter_queue.c
 * @brief Four at once, six in the line, and what becomes of the rest
 *
 * A server works on four requests at once. Behind them there is room for six more, and for each of
 * those a time limit; who finds the line full is refused at once, for a line that grows without end
 * only makes everybody late. Twenty requests come, one after the other. Then the same twenty again,
 * with two other policies for those that are refused: an answer from the cache, or coming again.
 *
 * Source: locks, section 4.4.
 *
 * Look for: the refused ones. They hear of it at once, the last two in the line only after 0.3 s.
 *
 * Facts:
 * - without a limit all twenty are worked on at once
 * - four are worked on at once, six wait, ten are refused at once
 * - eight are served, two give up, not before their 0.3 s; never more than four at once
 * - degrade: the ten get the cached answer; retry: all twenty are served, still four at once
 */
#include "demo.h"
#include "demo_thread.h"

enum { AT_ONCE = 4, LINE = 6, IMPATIENT = 2, REQUESTS = 20 };
enum answer { PENDING, SERVED, TIMED_OUT, REJECTED, CACHED };
enum policy { NO_LIMIT, REJECT, DEGRADE, RETRY };

static weft_semaphore permits = WEFT_SEMAPHORE_INIT(AT_ONCE);
static weft_semaphore places = WEFT_SEMAPHORE_INIT(AT_ONCE + LINE); /* at work or in the line */
static weft_semaphore may_finish = WEFT_SEMAPHORE_INIT(0);
static weft_event all_have_come = WEFT_EVENT_INIT;
static demo_crowd working;
static enum policy policy;
static atomic_int answers[CACHED + 1]; /* how many of each */
static atomic_int too_early;

static void work(void)
{
    demo_crowd_enter(&working);
    weft_semaphore_acquire(&may_finish);
    demo_crowd_leave(&working);
}

/* The first in the line have all the time in the world, the last two have 0.3 s. */
static enum answer wait_and_work(int number)
{
    bool impatient = number >= AT_ONCE + LINE - IMPATIENT && policy != RETRY;
    double start = demo_now();
    weft_status status =
        weft_semaphore_acquire_for(&permits, impatient ? demo_seconds(0.3) : DEMO_PATIENCE);
    if (status != WEFT_OK) {
        too_early += !demo_at_least(demo_now() - start, 0.3);
        weft_event_wait(&all_have_come); /* its place is free when all have found the line full */
        return TIMED_OUT;
    }
    work();
    weft_semaphore_release(&permits);
    return SERVED;
}

static enum answer handle(int number)
{
    if (policy == NO_LIMIT) {
        work();
        return SERVED;
    }
    while (weft_semaphore_try_acquire(&places) != WEFT_OK) {
        if (policy == REJECT)
            return REJECTED;
        if (policy == DEGRADE)
            return CACHED;
        demo_sleep(0.1); /* and comes again */
    }
    enum answer answer = wait_and_work(number);
    weft_semaphore_release(&places);
    return answer;
}

static void *request(void *number)
{
    static const char *const words[] = {"", "is served", "gives up", "is refused",
                                        "gets the cached answer"};
    enum answer answer = handle(*(int *)number);
    answers[answer]++;
    if (policy == REJECT || answer == CACHED)
        demo_say("%s", words[answer]); /* the others are as in the part before */
    return number;
}

static weft_thread *threads[REQUESTS];

/* All come, one after the other; each is seen where it belongs before the next one comes. */
static void come(enum policy this_time)
{
    static int numbers[REQUESTS];
    policy = this_time;
    working = (demo_crowd){.inside = 0};
    weft_event_clear(&all_have_come);
    for (int i = 0; i < CACHED + 1; i++)
        answers[i] = 0;
    for (int i = 0; i < REQUESTS; i++) {
        numbers[i] = i;
        threads[i] = demo_spawn(request, &numbers[i], "request-%02d", i);
        int inside = policy == NO_LIMIT || i < AT_ONCE ? i + 1 : AT_ONCE;
        int left = i < AT_ONCE + LINE ? AT_ONCE + LINE - 1 - i : 0;
        DEMO_AWAIT(working.inside == inside);
        DEMO_AWAIT(policy == NO_LIMIT || weft_semaphore_value(&places) == left);
        if (policy == REJECT || policy == DEGRADE)
            DEMO_AWAIT(answers[REJECTED] + answers[CACHED] == (i < 10 ? 0 : i - 9));
    }
    weft_event_set(&all_have_come);
}

static void go(void)
{
    demo_join_all(REQUESTS, threads);
    while (weft_semaphore_try_acquire(&may_finish) == WEFT_OK) {
    } /* what was left for those who never came in */
}

static void no_limit(void)
{
    demo_part("No limit");
    come(NO_LIMIT);
    demo_say("%d at work", working.inside);
    weft_semaphore_release_n(&may_finish, REQUESTS);
    go();
    CHECK(working.peak == REQUESTS, "all twenty are worked on at once");
}

static void reject(void)
{
    demo_part("Four at once, six wait, the others are refused");
    come(REJECT);
    demo_say("%d at work, %d refused", working.inside, answers[REJECTED]);
    CHECK(working.inside == AT_ONCE && answers[REJECTED] == 10 && answers[SERVED] == 0,
          "while four are worked on and the line is full ten have been refused");
    DEMO_AWAIT(answers[TIMED_OUT] == IMPATIENT);
    demo_sleep(0.3);
    weft_semaphore_release_n(&may_finish, REQUESTS);
    go();
    CHECK(answers[SERVED] == 8 && answers[TIMED_OUT] == 2 && too_early == 0,
          "eight are served, two have given up, not before their 0.3 s");
    CHECK(working.peak == AT_ONCE, "never more than four at once");
}

static void degrade(void)
{
    demo_part("The others get the cached answer");
    come(DEGRADE);
    DEMO_AWAIT(answers[TIMED_OUT] == IMPATIENT);
    weft_semaphore_release_n(&may_finish, REQUESTS);
    go();
    demo_say("%d cached answers, %d served, %d gave up", answers[CACHED], answers[SERVED],
             answers[TIMED_OUT]);
    CHECK(answers[CACHED] == 10 && answers[REJECTED] == 0 && answers[SERVED] == 8,
          "ten get the cached answer at once, nobody is refused");
}

static void retry(void)
{
    demo_part("The others come again");
    come(RETRY);
    demo_sleep(0.3);
    weft_semaphore_release_n(&may_finish, REQUESTS);
    go();
    demo_say("%d served, at most %d at once", answers[SERVED], working.peak);
    CHECK(answers[SERVED] == REQUESTS && working.peak == AT_ONCE,
          "all twenty are served, and never more than four at once");
    CHECK(weft_semaphore_value(&permits) == AT_ONCE &&
              weft_semaphore_value(&places) == AT_ONCE + LINE,
          "all permits and all places are back");
}

int main(void)
{
    demo_begin("Four at once, six in the line, and what becomes of the rest");
    no_limit();
    reject();
    degrade();
    retry();
    return demo_end();
}
