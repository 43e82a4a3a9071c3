/* SPDX-License-Identifier: MIT */
/**
 * @file sizing_io_bound.c
 * @brief How many workers for work that waits? Many more than processors
 *
 * A task that asks a service for 20 ms needs a thread and hardly a processor. 120 of them run on
 * pools of 1 to 64 workers: each doubling halves the time, whatever the number of processors. Then
 * the service takes 16 requests at once. Beyond 16 workers nothing gets faster, and the waiting
 * only moves: from the pool's queue to the service's door. Without a door, 64 workers overrun it.
 *
 * Source: threads, section 3.4.
 *
 * Look for: "waited" is the mean time that a task was in the queue, from the pool's own
 * statistics. More workers make it short; with a full service that is no gain.
 *
 * Facts:
 * - on n workers, n tasks wait for the service at once: no processor limits that
 * - no pool is faster than ceil(120 / n) * 20 ms; longer requests need more workers in proportion
 * - 64 workers at a service with a door for 16: 16 are inside, 48 wait at the door, never more in
 * - without the door there are 64 inside, more than it can take
 */
#include <stdio.h>

#include "demo.h"
#include "demo_future.h"
#include "demo_processor.h"

enum { TASKS = 120, SLOTS = 16, WORKERS = 64 };

/* ---- a service without a limit ---- */

struct requests {
    double seconds; /* that one takes */
    demo_crowd inside;
    demo_rendezvous first_wave;
    atomic_int begun;
    int wave;
};

static void *request(void *arg)
{
    struct requests *requests = arg;
    demo_crowd_enter(&requests->inside);
    if (requests->begun++ < requests->wave)
        demo_rendezvous_meet(&requests->first_wave); /* all workers are here at once */
    demo_compute(0.0002);
    demo_sleep(requests->seconds);
    demo_crowd_leave(&requests->inside);
    return arg;
}

/* In kilobytes; 0: the system does not say. */
static long resident_memory(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%*d %ld", &pages) != 1)
            pages = 0;
        fclose(file);
    }
    return pages * 4;
}

/* Whether the time and the crowd were as they must be. */
static bool ask(int workers, int tasks, double seconds)
{
    int wave = workers < tasks ? workers : tasks;
    struct requests requests = {
        .seconds = seconds, .first_wave = DEMO_RENDEZVOUS_INIT((uint32_t)wave), .wave = wave};
    double waited = 0;
    long memory = 0;
    double start = demo_now();
    WEFT_WITH_EXECUTOR(pool, workers, .timing = true) {
        for (int i = 0; i < tasks; i++)
            demo_posted(weft_executor_post(pool, request, &requests));
        weft_executor_shutdown(pool);
        waited = demo_stats(pool).waits.total / tasks / demo_seconds(1);
        memory = resident_memory();
    }
    double elapsed = demo_now() - start;
    int rounds = (tasks + workers - 1) / workers;
    demo_line("%8d %8.3f s %10.0f/s %9.0f ms %8ld kB", workers, elapsed, tasks / elapsed,
              waited * 1000, memory);
    return requests.inside.peak == wave && demo_at_least(elapsed, rounds * seconds);
}

static void print_head(int tasks, double seconds)
{
    demo_part("%d requests of %.0f ms", tasks, seconds * 1000);
    demo_line("%8s %10s %12s %12s %11s", "workers", "time", "requests", "waited", "memory");
}

/* ---- a service that takes 16 at once ---- */

static weft_semaphore door = WEFT_SEMAPHORE_INIT(SLOTS);
static demo_crowd guests;
static demo_crowd crushed;
static demo_rendezvous all_inside = DEMO_RENDEZVOUS_INIT(WORKERS);

static void *enter_by_door(void *arg)
{
    weft_semaphore_acquire(&door);
    demo_crowd_enter(&guests);
    weft_event_wait(arg); /* the service answers when all have come to the door */
    demo_sleep(0.02);
    demo_crowd_leave(&guests);
    weft_semaphore_release(&door);
    return arg;
}

static void *enter_at_will(void *arg)
{
    demo_crowd_enter(&crushed);
    demo_rendezvous_meet(&all_inside);
    demo_sleep(0.02);
    demo_crowd_leave(&crushed);
    return arg;
}

static void ask_limited_service(void)
{
    weft_event answer = WEFT_EVENT_INIT;
    double start = demo_now();
    WEFT_WITH_EXECUTOR(pool, WORKERS) {
        for (int i = 0; i < TASKS; i++)
            demo_posted(weft_executor_post(pool, enter_by_door, &answer));
        DEMO_AWAIT(weft_semaphore_waiters(&door) == WORKERS - SLOTS);
        demo_say("%d are inside, %zu wait at the door, %d in the pool's queue", guests.inside,
                 weft_semaphore_waiters(&door), (int)demo_stats(pool).queued);
        CHECK(guests.inside <= SLOTS && demo_stats(pool).queued == TASKS - WORKERS,
              "of 64 workers 48 wait at the door: the waiting has only moved there");
        weft_event_set(&answer);
    }
    CHECK(guests.peak == SLOTS, "sixteen were inside at once, never more");
    int rounds = (TASKS + SLOTS - 1) / SLOTS;
    CHECK(demo_at_least(demo_now() - start, rounds * 0.02),
          "it took as long as 16 workers would: 8 rounds of 20 ms");

    demo_part("The same without a door");
    WEFT_WITH_EXECUTOR(pool, WORKERS) {
        for (int i = 0; i < WORKERS; i++)
            demo_posted(weft_executor_post(pool, enter_at_will, NULL));
    }
    demo_say("%d were inside at once", crushed.peak);
    CHECK(crushed.peak == WORKERS, "64 are inside, four times what the service can take");
}

int main(void)
{
    bool right = true;
    demo_begin("How many workers for work that waits? Many more than processors");
    print_head(TASKS, 0.02);
    for (int workers = 1; workers <= WORKERS; workers *= 2)
        right = ask(workers, TASKS, 0.02) && right;
    CHECK(right, "on n workers n tasks wait at once, and ceil(120 / n) * 20 ms is the least");

    print_head(40, 0.005);
    right = ask(2, 40, 0.005);
    right = ask(8, 40, 0.005) && right;
    print_head(40, 0.08);
    right = ask(8, 40, 0.08) && right;
    right = ask(32, 40, 0.08) && right;
    CHECK(right, "of 80 ms: 5 rounds on 8 workers, 2 on 32, none is faster than its rounds");

    demo_part("A service that takes 16 at once, and 64 workers");
    ask_limited_service();
    return demo_end();
}
