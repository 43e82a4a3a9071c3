/* SPDX-License-Identifier: MIT */
/*
 * What a program that runs under ThreadSanitizer is told by a library that is not instrumented: each
 * call that passes something on says so before others can see it, and each that gets it says so
 * afterwards. Here the test is the sanitizer.
 */
#include "test.h"

#include <stdatomic.h>

#include "under_tsan.h"

static _Atomic(void *) watched; /* the object whose events are counted */
static atomic_int releases;
static atomic_int acquires;

#if !UNDER_TSAN
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void __tsan_acquire(void *object);
void __tsan_release(void *object);

void __tsan_acquire(void *object)
{
    if (object == atomic_load(&watched))
        atomic_fetch_add(&acquires, 1);
}

void __tsan_release(void *object)
{
    if (object == atomic_load(&watched))
        atomic_fetch_add(&releases, 1);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#endif

static void watch(void *object)
{
#if UNDER_TSAN
    skip(); /* the real one is here, and looks on in all other tests */
#endif
    atomic_store(&watched, object);
    atomic_store(&releases, 0);
    atomic_store(&acquires, 0);
}

/* So many since it was asked last. */
static void expect(int released, int acquired)
{
    assert_int_equal(atomic_exchange(&releases, 0), released);
    assert_int_equal(atomic_exchange(&acquires, 0), acquired);
}

TEST(semaphores_tell_what_they_pass_on)
{
    weft_semaphore s = {0};
    watch(&s);
    assert_int_equal(weft_semaphore_try_acquire(&s), WEFT_TIMEOUT);
    expect(0, 0);
    assert_int_equal(weft_semaphore_release(&s), WEFT_OK);
    expect(1, 0);
    assert_int_equal(weft_semaphore_acquire(&s), WEFT_OK);
    expect(0, 1);
    assert_int_equal(weft_semaphore_resize(&s, 1), WEFT_OK);
    expect(1, 0);
    weft_bounded_semaphore b = WEFT_BOUNDED_SEMAPHORE_INIT(1);
    watch(&b.semaphore);
    WEFT_WITH(&b) {
        expect(0, 1);
    }
    expect(1, 0);
    assert_int_equal(weft_bounded_semaphore_resize(&b, 2), WEFT_OK);
    expect(1, 0);
}

static void *wait_for_event(void *arg)
{
    WITNESS(weft_event_wait(arg) == WEFT_OK);
    return NULL;
}

TEST(events_tell_what_they_pass_on)
{
    weft_event event = {0};
    watch(&event);
    assert_false(weft_event_is_set(&event));
    assert_int_equal(weft_event_clear(&event), WEFT_OK);
    expect(0, 0);
    struct crew crew = crew_start(2, wait_for_event, &event);
    EVENTUALLY(weft_event_waiters(&event) == 2);
    assert_int_equal(weft_event_set(&event), WEFT_OK);
    crew_join(&crew);
    expect(1, 2);
    assert_true(weft_event_is_set(&event));
    assert_int_equal(weft_event_wait(&event), WEFT_OK);
    expect(0, 2);
    assert_int_equal(weft_event_clear(&event), WEFT_OK);
    assert_int_equal(weft_event_allow_signals(), WEFT_OK);
    assert_int_equal(weft_event_set_from_signal(&event), WEFT_OK);
    expect(1, 0);
}

static void *wait_for_latch(void *arg)
{
    WITNESS(weft_latch_wait(arg) == WEFT_OK);
    return NULL;
}

TEST(latches_tell_what_they_pass_on)
{
    weft_latch latch = WEFT_LATCH_INIT(2);
    watch(&latch);
    struct crew crew = crew_start(1, wait_for_latch, &latch);
    EVENTUALLY(weft_latch_waiters(&latch) == 1);
    assert_int_equal(weft_latch_count_down(&latch), WEFT_OK);
    assert_int_equal(weft_latch_count(&latch), 1);
    expect(1, 0);
    assert_int_equal(weft_latch_arrive_and_wait(&latch), WEFT_OK);
    crew_join(&crew);
    expect(1, 2);
    assert_int_equal(weft_latch_count(&latch), 0);
    assert_int_equal(weft_latch_wait(&latch), WEFT_OK);
    expect(0, 2);
}

static void *wait_for_others(void *arg)
{
    WITNESS(weft_barrier_wait(arg, NULL) == WEFT_OK);
    return NULL;
}

static void *act(void *arg)
{
    WITNESS(atomic_load(&releases) == 2); /* both have come */
    WITNESS(atomic_load(&acquires) == 1); /* and are seen by the action */
    return arg;
}

TEST(barriers_tell_what_they_pass_on)
{
    weft_barrier barrier;
    watch(&barrier);
    assert_int_equal(weft_barrier_init(&barrier, 2, .action = act), WEFT_OK);
    struct crew crew = crew_start(1, wait_for_others, &barrier);
    EVENTUALLY(weft_barrier_n_waiting(&barrier) == 1);
    expect(1, 0);
    atomic_store(&releases, 1);
    assert_int_equal(weft_barrier_wait(&barrier, NULL), WEFT_OK);
    crew_join(&crew);
    expect(3, 3); /* each came and went, and the action was in between */
}

TEST(a_wait_for_any_tells_what_it_claims)
{
    weft_event event = WEFT_EVENT_INIT;
    weft_semaphore semaphore = WEFT_SEMAPHORE_INIT(1);
    const weft_waitable both[] = {weft_event_waitable(&event), weft_semaphore_waitable(&semaphore)};
    watch(&semaphore);
    assert_int_equal(weft_wait_any(2, both, NULL, WEFT_FOREVER), WEFT_OK);
    expect(0, 1);
    assert_int_equal(weft_wait_any(2, both, NULL, 0.001), WEFT_TIMEOUT);
    expect(0, 0);
}
