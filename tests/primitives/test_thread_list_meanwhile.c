/* SPDX-License-Identifier: MIT */
/*
 * The list of threads while threads come, go and get their handles: what happens just as the library
 * asks for the memory of a list or of a handle.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "faulty_memory.h"

/* ---- memory with something in between ------------------------------------------------------- */

static _Thread_local void (*meanwhile)(void); /* done once, before the next allocation */

static void *allocate(size_t size, void *context)
{
    void (*now)(void) = meanwhile;
    (void)context;
    meanwhile = NULL;
    if (now != NULL)
        now();
    return malloc(size);
}

static void release(void *memory, void *context)
{
    (void)context;
    free(memory);
}

static void begin(void)
{
    const weft_allocator allocator = {allocate, release, NULL};
    assert_int_equal(weft_set_allocator(&allocator), WEFT_OK);
}

/* ---- threads -------------------------------------------------------------------------------- */

enum { NOT_YET, KNOWN, ADOPT, ADOPTED, LEAVE };

static atomic_int step; /* of the foreign thread */

static void *be_foreign(void *arg)
{
    WITNESS(weft_park_count() == 0); /* known from its first call on */
    atomic_store(&step, KNOWN);
    EVENTUALLY(atomic_load(&step) >= ADOPT);
    if (atomic_load(&step) == ADOPT) {
        WITNESS(weft_thread_current() != NULL);
        atomic_store(&step, ADOPTED);
    }
    EVENTUALLY(atomic_load(&step) == LEAVE);
    return arg;
}

static pthread_t start_foreign(void)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, be_foreign, NULL), 0);
    EVENTUALLY(atomic_load(&step) == KNOWN);
    return thread;
}

static void end_foreign(pthread_t thread)
{
    atomic_store(&step, LEAVE);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static weft_event gate;

static void *wait_at_the_gate(void *arg)
{
    WITNESS(weft_event_wait(&gate) == WEFT_OK);
    return arg;
}

static weft_thread *late; /* the one that comes meanwhile */

static void start_another(void)
{
    late = weft_thread_spawn(wait_at_the_gate, NULL, .name = "late");
}

static void end(weft_thread *thread)
{
    assert_int_equal(weft_event_set(&gate), WEFT_OK);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
}

/* ---- cases ---------------------------------------------------------------------------------- */

TEST(a_thread_that_comes_while_a_list_is_made_is_in_it)
{
    size_t count = 0;
    begin();
    for (int round = 0; round < 2; round++) { /* the second time there is no room left */
        meanwhile = start_another;
        weft_thread **threads = weft_thread_enumerate(&count);
        assert_non_null(threads);
        assert_int_equal(count, 2);
        assert_ptr_equal(threads[1], late);
        assert_null(threads[2]);
        weft_thread_list_free(threads);
        end(late);
        assert_int_equal(weft_event_clear(&gate), WEFT_OK);
    }
}

static void start_two(void)
{
    start_another();
    weft_thread_free(late);
    start_another();
}

TEST(a_list_that_has_become_too_small_is_made_anew)
{
    size_t count = 0;
    begin();
    meanwhile = start_two;
    weft_thread **threads = weft_thread_enumerate(&count);
    assert_non_null(threads);
    assert_int_equal(count, 3);
    assert_ptr_equal(threads[2], late);
    assert_int_equal(weft_event_set(&gate), WEFT_OK);
    for (size_t i = 1; i < count; i++)
        assert_int_equal(weft_thread_join(threads[i]), WEFT_OK);
    weft_thread_list_free(threads);
    weft_thread_free(late);
}

static void let_it_adopt_itself(void)
{
    atomic_store(&step, ADOPT);
    EVENTUALLY(atomic_load(&step) == ADOPTED);
}

TEST(a_foreign_thread_that_makes_its_handle_meanwhile_has_one)
{
    size_t count = 0;
    begin();
    pthread_t foreign = start_foreign();
    meanwhile = let_it_adopt_itself;
    weft_thread **threads = weft_thread_enumerate(&count);
    assert_non_null(threads);
    assert_int_equal(count, 2);
    assert_int_equal(weft_thread_active_count(), 2);
    weft_thread_list_free(threads);
    end_foreign(foreign);
    assert_int_equal(weft_thread_active_count(), 1);
}

TEST(the_list_is_in_the_order_of_numbers_not_of_handles)
{
    size_t count = 0;
    begin();
    pthread_t foreign = start_foreign();
    start_another(); /* has a handle before the foreign one has, and a higher number */
    weft_thread **threads = weft_thread_enumerate(&count);
    assert_non_null(threads);
    assert_int_equal(count, 3);
    assert_ptr_equal(threads[2], late);
    for (size_t i = 1; i < count; i++)
        assert_true(weft_thread_ident(threads[i - 1]) < weft_thread_ident(threads[i]));
    weft_thread_list_free(threads);
    end(late);
    end_foreign(foreign);
}

TEST(without_memory_for_a_handle_there_is_no_list)
{
    pthread_t foreign = start_foreign();
    struct faulty_memory memory = {.fail_at = 1};
    size_t count = 7;
    faulty_memory_begin(&memory);
    assert_null(weft_thread_enumerate(&count));
    assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
    assert_int_equal(count, 7);
    assert_int_equal(weft_thread_active_count(), 2); /* it counts all the same */
    faulty_memory_end(&memory);
    end_foreign(foreign);
}
