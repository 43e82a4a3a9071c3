/* SPDX-License-Identifier: MIT */
/*
 * Events under load: in each round all threads wait for an event that is set and cleared at once,
 * by a call or by a signal handler, and none may be left behind. Then all calls at once, from many
 * threads and from handlers.
 */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

enum { WAITERS = 5 };

struct load {
    weft_event event;
    atomic_ullong woken;
    atomic_ullong timeouts;
    atomic_bool over;
    atomic_ullong round;
};

static void *wait_each_round(void *arg)
{
    struct load *load = arg;
    for (unsigned long long round = 1;; round++) {
        WITNESS(weft_event_wait(&load->event) == WEFT_OK);
        atomic_fetch_add(&load->woken, 1);
        EVENTUALLY(atomic_load(&load->round) >= round);
        if (atomic_load(&load->over))
            return NULL;
    }
}

static void run(struct load *load, void (*set)(struct load *))
{
    int64_t end = test_clock() + test_stress_time();
    struct crew crew = crew_start(WAITERS, wait_each_round, load);
    unsigned long long rounds = 0;
    for (bool on = true; on;) {
        EVENTUALLY(weft_event_waiters(&load->event) == WAITERS);
        on = test_clock() < end;
        atomic_store(&load->over, !on);
        set(load);
        WITNESS(weft_event_clear(&load->event) == WEFT_OK);
        rounds++;
        EVENTUALLY(atomic_load(&load->woken) == rounds * WAITERS);
        atomic_store(&load->round, rounds);
    }
    crew_join(&crew);
    print_message("%llu rounds of %d waiters\n", rounds, WAITERS);
}

static void set_it(struct load *load)
{
    WITNESS(weft_event_set(&load->event) == WEFT_OK);
}

TEST(no_blocked_thread_is_forgotten)
{
    struct load load = {.round = 0};
    run(&load, set_it);
}

static struct load *signalled;

static void handle(int signal_number)
{
    (void)signal_number;
    (void)weft_event_set_from_signal(&signalled->event);
}

static void raise_it(struct load *load)
{
    signalled = load;
    raise(SIGUSR1);
}

static void install(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handle;
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    assert_int_equal(weft_event_allow_signals(), WEFT_OK);
}

TEST(no_blocked_thread_is_forgotten_by_a_handler)
{
    struct load load = {.round = 0};
    install();
    run(&load, raise_it);
}

static void *bustle(void *arg)
{
    struct load *load = arg;
    uint64_t random = (uint64_t)(uintptr_t)&random | 1;
    while (!atomic_load(&load->over)) {
        switch (test_random(&random) % 4) {
        case 0:
            WITNESS(weft_event_set(&load->event) == WEFT_OK);
            break;
        case 1:
            WITNESS(weft_event_clear(&load->event) == WEFT_OK);
            break;
        case 2:
            raise(SIGUSR1);
            break;
        default:
            if (weft_event_wait_for(&load->event, (double)(random % 97) * 1e-6) == WEFT_OK)
                atomic_fetch_add(&load->woken, 1);
            else
                atomic_fetch_add(&load->timeouts, 1);
        }
    }
    return NULL;
}

TEST(all_calls_at_once_leave_the_event_well)
{
    struct load load = {.round = 0};
    signalled = &load;
    install();
    struct crew crew = crew_start(WAITERS, bustle, &load);
    WITNESS(weft_sleep((double)test_stress_time() / 1e9) == WEFT_OK);
    atomic_store(&load.over, true);
    crew_join(&crew);
    print_message("%llu woken, %llu timeouts\n", atomic_load(&load.woken),
                  atomic_load(&load.timeouts));
    assert_int_equal(weft_event_clear(&load.event), WEFT_OK);
    assert_int_equal(weft_event_wait_for(&load.event, 0.001), WEFT_TIMEOUT);
    assert_int_equal(weft_event_done(&load.event), WEFT_OK);
}
