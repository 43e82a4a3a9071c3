/* SPDX-License-Identifier: MIT */
/**
 * @file thread_safe_counter.c
 * @brief A counter that brings its own lock: as many up as down make 0
 *
 * The lock moves into the thing that it guards. A counter is a struct of a value and a lock, and
 * only its three functions touch them, each inside a with-block. Who uses it needs to know nothing
 * about locks. Five threads count up and five count down, equally often.
 *
 * Source: locks, section 1.3, lines 599-640.
 *
 * Look for: main and the workers do not mention the lock.
 *
 * Facts:
 * - 500 increments and 500 decrements leave 0
 * - so do a hundred thousand and a hundred thousand
 */
#include "demo.h"

enum { PAIRS = 5, FEW = 100, MANY = 20000 };

struct counter {
    weft_lock lock;
    long value WEFT_GUARDED_BY_MEMBER(lock);
};

static void counter_increment(struct counter *counter)
{
    WEFT_WITH(&counter->lock) {
        counter->value++;
    }
}

static void counter_decrement(struct counter *counter)
{
    WEFT_WITH(&counter->lock) {
        counter->value--;
    }
}

static long counter_value(struct counter *counter)
{
    long value = 0;
    WEFT_WITH(&counter->lock) {
        value = counter->value;
    }
    return value;
}

struct job {
    struct counter *counter;
    void (*operation)(struct counter *counter);
    int times;
    int made;
};

static void *count(void *arg)
{
    struct job *job = arg;
    while (job->made < job->times) {
        job->operation(job->counter);
        job->made++;
    }
    demo_say("has counted %d times", job->made);
    return arg;
}

/* Ten threads count, `times` each; returns the value that is left. */
static long up_and_down(int times, int *ups, int *downs)
{
    struct counter counter = {0}; /* all zero: nothing to initialize, nothing to destroy */
    struct job jobs[2 * PAIRS];
    weft_thread *threads[2 * PAIRS];
    for (int i = 0; i < 2 * PAIRS; i++) {
        bool up = i % 2 == 0;
        jobs[i] = (struct job){&counter, up ? counter_increment : counter_decrement, times, 0};
        threads[i] = demo_must(weft_thread_spawn(
            count, &jobs[i], .name = demo_name("%s-%d", up ? "up" : "down", i / 2 + 1)));
    }
    *ups = *downs = 0;
    for (int i = 0; i < 2 * PAIRS; i++) {
        weft_thread_join(threads[i]);
        weft_thread_free(threads[i]);
        *(i % 2 == 0 ? ups : downs) += jobs[i].made;
    }
    long value = counter_value(&counter);
    demo_say("%d up, %d down, %ld is left", *ups, *downs, value);
    return value;
}

int main(void)
{
    int ups;
    int downs;
    demo_begin("A counter that brings its own lock: as many up as down make 0");

    demo_part("A hundred times each");
    long value = up_and_down(FEW, &ups, &downs);
    CHECK(ups == 500 && downs == 500, "500 increments and 500 decrements were made");
    CHECK(value == 0, "the counter is back at 0");

    demo_part("Twenty thousand times each");
    value = up_and_down(MANY, &ups, &downs);
    CHECK(ups == 100000 && downs == 100000, "a hundred thousand of each were made");
    CHECK(value == 0, "the counter is back at 0");
    return demo_end();
}
