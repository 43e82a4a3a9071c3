/* SPDX-License-Identifier: MIT */
/**
 * @file lock_tracking_deadlock_detector.c
 * @brief A table of who holds and who waits shows a deadlock before anybody waits
 *
 * Every acquire and release goes through two functions that keep a table: which thread holds which
 * lock, and which lock it waits for. Two threads take two locks in opposite orders. Before the
 * second of them begins to wait, the table already shows a circle: thread-1 waits for what thread-2
 * holds, thread-2 for what thread-1 holds. The waits have a time-out of 2 s, so somebody gives up
 * and the other one can go on.
 *
 * Source: locks, section 1.4, lines 915-983.
 *
 * Look for: when the circle is found. It takes no time-out to know: following the table from
 * holder to holder is enough. And the row of a holder goes before its lock does, or it could
 * delete the row of the next holder.
 *
 * Facts:
 * - the circle is found when the second wait begins, before any time-out
 * - the report shows both holders and both waiters, then and at the first time-out
 * - at least one thread gives up, the other completes or gives up, too
 * - at the end the locks are free and the table is empty
 */
#include "demo.h"

DEMO_INVERTS_LOCK_ORDER

struct tracked_lock {
    const char *name;
    weft_lock lock;
    struct worker *holder; /* guarded by monitor */
};

struct worker {
    struct tracked_lock *first;
    struct tracked_lock *second;
    const char *name;
    struct tracked_lock *waits_for; /* guarded by monitor, as is since */
    double since;
    bool done;
};

static weft_lock monitor = WEFT_LOCK_INIT; /* guards the table; nobody waits while holding it */
static struct tracked_lock locks[2] = {{.name = "lock 1"}, {.name = "lock 2"}};
static struct worker workers[2] = {{&locks[0], &locks[1], "thread-1", NULL, 0, false},
                                   {&locks[1], &locks[0], "thread-2", NULL, 0, false}};
static demo_rendezvous both_hold_one = DEMO_RENDEZVOUS_INIT(2);
static demo_rendezvous both_in_table = DEMO_RENDEZVOUS_INIT(2);

/* Follows the waits from holder to holder: do they lead back? */
static bool waits_in_circle(const struct worker *start) WEFT_REQUIRES(monitor)
{
    const struct worker *worker = start;
    do {
        if (worker->waits_for == NULL || worker->waits_for->holder == NULL)
            return false;
        worker = worker->waits_for->holder;
    } while (worker != start);
    return true;
}

static void print_table(void) WEFT_REQUIRES(monitor)
{
    for (int i = 0; i < 2; i++)
        if (locks[i].holder != NULL)
            demo_line("             | %s holds %s", locks[i].holder->name, locks[i].name);
    for (int i = 0; i < 2; i++)
        if (workers[i].waits_for != NULL)
            demo_line("             | %s waits for %s, since %.3f", workers[i].name,
                      workers[i].waits_for->name, workers[i].since);
}

static bool table_shows_deadlock(void) WEFT_REQUIRES(monitor)
{
    return locks[0].holder == &workers[0] && workers[0].waits_for == &locks[1] &&
           locks[1].holder == &workers[1] && workers[1].waits_for == &locks[0];
}

static void note_wait(struct worker *me, struct tracked_lock *lock)
{
    WEFT_HOLD(&monitor);
    me->waits_for = lock;
    me->since = demo_now();
    if (waits_in_circle(me)) {
        demo_say("finds a circle of waits");
        print_table();
        CHECK(table_shows_deadlock(), "the table shows each waiting for what the other holds");
    }
}

static void note_outcome(struct worker *me, struct tracked_lock *lock, weft_status status)
{
    WEFT_HOLD(&monitor);
    if (status == WEFT_OK) {
        lock->holder = me;
    } else {
        demo_say("gives up: %s", weft_strerror(status));
        print_table();
        if (demo_count("* gives up*") == 1)
            CHECK(table_shows_deadlock(), "at the first time-out the table still shows the circle");
    }
    me->waits_for = NULL; /* either way it waits no longer */
}

static weft_status acquire_tracked(struct worker *me, struct tracked_lock *lock,
                                   demo_rendezvous *meeting) WEFT_NO_ANALYSIS
{
    note_wait(me, lock);
    if (meeting != NULL)
        demo_rendezvous_meet(meeting); /* however short the time-out, both are in the table first */
    weft_status status = weft_lock_acquire_for(&lock->lock, demo_seconds(2.0));
    note_outcome(me, lock, status);
    return status;
}

static void release_tracked(struct tracked_lock *lock) WEFT_NO_ANALYSIS
{
    WEFT_WITH(&monitor) {
        lock->holder = NULL;
    }
    weft_lock_release(&lock->lock);
}

static void *work(void *arg)
{
    struct worker *me = arg;
    if (acquire_tracked(me, me->first, NULL) != WEFT_OK)
        return arg;
    demo_say("has %s", me->first->name);
    demo_rendezvous_meet(&both_hold_one);
    demo_sleep(0.1);
    demo_say("wants %s", me->second->name);
    if (acquire_tracked(me, me->second, &both_in_table) == WEFT_OK) {
        demo_say("has both, completes");
        me->done = true;
        release_tracked(me->second);
    }
    release_tracked(me->first);
    return arg;
}

int main(void)
{
    weft_thread *threads[2];
    demo_begin("A table of who holds and who waits shows a deadlock before anybody waits");
    for (int i = 0; i < 2; i++)
        threads[i] = demo_must(weft_thread_spawn(work, &workers[i], .name = workers[i].name));
    for (int i = 0; i < 2; i++) {
        weft_thread_join(threads[i]);
        weft_thread_free(threads[i]);
    }

    size_t given_up = demo_count("* gives up: timed out");
    size_t completed = (size_t)workers[0].done + (size_t)workers[1].done;
    demo_say("%zu completed, %zu gave up", completed, given_up);
    CHECK(demo_count("* finds a circle of waits") == 1 &&
              demo_in_order("* finds a circle of waits", "* gives up: timed out"),
          "the circle was found once, before any wait had timed out");
    CHECK(given_up >= 1 && given_up + completed == 2, "at least one gave up, the rest completed");
    for (int i = 0; i < 2; i++)
        CHECK(!weft_lock_locked(&locks[i].lock), "%s is free", locks[i].name);
    WEFT_WITH(&monitor) {
        CHECK(locks[0].holder == NULL && locks[1].holder == NULL, "no holder is left in the table");
        CHECK(workers[0].waits_for == NULL && workers[1].waits_for == NULL,
              "no waiter is left in the table");
    }
    return demo_end();
}
