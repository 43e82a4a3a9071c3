/* SPDX-License-Identifier: MIT */
/* Event: a flag that threads wait for. Signals are in test_event_signal.c. */
// LINK: -Wl,--wrap=wefti_mutex_lock -Wl,--wrap=wefti_parker_unpark
#include "interrupt.h"
#include "test.h"

#include <math.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/parker.h"

void __real_wefti_mutex_lock(struct wefti_mutex *mutex);
void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex);
void __real_wefti_parker_unpark(struct wefti_parker *parker);
void __wrap_wefti_parker_unpark(struct wefti_parker *parker);

static _Thread_local int room_visits;             /* locks of the library's that this thread took */
static _Thread_local int wakes;                   /* threads that it has woken */
static _Thread_local const weft_event *looked_at; /* the event whose room must not be locked then */

void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex)
{
    room_visits++;
    __real_wefti_mutex_lock(mutex);
}

void __wrap_wefti_parker_unpark(struct wefti_parker *parker)
{
    wakes++;
    if (looked_at != NULL) /* a thread that holds the bucket's lock would hang here */
        (void)weft_event_waiters(looked_at);
    __real_wefti_parker_unpark(parker);
}

enum { WAITERS = 5 };

struct fixture {
    weft_event event;
    double seconds;
    atomic_int first;
    atomic_int second;
    atomic_int timeouts;
};

/* ---- CPython's cases: EventTests ------------------------------------------------------------- */

TEST(an_event_is_set_and_cleared)
{
    weft_event event = WEFT_EVENT_INIT;
    assert_false(weft_event_is_set(&event));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(weft_event_set(&event), WEFT_OK);
        assert_true(weft_event_is_set(&event));
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(weft_event_clear(&event), WEFT_OK);
        assert_false(weft_event_is_set(&event));
    }
}

static void *wait_twice(void *arg)
{
    struct fixture *f = arg;
    WITNESS(weft_event_wait(&f->event) == WEFT_OK);
    atomic_fetch_add(&f->first, 1);
    WITNESS(weft_event_wait(&f->event) == WEFT_OK);
    atomic_fetch_add(&f->second, 1);
    return NULL;
}

static void expect_all_notified(struct fixture *f)
{
    atomic_store(&f->first, 0);
    atomic_store(&f->second, 0);
    struct crew crew = crew_start(WAITERS, wait_twice, f);
    EVENTUALLY(weft_event_waiters(&f->event) == WAITERS);
    assert_int_equal(atomic_load(&f->first), 0);
    assert_int_equal(weft_event_set(&f->event), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f->second), WAITERS);
}

TEST(set_lets_all_waiters_go)
{
    struct fixture f = {0};
    expect_all_notified(&f);
    assert_int_equal(weft_event_set(&f.event), WEFT_OK);
    assert_int_equal(weft_event_clear(&f.event), WEFT_OK);
    expect_all_notified(&f);
}

static void *wait_in_vain(void *arg)
{
    struct fixture *f = arg;
    int64_t start = test_clock();
    if (weft_event_wait_for(&f->event, 0.0) == WEFT_TIMEOUT)
        atomic_fetch_add(&f->timeouts, 1);
    if (weft_event_wait_for(&f->event, 0.05) == WEFT_TIMEOUT) {
        WITNESS(test_clock() - start >= 50000000);
        atomic_fetch_add(&f->timeouts, 1);
    }
    double deadline = weft_now() + 0.01;
    if (weft_event_wait_until(&f->event, deadline) == WEFT_TIMEOUT) {
        WITNESS(weft_now() >= deadline);
        atomic_fetch_add(&f->timeouts, 1);
    }
    return NULL;
}

TEST(a_timeout_is_never_early)
{
    struct fixture f = {0};
    struct crew crew = crew_start(WAITERS, wait_in_vain, &f);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.timeouts), 3 * WAITERS);
    assert_int_equal(weft_event_waiters(&f.event), 0);

    assert_int_equal(weft_event_set(&f.event), WEFT_OK);
    crew = crew_start(WAITERS, wait_in_vain, &f);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.timeouts), 3 * WAITERS);
}

static void *wait_long(void *arg)
{
    struct fixture *f = arg;
    if (weft_event_wait_for(&f->event, f->seconds) == WEFT_OK)
        atomic_fetch_add(&f->first, 1);
    else
        atomic_fetch_add(&f->timeouts, 1);
    return NULL;
}

TEST(a_blocked_thread_goes_on_even_if_clear_follows_at_once)
{
    for (int round = 0; round < 200; round++) {
        struct fixture f = {.seconds = 1000};
        struct crew crew = crew_start(WAITERS, wait_long, &f);
        EVENTUALLY(weft_event_waiters(&f.event) == WAITERS);
        assert_int_equal(weft_event_set(&f.event), WEFT_OK);
        assert_int_equal(weft_event_clear(&f.event), WEFT_OK);
        crew_join(&crew);
        assert_int_equal(atomic_load(&f.first), WAITERS);
        assert_false(weft_event_is_set(&f.event));
    }
}

static bool in_child(struct fixture *f, bool (*child)(struct fixture *))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        _exit(child(f) ? 0 : 1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static bool works_without_waiters(struct fixture *f)
{
    return weft_event_waiters(&f->event) == 0 && !weft_event_is_set(&f->event) &&
           weft_event_wait_for(&f->event, 0.001) == WEFT_TIMEOUT &&
           weft_event_set(&f->event) == WEFT_OK && weft_event_wait(&f->event) == WEFT_OK &&
           weft_event_clear(&f->event) == WEFT_OK && !weft_event_is_set(&f->event);
}

TEST(the_child_of_a_fork_has_no_waiters)
{
    struct fixture f = {.seconds = WEFT_FOREVER};
    struct crew crew = crew_start(2, wait_long, &f);
    EVENTUALLY(weft_event_waiters(&f.event) == 2);
    assert_true(in_child(&f, works_without_waiters));
    assert_int_equal(weft_event_waiters(&f.event), 2);
    assert_int_equal(weft_event_set(&f.event), WEFT_OK);
    crew_join(&crew);
}

/* ---- what else is promised ------------------------------------------------------------------- */

TEST(set_does_not_enter_the_room_if_nobody_waits)
{
    weft_event event = {0};
    int before = room_visits;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(weft_event_set(&event), WEFT_OK);
        assert_int_equal(weft_event_set(&event), WEFT_OK);
        assert_int_equal(weft_event_wait(&event), WEFT_OK);
        assert_int_equal(weft_event_wait_for(&event, 1), WEFT_OK);
        assert_int_equal(weft_event_clear(&event), WEFT_OK);
        assert_int_equal(weft_event_clear(&event), WEFT_OK);
        assert_int_equal(weft_event_wait_for(&event, 0), WEFT_TIMEOUT);
    }
    assert_int_equal(room_visits, before);
}

TEST(set_wakes_each_waiter_once_and_outside_the_rooms_lock)
{
    struct fixture f = {.seconds = WEFT_FOREVER};
    struct crew crew = crew_start(WAITERS, wait_long, &f);
    EVENTUALLY(weft_event_waiters(&f.event) == WAITERS);
    int before = wakes;
    looked_at = &f.event;
    assert_int_equal(weft_event_set(&f.event), WEFT_OK);
    looked_at = NULL;
    assert_int_equal(wakes - before, WAITERS);
    assert_int_equal(weft_event_set(&f.event), WEFT_OK);
    assert_int_equal(wakes - before, WAITERS);
    crew_join(&crew);
}

TEST(clear_wakes_nobody)
{
    struct fixture f = {.seconds = WEFT_FOREVER};
    struct crew crew = crew_start(WAITERS, wait_long, &f);
    EVENTUALLY(weft_event_waiters(&f.event) == WAITERS);
    assert_int_equal(weft_event_clear(&f.event), WEFT_OK);
    assert_int_equal(weft_event_waiters(&f.event), WAITERS);
    assert_int_equal(weft_event_set(&f.event), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.first), WAITERS);
}

TEST(who_waits_after_a_clear_waits_for_the_next_set)
{
    struct fixture f = {.seconds = WEFT_FOREVER};
    for (int round = 1; round <= 3; round++) {
        struct crew crew = crew_start(WAITERS, wait_long, &f);
        EVENTUALLY(weft_event_waiters(&f.event) == WAITERS);
        assert_int_equal(atomic_load(&f.first), (round - 1) * WAITERS);
        assert_int_equal(weft_event_set(&f.event), WEFT_OK);
        assert_int_equal(weft_event_clear(&f.event), WEFT_OK);
        crew_join(&crew);
    }
}

TEST(an_interruption_ends_the_wait)
{
    struct fixture f = {.seconds = WEFT_FOREVER};
    struct crew crew = crew_start(2, wait_long, &f);
    EVENTUALLY(weft_event_waiters(&f.event) == 2);
    assert_true(test_interrupt(crew.threads[0]));
    EVENTUALLY(atomic_load(&f.timeouts) == 1);
    assert_int_equal(weft_event_waiters(&f.event), 1);
    assert_int_equal(weft_event_set(&f.event), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(weft_event_clear(&f.event), WEFT_OK);
    assert_true(test_interrupt(weft_thread_main()));
    assert_int_equal(weft_event_wait(&f.event), WEFT_INTERRUPTED);
    assert_int_equal(weft_event_wait_for(&f.event, 0.001), WEFT_TIMEOUT);
}

TEST(a_wrong_argument_is_a_value_error)
{
    weft_event event = {0};
    assert_int_equal(weft_event_wait_for(&event, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_wait_until(&event, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_set(&event), WEFT_OK);
    assert_int_equal(weft_event_wait_for(&event, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_set(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_clear(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_wait(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_wait_for(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_set_from_signal(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_event_done(NULL), WEFT_VALUE_ERROR);
    assert_false(weft_event_is_set(NULL));
    assert_int_equal(weft_event_waiters(NULL), 0);
    weft_event_free(NULL);
}

TEST(an_event_is_small_and_ends_quietly)
{
    assert_true(sizeof(weft_event) <= 8);
    assert_int_equal(weft_sizeof(WEFT_KIND_EVENT), sizeof(weft_event));
    struct fixture f = {.seconds = WEFT_FOREVER};
    assert_int_equal(weft_event_done(&f.event), WEFT_OK);
    struct crew crew = crew_start(1, wait_long, &f);
    EVENTUALLY(weft_event_waiters(&f.event) == 1);
    assert_int_equal(weft_event_done(&f.event), WEFT_BUSY);
    assert_int_equal(weft_event_set(&f.event), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(weft_event_done(&f.event), WEFT_OK);
    weft_event *on_heap = weft_event_new();
    assert_non_null(on_heap);
    assert_false(weft_event_is_set(on_heap));
    weft_event_free(on_heap);
}
