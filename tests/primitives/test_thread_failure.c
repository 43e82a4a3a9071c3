/* SPDX-License-Identifier: MIT */
/* Without memory, or without room for a thread in the system, a call says so and leaves nothing. */
// LINK: -Wl,--wrap=wefti_os_thread_create
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "faulty_memory.h"
#include "platform/thread.h"

weft_status __real_wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size);
weft_status __wrap_wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size);

static bool no_room;

weft_status __wrap_wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size)
{
    return no_room ? WEFT_NO_THREAD : __real_wefti_os_thread_create(run, arg, stack_size);
}

static atomic_int freed;

static void free_value(void *value)
{
    (void)value;
    atomic_fetch_add(&freed, 1);
}

static void *give_back(void *arg)
{
    return arg;
}

static size_t count_threads(void)
{
    size_t count = 0;
    weft_thread_list_free(weft_thread_enumerate(&count));
    return count;
}

TEST(a_thread_that_the_system_refuses_leaves_nothing)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    no_room = true;
    for (int i = 0; i < 3; i++) {
        assert_null(
            weft_thread_spawn(give_back, &memory, .name = "refused", .free_value = free_value));
        assert_int_equal(weft_last_status(), WEFT_NO_THREAD);
        assert_int_equal(count_threads(), 1);
    }
    assert_int_equal(atomic_load(&freed), 0);
    no_room = false;
    weft_thread *thread = weft_thread_spawn(give_back, &memory, .free_value = free_value);
    assert_non_null(thread);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
    assert_int_equal(atomic_load(&freed), 1);
    faulty_memory_end(&memory);
}

TEST(a_stack_that_no_system_has_is_refused)
{
    struct faulty_memory memory = {.fail_at = 0};
    faulty_memory_begin(&memory);
    assert_null(weft_thread_spawn(give_back, NULL, .stack_size = SIZE_MAX));
    assert_int_equal(weft_last_status(), WEFT_NO_THREAD);
    assert_null(weft_thread_spawn(give_back, NULL, .stack_size = SIZE_MAX / 4 * 3));
    assert_int_equal(weft_last_status(), WEFT_NO_THREAD);
    faulty_memory_end(&memory);
}

/* Does a thing with the n-th allocation failing, n from 1 until none fails; how many there were. */
static size_t fail_each_allocation(bool (*done)(void))
{
    for (size_t n = 1;; n++) {
        struct faulty_memory memory = {.fail_at = n};
        faulty_memory_begin(&memory);
        bool success = done();
        assert_true(success == (atomic_load(&memory.calls) < n));
        faulty_memory_end(&memory);
        if (success)
            return n - 1;
    }
}

static bool spawn(void)
{
    weft_thread *thread = weft_thread_spawn(give_back, NULL, .name = "a thread");
    if (thread == NULL) {
        assert_int_equal(weft_last_status(), WEFT_NO_MEMORY);
        return false;
    }
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
    return true;
}

TEST(a_spawn_without_memory_leaves_nothing)
{
    assert_int_equal(fail_each_allocation(spawn), 1);
}

static bool enumerate(void)
{
    weft_thread **list = weft_thread_enumerate(NULL);
    WITNESS(list != NULL || weft_last_status() == WEFT_NO_MEMORY);
    weft_thread_list_free(list);
    return list != NULL;
}

/* The same from a thread that the library has not started, which needs a handle first. */
static void *look_from_outside(void *success)
{
    const weft_thread *self = weft_thread_current();
    if (self == NULL)
        WITNESS(weft_last_status() == WEFT_NO_MEMORY);
    *(bool *)success = enumerate() && self != NULL;
    return NULL;
}

static bool look(void)
{
    bool success = false;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, look_from_outside, &success), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return success;
}

TEST(a_list_without_memory_leaves_nothing)
{
    assert_int_equal(fail_each_allocation(enumerate), 1);
}

TEST(a_foreign_thread_without_memory_has_no_handle)
{
    assert_int_equal(fail_each_allocation(look), 2);
}
