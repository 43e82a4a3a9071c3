/* SPDX-License-Identifier: MIT */
/* Barrier: where its parties are more than the processors, who waits lets the others run. */
// LINK: -Wl,--wrap=sched_yield
#include "test.h"

#include <stdatomic.h>

#include "platform/processor.h"

enum { MEETINGS = 200 };

static weft_barrier barrier;
static atomic_int yields;

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __real_sched_yield(void);
int __wrap_sched_yield(void);

int __wrap_sched_yield(void)
{
    atomic_fetch_add(&yields, 1);
    return __real_sched_yield();
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

static void *meet(void *arg)
{
    for (int i = 0; i < MEETINGS; i++)
        WITNESS(weft_barrier_wait(&barrier, NULL) == WEFT_OK);
    return arg;
}

static void meet_with(int parties)
{
    assert_int_equal(weft_barrier_init(&barrier, parties), WEFT_OK);
    struct crew crew = crew_start((size_t)parties, meet, NULL);
    crew_join(&crew);
}

TEST(more_parties_than_processors_yield)
{
    meet_with(wefti_processors() + 1);
    assert_true(atomic_load(&yields) > 0);
}

TEST(parties_with_a_processor_each_do_not_yield)
{
    meet_with(wefti_processors());
    assert_int_equal(atomic_load(&yields), 0);
}

TEST(the_next_wait_of_one_of_a_crowd_does_not_yield)
{
    weft_event event = WEFT_EVENT_INIT;
    assert_int_equal(weft_barrier_init(&barrier, wefti_processors() + 1), WEFT_OK);
    while (atomic_load(&yields) == 0) {
        assert_int_equal(weft_barrier_wait_for(&barrier, NULL, 1e-6), WEFT_BROKEN_BARRIER);
        assert_int_equal(weft_barrier_reset(&barrier), WEFT_OK);
    }
    int before = atomic_load(&yields);
    for (int i = 0; i < MEETINGS; i++)
        assert_int_equal(weft_event_wait_for(&event, 1e-6), WEFT_TIMEOUT);
    assert_int_equal(atomic_load(&yields), before);
}
