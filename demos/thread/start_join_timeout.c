/* SPDX-License-Identifier: MIT */
/**
 * @file start_join_timeout.c
 * @brief start once, join as often as one likes, and the joins that are refused
 *
 * One worker waits at an event while the main thread tries everything on it: to join it before the
 * start, to start it twice, to make it a daemon too late, to join it for a while, then for good,
 * then again and from two threads. A thread that joins itself is refused, for it would wait for
 * ever. Two threads that join each other would, too: with time-outs one of them gives up; without,
 * in a child process, the library reports the deadlock.
 *
 * At last a thousand threads start and are joined. A join gives back all that a thread had.
 *
 * Source: threads, section 1.3.
 *
 * Look for: a join that times out is no error of the thread. is_alive tells.
 *
 * Facts:
 * - join before start, a second start, daemon after start, joining oneself: each is refused
 * - a join of 0.2 s times out after 0.2 s, and the thread is alive
 * - a join after the end returns at once, again and again, and in two threads at once
 * - threads that join each other: with time-outs somebody gives up, without the library reports it
 * - after 1000 threads there are as many threads and blocks of memory as before
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "demo.h"
#include "demo_child.h"
#include "demo_thread.h"

enum { MANY = 1000 };

static weft_event release = WEFT_EVENT_INIT;

static void *wait_for_release(void *arg)
{
    weft_event_wait(&release);
    return arg;
}

static void *join_it(void *thread)
{
    weft_status status = weft_thread_join(thread);
    demo_say("joins the worker: %s", status == WEFT_OK ? "ok" : weft_strerror(status));
    return status == WEFT_OK ? thread : NULL;
}

static void *join_myself(void *status)
{
    *(weft_status *)status = weft_thread_join(weft_thread_current());
    demo_say("joins itself: %s", weft_status_exception(*(weft_status *)status));
    return status;
}

static weft_status said(const char *what, weft_status status)
{
    demo_say("%s: %s", what, status == WEFT_OK ? "ok" : weft_status_exception(status));
    return status;
}

static void drive_a_worker(void)
{
    demo_part("One worker");
    weft_thread *worker = demo_must(weft_thread_new(wait_for_release, NULL, .name = "worker"));
    CHECK(said("joins it before the start", weft_thread_join(worker)) == WEFT_RUNTIME,
          "a join before the start is refused");
    CHECK(said("starts it", weft_thread_start(worker)) == WEFT_OK && weft_thread_is_alive(worker),
          "it starts");
    CHECK(said("starts it again", weft_thread_start(worker)) == WEFT_RUNTIME,
          "a second start is refused");
    CHECK(said("makes it a daemon", weft_thread_set_daemon(worker, true)) == WEFT_RUNTIME &&
              !weft_thread_is_daemon(worker),
          "after the start it cannot be made a daemon");

    double start = demo_now();
    weft_status status = weft_thread_join_for(worker, demo_seconds(0.2));
    double elapsed = demo_now() - start;
    demo_say("joins it for 0.2 s: %s", weft_strerror(status));
    CHECK(status == WEFT_TIMEOUT && demo_at_least(elapsed, 0.2) && weft_thread_is_alive(worker),
          "a join of 0.2 s times out, not before 0.2 s are over, and it is alive");

    weft_thread *joiners[] = {demo_spawn(join_it, worker, "joiner-1"),
                              demo_spawn(join_it, worker, "joiner-2")};
    demo_say("releases it");
    weft_event_set(&release);
    CHECK(weft_thread_join(worker) == WEFT_OK && !weft_thread_is_alive(worker),
          "a join after that returns when it has ended");
    demo_say("joins it once more");
    uint64_t waits = weft_park_count();
    CHECK(weft_thread_join(worker) == WEFT_OK && weft_park_count() == waits,
          "another one returns at once");
    demo_join_all(2, joiners);
    CHECK(demo_count("joiner-? joins the worker: ok") == 2, "two other threads could join it, too");
    weft_thread_free(worker);

    weft_status self = WEFT_OK;
    demo_join(demo_spawn(join_myself, &self, "narcissus"));
    CHECK(self == WEFT_RUNTIME, "a thread that joins itself is refused");
}

/* ---- two threads that join each other ---- */

static weft_thread *pair[2];
static demo_rendezvous both_here = DEMO_RENDEZVOUS_INIT(2);

static void *join_other_for_a_while(void *arg)
{
    weft_thread *other = arg;
    demo_rendezvous_meet(&both_here);
    weft_status status = weft_thread_join_for(other, demo_seconds(0.3));
    demo_say("joins %s for 0.3 s: %s", weft_thread_name(other),
             status == WEFT_OK ? "ok" : weft_strerror(status));
    return arg;
}

static void *join_other(void *arg)
{
    demo_rendezvous_meet(&both_here); /* who has not started cannot be joined */
    demo_say("joins %s", weft_thread_name(arg));
    weft_thread_join(arg);
    return arg;
}

struct wish {
    weft_target *join;
    weft_thread **other;
};

static void *carry_out(void *arg)
{
    const struct wish *wish = arg;
    return wish->join(*wish->other);
}

/* Both exist before either starts: each needs the other's handle. */
static void start_pair(weft_target *join)
{
    static struct wish wishes[2];
    for (int i = 0; i < 2; i++) {
        wishes[i] = (struct wish){join, &pair[1 - i]};
        pair[i] =
            demo_must(weft_thread_new(carry_out, &wishes[i], .name = demo_name("twin-%d", i + 1)));
    }
    for (int i = 0; i < 2; i++)
        if (weft_thread_start(pair[i]) != WEFT_OK)
            demo_must(NULL);
}

static void tell(const weft_report *report, void *arg)
{
    (void)arg;
    demo_line("%s", report->text);
    demo_child_ready();
}

static int join_each_other(void *arg)
{
    weft_set_report(tell, NULL);
    weft_watch_deadlocks(WEFT_WATCH_REPORT);
    start_pair(join_other);
    weft_sleep(WEFT_FOREVER);
    return arg != NULL;
}

/* ---- a thousand threads ---- */

static atomic_long blocks; /* of memory that the library uses */

static void *allocate(size_t size, void *context)
{
    (void)context;
    blocks++;
    return malloc(size);
}

static void give_back(void *memory, void *context)
{
    (void)context;
    blocks--;
    free(memory);
}

static int system_threads(void)
{
    int count = 0;
    DIR *tasks = demo_must(opendir("/proc/self/task"));
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks))
        count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static void *do_nothing(void *arg)
{
    return arg;
}

static void start_many(bool counted)
{
    demo_part("A thousand threads, one after the other");
    demo_join(demo_spawn(do_nothing, NULL, "first"));
    long blocks_before = blocks;
    int threads_before = system_threads();
    for (int i = 0; i < MANY; i++)
        demo_join(demo_spawn(do_nothing, NULL, "short"));
    DEMO_AWAIT(system_threads() <= threads_before); /* the kernel takes a moment longer */
    demo_say("threads: %d, blocks of memory in use: %ld", system_threads(), blocks);
    CHECK(weft_thread_active_count() == 1, "the main thread is alone again");
    CHECK(counted && blocks == blocks_before, "the library uses as much memory as before");
}

int main(void)
{
    bool counted = weft_set_allocator(&(weft_allocator){allocate, give_back, NULL}) == WEFT_OK;
    demo_begin("start once, join as often as one likes, and the joins that are refused");

    demo_part("Two threads that join each other, in a child process");
    demo_child child = demo_child_run(join_each_other, NULL, 0.5);
    CHECK(child.killed && strstr(child.output, "weft: deadlock: ") != NULL,
          "they never end, and the library has reported it");

    demo_part("Two threads that join each other, for a while");
    start_pair(join_other_for_a_while);
    for (int i = 0; i < 2; i++)
        weft_thread_join(pair[i]);
    for (int i = 0; i < 2; i++)
        weft_thread_free(pair[i]); /* not before both have ended: each uses the other's */
    CHECK(demo_count("twin-? joins twin-? for 0.3 s: timed out") >= 1,
          "at least one of them gave up, and both have ended");

    drive_a_worker();
    start_many(counted);
    return demo_end();
}
