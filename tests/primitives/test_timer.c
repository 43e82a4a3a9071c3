/* SPDX-License-Identifier: MIT */
/* Timer: when it fires, what cancel and join say, who runs it, and that waiting costs nothing. */
// LINK: -Wl,--wrap=wefti_os_helper_create
#include "test.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faulty_memory.h"
#include "platform/thread.h"
#include "primitives/park.h"
#include "primitives/self.h"
#include "program.h"
#include "under_tsan.h"

weft_status __real_wefti_os_helper_create(void *(*run)(void *), void *arg);
weft_status __wrap_wefti_os_helper_create(void *(*run)(void *), void *arg);

static atomic_int helpers; /* that have been made */
static atomic_int most = 1000;
static atomic_int refused;

weft_status __wrap_wefti_os_helper_create(void *(*run)(void *), void *arg)
{
    if (atomic_load(&helpers) >= atomic_load(&most)) {
        atomic_fetch_add(&refused, 1);
        return WEFT_NO_THREAD;
    }
    atomic_fetch_add(&helpers, 1);
    return __real_wefti_os_helper_create(run, arg);
}

/* From now on the system has room for so many more. */
static void allow(int more)
{
    atomic_store(&most, atomic_load(&helpers) + more);
}

static atomic_int calls;
static atomic_llong fired_at;
static atomic_bool gate;

static void *fire(void *arg)
{
    atomic_store(&fired_at, test_clock());
    atomic_fetch_add(&calls, 1);
    return arg;
}

static void *wait_for_gate(void *arg)
{
    atomic_fetch_add(&calls, 1);
    while (!atomic_load(&gate))
        test_yield();
    return arg;
}

static void finish(weft_timer *timer)
{
    assert_int_equal(weft_timer_join(timer), WEFT_OK);
    weft_timer_free(timer);
}

/* ---- firing -------------------------------------------------------------------------------- */

TEST(a_timer_fires_once_and_never_early)
{
    const double intervals[] = {0.03, 0.001, 1e-9, 0, -1, -HUGE_VAL};
    for (size_t i = 0; i < sizeof intervals / sizeof intervals[0]; i++) {
        int64_t start = test_clock();
        weft_timer *timer = weft_timer_spawn(intervals[i], fire, &calls);
        assert_int_equal(weft_timer_join(timer), WEFT_OK);
        assert_true(atomic_load(&fired_at) - start >=
                    (intervals[i] > 0 ? (int64_t)(intervals[i] * 1e9) : 0));
        assert_int_equal(atomic_load(&calls), (int)i + 1);
        assert_ptr_equal(weft_timer_value(timer), &calls);
        assert_null(weft_timer_error(timer));
        weft_timer_free(timer);
    }
}

TEST(the_time_runs_from_the_start)
{
    weft_timer *timer = weft_timer_new(0.02, fire, NULL);
    assert_int_equal(weft_sleep(0.03), WEFT_OK);
    assert_int_equal(atomic_load(&calls), 0);
    int64_t start = test_clock();
    assert_int_equal(weft_timer_start(timer), WEFT_OK);
    assert_int_equal(weft_timer_start(timer), WEFT_RUNTIME);
    assert_int_equal(weft_timer_join(timer), WEFT_OK);
    assert_true(atomic_load(&fired_at) - start >= 20000000);
    assert_int_equal(weft_timer_start(timer), WEFT_RUNTIME);
    assert_int_equal(atomic_load(&calls), 1);
    weft_timer_free(timer);
}

TEST(an_interval_that_is_no_number_is_refused)
{
    assert_null(weft_timer_new(NAN, fire, NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_null(weft_timer_spawn(NAN, fire, NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_null(weft_timer_new(1, NULL, NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    assert_null(weft_timer_new_with(NULL));
    assert_null(weft_timer_spawn_with(NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
}

TEST(a_handle_of_null_is_refused)
{
    assert_int_equal(weft_timer_start(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_timer_cancel(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_timer_join(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_timer_join_for(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_timer_join_until(NULL, 1), WEFT_VALUE_ERROR);
    assert_null(weft_timer_value(NULL));
    assert_null(weft_timer_error(NULL));
    assert_null(weft_timer_thread(NULL));
    assert_null(weft_timer_ref(NULL));
    weft_timer_free(NULL);
}

static size_t helpers_that_wait(void)
{
    size_t count = 0;
    wefti_registry_lock();
    for (const struct wefti_self *self = wefti_registry_after(0); self != NULL;
         self = wefti_registry_after(self->number)) {
        struct wefti_key key;
        int64_t since;
        count += self->helper != NULL && wefti_waits(self, &key, &since);
    }
    wefti_registry_unlock();
    return count;
}

static atomic_int position;

static void *note_position(void *arg)
{
    *(int *)arg = atomic_fetch_add(&position, 1);
    return arg;
}

TEST(an_earlier_timer_that_is_started_later_fires_first)
{
    int late = -1;
    int early = -1;
    weft_timer *second = weft_timer_spawn(1000, note_position, &late);
    EVENTUALLY(helpers_that_wait() == 1); /* for the second */
    weft_timer *first = weft_timer_spawn(0.01, note_position, &early);
    finish(first);
    assert_int_equal(early, 0);
    assert_int_equal(weft_timer_cancel(second), WEFT_OK);
    weft_timer_free(second);
    assert_int_equal(late, -1);
}

TEST(timers_that_are_due_go_to_a_worker_in_their_order)
{
    enum { TIMERS = 40 };
    weft_timer *timers[TIMERS];
    int positions[TIMERS];
    allow(2); /* the thread that waits, and one worker: so the order is seen */
    weft_timer *block = weft_timer_spawn(0, wait_for_gate, NULL);
    EVENTUALLY(atomic_load(&calls) == 1);
    for (int i = 0; i < TIMERS; i++)
        timers[i] = weft_timer_spawn(i % 2 ? 0 : -1, note_position, &positions[i]);
    EVENTUALLY(atomic_load(&refused) > 0);
    atomic_store(&gate, true);
    finish(block);
    for (int i = 0; i < TIMERS; i++) {
        finish(timers[i]);
        assert_int_equal(positions[i], i);
    }
}

TEST(none_delays_another)
{
    enum { TIMERS = 12 };
    weft_timer *timers[TIMERS];
    for (int i = 0; i < TIMERS; i++)
        timers[i] = weft_timer_spawn(0.001, wait_for_gate, NULL);
    EVENTUALLY(atomic_load(&calls) == TIMERS); /* all at once, each in a function that waits */
    atomic_store(&gate, true);
    for (int i = 0; i < TIMERS; i++)
        finish(timers[i]);
}

TEST(a_worker_serves_again)
{
    enum { TIMERS = 30 };
    finish(weft_timer_spawn(0, fire, NULL));
    for (int i = 0; i < TIMERS; i++)
        finish(weft_timer_spawn(0.002, fire, NULL));
    assert_true(atomic_load(&helpers) < TIMERS);
}

/* ---- cancel -------------------------------------------------------------------------------- */

TEST(a_cancelled_timer_never_fires)
{
    int fired = 0;
    weft_timer *timer = weft_timer_spawn(0.02, fire, NULL);
    for (; weft_timer_cancel(timer) != WEFT_OK; fired++) { /* a slow machine comes too late */
        finish(timer);
        timer = weft_timer_spawn(0.02, fire, NULL);
    }
    weft_timer *after = weft_timer_spawn(0.03, fire, NULL);
    assert_int_equal(weft_timer_cancel(timer), WEFT_OK);
    assert_false(weft_thread_is_alive(weft_timer_thread(timer)));
    assert_int_equal(weft_timer_join(timer), WEFT_OK);
    assert_null(weft_timer_value(timer));
    assert_int_equal(weft_timer_start(timer), WEFT_RUNTIME);
    finish(after);
    assert_int_equal(atomic_load(&calls), fired + 1);
    weft_timer_free(timer);
}

TEST(a_timer_may_be_cancelled_before_its_start)
{
    weft_timer *timer = weft_timer_new(0, fire, NULL);
    assert_int_equal(weft_timer_join(timer), WEFT_RUNTIME);
    assert_int_equal(weft_timer_cancel(timer), WEFT_OK);
    assert_int_equal(weft_timer_join(timer), WEFT_RUNTIME);
    assert_int_equal(weft_timer_start(timer), WEFT_OK);
    assert_int_equal(weft_timer_join(timer), WEFT_OK);
    assert_int_equal(weft_timer_start(timer), WEFT_RUNTIME);
    assert_int_equal(weft_timer_cancel(timer), WEFT_OK);
    finish(weft_timer_spawn(0, fire, NULL));
    assert_int_equal(atomic_load(&calls), 1);
    weft_timer_free(timer);
}

TEST(a_timer_that_runs_or_has_run_cannot_be_cancelled)
{
    weft_timer *timer = weft_timer_spawn(0, wait_for_gate, &gate);
    EVENTUALLY(atomic_load(&calls) == 1);
    assert_int_equal(weft_timer_cancel(timer), WEFT_RUNTIME);
    assert_true(weft_thread_is_alive(weft_timer_thread(timer)));
    assert_int_equal(weft_timer_join_for(timer, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_timer_join_until(timer, weft_now() + 0.01), WEFT_TIMEOUT);
    assert_int_equal(weft_timer_join_for(timer, NAN), WEFT_VALUE_ERROR);
    atomic_store(&gate, true);
    assert_int_equal(weft_timer_join(timer), WEFT_OK);
    assert_int_equal(weft_timer_cancel(timer), WEFT_RUNTIME);
    assert_ptr_equal(weft_timer_value(timer), &gate);
    weft_timer_free(timer);
}

static void *cancel_and_join_itself(void *arg)
{
    weft_timer *self = *(weft_timer **)arg;
    WITNESS(weft_timer_cancel(self) == WEFT_RUNTIME);
    WITNESS(weft_timer_join(self) == WEFT_RUNTIME);
    return NULL;
}

TEST(a_function_can_neither_cancel_nor_join_its_own_timer)
{
    weft_timer *timer = NULL;
    timer = weft_timer_new(0.001, cancel_and_join_itself, &timer);
    assert_int_equal(weft_timer_start(timer), WEFT_OK);
    finish(timer);
}

static void *join_it(void *timer)
{
    WITNESS(weft_timer_join(timer) == WEFT_OK);
    return NULL;
}

TEST(a_cancellation_ends_joins)
{
    weft_timer *timer = weft_timer_spawn(WEFT_FOREVER, fire, NULL);
    struct crew crew = crew_start(3, join_it, timer);
    EVENTUALLY(wefti_waiters((struct wefti_key){timer, WEFTI_THREAD}) == 3);
    assert_int_equal(weft_timer_cancel(timer), WEFT_OK);
    crew_join(&crew);
    weft_timer_free(timer);
}

TEST(one_that_has_no_worker_yet_can_be_cancelled)
{
    allow(1);
    weft_timer *timer = weft_timer_spawn(0, fire, NULL);
    EVENTUALLY(atomic_load(&refused) > 0);
    assert_int_equal(weft_timer_cancel(timer), WEFT_OK);
    assert_int_equal(weft_timer_join(timer), WEFT_OK);
    weft_timer_free(timer);
    allow(1000);
    finish(weft_timer_spawn(0, fire, NULL));
    assert_int_equal(atomic_load(&calls), 1);
}

/* ---- as a thread --------------------------------------------------------------------------- */

struct look {
    weft_timer *timer;
    uint32_t number;
    uint64_t native;
    bool signals_blocked;
};

static void *look_around(void *arg)
{
    struct look *look = arg;
    sigset_t blocked;
    size_t length = 0;
    weft_thread *self = weft_thread_current();
    look->number = weft_thread_ident(self);
    look->native = weft_thread_native_id(self);
    weft_thread **list = weft_thread_enumerate(&length);
    WITNESS(length == 2 && list[1] == self);
    weft_thread_list_free(list);
    WITNESS(weft_thread_active_count() == 2);
    WITNESS(weft_thread_is_alive(self));
    WITNESS(strcmp(weft_thread_name(self), "alarm") == 0);
    WITNESS(weft_thread_join(self) == WEFT_RUNTIME);
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    look->signals_blocked = sigismember(&blocked, SIGUSR1) == 1;
    return self;
}

TEST(a_timers_function_is_a_thread_with_its_name_and_a_number_of_its_own)
{
    struct look looks[3] = {{0}};
    for (int i = 0; i < 3; i++) {
        weft_timer *timer = weft_timer_new(0.01, look_around, &looks[i], .name = "alarm");
        weft_thread *thread = weft_timer_thread(timer);
        assert_string_equal(weft_thread_name(thread), "alarm");
        assert_int_equal(weft_thread_start(thread), WEFT_RUNTIME);
        assert_int_equal(weft_timer_start(timer), WEFT_OK);
        assert_true(weft_thread_is_alive(thread));
        assert_int_equal(weft_thread_join(thread), WEFT_OK);
        assert_ptr_equal(weft_timer_value(timer), thread);
        assert_int_equal(weft_thread_ident(thread), looks[i].number);
        assert_true(weft_thread_native_id(thread) == looks[i].native && looks[i].native != 0);
        assert_false(weft_thread_is_alive(thread));
        assert_true(looks[i].signals_blocked);
        weft_timer_free(timer);
    }
    assert_true(looks[0].number < looks[1].number && looks[1].number < looks[2].number);
}

TEST(a_timer_that_waits_is_in_no_list)
{
    size_t length = 0;
    finish(weft_timer_spawn(0, fire, NULL)); /* now there are an idle worker and who waits */
    weft_timer *timer = weft_timer_spawn(WEFT_FOREVER, fire, NULL);
    weft_thread **list = weft_thread_enumerate(&length);
    assert_int_equal(length, 1);
    weft_thread_list_free(list);
    assert_int_equal(weft_thread_active_count(), 1);
    assert_int_equal(weft_thread_ident(weft_timer_thread(timer)), 0);
    assert_true(weft_thread_native_id(weft_timer_thread(timer)) == 0);
    assert_int_equal(weft_timer_cancel(timer), WEFT_OK);
    weft_timer_free(timer);
}

TEST(a_timer_is_named_and_is_a_daemon_as_a_thread)
{
    weft_timer *timer = weft_timer_new(1, fire, NULL, .daemon = true);
    weft_thread *thread = weft_timer_thread(timer);
    assert_true(strncmp(weft_thread_name(thread), "Thread-", 7) == 0);
    assert_true(weft_thread_is_daemon(thread));
    assert_int_equal(weft_thread_set_daemon(thread, false), WEFT_OK);
    assert_int_equal(weft_timer_start(timer), WEFT_OK);
    assert_int_equal(weft_thread_set_daemon(thread, true), WEFT_RUNTIME);
    assert_int_equal(weft_timer_cancel(timer), WEFT_OK);
    weft_timer_free(timer);
}

static void *leave_by_exit(void *arg)
{
    (void)weft_raise(WEFT_USER, "lost");
    pthread_exit(arg);
}

TEST(a_function_left_by_pthread_exit_ends_its_timer)
{
    weft_timer *timer = weft_timer_spawn(0, leave_by_exit, &gate);
    assert_int_equal(weft_timer_join(timer), WEFT_OK);
    assert_null(weft_timer_value(timer));
    weft_timer_free(timer);
    finish(weft_timer_spawn(0, fire, NULL));
}

static void *interrupt_itself(void *arg)
{
    WITNESS(weft_thread_interrupt(weft_thread_current()) == WEFT_OK);
    return arg;
}

static void *sleep_a_little(void *status)
{
    *(weft_status *)status = weft_sleep(0.001);
    return NULL;
}

TEST(an_interruption_is_not_left_to_the_workers_next_function)
{
    weft_status status = WEFT_FAILED;
    allow(2);
    finish(weft_timer_spawn(0, interrupt_itself, NULL));
    finish(weft_timer_spawn(0, sleep_a_little, &status));
    assert_int_equal(status, WEFT_OK);
}

static void *go_wrong(void *arg)
{
    (void)arg;
    return weft_raise(WEFT_USER + 3, "no luck");
}

static void no_hook(struct weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    (void)error;
    (void)arg;
}

TEST(a_functions_error_is_its_timers)
{
    weft_set_excepthook(no_hook, NULL);
    weft_timer *timer = weft_timer_spawn(0, go_wrong, NULL, .name = "alarm");
    assert_int_equal(weft_timer_join(timer), WEFT_FAILED);
    assert_int_equal(weft_timer_error(timer)->code, WEFT_USER + 3);
    assert_string_equal(weft_timer_error(timer)->message, "no luck");
    assert_string_equal(weft_timer_error(timer)->thread_name, "alarm");
    assert_null(weft_timer_value(timer));
    weft_timer_free(timer);
}

/* ---- references and memory ----------------------------------------------------------------- */

static void count_free(void *value)
{
    (void)value;
    atomic_fetch_add(&calls, 1);
}

TEST(nothing_is_left_however_a_timer_ends)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    finish(weft_timer_spawn(0, fire, &memory, .free_value = count_free));
    weft_timer *never = weft_timer_new(0, fire, &memory, .free_value = count_free);
    weft_timer *cancelled = weft_timer_spawn(100, fire, &memory, .free_value = count_free);
    assert_int_equal(weft_timer_cancel(cancelled), WEFT_OK);
    weft_timer_free(never);
    weft_timer_free(weft_timer_ref(cancelled));
    weft_timer_free(cancelled);
    weft_timer_free(weft_timer_spawn(0.001, fire, &memory, .free_value = count_free));
    EVENTUALLY(atomic_load(&calls) == 4 && atomic_load(&memory.blocks) == 0);
    faulty_memory_end(&memory);
}

TEST(without_memory_there_is_no_timer)
{
    struct faulty_memory memory = {.fail_at = 1};
    faulty_memory_begin(&memory);
    assert_null(weft_timer_new(1, fire, NULL));
    assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
    faulty_memory_end(&memory);
}

TEST(a_start_needs_no_memory)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    weft_timer *timer = weft_timer_new(0, fire, NULL);
    size_t before = atomic_load(&memory.calls);
    assert_int_equal(weft_timer_start(timer), WEFT_OK);
    finish(timer);
    assert_int_equal(atomic_load(&memory.calls), before);
    EVENTUALLY(atomic_load(&memory.blocks) == 0); /* the worker gives its reference up last */
    faulty_memory_end(&memory);
}

TEST(without_the_thread_that_waits_a_start_fails_and_may_be_tried_again)
{
    allow(0);
    assert_null(weft_timer_spawn(0, fire, NULL));
    assert_int_equal(weft_last_status(), WEFT_NO_THREAD);
    weft_timer *timer = weft_timer_new(0, fire, NULL);
    assert_int_equal(weft_timer_start(timer), WEFT_NO_THREAD);
    assert_false(weft_thread_is_alive(weft_timer_thread(timer)));
    assert_int_equal(weft_timer_join(timer), WEFT_RUNTIME);
    allow(1000);
    assert_int_equal(weft_timer_start(timer), WEFT_OK);
    finish(timer);
    assert_int_equal(atomic_load(&calls), 1);
}

TEST(without_a_worker_a_timer_waits_until_there_is_one)
{
    allow(1);
    weft_timer *timer = weft_timer_spawn(0, fire, NULL);
    EVENTUALLY(atomic_load(&refused) >= 3);
    assert_true(weft_thread_is_alive(weft_timer_thread(timer)));
    assert_int_equal(atomic_load(&calls), 0);
    allow(1);
    finish(timer);
    assert_int_equal(atomic_load(&calls), 1);
}

/* ---- waiting costs nothing ----------------------------------------------------------------- */

/* How often the library's helpers have slept, and how many there are. */
static uint64_t helper_parks(size_t *count)
{
    uint64_t parks = 0;
    *count = 0;
    wefti_registry_lock();
    for (const struct wefti_self *self = wefti_registry_after(0); self != NULL;
         self = wefti_registry_after(self->number)) {
        *count += self->helper != NULL;
        parks += self->helper != NULL ? __atomic_load_n(&self->parks, __ATOMIC_RELAXED) : 0;
    }
    wefti_registry_unlock();
    return parks;
}

TEST(timers_that_wait_wake_nobody)
{
    enum { TIMERS = 1000 };
    weft_timer *timers[TIMERS];
    size_t count = 0;
    for (int i = 0; i < TIMERS; i++)
        timers[i] = weft_timer_spawn(1000.0 + i, fire, NULL);
    EVENTUALLY(helper_parks(&count) >= 1);
    assert_int_equal(count, 1); /* one thread for all */
    uint64_t parks = helper_parks(&count);
    assert_int_equal(weft_sleep(0.1), WEFT_OK);
    assert_true(helper_parks(&count) <= parks + 1); /* the first start may have been seen late */
    for (int i = TIMERS; i-- > 0;)
        assert_int_equal(weft_timer_cancel(timers[i]), WEFT_OK);
    parks = helper_parks(&count);
    assert_int_equal(weft_sleep(0.05), WEFT_OK);
    assert_true(helper_parks(&count) <= parks + 1);
    for (int i = 0; i < TIMERS; i++)
        weft_timer_free(timers[i]);
}

TEST(idle_workers_come_to_their_end)
{
    enum { TIMERS = 12, KEPT = 8 };
    weft_timer *timers[TIMERS];
    size_t count = 0;
    for (int i = 0; i < TIMERS; i++)
        timers[i] = weft_timer_spawn(0, wait_for_gate, NULL);
    EVENTUALLY(atomic_load(&calls) == TIMERS);
    atomic_store(&gate, true);
    for (int i = 0; i < TIMERS; i++)
        finish(timers[i]);
    EVENTUALLY((helper_parks(&count), count) <= KEPT + 1);
    EVENTUALLY((helper_parks(&count), count) == 1); /* after a while */
    finish(weft_timer_spawn(0, fire, NULL));
}

/* ---- exit and fork ------------------------------------------------------------------------- */

/* ThreadSanitizer does not bear threads in the child of a process that had some. */
enum { CHILDREN_MAY_SPAWN = !UNDER_TSAN };

static char said[] = "fired";

static void *say(void *text)
{
    puts(text);
    fflush(stdout);
    return NULL;
}

static void *start_a_timer(void *arg)
{
    (void)weft_sleep(0.02);
    /* Late enough for a program that does not wait for it to be gone. */
    weft_timer_free(weft_timer_spawn(0.3, say, arg));
    return NULL;
}

static void *start_a_thread(void *arg)
{
    weft_thread_free(weft_thread_spawn(start_a_timer, arg));
    return NULL;
}

PROGRAM(exits_with_timers)
{
    static char never[] = "never";
    weft_timer_free(weft_timer_spawn(0.05, say, said));
    weft_timer_free(weft_timer_spawn(1000, say, never, .daemon = true));
    return 0;
}

TEST(exit_waits_for_timers_that_are_no_daemons)
{
    struct program program = program_start("exits_with_timers");
    assert_int_equal(program_end(&program), 0);
    assert_string_equal(program.text, "fired\n");
}

PROGRAM(exits_with_timers_that_start_threads_that_start_timers)
{
    weft_timer_free(weft_timer_spawn(0.02, start_a_thread, said));
    return 0;
}

TEST(exit_waits_for_what_timers_and_threads_start_meanwhile)
{
    struct program program =
        program_start("exits_with_timers_that_start_threads_that_start_timers");
    assert_int_equal(program_end(&program), 0);
    assert_string_equal(program.text, "fired\n");
}

static void *exit_here(void *arg)
{
    (void)arg;
    exit(3);
}

PROGRAM(exits_in_a_function)
{
    weft_timer_free(weft_timer_spawn(0.05, say, said));
    weft_timer_free(weft_timer_spawn(0, exit_here, NULL));
    (void)weft_sleep(1000);
    return 0;
}

TEST(a_function_that_exits_does_not_wait_for_itself)
{
    struct program program = program_start("exits_in_a_function");
    assert_int_equal(program_end(&program), 3);
    assert_string_equal(program.text, "fired\n");
}

enum { FIRED_BEFORE = 42 };

/* In the child: neither the timer that waits nor the one that runs is there any more. */
static int look_at_timers(weft_timer *waits, weft_timer *runs)
{
    int before = atomic_load(&calls);
    if (weft_timer_cancel(waits) != WEFT_OK)
        return FIRED_BEFORE; /* the fork came too late */
    WITNESS(!weft_thread_is_alive(weft_timer_thread(waits)));
    WITNESS(weft_timer_join(waits) == WEFT_OK);
    WITNESS(!weft_thread_is_alive(weft_timer_thread(runs)));
    WITNESS(weft_timer_join(runs) == WEFT_OK);
    WITNESS(weft_timer_cancel(runs) == WEFT_RUNTIME);
    weft_timer_free(waits);
    weft_timer_free(runs);
    if (CHILDREN_MAY_SPAWN) {
        weft_timer *mine = weft_timer_spawn(0.15, say, said);
        WITNESS(weft_timer_join(mine) == WEFT_OK);
        weft_timer_free(mine);
    }
    WITNESS(weft_sleep(0.15) == WEFT_OK);
    WITNESS(atomic_load(&calls) == before);
    return test_witness_failures() != 0;
}

PROGRAM(forks_with_a_timer)
{
    int status = FIRED_BEFORE;
    weft_timer *runs = weft_timer_spawn(0, wait_for_gate, NULL);
    EVENTUALLY(atomic_load(&calls) == 1);
    while (status == FIRED_BEFORE) {
        int found = -1;
        weft_timer *waits = weft_timer_spawn(0.1, fire, NULL);
        pid_t child = fork();
        if (child == 0)
            exit(look_at_timers(waits, runs));
        WITNESS(waitpid(child, &found, 0) == child && WIFEXITED(found));
        status = WEXITSTATUS(found);
        WITNESS(weft_timer_join(waits) == WEFT_OK);
        WITNESS(weft_timer_cancel(waits) == WEFT_RUNTIME); /* in the parent it has fired */
        weft_timer_free(waits);
    }
    atomic_store(&gate, true);
    WITNESS(weft_timer_join(runs) == WEFT_OK);
    weft_timer_free(runs);
    return status;
}

TEST(timers_do_not_fire_in_the_child_of_a_fork)
{
    struct program program = program_start("forks_with_a_timer");
    assert_int_equal(program_end(&program), 0);
    assert_true(!CHILDREN_MAY_SPAWN || strstr(program.text, "fired\n") != NULL); /* its own */
}

static atomic_int child_status = -1;

static void *fork_here(void *arg)
{
    pid_t child = fork();
    if (child == 0) {
        WITNESS(weft_thread_main() == weft_thread_current());
        WITNESS(weft_thread_active_count() == 1);
        if (test_witness_failures() != 0 || !CHILDREN_MAY_SPAWN)
            _exit(test_witness_failures() != 0);
        return arg; /* the last thread of the child ends, and the child with it */
    }
    int status = -1;
    WITNESS(waitpid(child, &status, 0) == child);
    atomic_store(&child_status, status);
    return arg;
}

PROGRAM(forks_in_a_function)
{
    weft_timer *timer = weft_timer_spawn(0, fork_here, NULL);
    WITNESS(weft_timer_join(timer) == WEFT_OK);
    weft_timer_free(timer);
    WITNESS(atomic_load(&child_status) == 0);
    return 0;
}

TEST(a_function_that_forks_is_the_childs_main_thread)
{
    struct program program = program_start("forks_in_a_function");
    assert_int_equal(program_end(&program), 0);
}
