/* SPDX-License-Identifier: MIT */
/**
 * @file daemon_exit_behavior.c
 * @brief At exit a process waits for its threads, but not for daemons
 *
 * In plain C a return from main ends the process and all its threads in the middle of what they do.
 * With the library, as in Python, the process waits for every thread that is not a daemon; daemons
 * are abandoned where they are. Five child processes return from main at once: one leaves a thread
 * that needs half a second, one a daemon that would never end, one both. One tries to make a
 * running thread a daemon, one starts a thread from within a daemon.
 *
 * Source: threads, section 1.4.
 *
 * Look for: who says that it is done. The daemons never do.
 *
 * Facts:
 * - a thread that is not a daemon is waited for: 0.5 s at least, and it says that it is done
 * - a daemon is not: the child ends, and the daemon has not said so
 * - with both, the one is waited for and the other is not
 * - a running thread cannot be made a daemon
 * - a daemon's thread is a daemon, too
 * - each child ends by itself, with status 0
 */
#include "demo.h"
#include "demo_child.h"
#include "demo_thread.h"

static void *work(void *seconds)
{
    demo_say("works for %.1f s", *(double *)seconds);
    demo_sleep(*(double *)seconds);
    demo_say("is done");
    return seconds;
}

static void *serve(void *arg)
{
    demo_say("serves for ever");
    weft_sleep(WEFT_FOREVER);
    demo_say("is done");
    return arg;
}

/* Returns once the thread has begun: a process that has ended already starts none. */
static weft_thread *start(const char *name, weft_target *target, void *arg, bool daemon)
{
    weft_thread *thread = demo_must(weft_thread_spawn(target, arg, .name = name, .daemon = daemon));
    DEMO_AWAIT(demo_count(demo_name("%s *", name)) > 0);
    return thread;
}

static double half_a_second = 0.5;
static double a_third = 0.3;

static int leave_a_worker(void *arg)
{
    (void)arg;
    weft_thread_free(start("worker", work, &half_a_second, false));
    demo_say("returns from main");
    return 0;
}

static int leave_a_daemon(void *arg)
{
    (void)arg;
    weft_thread_free(start("daemon", serve, NULL, true));
    demo_say("returns from main");
    return 0;
}

static int leave_both(void *arg)
{
    (void)arg;
    weft_thread_free(start("helper", work, &a_third, false));
    weft_thread_free(start("spirit", serve, NULL, true));
    demo_say("returns from main");
    return 0;
}

static int change_a_running_thread(void *arg)
{
    (void)arg;
    weft_thread *late = start("late", work, &a_third, false);
    weft_status status = weft_thread_set_daemon(late, true);
    demo_say("makes it a daemon: %s", weft_status_exception(status));
    CHECK(status == WEFT_RUNTIME && !weft_thread_is_daemon(late),
          "a running thread cannot be made a daemon: refused, and it is none");
    weft_thread_free(late);
    return 0;
}

static atomic_bool child_is_a_daemon;

static void *start_another(void *arg)
{
    demo_say("starts a thread");
    weft_thread *inner = start("inner", serve, NULL, false); /* the default: as its maker */
    child_is_a_daemon = weft_thread_is_daemon(inner);
    demo_say("has started it");
    return serve(arg);
}

static int leave_a_daemons_thread(void *arg)
{
    (void)arg;
    weft_thread_free(start("outer", start_another, NULL, true));
    DEMO_AWAIT(demo_count("outer serves for ever") == 1);
    CHECK(child_is_a_daemon, "a thread that a daemon starts is a daemon");
    demo_say("returns from main");
    return 0;
}

static demo_child run(int (*body)(void *arg), double *elapsed)
{
    double began = demo_now();
    demo_child child = demo_child_run(body, NULL, WEFT_FOREVER);
    *elapsed = demo_now() - began;
    demo_say("the child has ended after %.2f s", *elapsed);
    return child;
}

static bool is_well(const demo_child *child)
{
    return !child->killed && child->exit_status == 0;
}

int main(void)
{
    double elapsed;
    demo_begin("At exit a process waits for its threads, but not for daemons");

    demo_part("A thread that is no daemon");
    demo_child child = run(leave_a_worker, &elapsed);
    CHECK(is_well(&child) && demo_in_order("child returns from main", "worker is done"),
          "the process has waited for it");
    CHECK(demo_at_least(elapsed, 0.5), "that took 0.5 s at least");

    demo_part("A daemon");
    child = run(leave_a_daemon, &elapsed);
    CHECK(is_well(&child) && demo_count("daemon is done") == 0,
          "the process has ended, and the daemon with it");

    demo_part("One of each");
    child = run(leave_both, &elapsed);
    CHECK(is_well(&child) && demo_count("helper is done") == 1 && demo_count("spirit is done") == 0,
          "the one was waited for, the other was not");
    CHECK(demo_at_least(elapsed, 0.3), "that took 0.3 s at least");

    demo_part("A daemon too late");
    child = run(change_a_running_thread, &elapsed);
    CHECK(is_well(&child) && demo_count("late is done") == 1, "so it was waited for");

    demo_part("A thread of a daemon");
    child = run(leave_a_daemons_thread, &elapsed);
    CHECK(is_well(&child) && demo_count("inner is done") == 0, "it does not hold up the exit");
    return demo_end();
}
