/* SPDX-License-Identifier: MIT */
/**
 * @file dynamic_pool_resize.c
 * @brief A pool that grows with the queue and shrinks when it is idle
 *
 * A controller looks at the queue again and again. If more than two tasks for each worker wait, it
 * adds two workers; if nothing has waited for a while and half of them are idle, it takes two
 * away: it puts a note into the queue that says "leave", and a worker reads it between two tasks.
 * The size stays between 2 and 16. A burst of 150 tasks makes it grow, the quiet after it makes it
 * shrink. Then two controllers at once, who look first and grow afterwards, and the limit does not
 * hold. At the end the library's own pool, which starts workers when it needs them and lets idle
 * ones go.
 *
 * Source: threads, section 3.4.
 *
 * Look for: nobody ends a thread. A worker that is to go is told so, by the way that tasks come.
 *
 * Facts:
 * - the size rises to 16 in the burst and returns to 2, and never leaves these bounds
 * - all 150 tasks run exactly once, and each that has begun has ended: shrinking interrupts none
 * - two workers alone take ceil(150 / 2) * 20 ms at least
 * - two controllers that look without a lock pass the limit; with a lock they do not
 * - the library's pool of 2 to 16 grows to 16, and its idle workers end after their time
 */
#include "demo.h"
#include "demo_future.h"
#include "demo_thread.h"

enum { LEAST = 2, MOST = 16, STEP = 2, TASKS = 150, LEAVE = -1 };

static weft_queue queue; /* of task numbers, and LEAVE */
static weft_thread *threads[64];
static int started; /* threads so far; the controller's own */
static atomic_int size;
static atomic_int largest;
static atomic_int busy;
static atomic_int begun[TASKS];
static atomic_int ended;
static atomic_bool over;

/* ---- the workers ---- */

static void run_task(int number)
{
    busy++;
    begun[number]++;
    DEMO_AWAIT(largest == MOST || over); /* the burst lasts until the pool has grown */
    demo_sleep(0.02);
    ended++;
    busy--;
}

static void *work(void *arg)
{
    int number;
    while (weft_queue_get(&queue, &number) == WEFT_OK && number != LEAVE)
        run_task(number);
    return arg;
}

/* ---- the controller ---- */

static void resize(int change)
{
    for (int i = 0; i < change; i++, started++)
        threads[started] = demo_spawn(work, NULL, "worker-%d", started);
    for (int i = 0; i > change; i--) {
        int leave = LEAVE;
        weft_queue_put(&queue, &leave);
    }
    size += change;
    if (size > largest)
        largest = (int)size;
    demo_say("%2d workers %.*s  queue %zu", size, size, "################",
             weft_queue_qsize(&queue));
}

static void *control(void *arg)
{
    int idle_looks = 0;
    while (!over) {
        size_t waiting = weft_queue_qsize(&queue);
        idle_looks = waiting == 0 && busy * 2 <= size ? idle_looks + 1 : 0;
        if (waiting > 2 * (size_t)size && size + STEP <= MOST) {
            resize(STEP);
        } else if (idle_looks > 6 && size - STEP >= LEAST) { /* for 300 ms */
            resize(-STEP);
            idle_looks = 0;
        }
        demo_sleep(0.05);
    }
    return arg;
}

static void control_burst(void)
{
    bool once = true;
    if (weft_queue_init(&queue, sizeof(int)) != WEFT_OK)
        demo_must(NULL);
    resize(LEAST);
    weft_thread *controller = demo_spawn(control, NULL, "controller");
    demo_sleep(0.2);
    demo_say("a burst of %d tasks", TASKS);
    for (int i = 0; i < TASKS; i++)
        weft_queue_put(&queue, &i);
    DEMO_AWAIT(ended == TASKS);
    demo_say("all tasks have ended");
    DEMO_AWAIT(size == LEAST);
    demo_say("it is quiet, and the pool as small as before");
    over = true;
    demo_join(controller);
    resize(-LEAST);
    demo_join_all((size_t)started, threads);
    for (int i = 0; i < TASKS; i++)
        once = once && begun[i] == 1;
    CHECK(largest == MOST, "the pool has grown to 16 workers");
    CHECK(demo_in_order("controller 16 workers *", "controller  2 workers *") &&
              demo_count("controller  0 workers *") == 0,
          "it has shrunk to 2 when it was quiet, and no further");
    CHECK(once && ended == TASKS,
          "each task ran once and has ended: no worker left in the middle of one");
    weft_queue_destroy(&queue);
}

/* ---- two workers alone ---- */

static void *take_20_ms(void *arg)
{
    demo_sleep(0.02);
    return arg;
}

static void run_on_two(void)
{
    double start = demo_now();
    WEFT_WITH_EXECUTOR(pool, LEAST) {
        for (int i = 0; i < TASKS; i++)
            demo_posted(weft_executor_post(pool, take_20_ms, NULL));
    }
    double elapsed = demo_now() - start;
    demo_say("%d workers took %.2f s", LEAST, elapsed);
    CHECK(demo_at_least(elapsed, 1.5), "two workers alone take 75 rounds of 20 ms: 1.5 s at least");
}

/* ---- two controllers ---- */

static atomic_int planned; /* a size without a lock */
static demo_rendezvous both_have_looked = DEMO_RENDEZVOUS_INIT(2);
static weft_lock plan_lock = WEFT_LOCK_INIT; /* guards safe_size */
static int safe_size;

/* Each sees that there is room, and then uses it. */
static void *grow_unprotected(void *arg)
{
    bool room = planned + STEP <= MOST;
    demo_say("sees %d workers: %s", planned, room ? "grows" : "does not grow");
    demo_rendezvous_meet(&both_have_looked);
    if (room)
        planned += STEP;
    return arg;
}

static void *grow_protected(void *arg)
{
    WEFT_HOLD(&plan_lock);
    if (safe_size + STEP <= MOST)
        safe_size += STEP;
    return arg;
}

static void control_twice(weft_target *grow)
{
    weft_thread *controllers[2];
    for (int i = 0; i < 2; i++)
        controllers[i] = demo_spawn(grow, NULL, "manager-%d", i + 1);
    demo_join_all(2, controllers);
}

static void two_controllers(void)
{
    planned = MOST - STEP;
    control_twice(grow_unprotected);
    demo_say("now there are %d workers", planned);
    CHECK(planned == MOST + STEP, "without a lock both have grown: 18, two more than the limit");
    WEFT_WITH(&plan_lock) {
        safe_size = MOST - STEP;
    }
    control_twice(grow_protected);
    WEFT_WITH(&plan_lock) {
        CHECK(safe_size == MOST, "with a lock one has: 16, the limit");
    }
}

/* ---- the library's own ---- */

static void *wait_for_event(void *arg)
{
    weft_event_wait(arg);
    return arg;
}

static void use_the_library(void)
{
    weft_event event = WEFT_EVENT_INIT;
    WEFT_WITH_EXECUTOR(pool, MOST, .min_workers = LEAST, .keep_alive = demo_seconds(0.3)) {
        for (int i = 0; i < TASKS; i++)
            demo_posted(weft_executor_post(pool, wait_for_event, &event));
        DEMO_AWAIT(demo_stats(pool).running == MOST);
        demo_say("%u workers, %d tasks in the queue", demo_stats(pool).workers,
                 (int)demo_stats(pool).queued);
        CHECK(demo_stats(pool).workers == MOST, "the library's pool has grown to 16");
        weft_event_set(&event);
        DEMO_AWAIT(demo_stats(pool).workers == LEAST);
        demo_say("%u workers, 0.3 s after the last task", demo_stats(pool).workers);
        CHECK(demo_stats(pool).done == TASKS, "it runs all tasks, and its idle workers end but 2");
    }
}

int main(void)
{
    demo_begin("A pool that grows with the queue and shrinks when it is idle");
    demo_part("Quiet, a burst of %d tasks, quiet", TASKS);
    control_burst();
    demo_part("The same burst on two workers");
    run_on_two();
    demo_part("Two controllers");
    two_controllers();
    demo_part("The library's own way");
    use_the_library();
    return demo_end();
}
