/* SPDX-License-Identifier: MIT */
/* Waiting for a thread's end, and what else ends that wait. */
#include "test.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "interrupt.h"
#include "primitives/park.h"

static void *give_back(void *arg)
{
    return arg;
}

static void *wait_for_gate(void *gate)
{
    EVENTUALLY(atomic_load((atomic_bool *)gate));
    return gate;
}

static size_t joiners(const weft_thread *thread)
{
    return wefti_waiters((struct wefti_key){thread, WEFTI_THREAD});
}

/* Opens the gate of a thread that waits for it, and sees it off. */
static void finish(weft_thread *thread, atomic_bool *gate)
{
    atomic_store(gate, true);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
}

TEST(a_thread_may_be_joined_again_and_again)
{
    weft_thread *thread = weft_thread_spawn(give_back, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_int_equal(weft_thread_join_for(thread, 0), WEFT_OK);
    assert_int_equal(weft_thread_join_until(thread, 0), WEFT_OK);
    weft_thread_free(thread);
}

static void *join(void *thread)
{
    WITNESS(weft_thread_join(thread) == WEFT_OK);
    WITNESS(!weft_thread_is_alive(thread));
    WITNESS(weft_thread_value(thread) != NULL);
    return NULL;
}

TEST(many_threads_may_join_one)
{
    atomic_bool gate = false;
    weft_thread *thread = weft_thread_spawn(wait_for_gate, &gate);
    struct crew crew = crew_start(4, join, thread);
    EVENTUALLY(joiners(thread) == 4);
    assert_true(weft_thread_is_alive(thread));
    atomic_store(&gate, true);
    crew_join(&crew);
    weft_thread_free(thread);
}

TEST(many_threads_may_join_one_that_ends_meanwhile)
{
    for (int round = 0; round < 200; round++) {
        int value;
        weft_thread *thread = weft_thread_spawn(give_back, &value);
        struct crew crew = crew_start(2, join, thread);
        crew_join(&crew);
        weft_thread_free(thread);
    }
}

static void *double_it(void *arg)
{
    *(int *)arg *= 2;
    return arg;
}

TEST(what_a_thread_sees_and_what_it_leaves_needs_no_lock)
{
    for (int i = 0; i < 50; i++) {
        int shared = i; /* not atomic, for ThreadSanitizer to watch */
        weft_thread *thread = weft_thread_spawn(double_it, &shared);
        assert_int_equal(weft_thread_join(thread), WEFT_OK);
        assert_int_equal(shared, 2 * i);
        weft_thread_free(thread);
    }
}

/* ---- the very end ------------------------------------------------------------------------------- */

static atomic_bool destroyed;

static void destroy_slowly(void *value)
{
    (void)value;
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL); /* a join that is early is seen */
    atomic_store(&destroyed, true);
}

static void *set_key(void *key)
{
    WITNESS(pthread_setspecific(*(pthread_key_t *)key, key) == 0);
    return NULL;
}

TEST(a_join_returns_after_the_destructors_have_run)
{
    pthread_key_t key;
    assert_int_equal(pthread_key_create(&key, destroy_slowly), 0);
    weft_thread *thread = weft_thread_spawn(set_key, &key);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_true(atomic_load(&destroyed));
    weft_thread_free(thread);
    atomic_store(&destroyed, false);
    thread = weft_thread_spawn(set_key, &key);
    EVENTUALLY(weft_thread_join_for(thread, 0) == WEFT_OK);
    assert_true(atomic_load(&destroyed));
    weft_thread_free(thread);
    pthread_key_delete(key);
}

/* ---- timeouts ------------------------------------------------------------------------------------ */

TEST(a_timed_join_is_never_early)
{
    atomic_bool gate = false;
    weft_thread *thread = weft_thread_spawn(wait_for_gate, &gate);
    int64_t start = test_clock();
    assert_int_equal(weft_thread_join_for(thread, 0.02), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 20000000);
    double deadline = weft_now() + 0.01;
    assert_int_equal(weft_thread_join_until(thread, deadline), WEFT_TIMEOUT);
    assert_true(weft_now() >= deadline);
    assert_true(weft_thread_is_alive(thread));
    assert_int_equal(joiners(thread), 0);
    finish(thread, &gate);
}

TEST(a_join_for_no_time_does_not_wait)
{
    atomic_bool gate = false;
    weft_thread *thread = weft_thread_spawn(wait_for_gate, &gate);
    uint64_t parks = weft_park_count();
    assert_int_equal(weft_thread_join_for(thread, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_thread_join_for(thread, -1), WEFT_TIMEOUT);
    assert_int_equal(weft_thread_join_until(thread, weft_now()), WEFT_TIMEOUT);
    assert_true(weft_park_count() == parks);
    finish(thread, &gate);
}

TEST(a_timeout_that_is_no_number_is_refused)
{
    atomic_bool gate = false;
    weft_thread *thread = weft_thread_spawn(wait_for_gate, &gate);
    assert_int_equal(weft_thread_join_for(thread, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_thread_join_until(thread, NAN), WEFT_VALUE_ERROR);
    finish(thread, &gate);
}

static void *join_for_long(void *thread)
{
    WITNESS(weft_thread_join_for(thread, 1e6) == WEFT_OK);
    return NULL;
}

TEST(a_timed_join_ends_with_the_thread)
{
    atomic_bool gate = false;
    weft_thread *thread = weft_thread_spawn(wait_for_gate, &gate);
    struct crew crew = crew_start(2, join_for_long, thread);
    EVENTUALLY(joiners(thread) == 2);
    atomic_store(&gate, true);
    crew_join(&crew);
    weft_thread_free(thread);
}

/* ---- whom one cannot join -------------------------------------------------------------------------- */

static void *join_itself(void *arg)
{
    weft_thread *self = weft_thread_current();
    WITNESS(weft_thread_join(self) == WEFT_RUNTIME);
    WITNESS(weft_thread_join_for(self, 0) == WEFT_RUNTIME);
    WITNESS(weft_thread_join(weft_thread_main()) == WEFT_RUNTIME);
    WITNESS(weft_thread_join_for(weft_thread_main(), 1) == WEFT_RUNTIME);
    return arg;
}

TEST(neither_oneself_nor_the_main_thread_can_be_joined)
{
    assert_int_equal(weft_thread_join(weft_thread_current()), WEFT_RUNTIME);
    assert_int_equal(weft_thread_join_for(weft_thread_main(), 0), WEFT_RUNTIME);
    assert_int_equal(weft_thread_join(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_thread_join_for(NULL, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_thread_join_until(NULL, 0), WEFT_VALUE_ERROR);
    struct crew crew = crew_start(1, join_itself, NULL);
    crew_join(&crew);
}

struct foreigner {
    weft_thread *_Atomic handle;
    atomic_bool gate;
};

static void *be_foreign(void *arg)
{
    struct foreigner *foreigner = arg;
    WITNESS(weft_thread_join(weft_thread_current()) == WEFT_RUNTIME);
    atomic_store(&foreigner->handle, weft_thread_ref(weft_thread_current()));
    EVENTUALLY(atomic_load(&foreigner->gate));
    return NULL;
}

TEST(a_foreign_thread_cannot_be_joined)
{
    struct foreigner foreigner = {.gate = false};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, be_foreign, &foreigner), 0);
    EVENTUALLY(atomic_load(&foreigner.handle) != NULL);
    weft_thread *handle = atomic_load(&foreigner.handle);
    assert_int_equal(weft_thread_join(handle), WEFT_RUNTIME);
    assert_int_equal(weft_thread_join_for(handle, 0), WEFT_RUNTIME);
    assert_true(weft_thread_is_alive(handle));
    atomic_store(&foreigner.gate, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(weft_thread_is_alive(handle));
    assert_int_equal(weft_thread_join(handle), WEFT_RUNTIME);
    weft_thread_free(handle);
}

/* ---- interruption ------------------------------------------------------------------------------------ */

static void *join_in_vain(void *thread)
{
    WITNESS(weft_thread_join(thread) == WEFT_INTERRUPTED);
    WITNESS(weft_thread_join_for(thread, 0.001) == WEFT_TIMEOUT); /* once only */
    return NULL;
}

TEST(an_interruption_ends_a_join_and_the_thread_goes_on)
{
    atomic_bool gate = false;
    weft_thread *thread = weft_thread_spawn(wait_for_gate, &gate);
    struct crew crew = crew_start(1, join_in_vain, thread);
    EVENTUALLY(joiners(thread) == 1);
    assert_true(test_interrupt(crew.threads[0]));
    crew_join(&crew);
    assert_true(weft_thread_is_alive(thread));
    finish(thread, &gate);
}

static void *sleep_in_vain(void *arg)
{
    uint64_t parks = weft_park_count();
    atomic_store((atomic_bool *)arg, true);
    WITNESS(weft_sleep(WEFT_FOREVER) == WEFT_INTERRUPTED);
    WITNESS(weft_park_count() <= parks + 1);
    WITNESS(weft_sleep(0.001) == WEFT_OK); /* once only */
    return NULL;
}

TEST(an_interruption_ends_a_sleep)
{
    atomic_bool begun = false;
    struct crew crew = crew_start(1, sleep_in_vain, &begun);
    EVENTUALLY(atomic_load(&begun));
    assert_true(test_interrupt(crew.threads[0]));
    crew_join(&crew);
}
