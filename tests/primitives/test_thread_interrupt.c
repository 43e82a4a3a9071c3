/* SPDX-License-Identifier: MIT */
/* weft_thread_interrupt: ends one wait of one thread, the present one or the next. */
// LINK: -Wl,--wrap=wefti_os_thread_create
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "platform/thread.h"
#include "primitives/park.h"

weft_status __real_wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size);
weft_status __wrap_wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size);

static bool interrupt_early; /* before the thread begins */

weft_status __wrap_wefti_os_thread_create(void *(*run)(void *), void *arg, size_t stack_size)
{
    if (interrupt_early)
        assert_int_equal(weft_thread_interrupt(arg), WEFT_OK);
    return __real_wefti_os_thread_create(run, arg, stack_size);
}

static weft_lock gate;

static void *wait_at_gate(void *status)
{
    *(weft_status *)status = weft_lock_acquire(&gate);
    return status;
}

TEST(an_interruption_ends_the_present_wait)
{
    weft_status status = WEFT_OK;
    assert_int_equal(weft_lock_acquire(&gate), WEFT_OK);
    weft_thread *thread = weft_thread_spawn(wait_at_gate, &status);
    EVENTUALLY(weft_lock_waiters(&gate) == 1);
    assert_int_equal(weft_thread_interrupt(thread), WEFT_OK);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_int_equal(status, WEFT_INTERRUPTED);
    assert_int_equal(weft_lock_waiters(&gate), 0);
    weft_thread_free(thread);
}

static void *sleep_twice(void *arg)
{
    weft_status *statuses = arg;
    statuses[0] = weft_sleep(1e6);
    statuses[1] = weft_sleep(0.001);
    return arg;
}

TEST(an_interruption_before_the_thread_begins_is_for_its_first_wait)
{
    weft_status statuses[2] = {WEFT_OK, WEFT_FAILED};
    interrupt_early = true;
    weft_thread *thread = weft_thread_spawn(sleep_twice, statuses);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_int_equal(statuses[0], WEFT_INTERRUPTED);
    assert_int_equal(statuses[1], WEFT_OK);
    weft_thread_free(thread);
}

TEST(several_interruptions_before_a_wait_count_as_one)
{
    weft_thread *self = weft_thread_current();
    for (int i = 0; i < 3; i++)
        assert_int_equal(weft_thread_interrupt(self), WEFT_OK);
    assert_int_equal(weft_sleep(1e6), WEFT_INTERRUPTED);
    assert_int_equal(weft_sleep(0.001), WEFT_OK);
}

static void *return_it(void *arg)
{
    return arg;
}

TEST(who_has_ended_or_has_not_begun_is_not_interrupted)
{
    weft_thread *thread = weft_thread_new(return_it, NULL);
    assert_int_equal(weft_thread_interrupt(NULL), WEFT_VALUE_ERROR);
    assert_int_equal(weft_thread_interrupt(thread), WEFT_RUNTIME);
    assert_int_equal(weft_thread_start(thread), WEFT_OK);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_int_equal(weft_thread_interrupt(thread), WEFT_RUNTIME);
    weft_thread_free(thread);
}

static atomic_uintptr_t foreign_handle;

static void *wait_outside(void *status)
{
    atomic_store(&foreign_handle, (uintptr_t)weft_thread_ref(weft_thread_current()));
    *(weft_status *)status = weft_lock_acquire(&gate);
    return NULL;
}

TEST(a_foreign_thread_is_interrupted_as_any)
{
    weft_status status = WEFT_OK;
    pthread_t thread;
    assert_int_equal(weft_lock_acquire(&gate), WEFT_OK);
    assert_int_equal(pthread_create(&thread, NULL, wait_outside, &status), 0);
    EVENTUALLY(weft_lock_waiters(&gate) == 1);
    weft_thread *handle = (weft_thread *)atomic_load(&foreign_handle);
    assert_int_equal(weft_thread_interrupt(handle), WEFT_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(status, WEFT_INTERRUPTED);
    assert_int_equal(weft_thread_interrupt(handle), WEFT_RUNTIME);
    weft_thread_free(handle);
}

static void *interrupt_main(void *arg)
{
    EVENTUALLY(wefti_waiters((struct wefti_key){arg, WEFTI_LOCK}) == 1);
    WITNESS(weft_thread_interrupt(weft_thread_main()) == WEFT_OK);
    return NULL;
}

TEST(the_main_thread_is_interrupted_by_another)
{
    assert_int_equal(weft_lock_acquire(&gate), WEFT_OK);
    struct crew crew = crew_start(1, interrupt_main, &gate);
    assert_int_equal(weft_lock_acquire(&gate), WEFT_INTERRUPTED);
    crew_join(&crew);
}

static void *join_other(void *other)
{
    WITNESS(weft_thread_join(other) == WEFT_INTERRUPTED);
    WITNESS(weft_thread_is_alive(other));
    return NULL;
}

TEST(an_interrupted_join_leaves_the_thread)
{
    weft_status status = WEFT_FAILED;
    assert_int_equal(weft_lock_acquire(&gate), WEFT_OK);
    weft_thread *thread = weft_thread_spawn(wait_at_gate, &status);
    weft_thread *joiner = weft_thread_spawn(join_other, thread);
    EVENTUALLY(wefti_waiters((struct wefti_key){thread, WEFTI_THREAD}) == 1);
    assert_int_equal(weft_thread_interrupt(joiner), WEFT_OK);
    assert_int_equal(weft_thread_join(joiner), WEFT_OK);
    assert_int_equal(weft_lock_release(&gate), WEFT_OK);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    assert_int_equal(status, WEFT_OK);
    weft_thread_free(joiner);
    weft_thread_free(thread);
}

static weft_status timer_status;

static void *wait_in_timer(void *arg)
{
    timer_status = weft_sleep(1e6);
    return arg;
}

TEST(an_interruption_of_a_timer_is_for_its_functions_first_wait)
{
    weft_timer *timer = weft_timer_spawn(0.01, wait_in_timer, NULL);
    assert_int_equal(weft_thread_interrupt(weft_timer_thread(timer)), WEFT_OK);
    assert_int_equal(weft_timer_join(timer), WEFT_OK);
    assert_int_equal(timer_status, WEFT_INTERRUPTED);
    assert_int_equal(weft_thread_interrupt(weft_timer_thread(timer)), WEFT_RUNTIME);
    weft_timer_free(timer);
}
