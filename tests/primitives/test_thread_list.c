/* SPDX-License-Identifier: MIT */
/* Who the calling thread is, and who else there is; threads that the library has not started. */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

/* ---- who am I -------------------------------------------------------------------------------------- */

TEST(the_main_thread_is_the_one_that_loaded_the_library)
{
    weft_thread *self = weft_thread_current();
    assert_non_null(self);
    assert_ptr_equal(self, weft_thread_main());
    assert_string_equal(weft_thread_name(self), "MainThread");
    assert_int_equal(weft_thread_ident(self), 1);
    assert_true(weft_thread_is_alive(self));
    assert_false(weft_thread_is_daemon(self));
    assert_null(weft_thread_value(self));
}

static void *tell_current(void *arg)
{
    (void)arg;
    WITNESS(strcmp(weft_thread_name(weft_thread_main()), "MainThread") == 0);
    return weft_thread_current();
}

TEST(a_spawned_thread_finds_its_own_handle)
{
    weft_thread *thread = weft_thread_spawn(tell_current, NULL);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_ptr_equal(weft_thread_value(thread), thread);
    weft_thread_free(thread);
}

struct foreigner {
    pthread_t thread;
    weft_thread *handle; /* a reference; valid once ready */
    bool looks;          /* asks who it is */
    atomic_bool ready;
    atomic_bool gate;
};

static void *be_foreign(void *arg)
{
    struct foreigner *self = arg;
    (void)weft_park_count(); /* the first use of the library */
    if (self->looks) {
        self->handle = weft_thread_ref(weft_thread_current());
        WITNESS(self->handle == weft_thread_current());
        WITNESS(self->handle != weft_thread_main());
    }
    atomic_store(&self->ready, true);
    EVENTUALLY(atomic_load(&self->gate));
    return NULL;
}

static void arrive(struct foreigner *foreigner)
{
    assert_int_equal(pthread_create(&foreigner->thread, NULL, be_foreign, foreigner), 0);
    EVENTUALLY(atomic_load(&foreigner->ready));
}

static void depart(struct foreigner *foreigner)
{
    atomic_store(&foreigner->gate, true);
    assert_int_equal(pthread_join(foreigner->thread, NULL), 0);
}

TEST(a_foreign_thread_is_a_dummy)
{
    struct foreigner foreigner = {.looks = true};
    arrive(&foreigner);
    assert_memory_equal(weft_thread_name(foreigner.handle), "Dummy-", 6);
    assert_true(weft_thread_ident(foreigner.handle) > 1);
    assert_true(weft_thread_is_alive(foreigner.handle));
    assert_true(weft_thread_is_daemon(foreigner.handle));
    depart(&foreigner);
    assert_false(weft_thread_is_alive(foreigner.handle));
    assert_null(weft_thread_value(foreigner.handle));
    weft_thread_free(foreigner.handle);
}

/* ---- who is there ------------------------------------------------------------------------------------ */

static void *wait_for_gate(void *gate)
{
    EVENTUALLY(atomic_load((atomic_bool *)gate));
    return NULL;
}

static bool is_listed(const weft_thread *thread)
{
    weft_thread **list = weft_thread_enumerate(NULL);
    assert_non_null(list);
    bool found = false;
    for (weft_thread **listed = list; *listed != NULL; listed++)
        found = found || *listed == thread;
    weft_thread_list_free(list);
    return found;
}

static size_t count_threads(void)
{
    size_t count = 0;
    weft_thread_list_free(weft_thread_enumerate(&count));
    return count;
}

TEST(alone_the_main_thread_is_the_list)
{
    size_t count = 0;
    weft_thread **list = weft_thread_enumerate(&count);
    assert_non_null(list);
    assert_int_equal(count, 1);
    assert_ptr_equal(list[0], weft_thread_main());
    assert_null(list[1]);
    weft_thread_list_free(list);
}

TEST(threads_that_are_alive_are_listed_in_the_order_of_their_numbers)
{
    enum { CREW = 8 };
    atomic_bool gate = false;
    struct crew crew = crew_start(CREW, wait_for_gate, &gate);
    size_t count = 0;
    weft_thread **list = weft_thread_enumerate(&count);
    assert_int_equal(count, CREW + 1);
    assert_ptr_equal(list[0], weft_thread_main());
    for (size_t i = 0; i < CREW; i++)
        assert_ptr_equal(list[i + 1], crew.threads[i]);
    assert_null(list[count]);
    atomic_store(&gate, true);
    crew_join(&crew);
    /* The list's references keep the handles. */
    for (size_t i = 1; i <= CREW; i++) {
        assert_memory_equal(weft_thread_name(list[i]), "Thread-", 7);
        assert_false(weft_thread_is_alive(list[i]));
    }
    weft_thread_list_free(list);
    assert_int_equal(count_threads(), 1);
}

TEST(a_thread_is_listed_from_its_spawn_to_its_end)
{
    atomic_bool gate = false;
    weft_thread *thread = weft_thread_spawn(wait_for_gate, &gate, .daemon = true);
    assert_true(is_listed(thread));
    atomic_store(&gate, true);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_false(is_listed(thread));
    weft_thread_free(thread);
}

TEST(a_foreign_thread_is_listed_from_its_first_use_to_its_end)
{
    struct foreigner looking = {.looks = true};
    struct foreigner silent = {.looks = false};
    arrive(&looking);
    assert_true(is_listed(looking.handle));
    assert_int_equal(count_threads(), 2);
    arrive(&silent); /* has never asked for its handle: the list gives it one */
    assert_int_equal(count_threads(), 3);
    depart(&silent);
    assert_int_equal(count_threads(), 2);
    depart(&looking);
    assert_false(is_listed(looking.handle));
    assert_int_equal(count_threads(), 1);
    weft_thread_free(looking.handle);
}

static void *come_and_go(void *arg)
{
    while (!atomic_load((atomic_bool *)arg)) {
        weft_thread *thread = weft_thread_spawn(tell_current, NULL);
        WITNESS(thread != NULL);
        WITNESS(weft_thread_join(thread) == WEFT_OK);
        weft_thread_free(thread);
    }
    return NULL;
}

TEST(threads_may_come_and_go_while_they_are_listed)
{
    atomic_bool over = false;
    struct crew crew = crew_start(2, come_and_go, &over);
    for (int i = 0; i < 300; i++) {
        size_t count = 0;
        weft_thread **list = weft_thread_enumerate(&count);
        assert_non_null(list);
        assert_in_range(count, 3, 5);
        for (size_t j = 1; j < count; j++)
            assert_true(weft_thread_ident(list[j - 1]) < weft_thread_ident(list[j]));
        assert_null(list[count]);
        weft_thread_list_free(list);
    }
    atomic_store(&over, true);
    crew_join(&crew);
}

/* ---- on the way out ------------------------------------------------------------------------------------ */

struct departure {
    pthread_key_t key;
    weft_lock lock;
    bool passed;
};

static void use_the_library_on_the_way_out(void *arg)
{
    struct departure *departure = arg;
    WITNESS(weft_lock_acquire_for(&departure->lock, 0.001) == WEFT_TIMEOUT);
    WITNESS(weft_sleep(0.001) == WEFT_OK);
    WITNESS(weft_thread_current() == NULL);
    WITNESS(weft_last_status() == WEFT_RUNTIME);
    departure->passed = true;
}

static void *arrange_for_the_way_out(void *arg)
{
    struct departure *departure = arg;
    WITNESS(pthread_setspecific(departure->key, departure) == 0);
    return NULL;
}

TEST(a_destructor_that_runs_after_the_threads_end_may_still_wait)
{
    struct departure departure = {.lock = WEFT_LOCK_INIT};
    assert_int_equal(weft_lock_acquire(&departure.lock), WEFT_OK);
    assert_int_equal(pthread_key_create(&departure.key, use_the_library_on_the_way_out), 0);
    struct crew crew = crew_start(1, arrange_for_the_way_out, &departure);
    crew_join(&crew);
    assert_true(departure.passed);
    pthread_key_delete(departure.key);
}
