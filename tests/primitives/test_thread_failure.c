/* SPDX-License-Identifier: MIT */
/*
 * Without room for a thread in the system a spawn says so, and leaves nothing. Each thing that it
 * wants is refused in test_shortage_thread.c.
 */
// LINK: -Wl,--wrap=wefti_os_thread_create
#include "test.h"

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
