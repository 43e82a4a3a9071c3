/* SPDX-License-Identifier: MIT */
/*
 * Whoever has waited may free the memory at once: the call that let it go on does not touch it any
 * more. Each round's object lies in a page of its own, which the waiter unmaps; the other call stays
 * in the middle of its wake-up until then, and would crash if it looked again.
 */
// LINK: -Wl,--wrap=wefti_parker_unpark
#include "test.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/parker.h"

enum { ROUNDS = 400 };

void __real_wefti_parker_unpark(struct wefti_parker *parker);
void __wrap_wefti_parker_unpark(struct wefti_parker *parker);

union object {
    weft_semaphore semaphore;
    weft_bounded_semaphore bounded;
    weft_event event;
    weft_latch latch;
    weft_barrier barrier;
};

/* What is made, waited for and let go in each round. */
struct kind {
    void (*init)(union object *object);
    weft_status (*wait)(union object *object);
    size_t (*waiters)(const union object *object);
    weft_status (*let_go)(union object *object);
};

static const struct kind *kind;
static _Atomic(union object *) shared; /* where this round's is; NULL: its memory is gone */
static atomic_bool over;
static _Thread_local bool linger; /* in the middle of a wake-up, until the memory is gone */

void __wrap_wefti_parker_unpark(struct wefti_parker *parker)
{
    __real_wefti_parker_unpark(parker);
    if (linger)
        EVENTUALLY(atomic_load(&shared) == NULL);
}

static void *wait_and_unmap(void *arg)
{
    while (!atomic_load(&over)) {
        union object *object = atomic_load(&shared);
        if (object == NULL) {
            test_yield();
            continue;
        }
        WITNESS(kind->wait(object) == WEFT_OK);
        WITNESS(munmap(object, (size_t)sysconf(_SC_PAGESIZE)) == 0);
        atomic_store(&shared, NULL);
    }
    return arg;
}

/* Half of the rounds wait until the other thread is blocked, half meet it on its way. */
static void play(const struct kind *of)
{
    kind = of;
    struct crew crew = crew_start(1, wait_and_unmap, NULL);
    for (int round = 0; round < ROUNDS; round++) {
        union object *object = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
                                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(object != MAP_FAILED);
        kind->init(object);
        atomic_store(&shared, object);
        if (round % 2 == 0)
            EVENTUALLY(kind->waiters(object) == 1);
        linger = round % 2 == 0;
        assert_int_equal(kind->let_go(object), WEFT_OK);
        linger = false;
        EVENTUALLY(atomic_load(&shared) == NULL);
    }
    atomic_store(&over, true);
    crew_join(&crew);
}

static void init_semaphore(union object *object)
{
    assert_int_equal(weft_semaphore_init(&object->semaphore, 0), WEFT_OK);
}

static weft_status wait_semaphore(union object *object)
{
    return weft_semaphore_acquire_n(&object->semaphore, 2);
}

static size_t semaphore_waiters(const union object *object)
{
    return weft_semaphore_waiters(&object->semaphore);
}

static weft_status release_semaphore(union object *object)
{
    return weft_semaphore_release_n(&object->semaphore, 2);
}

TEST(a_release_does_not_touch_the_semaphore_afterwards)
{
    play(
        &(const struct kind){init_semaphore, wait_semaphore, semaphore_waiters, release_semaphore});
}

static weft_status grow_semaphore(union object *object)
{
    return weft_semaphore_resize(&object->semaphore, 2);
}

TEST(a_resize_does_not_touch_the_semaphore_afterwards)
{
    play(&(const struct kind){init_semaphore, wait_semaphore, semaphore_waiters, grow_semaphore});
}

static void init_bounded(union object *object)
{
    assert_int_equal(weft_bounded_semaphore_init(&object->bounded, 1), WEFT_OK);
    assert_int_equal(weft_bounded_semaphore_acquire(&object->bounded), WEFT_OK);
}

static weft_status wait_bounded(union object *object)
{
    return weft_bounded_semaphore_acquire(&object->bounded);
}

static size_t bounded_waiters(const union object *object)
{
    return weft_bounded_semaphore_waiters(&object->bounded);
}

static weft_status release_bounded(union object *object)
{
    return weft_bounded_semaphore_release(&object->bounded);
}

TEST(a_release_does_not_touch_the_bounded_semaphore_afterwards)
{
    play(&(const struct kind){init_bounded, wait_bounded, bounded_waiters, release_bounded});
}

static void init_event(union object *object)
{
    object->event = (weft_event)WEFT_EVENT_INIT;
}

static weft_status wait_event(union object *object)
{
    return weft_event_wait(&object->event);
}

static size_t event_waiters(const union object *object)
{
    return weft_event_waiters(&object->event);
}

static weft_status set_event(union object *object)
{
    return weft_event_set(&object->event);
}

TEST(set_does_not_touch_the_event_afterwards)
{
    play(&(const struct kind){init_event, wait_event, event_waiters, set_event});
}

static weft_status set_event_as_a_handler(union object *object)
{
    return weft_event_set_from_signal(&object->event);
}

TEST(set_from_a_signal_handler_does_not_touch_the_event_afterwards)
{
    assert_int_equal(weft_event_allow_signals(), WEFT_OK);
    play(&(const struct kind){init_event, wait_event, event_waiters, set_event_as_a_handler});
}

static void init_latch(union object *object)
{
    assert_int_equal(weft_latch_init(&object->latch, 1), WEFT_OK);
}

static weft_status wait_latch(union object *object)
{
    return weft_latch_wait(&object->latch);
}

static size_t latch_waiters(const union object *object)
{
    return weft_latch_waiters(&object->latch);
}

static weft_status count_latch(union object *object)
{
    return weft_latch_count_down(&object->latch);
}

static weft_status arrive_at_latch(union object *object)
{
    return weft_latch_arrive_and_wait(&object->latch);
}

TEST(count_down_does_not_touch_the_latch_afterwards)
{
    play(&(const struct kind){init_latch, wait_latch, latch_waiters, count_latch});
}

TEST(arrive_and_wait_does_not_touch_the_latch_afterwards)
{
    play(&(const struct kind){init_latch, wait_latch, latch_waiters, arrive_at_latch});
}

static void init_barrier(union object *object)
{
    assert_int_equal(weft_barrier_init(&object->barrier, 2), WEFT_OK);
}

static weft_status wait_barrier(union object *object)
{
    return weft_barrier_wait(&object->barrier, NULL);
}

static weft_status break_barrier(union object *object)
{
    return weft_barrier_abort(&object->barrier);
}

static size_t barrier_waiters(const union object *object)
{
    return (size_t)weft_barrier_n_waiting(&object->barrier);
}

static weft_status wait_for_the_end(union object *object)
{
    return weft_barrier_wait(&object->barrier, NULL) == WEFT_BROKEN_BARRIER ? WEFT_OK : WEFT_FAILED;
}

TEST(abort_does_not_touch_the_barrier_afterwards)
{
    play(&(const struct kind){init_barrier, wait_for_the_end, barrier_waiters, break_barrier});
}

/* The last of a meeting: what it does to the members it does last. */
TEST(the_last_does_not_touch_the_barrier_afterwards)
{
    play(&(const struct kind){init_barrier, wait_barrier, barrier_waiters, wait_barrier});
}
