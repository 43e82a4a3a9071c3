/* SPDX-License-Identifier: MIT */
/*
 * Threads that start, fail, are renamed, interrupted, listed, joined and freed by many at once, who
 * join in every way and are interrupted themselves; and foreign threads between them.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "interrupt.h"
#include "storm.h"

enum { THREADS = 4 };

static int64_t end;
static atomic_int failures; /* that the hook has seen */
static atomic_int failed;   /* that have been started */
static atomic_ullong given_up;
static char something;

static void no_hook(struct weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    WITNESS(error->code == WEFT_USER);
    (void)arg;
    atomic_fetch_add(&failures, 1);
}

static void *short_life(void *arg)
{
    if (arg == NULL)
        return weft_raise(WEFT_USER, "%s has nothing", weft_thread_name(weft_thread_current()));
    (void)weft_sleep(1e-5);
    return arg;
}

/* Joins it in some way, as often as it takes. */
static weft_status join_somehow(weft_thread *thread, uint64_t *random)
{
    for (;;) {
        weft_status status;
        double seconds = (double)(test_random(random) % 97) * 1e-6;
        switch (test_random(random) % 4) {
        case 0:
            status = weft_thread_join_for(thread, seconds);
            break;
        case 1:
            status = weft_thread_join_until(thread, weft_now() + seconds);
            break;
        case 2:
            status = weft_thread_join_for(thread, 0);
            break;
        default:
            status = weft_thread_join(thread);
        }
        WITNESS(status == WEFT_OK || status == WEFT_FAILED || status == WEFT_TIMEOUT ||
                status == WEFT_INTERRUPTED);
        if (status == WEFT_OK || status == WEFT_FAILED)
            return status;
        atomic_fetch_add(&given_up, 1);
    }
}

static void *join_too(void *thread)
{
    uint64_t random = test_stress_random();
    (void)join_somehow(thread, &random);
    weft_thread_free(thread);
    return NULL;
}

static void *visit_as_a_stranger(void *arg)
{
    const weft_thread *self = weft_thread_current();
    WITNESS(weft_thread_is_alive(self) && weft_thread_is_daemon(self));
    return arg;
}

static void bring_a_stranger(void)
{
    pthread_t stranger;
    WITNESS(pthread_create(&stranger, NULL, visit_as_a_stranger, NULL) == 0);
    WITNESS(pthread_join(stranger, NULL) == 0);
}

static void *bring_up(void *arg)
{
    uint64_t random = test_stress_random();
    while (test_clock() < end) {
        bool fails = test_random(&random) % 2 == 0;
        weft_thread *thread = weft_thread_new(short_life, fails ? NULL : &something);
        weft_thread *joiner = weft_thread_new(join_too, weft_thread_ref(thread));
        WITNESS(weft_thread_start(thread) == WEFT_OK);
        WITNESS(weft_thread_start(joiner) == WEFT_OK);
        weft_thread_free(joiner);
        if (test_random(&random) % 2 == 0)
            (void)weft_thread_interrupt(thread);
        WITNESS(weft_thread_set_name(thread, "renamed") == WEFT_OK);
        WITNESS(weft_thread_native_id(thread) != 0);
        WITNESS(join_somehow(thread, &random) == (fails ? WEFT_FAILED : WEFT_OK));
        WITNESS((weft_thread_error(thread) != NULL) == fails);
        WITNESS(weft_thread_value(thread) == (fails ? NULL : &something));
        weft_thread_free(thread);
        atomic_fetch_add(&failed, fails);
        if (test_random(&random) % 8 == 0)
            bring_a_stranger();
    }
    return arg;
}

static void *disturb(void *arg)
{
    while (test_clock() < end) {
        weft_thread **list = weft_thread_enumerate(NULL);
        for (size_t i = 1; list[i] != NULL; i++) {
            WITNESS(strlen(weft_thread_name(list[i])) > 0);
            if (strcmp(weft_thread_name(list[i]), "renamed") == 0)
                (void)weft_thread_interrupt(list[i]);
        }
        weft_thread_list_free(list);
    }
    return arg;
}

static void come_and_go(void)
{
    end = test_clock() + test_stress_time();
    weft_set_excepthook(no_hook, NULL);
    struct crew crew = crew_start(THREADS, bring_up, NULL);
    struct crew others = crew_start(2, disturb, NULL);
    (void)interrupt_at_random(&crew, end);
    crew_join(&crew);
    crew_join(&others);
    EVENTUALLY(weft_thread_active_count() == 1); /* joiners that nobody joins */
    print_message("%d failures, %llu joins given up\n", atomic_load(&failed),
                  atomic_load(&given_up));
    assert_true(atomic_load(&failed) > 0);
    assert_int_equal(atomic_load(&failures), atomic_load(&failed));
}

TEST(threads_come_and_go_under_everybodys_eyes)
{
    come_and_go();
}

TEST(threads_come_and_go_in_a_storm_of_signals)
{
    storm_begin();
    come_and_go();
    storm_end();
}

/* ---- an interruption ends one wait --------------------------------------------------------- */

static atomic_llong sent;
static atomic_llong seen;

static void *be_interrupted(void *arg)
{
    while (!atomic_load((atomic_bool *)arg))
        if (weft_sleep(2e-6) == WEFT_INTERRUPTED)
            atomic_fetch_add(&seen, 1);
    return NULL;
}

TEST(as_many_waits_are_interrupted_as_interruptions_sent)
{
    atomic_bool stop = false;
    end = test_clock() + test_stress_time();
    weft_thread *victim = weft_thread_spawn(be_interrupted, &stop);
    while (test_clock() < end) {
        atomic_fetch_add(&sent, 1);
        assert_int_equal(weft_thread_interrupt(victim), WEFT_OK);
        EVENTUALLY(atomic_load(&seen) >= atomic_load(&sent));
        assert_true(atomic_load(&seen) == atomic_load(&sent));
    }
    atomic_store(&stop, true);
    assert_int_equal(weft_thread_join(victim), WEFT_OK);
    assert_true(atomic_load(&seen) == atomic_load(&sent));
    weft_thread_free(victim);
}
