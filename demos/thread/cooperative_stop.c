/* SPDX-License-Identifier: MIT */
/**
 * @file cooperative_stop.c
 * @brief A thread is asked to stop, not killed
 *
 * There is no call that kills a thread, and for a reason. A thread that is asked finishes the piece
 * of work it is at, cleans up and returns. It looks at an event between two pieces, and where it
 * would rest it waits at the event instead, so that it hears of the end at once. One event stops
 * any number of threads; one that waits for work is sent an item that means the end.
 *
 * Then a thread is killed all the same, by pthread_cancel(), in a child process. It holds a lock,
 * has moved half of an amount and owns a buffer. The lock stays locked, the amount is gone, the
 * buffer is nobody's.
 *
 * Source: threads, section 1.3.
 *
 * Look for: the worker's rest. sleep() would not hear the event.
 *
 * Facts:
 * - who is asked stops between two pieces of work: none is half done, it cleans up once
 * - one event stops three threads; an item that means the end stops one that waits for items
 * - after a kill the lock cannot be had, the sum is wrong, the buffer is left
 */
#include <pthread.h>
#include <stdlib.h>

#include "demo.h"
#include "demo_child.h"
#include "demo_thread.h"

enum { WORKERS = 3, MOST_ITEMS = 8 };

/* ---- one worker, asked ---- */

static weft_event stop = WEFT_EVENT_INIT;

struct job {
    atomic_int begun;
    atomic_int done;
    int cleaned_up;
};

static void *work(void *arg)
{
    struct job *job = arg;
    while (!weft_event_is_set(&stop)) {
        job->begun++;
        demo_sleep(0.01);
        job->done++;
        if (weft_event_wait_for(&stop, demo_seconds(0.02)) == WEFT_OK)
            demo_say("hears the event while it rests");
    }
    job->cleaned_up++;
    demo_say("cleans up after %d pieces of work, returns", job->done);
    return arg;
}

static void stop_one(void)
{
    demo_part("One worker");
    struct job job = {0};
    weft_thread *worker = demo_spawn(work, &job, "worker");
    DEMO_AWAIT(job.done >= 5);
    demo_say("asks it to stop");
    weft_event_set(&stop);
    demo_join(worker);
    CHECK(job.begun == job.done && job.done >= 5, "every piece of work that was begun was done");
    CHECK(job.cleaned_up == 1, "it has cleaned up, once");
    CHECK(demo_in_order("MainThread asks it to stop", "worker cleans up *"),
          "it has stopped because it was asked");
    weft_event_clear(&stop);
}

/* ---- three workers and one that waits for items ---- */

static weft_condition filled = WEFT_CONDITION_INIT; /* guards the items */
static const char *items[MOST_ITEMS];
static int item_count;
static int ends_seen;

static void put(const char *item)
{
    WEFT_HOLD(&filled);
    items[item_count++] = item;
    weft_condition_notify(&filled, 1);
}

static const char *get(void)
{
    WEFT_HOLD(&filled);
    while (item_count == 0)
        weft_condition_wait(&filled);
    return items[--item_count];
}

static void *use_items(void *arg)
{
    const char *item;
    while ((item = get()) != NULL)
        demo_say("uses %s", item);
    ends_seen++;
    demo_say("gets the item that means the end, returns");
    return arg;
}

static void stop_many(void)
{
    demo_part("Three workers, and one that waits for items");
    static struct job jobs[WORKERS];
    weft_thread *workers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        workers[i] = demo_spawn(work, &jobs[i], "worker-%d", i);
    weft_thread *user = demo_spawn(use_items, NULL, "user");
    put("an item");
    DEMO_AWAIT(demo_count("user uses an item") == 1 && weft_condition_waiters(&filled) == 1);
    for (int i = 0; i < WORKERS; i++)
        DEMO_AWAIT(jobs[i].done >= 2);
    demo_say("sets the event, sends the end");
    weft_event_set(&stop);
    put(NULL);
    demo_join_all(WORKERS, workers);
    demo_join(user);
    bool whole = true;
    for (int i = 0; i < WORKERS; i++)
        whole = whole && jobs[i].begun == jobs[i].done && jobs[i].cleaned_up == 1;
    CHECK(whole, "one event has stopped all three, each between two pieces of work");
    CHECK(ends_seen == 1 && item_count == 0, "the item that means the end was used once");
}

/* ---- a thread that is killed: in a child process ---- */

static weft_lock lock = WEFT_LOCK_INIT; /* guards both accounts */
static int here = 100;
static int there;
static char *volatile buffer;
static pthread_t victim;
static atomic_bool halfway;

static void *transfer(void *arg) WEFT_NO_ANALYSIS
{
    weft_lock_acquire(&lock);
    buffer = malloc(4096);
    here -= 100;
    victim = pthread_self();
    halfway = true;
    for (;;)
        pthread_testcancel(); /* any call that may block can be such a place */
    there += 100;
    free(buffer);
    buffer = NULL;
    weft_lock_release(&lock);
    return arg;
}

static int kill_one(void *arg)
{
    (void)arg;
    weft_thread *thread = demo_spawn(transfer, NULL, "victim");
    DEMO_AWAIT(halfway);
    demo_say("the victim has the lock and has moved half; kills it");
    pthread_cancel(victim);
    demo_join(thread);
    weft_status status = weft_lock_acquire_for(&lock, demo_seconds(0.2));
    demo_say("wants the lock for 0.2 s: %s", weft_strerror(status));
    demo_say("the accounts hold %d and %d", here, there);
    CHECK(status == WEFT_TIMEOUT && weft_lock_locked(&lock), "nobody will ever release the lock");
    CHECK(here + there != 100, "the sum was 100 and is 0: half of the transfer was done");
    CHECK(buffer != NULL, "the buffer is left, and nobody frees it");
    return 3;
}

int main(void)
{
    demo_begin("A thread is asked to stop, not killed");
    demo_part("A thread that is killed, in a child process");
    demo_child child = demo_child_run(kill_one, NULL, WEFT_FOREVER);
    CHECK(!child.killed && child.exit_status == 3, "the child has ended; its parent is as it was");
    stop_one();
    stop_many();
    return demo_end();
}
