/* SPDX-License-Identifier: MIT */
/* Waiting for any of several: which one is returned, what is taken, and what is left alone. */
#include "test.h"

#include <math.h>

#include "faulty_memory.h"
#include "interrupt.h"

enum { MANY = 40 };

static weft_event event = WEFT_EVENT_INIT;
static weft_latch latch = WEFT_LATCH_INIT(1);
static weft_semaphore semaphore = WEFT_SEMAPHORE_INIT(0);
static weft_bounded_semaphore bounded;

/* A thread in a wait for all four. */
struct waiter {
    weft_status status;
    size_t index;
};

static void *wait_for_all(void *arg)
{
    struct waiter *waiter = arg;
    const weft_waitable all[] = {weft_event_waitable(&event), weft_latch_waitable(&latch),
                                 weft_semaphore_waitable(&semaphore),
                                 weft_bounded_semaphore_waitable(&bounded)};
    waiter->status = weft_wait_any(4, all, &waiter->index, WEFT_FOREVER);
    return NULL;
}

static void make_bounded_empty(void)
{
    assert_int_equal(weft_bounded_semaphore_init(&bounded, 1), WEFT_OK);
    assert_int_equal(weft_bounded_semaphore_try_acquire(&bounded), WEFT_OK);
}

static void assert_nobody_waits(void)
{
    assert_int_equal(weft_event_waiters(&event), 0);
    assert_int_equal(weft_latch_waiters(&latch), 0);
    assert_int_equal(weft_semaphore_waiters(&semaphore), 0);
    assert_int_equal(weft_bounded_semaphore_waiters(&bounded), 0);
}

/* Lets a thread wait for all four, makes one of them ready, and asserts that it is that one. */
static void one_ends_the_wait(weft_status (*ready)(void), size_t index)
{
    struct waiter waiter = {WEFT_BUSY, 99};
    make_bounded_empty();
    struct crew crew = crew_start(1, wait_for_all, &waiter);
    EVENTUALLY(weft_event_waiters(&event) == 1 && weft_latch_waiters(&latch) == 1 &&
               weft_semaphore_waiters(&semaphore) == 1 &&
               weft_bounded_semaphore_waiters(&bounded) == 1);
    assert_int_equal(ready(), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(waiter.status, WEFT_OK);
    assert_int_equal(waiter.index, index);
    assert_nobody_waits();
}

static weft_status set_event(void)
{
    return weft_event_set(&event);
}

static weft_status open_latch(void)
{
    return weft_latch_count_down(&latch);
}

static weft_status release_semaphore(void)
{
    return weft_semaphore_release(&semaphore);
}

static weft_status release_bounded(void)
{
    return weft_bounded_semaphore_release(&bounded);
}

TEST(an_event_ends_the_wait_and_stays_set)
{
    one_ends_the_wait(set_event, 0);
    assert_true(weft_event_is_set(&event));
}

TEST(a_latch_ends_the_wait)
{
    one_ends_the_wait(open_latch, 1);
}

TEST(a_permit_ends_the_wait_and_is_taken)
{
    one_ends_the_wait(release_semaphore, 2);
    assert_int_equal(weft_semaphore_value(&semaphore), 0);
}

TEST(a_permit_of_a_bounded_semaphore_is_taken_too)
{
    one_ends_the_wait(release_bounded, 3);
    assert_int_equal(weft_bounded_semaphore_value(&bounded), 0);
}

static void *wait_for_gate(void *gate)
{
    WITNESS(weft_event_wait(gate) == WEFT_OK);
    return NULL;
}

TEST(the_end_of_a_thread_ends_the_wait)
{
    weft_event gate = WEFT_EVENT_INIT;
    size_t index = 99;
    weft_thread *thread = weft_thread_spawn(wait_for_gate, &gate);
    const weft_waitable either[] = {weft_event_waitable(&event), weft_thread_waitable(thread)};
    assert_int_equal(weft_wait_any(2, either, &index, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_event_set(&gate), WEFT_OK);
    assert_int_equal(weft_wait_any(2, either, &index, WEFT_FOREVER), WEFT_OK);
    assert_int_equal(index, 1);
    assert_false(weft_thread_is_alive(thread));
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
}

TEST(of_several_that_are_ready_the_first_is_claimed_and_no_other)
{
    weft_semaphore first = WEFT_SEMAPHORE_INIT(1);
    weft_semaphore second = WEFT_SEMAPHORE_INIT(1);
    const weft_waitable both[] = {weft_semaphore_waitable(&first),
                                  weft_semaphore_waitable(&second)};
    size_t index = 99;
    uint64_t parks = weft_park_count();
    assert_int_equal(weft_wait_any(2, both, &index, WEFT_FOREVER), WEFT_OK);
    assert_int_equal(index, 0);
    assert_int_equal(weft_semaphore_value(&first), 0);
    assert_int_equal(weft_semaphore_value(&second), 1);
    assert_int_equal(weft_wait_any(2, both, NULL, 0), WEFT_OK);
    assert_int_equal(weft_semaphore_value(&second), 0);
    assert_true(weft_park_count() == parks);
}

TEST(a_timeout_is_never_early_and_leaves_no_trace)
{
    const weft_waitable either[] = {weft_event_waitable(&event),
                                    weft_semaphore_waitable(&semaphore)};
    size_t index = 99;
    int64_t start = test_clock();
    assert_int_equal(weft_wait_any(2, either, &index, 0.02), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 20000000);
    assert_int_equal(index, 99);
    make_bounded_empty();
    assert_nobody_waits();
    assert_int_equal(semaphore.state, 0); /* it does not say that somebody waits, either */
    assert_int_equal(weft_semaphore_release(&semaphore), WEFT_OK);
    assert_int_equal(weft_semaphore_value(&semaphore), 1);
}

TEST(no_time_means_no_wait)
{
    const weft_waitable one = weft_event_waitable(&event);
    uint64_t parks = weft_park_count();
    assert_int_equal(weft_wait_any(1, &one, NULL, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_wait_any(1, &one, NULL, -3), WEFT_TIMEOUT);
    assert_true(weft_park_count() == parks);
}

TEST(bad_input_is_refused)
{
    weft_latch zeroed = {0};
    weft_semaphore negative = WEFT_SEMAPHORE_INIT(-1);
    const weft_waitable good = weft_event_waitable(&event);
    const weft_waitable none = weft_event_waitable(NULL);
    const weft_waitable bad[] = {good, weft_latch_waitable(&zeroed)};
    const weft_waitable worse[] = {good, weft_semaphore_waitable(&negative)};
    const weft_waitable nothing = weft_bounded_semaphore_waitable(NULL);
    const weft_waitable empty = {0};
    const weft_waitable untyped = {.object = &event};
    assert_int_equal(weft_wait_any(1, &good, NULL, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_wait_any(0, &good, NULL, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_wait_any(1, NULL, NULL, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_wait_any(1, &none, NULL, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_wait_any(1, &nothing, NULL, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_wait_any(1, &empty, NULL, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_wait_any(1, &untyped, NULL, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_wait_any(2, bad, NULL, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_wait_any(2, worse, NULL, 0), WEFT_VALUE_ERROR);
}

TEST(an_interruption_ends_the_wait)
{
    struct waiter waiter = {WEFT_BUSY, 99};
    make_bounded_empty();
    struct crew crew = crew_start(1, wait_for_all, &waiter);
    EVENTUALLY(weft_bounded_semaphore_waiters(&bounded) == 1);
    assert_true(test_interrupt(crew.threads[0]));
    crew_join(&crew);
    assert_int_equal(waiter.status, WEFT_INTERRUPTED);
    assert_nobody_waits();
}

static void *acquire(void *arg)
{
    WITNESS(weft_semaphore_acquire(arg) == WEFT_OK);
    return NULL;
}

TEST(who_leaves_lets_those_behind_pass)
{
    struct waiter waiter = {WEFT_BUSY, 99};
    make_bounded_empty();
    struct crew first = crew_start(1, wait_for_all, &waiter);
    EVENTUALLY(weft_semaphore_waiters(&semaphore) == 1);
    struct crew second = crew_start(1, acquire, &semaphore);
    EVENTUALLY(weft_semaphore_waiters(&semaphore) == 2);
    assert_int_equal(weft_event_set(&event), WEFT_OK);
    crew_join(&first);
    assert_int_equal(waiter.index, 0);
    assert_int_equal(weft_semaphore_release(&semaphore), WEFT_OK);
    crew_join(&second);
    assert_int_equal(weft_semaphore_value(&semaphore), 0);
}

/* A wait for more than fits on the stack. */
static weft_semaphore semaphores[MANY];

static void *wait_for_many(void *arg)
{
    weft_waitable many[MANY];
    size_t *index = arg;
    for (size_t i = 0; i < MANY; i++)
        many[i] = weft_semaphore_waitable(&semaphores[i]);
    WITNESS(weft_wait_any(MANY, many, index, WEFT_FOREVER) == WEFT_OK);
    return NULL;
}

TEST(any_number_can_be_waited_for)
{
    size_t index = 0;
    struct crew crew = crew_start(1, wait_for_many, &index);
    EVENTUALLY(weft_semaphore_waiters(&semaphores[MANY - 1]) == 1);
    assert_int_equal(weft_semaphore_release(&semaphores[MANY - 3]), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(index, MANY - 3);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(weft_semaphore_done(&semaphores[i]), WEFT_OK);
}

TEST(without_memory_more_than_fit_are_refused)
{
    weft_waitable many[WEFT_WAIT_ANY_INLINE + 1];
    for (size_t i = 0; i <= WEFT_WAIT_ANY_INLINE; i++)
        many[i] = weft_event_waitable(&event);
    struct faulty_memory memory = {.fail_at = 1};
    faulty_memory_begin(&memory);
    assert_int_equal(weft_wait_any(WEFT_WAIT_ANY_INLINE + 1, many, NULL, 0), WEFT_NO_MEMORY);
    assert_int_equal(weft_wait_any(WEFT_WAIT_ANY_INLINE, many, NULL, 0), WEFT_TIMEOUT);
    assert_int_equal(memory.calls, 1);
    assert_int_equal(weft_wait_any(WEFT_WAIT_ANY_INLINE + 1, many, NULL, 0), WEFT_TIMEOUT);
    faulty_memory_end(&memory);
}
