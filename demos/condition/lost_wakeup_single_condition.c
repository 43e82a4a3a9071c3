/* SPDX-License-Identifier: MIT */
/**
 * @file lost_wakeup_single_condition.c
 * @brief Lost wake-up: on one condition, notified one by one, all four end up waiting
 *
 * A buffer of one place, two producers, two consumers, one condition, notify(). The place is taken,
 * both producers wait. Then:
 *
 * | step | who | does | wakes | place | then waits |
 * |------|-----|------|-------|-------|------------|
 * | 1 | consumer-1 | takes the item, wants another one | producer-1 | empty | consumer-1 |
 * | 2 | producer-1 | puts one, wants to put another | producer-2 | full | producer-1, producer-2 |
 * | 3 | consumer-2 | takes it, wants another one | consumer-1 | empty | consumer-2, consumer-1 |
 *
 * In steps 2 and 3 the notification reaches somebody on the same side, who cannot use it. At the
 * end all four wait, and the place is empty: the producers' wake-up was lost. It happens for good,
 * in a child process; the library says who waits. Twice it goes well, with the same steps:
 * notify_all(), or two conditions on the one lock, so that a notification reaches the side that it
 * is for.
 *
 * Source: locks, section 3.3.
 *
 * Look for: the mode is only which condition is waited at, and how many are notified.
 *
 * Facts:
 * - notify on one condition: all four wait, the place is empty, the child does not end
 * - notify_all on one condition: all four end, nothing is left
 * - notify on two conditions: all four end, nothing is left
 */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"
#include "demo_child.h"
#include "demo_thread.h"

enum { EACH = 2, THREADS = 4 };

static weft_rlock lock = WEFT_RLOCK_INIT;
static weft_condition one = WEFT_CONDITION_INIT_ON(&lock);
static weft_condition other = WEFT_CONDITION_INIT_ON(&lock);

static struct buffer {
    weft_condition *not_full;  /* where producers wait */
    weft_condition *not_empty; /* where consumers wait */
    size_t notified;           /* how many a notification is for */
    bool full;
    int put;
    int taken;
} buffer;

static void put(void)
{
    WEFT_HOLD(&lock);
    while (buffer.full) {
        demo_say("finds the place full, waits");
        weft_condition_wait(buffer.not_full);
    }
    buffer.full = true;
    buffer.put++;
    demo_say("puts one, notifies");
    weft_condition_notify(buffer.not_empty, buffer.notified);
}

static void take(void)
{
    WEFT_HOLD(&lock);
    while (!buffer.full) {
        demo_say("finds the place empty, waits");
        weft_condition_wait(buffer.not_empty);
    }
    buffer.full = false;
    buffer.taken++;
    demo_say("takes one, notifies");
    weft_condition_notify(buffer.not_full, buffer.notified);
}

/* Keeps the lock between its steps, so that nobody comes between them but while it waits. */
static void *produce_two(void *arg)
{
    WEFT_WITH(&lock) {
        for (int i = 0; i < EACH; i++)
            put();
    }
    return arg;
}

static void *produce_one(void *arg)
{
    put();
    return arg;
}

static void *consume_two(void *arg)
{
    WEFT_WITH(&lock) {
        for (int i = 0; i < EACH; i++)
            take();
    }
    return arg;
}

static size_t waiting(void)
{
    return weft_condition_waiters(&one) + weft_condition_waiters(&other);
}

/* One item is there; three are put and four taken in all. */
static void start(struct buffer with, weft_thread *threads[THREADS])
{
    buffer = with;
    buffer.full = true;
    buffer.put = 1;
    threads[0] = demo_spawn(produce_two, NULL, "producer-1");
    DEMO_AWAIT(waiting() == 1);
    threads[1] = demo_spawn(produce_one, NULL, "producer-2");
    DEMO_AWAIT(waiting() == 2);
    demo_sleep(0.5);
    threads[2] = demo_spawn(consume_two, NULL, "consumer-1");
}

static int lose_a_wakeup(void *arg)
{
    (void)arg;
    weft_thread *threads[THREADS];
    weft_name(&one, "a change");
    start((struct buffer){&one, &one, 1, false, 0, 0}, threads);
    DEMO_AWAIT(waiting() == 3); /* both producers and consumer-1: step 2 is over */
    demo_sleep(0.5);
    threads[3] = demo_spawn(consume_two, NULL, "consumer-2");
    DEMO_AWAIT(waiting() == 4);
    demo_sleep(0.5);
    weft_dump(STDOUT_FILENO);
    WEFT_WITH(&lock) {
        demo_say("the place is %s, %zu wait", buffer.full ? "full" : "empty", waiting());
        CHECK(waiting() == THREADS && !buffer.full,
              "all four wait, the producers for the place that is empty");
        CHECK(buffer.put == 2 && buffer.taken == 2, "two items have gone through, two never will");
    }
    return 0;
}

/* The same steps; how often somebody waits on the way is the mode's affair. */
static void run(struct buffer with)
{
    weft_thread *threads[THREADS];
    start(with, threads);
    threads[3] = demo_spawn(consume_two, NULL, "consumer-2");
    demo_join_all(THREADS, threads);
    demo_say("all four have ended: %d put, %d taken", buffer.put, buffer.taken);
    CHECK(buffer.put == 4 && buffer.taken == 4 && !buffer.full && waiting() == 0,
          "all four threads end, four items have gone through, nothing is left");
}

static int count_in(const char *text, const char *part)
{
    int count = 0;
    for (const char *found = strstr(text, part); found != NULL; found = strstr(found + 1, part))
        count++;
    return count;
}

int main(void)
{
    demo_begin("Lost wake-up: on one condition, notified one by one, all four end up waiting");

    demo_part("One condition, notify, in a child process");
    demo_child child = demo_child_run(lose_a_wakeup, NULL, 0.5);
    CHECK(count_in(child.output, "for a condition a change") == THREADS,
          "the library shows four threads that wait for the one condition");
    CHECK(child.ready && child.killed, "the child did not end by itself");

    demo_part("One condition, notify_all");
    run((struct buffer){&one, &one, SIZE_MAX, false, 0, 0});

    demo_part("Two conditions, notify");
    run((struct buffer){&one, &other, 1, false, 0, 0});
    return demo_end();
}
