/* SPDX-License-Identifier: MIT */
/*
 * Threads: what they are started with and what they give back. Waiting for their end is in
 * test_thread_join.c, the list of all in test_thread_list.c, failures in test_thread_failure.c.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faulty_memory.h"

static void *give_back(void *arg)
{
    return arg;
}

/* The caller's thread has run to its end, and its handle is given up. */
static void finish(weft_thread *thread)
{
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
}

/* ---- target and value --------------------------------------------------------------------------- */

TEST(a_thread_runs_its_target_on_its_argument_and_keeps_the_value)
{
    int job = 0;
    weft_thread *thread = weft_thread_spawn(give_back, &job);
    assert_non_null(thread);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_ptr_equal(weft_thread_value(thread), &job);
    assert_ptr_equal(weft_thread_value(thread), &job); /* as often as one likes */
    weft_thread_free(thread);
}

static void *wait_for_gate(void *gate)
{
    EVENTUALLY(atomic_load((atomic_bool *)gate));
    return gate;
}

TEST(a_thread_is_alive_until_it_ends_and_has_no_value_before)
{
    atomic_bool gate = false;
    weft_thread *thread = weft_thread_spawn(wait_for_gate, &gate);
    assert_true(weft_thread_is_alive(thread));
    assert_null(weft_thread_value(thread));
    atomic_store(&gate, true);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_false(weft_thread_is_alive(thread));
    assert_ptr_equal(weft_thread_value(thread), &gate);
    weft_thread_free(thread);
}

static void *leave_by_pthread_exit(void *arg)
{
    pthread_exit(arg);
}

TEST(a_target_left_by_pthread_exit_has_no_value)
{
    int job = 0;
    weft_thread *thread = weft_thread_spawn(leave_by_pthread_exit, &job);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_false(weft_thread_is_alive(thread));
    assert_null(weft_thread_value(thread));
    weft_thread_free(thread);
}

static atomic_int values_freed;

static void free_value(void *value)
{
    atomic_fetch_add(&values_freed, 1);
    free(value);
}

static void *make_value(void *arg)
{
    (void)arg;
    return malloc(1);
}

TEST(a_value_is_freed_once_with_its_handle)
{
    weft_thread *thread = weft_thread_spawn(make_value, .free_value = free_value);
    weft_thread *also = weft_thread_ref(thread);
    assert_ptr_equal(also, thread);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
    assert_int_equal(atomic_load(&values_freed), 0);
    assert_non_null(weft_thread_value(also));
    weft_thread_free(also);
    assert_int_equal(atomic_load(&values_freed), 1);
}

TEST(no_value_is_not_freed)
{
    finish(weft_thread_spawn(give_back, NULL, .free_value = free_value));
    assert_int_equal(atomic_load(&values_freed), 0);
}

TEST(a_handle_may_be_freed_before_the_end)
{
    struct faulty_memory memory = {.fail_at = 0};
    atomic_bool gate = false;
    faulty_memory_begin(&memory);
    weft_thread_free(weft_thread_spawn(wait_for_gate, &gate));
    weft_thread_free(weft_thread_spawn(make_value, .free_value = free_value));
    atomic_store(&gate, true);
    EVENTUALLY(atomic_load(&values_freed) == 1);
    EVENTUALLY(atomic_load(&memory.blocks) == 0);
    faulty_memory_end(&memory);
}

static void *free_own_handle(void *arg)
{
    weft_thread *_Atomic *handle = arg;
    EVENTUALLY(atomic_load(handle) != NULL);
    weft_thread_free(atomic_load(handle));
    WITNESS(weft_thread_is_alive(weft_thread_current())); /* which has a reference of its own */
    return NULL;
}

TEST(a_thread_may_free_its_own_handle)
{
    struct faulty_memory memory = {.fail_at = 0};
    weft_thread *_Atomic handle = NULL;
    faulty_memory_begin(&memory);
    atomic_store(&handle, weft_thread_spawn(free_own_handle, &handle));
    EVENTUALLY(atomic_load(&memory.blocks) == 0);
    faulty_memory_end(&memory);
}

/* ---- names and numbers --------------------------------------------------------------------------- */

static void *tell_name(void *buffer)
{
    strcpy(buffer, weft_thread_name(weft_thread_current()));
    return NULL;
}

TEST(a_name_is_copied)
{
    char name[] = "reader";
    char seen[sizeof name] = "";
    weft_thread *thread = weft_thread_spawn(tell_name, seen, .name = name);
    memset(name, 'x', sizeof name - 1);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_string_equal(weft_thread_name(thread), "reader");
    assert_string_equal(seen, "reader");
    weft_thread_free(thread);
}

TEST(a_name_may_be_long_but_an_empty_one_is_none)
{
    char name[5000];
    char seen[sizeof name] = "";
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    finish(weft_thread_spawn(tell_name, seen, .name = name));
    assert_string_equal(seen, name);
    weft_thread *thread = weft_thread_spawn(give_back, NULL, .name = "");
    assert_string_equal(weft_thread_name(thread), "Thread-1");
    finish(thread);
}

TEST(threads_without_a_name_are_numbered)
{
    unsigned before = 0;
    for (int i = 0; i < 20; i++) {
        unsigned number = 0;
        char rest = '\0';
        weft_thread *thread = weft_thread_spawn(give_back, NULL);
        assert_int_equal(sscanf(weft_thread_name(thread), "Thread-%u%c", &number, &rest), 1);
        assert_true(number > before);
        before = number;
        finish(thread);
    }
}

TEST(idents_are_given_once)
{
    uint32_t before = weft_thread_ident(weft_thread_current());
    assert_int_equal(before, 1);
    for (int i = 0; i < 100; i++) { /* the system gives the ids of ended threads again */
        weft_thread *thread = weft_thread_spawn(give_back, NULL);
        assert_true(weft_thread_ident(thread) > before);
        before = weft_thread_ident(thread);
        finish(thread);
    }
}

/* ---- options --------------------------------------------------------------------------------------- */

static void *tell_daemon(void *arg)
{
    (void)arg;
    return weft_thread_is_daemon(weft_thread_current()) ? &values_freed : NULL;
}

static void *spawn_a_child(void *arg)
{
    weft_thread *child = weft_thread_spawn(tell_daemon, NULL);
    WITNESS(weft_thread_join(child) == WEFT_OK);
    *(bool *)arg = weft_thread_value(child) != NULL;
    WITNESS(weft_thread_is_daemon(child) == *(bool *)arg);
    weft_thread_free(child);
    return NULL;
}

TEST(a_daemons_threads_are_daemons)
{
    bool child_is_daemon = false;
    weft_thread *thread = weft_thread_spawn(spawn_a_child, &child_is_daemon, .daemon = true);
    assert_true(weft_thread_is_daemon(thread));
    finish(thread);
    assert_true(child_is_daemon);
    thread = weft_thread_spawn(spawn_a_child, &child_is_daemon);
    assert_false(weft_thread_is_daemon(thread));
    finish(thread);
    assert_false(child_is_daemon);
}

static void *tell_stack_size(void *arg)
{
    pthread_attr_t attributes;
    WITNESS(pthread_getattr_np(pthread_self(), &attributes) == 0);
    WITNESS(pthread_attr_getstacksize(&attributes, arg) == 0);
    pthread_attr_destroy(&attributes);
    return NULL;
}

TEST(a_stack_is_at_least_as_large_as_asked)
{
    const size_t sizes[] = {1, 65537, 3U << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = 0;
        weft_thread *thread = weft_thread_spawn(tell_stack_size, &size, .stack_size = sizes[i]);
        assert_non_null(thread);
        finish(thread);
        assert_true(size >= sizes[i]);
    }
}

TEST(a_caller_may_know_fewer_options_or_more)
{
    struct {
        weft_thread_options known;
        char later[64];
    } options = {
        .known = {.target = give_back, .arg = &options, .name = "not read", .daemon = true}};
    options.known.struct_size = offsetof(weft_thread_options, name);
    weft_thread *thread = weft_thread_spawn_with(&options.known);
    assert_non_null(thread);
    assert_memory_equal(weft_thread_name(thread), "Thread-", 7);
    assert_false(weft_thread_is_daemon(thread));
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_ptr_equal(weft_thread_value(thread), &options);
    weft_thread_free(thread);

    options.known.struct_size = sizeof options;
    memset(options.later, 0xff, sizeof options.later);
    thread = weft_thread_spawn_with(&options.known);
    assert_string_equal(weft_thread_name(thread), "not read");
    finish(thread);
}

TEST(options_without_a_target_are_refused)
{
    weft_thread_options options = {.struct_size = sizeof options};
    assert_null(weft_thread_spawn_with(&options));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    options.target = give_back;
    for (size_t size = 0; size < offsetof(weft_thread_options, name); size += sizeof(void *)) {
        options.struct_size = size;
        assert_null(weft_thread_spawn_with(&options));
        assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
    }
    assert_null(weft_thread_spawn_with(NULL));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
}

TEST(queries_of_null_answer_nothing)
{
    assert_null(weft_thread_value(NULL));
    assert_string_equal(weft_thread_name(NULL), "");
    assert_false(weft_thread_is_alive(NULL));
    assert_false(weft_thread_is_daemon(NULL));
    assert_int_equal(weft_thread_ident(NULL), 0);
    assert_null(weft_thread_ref(NULL));
    weft_thread_free(NULL);
    weft_thread_list_free(NULL);
}
