/* SPDX-License-Identifier: MIT */
/**
 * @file thread_lifecycle_states.c
 * @brief The life of a thread: new, running, blocked, terminated, and never back
 *
 * One thread is led through its life: made, started and computing, blocked at a lock that the main
 * thread holds, computing again, blocked at an event, ended. At each station the main thread asks
 * the library whether it is alive and the kernel for its letter: R for a thread that runs or could,
 * S for one that sleeps.
 *
 * R is two states in one, ready and running. They show when two threads that compute are kept on
 * one processor: each runs for a while and waits for its turn for a while, and the kernel counts
 * both.
 *
 * Source: threads, section 1.3.
 *
 * Look for: nothing leads back to "new", and nothing out of "terminated".
 *
 * Facts:
 * - the states are NEW, RUNNING, BLOCKED, RUNNING, BLOCKED, TERMINATED
 * - the kernel's letter is R while it computes and S while it is blocked
 * - it is alive from the start to the end, and cannot be started again
 * - two threads on one processor have both run, and both have waited to run
 */
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>

#include "demo.h"
#include "demo_thread.h"

static weft_lock lock = WEFT_LOCK_INIT;
static weft_event event = WEFT_EVENT_INIT;
static atomic_int stations; /* how many computations may end */

static void compute_until(int station)
{
    while (stations < station) {
    }
}

static void *live(void *arg)
{
    compute_until(1);
    WEFT_WITH(&lock) {
        compute_until(2);
    }
    weft_event_wait(&event);
    return arg;
}

static char kernel_letter(const weft_thread *thread)
{
    return demo_kernel_letter(weft_thread_native_id(thread));
}

static void say_state(const weft_thread *thread, const char *state)
{
    demo_say("%s: alive %s, kernel %c", state, weft_thread_is_alive(thread) ? "yes" : "no",
             kernel_letter(thread));
}

/* Whether it is alive and gets to this letter, where it then stays. */
static bool reaches(const weft_thread *thread, char letter, const char *state)
{
    DEMO_AWAIT(kernel_letter(thread) == letter);
    say_state(thread, state);
    return weft_thread_is_alive(thread);
}

static void lead_through_life(void)
{
    demo_part("One life");
    weft_lock_acquire(&lock);
    weft_thread *thread = demo_must(weft_thread_new(live, NULL, .name = "hero"));
    say_state(thread, "NEW");
    CHECK(weft_thread_ident(thread) == 0 && !weft_thread_is_alive(thread),
          "a new thread has no number and is not alive");

    bool started = weft_thread_start(thread) == WEFT_OK;
    bool computes = reaches(thread, 'R', "RUNNING");
    demo_sleep(0.2);
    stations = 1;
    DEMO_AWAIT(weft_lock_waiters(&lock) == 1);
    bool blocked = reaches(thread, 'S', "BLOCKED at a lock");
    demo_sleep(0.1);
    weft_lock_release(&lock);
    bool computes_again = reaches(thread, 'R', "RUNNING again");
    stations = 2;
    DEMO_AWAIT(weft_event_waiters(&event) == 1);
    bool blocked_again = reaches(thread, 'S', "BLOCKED at an event");
    demo_sleep(0.1);
    weft_event_set(&event);
    weft_thread_join(thread);
    DEMO_AWAIT(kernel_letter(thread) == '-');
    say_state(thread, "TERMINATED");

    CHECK(started && computes && computes_again, "while it computes it is alive, the letter is R");
    CHECK(blocked && blocked_again, "while it is blocked it is alive, the letter is S");
    CHECK(!weft_thread_is_alive(thread), "at the end it is not alive");
    CHECK(demo_in_order("* NEW: *", "* RUNNING: *", "* BLOCKED at a lock: *", "* RUNNING again: *",
                        "* BLOCKED at an event: *", "* TERMINATED: *"),
          "NEW, RUNNING, BLOCKED, RUNNING, BLOCKED, TERMINATED");
    CHECK(weft_thread_start(thread) == WEFT_RUNTIME && !weft_thread_is_alive(thread),
          "it cannot be started again");
    weft_thread_free(thread);
}

/* ---- ready and running ---- */

static atomic_bool stop;
static demo_rendezvous pinned = DEMO_RENDEZVOUS_INIT(3);
static atomic_bool not_pinned;

static void *compute_on_one_processor(void *arg)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(*(size_t *)arg, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        not_pinned = true;
    demo_rendezvous_meet(&pinned);
    while (!stop) {
    }
    return arg;
}

/* Nanoseconds for which it has run and for which it has been ready and did not run. */
static bool read_schedule(const weft_thread *thread, uint64_t *ran, uint64_t *waited)
{
    *ran = *waited = 0;
    FILE *file = fopen(
        demo_name("/proc/self/task/%" PRIu64 "/schedstat", weft_thread_native_id(thread)), "r");
    if (file == NULL)
        return false;
    bool read = fscanf(file, "%" SCNu64 " %" SCNu64, ran, waited) == 2;
    fclose(file);
    return read;
}

static bool has_run_and_waited(const weft_thread *thread)
{
    uint64_t ran;
    uint64_t waited;
    return !read_schedule(thread, &ran, &waited) || (ran > 10000000 && waited > 1000000);
}

static void share_a_processor(void)
{
    demo_part("Two that compute, one processor");
    size_t processor = (size_t)sched_getcpu();
    weft_thread *threads[2];
    for (int i = 0; i < 2; i++)
        threads[i] = demo_spawn(compute_on_one_processor, &processor, "busy-%d", i + 1);
    demo_rendezvous_meet(&pinned);
    uint64_t ran[2];
    uint64_t waited[2];
    double too_long = weft_now() + DEMO_PATIENCE / 6; /* there are kernels that say 0 and 0 */
    DEMO_AWAIT((has_run_and_waited(threads[0]) && has_run_and_waited(threads[1])) ||
               weft_now() > too_long);
    bool counted = !not_pinned;
    for (int i = 0; i < 2 && counted; i++) {
        counted = read_schedule(threads[i], &ran[i], &waited[i]) && ran[i] > 0;
        demo_say("%s: has run for %.1f ms, was ready for %.1f ms", weft_thread_name(threads[i]),
                 (double)ran[i] * 1e-6, (double)waited[i] * 1e-6);
    }
    stop = true;
    demo_join_all(2, threads);
    if (counted)
        CHECK(ran[0] > 0 && ran[1] > 0 && waited[0] > 0 && waited[1] > 0,
              "both have run, and both have been ready and had to wait for their turn");
    else
        demo_say("this kernel does not say for how long");
}

int main(void)
{
    demo_begin("The life of a thread: new, running, blocked, terminated, and never back");
    lead_through_life();
    share_a_processor();
    return demo_end();
}
