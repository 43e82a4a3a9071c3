/* SPDX-License-Identifier: MIT */
/**
 * @file lock_or_rlock_counters.c
 * @brief Choosing a lock: a simple counter needs Lock, nested methods need RLock
 *
 * A simple counter has methods that take the lock and touch a number: a Lock is all it needs. The
 * other one also keeps a history, and the method that writes it takes the lock as the methods do
 * that call it: an RLock. First each is used by one thread, as in the original, and the history is
 * known line by line. Then four threads share each of them: what is left of that knowledge is that
 * nothing is lost.
 *
 * Source: locks, section 2.4, lines 1846-1914.
 *
 * Look for: both counters are right when four threads use them, but only one needed an RLock.
 *
 * Facts:
 * - 100 increments make 100; 50 increments and decrements make 0, with 100 changes
 * - one thread's history is (increment, 1), (decrement, 0), 50 times
 * - four threads: 400, and 0 with 400 changes; each change is one step from the one before
 */
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_thread.h"

enum { THREADS = 4, TIMES = 100 };

/* ---- a simple counter: a Lock ---- */

struct simple_counter {
    weft_lock lock;
    int value; /* guarded by lock */
};

static void simple_increment(struct simple_counter *counter)
{
    WEFT_HOLD(&counter->lock);
    counter->value++;
}

static int simple_value(struct simple_counter *counter)
{
    WEFT_HOLD(&counter->lock);
    return counter->value;
}

/* ---- a counter with a history: an RLock ---- */

struct change {
    const char *operation;
    int value;
};

struct complex_counter {
    weft_rlock lock; /* guards all below */
    int value;
    struct change *history;
    size_t changes;
    size_t room;
};

static void log_change(struct complex_counter *counter, const char *operation)
{
    WEFT_HOLD(&counter->lock);
    if (counter->changes == counter->room) {
        counter->room = counter->room == 0 ? 16 : 2 * counter->room;
        counter->history =
            demo_must(realloc(counter->history, counter->room * sizeof *counter->history));
    }
    counter->history[counter->changes++] = (struct change){operation, counter->value};
}

static void complex_increment(struct complex_counter *counter)
{
    WEFT_HOLD(&counter->lock);
    counter->value++;
    log_change(counter, "increment");
}

static void complex_decrement(struct complex_counter *counter)
{
    WEFT_HOLD(&counter->lock);
    counter->value--;
    log_change(counter, "decrement");
}

static bool is_increment(const struct change *change)
{
    return strcmp(change->operation, "increment") == 0;
}

/* ---- their use ---- */

static struct simple_counter simple = {WEFT_LOCK_INIT, 0};
static struct complex_counter complex_one = {.lock = WEFT_RLOCK_INIT};

static void *use_simple(void *arg)
{
    for (int i = 0; i < TIMES; i++)
        simple_increment(&simple);
    return arg;
}

static void *use_complex(void *arg)
{
    for (int i = 0; i < TIMES / 2; i++) {
        complex_increment(&complex_one);
        complex_decrement(&complex_one);
    }
    return arg;
}

static void run(size_t threads_each)
{
    weft_thread *threads[2 * THREADS];
    for (size_t i = 0; i < threads_each; i++) {
        threads[2 * i] = demo_spawn(use_simple, NULL, "simple-%zu", i + 1);
        threads[2 * i + 1] = demo_spawn(use_complex, NULL, "complex-%zu", i + 1);
    }
    demo_join_all(2 * threads_each, threads);
    demo_say("simple: %d; complex: %d after %zu changes", simple_value(&simple), complex_one.value,
             complex_one.changes);
}

static bool history_alternates(void)
{
    bool alternates = true;
    for (size_t i = 0; i < complex_one.changes; i++) {
        const struct change *change = &complex_one.history[i];
        bool up = i % 2 == 0;
        alternates = alternates && is_increment(change) == up && change->value == up;
    }
    return alternates;
}

static bool history_is_whole(void)
{
    bool whole = true;
    int value = 0;
    for (size_t i = 0; i < complex_one.changes; i++) {
        const struct change *change = &complex_one.history[i];
        value += is_increment(change) ? 1 : -1;
        whole = whole && change->value == value;
    }
    return whole && value == 0;
}

int main(void)
{
    demo_begin("Choosing a lock: a simple counter needs Lock, nested methods need RLock");

    demo_part("One thread for each counter");
    run(1);
    CHECK(simple_value(&simple) == 100, "100 increments make 100");
    CHECK(complex_one.value == 0 && complex_one.changes == 100,
          "the other is at 0 after 100 changes");
    CHECK(history_alternates(), "the history is (increment, 1), (decrement, 0), 50 times");

    demo_part("Four threads for each counter");
    simple.value = 0;
    complex_one.changes = 0;
    run(THREADS);
    CHECK(simple_value(&simple) == 400, "400 increments make 400: none is lost");
    CHECK(complex_one.value == 0 && complex_one.changes == 400,
          "the other is at 0 after 400 changes");
    CHECK(history_is_whole(), "each change in the history is one step from the one before");
    CHECK(!weft_lock_locked(&simple.lock) && !weft_rlock_locked(&complex_one.lock),
          "both locks are free");
    free(complex_one.history);
    return demo_end();
}
