/* SPDX-License-Identifier: MIT */
/**
 * @file bounded_buffer_wait_loop.c
 * @brief A bounded buffer of five with wait loops on both sides
 *
 * A producer puts ten numbers into a buffer of five, a consumer takes them out. Who finds the
 * buffer full, or empty, waits, and looks again each time it is woken. The consumer comes first and
 * finds nothing; later it rests, and the faster producer finds no place.
 *
 * Source: locks, section 3.2, lines 2150-2187.
 *
 * Look for: one condition serves both sides. That is right for one producer and one consumer only:
 * when a notification comes at most one thread waits, and it is always the other side. With more of
 * them it can reach the wrong one, see lost_wakeup_single_condition.c.
 *
 * Facts:
 * - the consumer receives 0 to 9 in order
 * - the buffer never holds more than 5, did hold 5, and is empty at the end
 * - both sides have had to wait
 * - ten rests of 0.2 s make 2 s at least
 */
#include "demo.h"
#include "demo_thread.h"

enum { ITEMS = 10, MAX_SIZE = 5 };

static weft_condition condition = WEFT_CONDITION_INIT; /* guards the buffer */
static int buffer[MAX_SIZE];
static int first;   /* where the oldest item is */
static int length;  /* how many there are */
static int longest; /* how many there have been at most */
static int received[ITEMS];

static void *produce(void *arg)
{
    for (int i = 0; i < ITEMS; i++) {
        WEFT_WITH(&condition) {
            while (length == MAX_SIZE) {
                demo_say("finds it full, waits");
                weft_condition_wait(&condition);
            }
            buffer[(first + length) % MAX_SIZE] = i;
            length++;
            longest = length > longest ? length : longest;
            demo_say("puts %d, length %d", i, length);
            weft_condition_notify(&condition, 1);
        }
        demo_sleep(0.01);
    }
    return arg;
}

static void *consume(void *arg)
{
    for (int i = 0; i < ITEMS; i++) {
        WEFT_WITH(&condition) {
            while (length == 0) {
                demo_say("finds it empty, waits");
                weft_condition_wait(&condition);
            }
            received[i] = buffer[first];
            first = (first + 1) % MAX_SIZE;
            length--;
            demo_say("takes %d, length %d", received[i], length);
            weft_condition_notify(&condition, 1);
        }
        demo_sleep(0.2);
        if (i == 0)
            DEMO_AWAIT(weft_condition_waiters(&condition) == 1); /* rests until it is full */
    }
    return arg;
}

int main(void)
{
    demo_begin("A bounded buffer of five with wait loops on both sides");
    double start = demo_now();
    weft_thread *consumer = demo_spawn(consume, NULL, "consumer");
    DEMO_AWAIT(weft_condition_waiters(&condition) == 1);
    weft_thread *producer = demo_spawn(produce, NULL, "producer");
    demo_join(producer);
    demo_join(consumer);

    bool in_order = true;
    for (int i = 0; i < ITEMS; i++)
        in_order = in_order && received[i] == i;
    CHECK(in_order, "the consumer has received 0 to 9 in order");
    CHECK(longest == MAX_SIZE, "the buffer has held 5 items, and never more");
    CHECK(length == 0, "it is empty at the end");
    CHECK(demo_count("consumer finds it empty, waits") >= 1, "the consumer has had to wait");
    CHECK(demo_count("producer finds it full, waits") >= 1, "the producer has had to wait");
    CHECK(demo_at_least(demo_now() - start, 2.0), "ten rests of 0.2 s make 2 s at least");
    return demo_end();
}
