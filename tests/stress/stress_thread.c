/* SPDX-License-Identifier: MIT */
/* Threads that start, fail, are renamed, interrupted, listed, joined and freed by many at once. */
#include "test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { THREADS = 4 };

static int64_t end;
static atomic_uint_fast64_t seeds = 1;

static void no_hook(struct weft_thread *thread, const weft_error *error, void *arg)
{
    (void)thread;
    WITNESS(error->code == WEFT_USER);
    atomic_fetch_add((atomic_int *)arg, 1);
}

static void *short_life(void *arg)
{
    if (arg == NULL)
        return weft_raise(WEFT_USER, "%s has nothing", weft_thread_name(weft_thread_current()));
    (void)weft_sleep(1e-5);
    return arg;
}

static void *join_too(void *thread)
{
    weft_status status = weft_thread_join(thread);
    WITNESS(status == WEFT_OK || status == WEFT_FAILED);
    weft_thread_free(thread);
    return NULL;
}

static void *bring_up(void *arg)
{
    uint64_t random = atomic_fetch_add(&seeds, 1) * 7919;
    while (test_clock() < end) {
        bool fails = test_random(&random) % 2 == 0;
        weft_thread *thread = weft_thread_new(short_life, fails ? NULL : &seeds);
        weft_thread *joiner = weft_thread_new(join_too, weft_thread_ref(thread));
        WITNESS(weft_thread_start(thread) == WEFT_OK);
        WITNESS(weft_thread_start(joiner) == WEFT_OK);
        weft_thread_free(joiner);
        if (test_random(&random) % 2 == 0)
            (void)weft_thread_interrupt(thread);
        WITNESS(weft_thread_set_name(thread, "renamed") == WEFT_OK);
        WITNESS(weft_thread_native_id(thread) != 0);
        WITNESS(weft_thread_join(thread) == (fails ? WEFT_FAILED : WEFT_OK));
        WITNESS((weft_thread_error(thread) != NULL) == fails);
        WITNESS(weft_thread_value(thread) == (fails ? NULL : &seeds));
        weft_thread_free(thread);
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

TEST(threads_come_and_go_under_everybodys_eyes)
{
    atomic_int failures = 0;
    end = test_clock() + test_stress_time();
    weft_set_excepthook(no_hook, &failures);
    struct crew crew = crew_start(THREADS, bring_up, NULL);
    struct crew others = crew_start(2, disturb, NULL);
    crew_join(&crew);
    crew_join(&others);
    EVENTUALLY(weft_thread_active_count() == 1); /* joiners that nobody joins */
    assert_true(atomic_load(&failures) > 0);
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
