/* SPDX-License-Identifier: MIT */
/*
 * There is no memory, at each allocation in its turn: a status says so, nothing is lost, nothing
 * leaks.
 */
#include "faulty_memory.h"
#include "local_help.h"

#include <pthread.h>

static weft_local local;
static weft_namespace names;

/* Runs it with the first, the second ... allocation failing, until none is left to fail. */
static void fail_each(void (*attempt)(bool *failed))
{
    size_t failures = 0;
    for (bool failed = true; failed; failures++) {
        struct faulty_memory memory = {.fail_at = failures + 1};
        faulty_memory_begin(&memory);
        failed = false;
        attempt(&failed);
        assert_true(failed == (atomic_load(&memory.calls) >= memory.fail_at));
        faulty_memory_end(&memory);
    }
    print_message("%zu allocations\n", failures - 1);
    assert_true(failures > 1);
}

static bool no_memory(weft_status status)
{
    assert_true(status == WEFT_OK || status == WEFT_NO_MEMORY);
    return status != WEFT_OK;
}

static void set_many(bool *failed)
{
    static weft_local many[100];
    for (size_t i = 0; i < 100; i++) {
        if (no_memory(weft_local_set(&many[i], &things[1]))) {
            *failed = true;
            assert_false(weft_local_has(&many[i]));
            assert_int_equal(weft_local_set(&many[i], &things[2]), WEFT_OK);
            continue;
        }
        assert_ptr_equal(weft_local_get(&many[i]), &things[1]);
    }
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(weft_local_destroy(&many[i]), WEFT_OK);
}

TEST(a_value_that_is_not_set_stays_the_programs)
{
    fail_each(set_many);
}

static void get(bool *failed)
{
    assert_int_equal(weft_local_init(&local, same, &things[3]), WEFT_OK);
    if (weft_local_get(&local) == NULL) {
        assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
        *failed = true;
    }
    assert_ptr_equal(weft_local_get(&local), &things[3]);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
}

TEST(a_value_that_is_not_made_is_made_later)
{
    fail_each(get);
}

static void enter_block(bool *failed)
{
    bool runs = false;
    WEFT_LOCAL_WITH(&local, &things[4]) {
        assert_ptr_equal(weft_local_get(&local), &things[4]);
        runs = true;
    }
    if (!runs)
        assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
    *failed = !runs;
    assert_false(weft_local_has(&local));
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
}

TEST(a_block_without_memory_is_skipped)
{
    fail_each(enter_block);
}

static void make_new(bool *failed)
{
    weft_local *made = weft_local_new_with(NULL);
    *failed = made == NULL;
    if (made == NULL)
        assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
    assert_int_equal(weft_local_free(made), WEFT_OK);
}

TEST(a_local_without_memory_is_not_made)
{
    fail_each(make_new);
}

static void set_attributes(bool *failed)
{
    static const char *const words[] = {"one", "two", "three"};
    for (size_t i = 0; i < 3; i++) {
        if (!no_memory(weft_namespace_set(&names, words[i], &things[i], note_destroyed)))
            continue;
        *failed = true;
        assert_false(weft_namespace_has(&names, words[i]));
        assert_int_equal(weft_namespace_set(&names, words[i], &things[i], note_destroyed), WEFT_OK);
    }
    char **list = weft_namespace_list(&names, NULL);
    if (list == NULL) {
        assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
        *failed = true;
    }
    weft_namespace_list_free(list);
    assert_int_equal(destroyed_count(), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(weft_namespace_delete(&names, words[i]), WEFT_OK);
    assert_int_equal(destroyed_count(), 3);
    atomic_store(&destroyed.count, 0);
    assert_int_equal(weft_namespace_destroy(&names), WEFT_OK);
}

TEST(an_attribute_that_is_not_set_stays_the_programs)
{
    fail_each(set_attributes);
}

static void capture(bool *failed)
{
    static weft_local carried[20];
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(weft_local_init(&carried[i], .destructor = note_destroyed, .copy = same),
                         WEFT_OK);
    for (size_t i = 0; i < 20; i++)
        while (weft_local_set(&carried[i], &things[i]) != WEFT_OK)
            *failed = true;
    weft_context *context = weft_context_capture();
    if (context == NULL) {
        assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
        *failed = true;
    }
    weft_context_free(context);
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(weft_local_destroy(&carried[i]), WEFT_OK);
    atomic_store(&destroyed.count, 0);
}

TEST(a_capture_without_memory_leaves_nothing)
{
    fail_each(capture);
}

static void *exit_thread(void *value)
{
    pthread_exit(value);
}

static weft_local copied[2] = {WEFT_LOCAL_INIT(.destructor = note_destroyed, .copy = same),
                               WEFT_LOCAL_INIT(.destructor = note_destroyed, .copy = exit_thread)};

static void *capture_to_the_end(void *arg)
{
    for (size_t i = 0; i < 2; i++)
        WITNESS(weft_local_set(&copied[i], &things[i]) == WEFT_OK);
    WITNESS(weft_context_capture() == NULL); /* does not return */
    WITNESS(arg != NULL);
    return NULL;
}

TEST(a_capture_that_a_copy_ends_leaves_nothing)
{
    struct faulty_memory memory = {0};
    faulty_memory_begin(&memory);
    in_a_thread(capture_to_the_end, NULL);
    assert_int_equal(destroyed_count(), 3); /* the copy, and then the thread's */
    assert_ptr_equal(destroyed.values[0], &things[0]);
    assert_ptr_equal(destroyed.values[1], &things[1]);
    assert_ptr_equal(destroyed.values[2], &things[0]);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(weft_local_destroy(&copied[i]), WEFT_OK); /* no copy runs */
    faulty_memory_end(&memory);
}

struct task {
    weft_context *context;
    bool failed;
};

static void *attach(void *arg)
{
    struct task *task = arg;
    weft_status status = weft_context_attach(task->context);
    WITNESS(status == WEFT_OK || status == WEFT_NO_MEMORY);
    if (status != WEFT_OK) {
        task->failed = true;
        WITNESS(weft_context_attach(task->context) == WEFT_OK); /* nobody is in it */
    }
    WITNESS(weft_local_get(&local) == &things[1]);
    WITNESS(weft_context_detach(task->context) == WEFT_OK);
    return NULL;
}

static void attach_elsewhere(bool *failed)
{
    struct task task = {.failed = false};
    assert_int_equal(weft_local_init(&local, .copy = same), WEFT_OK);
    while (weft_local_set(&local, &things[1]) != WEFT_OK)
        *failed = true;
    while ((task.context = weft_context_capture()) == NULL)
        *failed = true;
    weft_thread *thread;
    while ((thread = weft_thread_spawn(attach, &task)) == NULL)
        *failed = true;
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
    *failed = *failed || task.failed;
    weft_context_free(task.context);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
}

TEST(a_context_that_cannot_be_entered_is_as_before)
{
    fail_each(attach_elsewhere);
}
