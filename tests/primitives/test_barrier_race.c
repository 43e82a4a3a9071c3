/* SPDX-License-Identifier: MIT */
/*
 * Barrier: what may come between the steps of a wait. A thread stops before a certain lock of the
 * library's, and the other things happen then.
 */
// LINK: -Wl,--wrap=wefti_mutex_lock
#include "interrupt.h"
#include "test.h"

#include <stdatomic.h>

#include "platform/parker.h"

void __real_wefti_mutex_lock(struct wefti_mutex *mutex);
void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex);

enum { N = 3 };

/* The locks that a wait takes, in turn. */
enum { ON_COMING = 1, ON_GATHERING = 2, ON_BREAKING = 3 };

static _Thread_local int countdown;     /* to the lock before which */
static _Thread_local void (*act)(void); /* this is done */

void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex)
{
    if (countdown > 0 && --countdown == 0)
        act();
    __real_wefti_mutex_lock(mutex);
}

static weft_barrier barrier;
static atomic_int ok;
static atomic_int broken;
static atomic_int interrupted;

static void count(weft_status status)
{
    WITNESS(status == WEFT_OK || status == WEFT_BROKEN_BARRIER || status == WEFT_INTERRUPTED);
    atomic_fetch_add(status == WEFT_OK               ? &ok
                     : status == WEFT_BROKEN_BARRIER ? &broken
                                                     : &interrupted,
                     1);
}

static void *come(void *arg)
{
    count(weft_barrier_wait(&barrier, NULL));
    return arg;
}

static struct crew almost_all(void)
{
    assert_int_equal(weft_barrier_init(&barrier, N), WEFT_OK);
    struct crew crew = crew_start(N - 1, come, NULL);
    EVENTUALLY(weft_barrier_n_waiting(&barrier) == N - 1);
    return crew;
}

static void interrupt_myself(void)
{
    WITNESS(test_interrupt(weft_thread_current()));
}

TEST(the_last_may_be_interrupted_on_its_way)
{
    struct crew crew = almost_all();
    act = interrupt_myself;
    countdown = ON_COMING;
    assert_int_equal(weft_barrier_wait(&barrier, NULL), WEFT_INTERRUPTED);
    crew_join(&crew);
    assert_int_equal(atomic_load(&broken), N - 1);
    assert_true(weft_barrier_broken(&barrier));
    assert_int_equal(weft_barrier_n_waiting(&barrier), 0);
}

static const weft_thread *other;

static void interrupt_another(void)
{
    WITNESS(test_interrupt(other));
}

TEST(a_meeting_fails_if_one_has_gone_just_before)
{
    struct crew crew = almost_all();
    other = crew.threads[0];
    act = interrupt_another;
    countdown = ON_GATHERING;
    assert_int_equal(weft_barrier_wait(&barrier, NULL), WEFT_BROKEN_BARRIER);
    crew_join(&crew);
    assert_int_equal(atomic_load(&interrupted), 1);
    assert_int_equal(atomic_load(&broken), N - 2);
    assert_true(weft_barrier_broken(&barrier));
}

static weft_event late;
static weft_event go_on;

static void be_late(void)
{
    WITNESS(weft_event_set(&late) == WEFT_OK);
    WITNESS(weft_event_wait(&go_on) == WEFT_OK);
}

static void *come_and_be_late(void *arg)
{
    act = be_late;
    countdown = ON_BREAKING;
    return come(arg);
}

TEST(who_breaks_late_does_not_break_the_next_generation)
{
    assert_int_equal(weft_barrier_init(&barrier, 2), WEFT_OK);
    struct crew slow = crew_start(1, come_and_be_late, NULL);
    EVENTUALLY(weft_barrier_n_waiting(&barrier) == 1);
    assert_true(test_interrupt(slow.threads[0]));
    EVENTUALLY(weft_event_is_set(&late));
    assert_int_equal(weft_barrier_reset(&barrier), WEFT_OK);
    struct crew crew = crew_start(1, come, NULL);
    EVENTUALLY(weft_barrier_n_waiting(&barrier) == 1);
    assert_int_equal(weft_event_set(&go_on), WEFT_OK);
    crew_join(&slow);
    assert_false(weft_barrier_broken(&barrier));
    assert_int_equal(weft_barrier_wait(&barrier, NULL), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(atomic_load(&ok), 1);
}
