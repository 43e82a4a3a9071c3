/* SPDX-License-Identifier: MIT */
/*
 * Events under load: in each round all threads wait for an event that is set and cleared at once,
 * by a call or by a signal handler, and none may be left behind. Then all calls at once, from many
 * threads and from handlers, which others interrupt.
 */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "interrupt.h"
#include "storm.h"

enum { WAITERS = 5 };

struct load {
    weft_event event;
    atomic_ullong woken;
    atomic_ullong timeouts;
    atomic_ullong interrupted;
    atomic_uint active; /* threads */
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

static weft_status wait_somehow(weft_event *event, uint64_t random)
{
    double seconds = (double)(random % 97) * 1e-6;
    switch (random / 97 % 4) {
    case 0:
        return weft_event_wait(event);
    case 1:
        return weft_event_wait_until(event, weft_now() + seconds);
    case 2:
        return weft_event_wait_for(event, 0);
    default:
        return weft_event_wait_for(event, seconds);
    }
}

static void *bustle(void *arg)
{
    struct load *load = arg;
    uint64_t random = test_stress_random();
    weft_status status;
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
            status = wait_somehow(&load->event, test_random(&random));
            WITNESS(status == WEFT_OK || status == WEFT_TIMEOUT || status == WEFT_INTERRUPTED);
            atomic_fetch_add(status == WEFT_OK        ? &load->woken
                             : status == WEFT_TIMEOUT ? &load->timeouts
                                                      : &load->interrupted,
                             1);
        }
    }
    atomic_fetch_sub(&load->active, 1);
    return NULL;
}

static void run_all_calls(void)
{
    struct load load = {.active = WAITERS};
    signalled = &load;
    install();
    struct crew crew = crew_start(WAITERS, bustle, &load);
    uint64_t sent = interrupt_at_random(&crew, test_clock() + test_stress_time());
    atomic_store(&load.over, true);
    while (atomic_load(&load.active) > 0) /* some may wait for ever, and some may clear */
        assert_int_equal(weft_event_set(&load.event), WEFT_OK);
    crew_join(&crew);
    print_message("%llu woken, %llu timeouts, %llu interrupted\n", atomic_load(&load.woken),
                  atomic_load(&load.timeouts), atomic_load(&load.interrupted));
    assert_true(atomic_load(&load.interrupted) <= sent);
    assert_int_equal(weft_event_clear(&load.event), WEFT_OK);
    assert_int_equal(weft_event_wait_for(&load.event, 0.001), WEFT_TIMEOUT);
    assert_int_equal(weft_event_done(&load.event), WEFT_OK);
}

TEST(all_calls_at_once_leave_the_event_well)
{
    run_all_calls();
}

TEST(no_blocked_thread_is_forgotten_in_a_storm_of_signals)
{
    struct load load = {.round = 0};
    storm_begin();
    run(&load, set_it);
    storm_end();
}

TEST(all_calls_at_once_leave_the_event_well_in_a_storm_of_signals)
{
    storm_begin();
    run_all_calls();
    storm_end();
}
