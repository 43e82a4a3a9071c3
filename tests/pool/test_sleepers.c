/* SPDX-License-Identifier: MIT */
/* Threads that sleep for what a mutex guards: no call is lost, none is answered twice. */
#include "pool/sleepers.h"
#include "test.h"

#include <stdatomic.h>

#include "interrupt.h"
#include "platform/clock.h"

struct dormitory {
    struct wefti_mutex mutex;
    struct wefti_sleepers sleepers;
    atomic_int woken;
};

static void *sleep_once(void *arg)
{
    struct dormitory *dormitory = arg;
    wefti_mutex_lock(&dormitory->mutex);
    enum wefti_outcome outcome =
        wefti_sleepers_sleep(&dormitory->sleepers, &dormitory->mutex, (struct wefti_patience){0});
    wefti_mutex_unlock(&dormitory->mutex);
    WITNESS(outcome == WEFTI_UNPARKED || outcome == WEFTI_INVALID || outcome == WEFTI_INTERRUPTED);
    atomic_fetch_add(&dormitory->woken, 1);
    return NULL;
}

static struct dormitory make(void)
{
    struct dormitory dormitory = {.sleepers = {.kind = WEFTI_WORKER}};
    wefti_mutex_init(&dormitory.mutex);
    return dormitory;
}

static bool call(struct dormitory *dormitory)
{
    wefti_mutex_lock(&dormitory->mutex);
    bool called = wefti_sleepers_call(&dormitory->sleepers);
    wefti_mutex_unlock(&dormitory->mutex);
    if (called)
        wefti_sleepers_wake(&dormitory->sleepers);
    return called;
}

/* How many stand in the room: who is on its way there answers a call, too. */
static size_t asleep(const struct dormitory *dormitory)
{
    return wefti_waiters((struct wefti_key){&dormitory->sleepers, WEFTI_WORKER});
}

TEST(each_call_wakes_one_and_nobody_is_called_who_does_not_sleep)
{
    struct dormitory dormitory = make();
    assert_false(call(&dormitory));
    struct crew crew = crew_start(3, sleep_once, &dormitory);
    EVENTUALLY(asleep(&dormitory) == 3);
    for (int i = 1; i <= 3; i++) {
        assert_true(call(&dormitory));
        EVENTUALLY(atomic_load(&dormitory.woken) == i);
    }
    assert_false(call(&dormitory));
    crew_join(&crew);
    assert_int_equal(dormitory.sleepers.asleep, 0);
    assert_int_equal(dormitory.sleepers.called, 0);
}

TEST(all_can_be_called)
{
    struct dormitory dormitory = make();
    struct crew crew = crew_start(4, sleep_once, &dormitory);
    EVENTUALLY(asleep(&dormitory) == 4);
    wefti_mutex_lock(&dormitory.mutex);
    wefti_sleepers_call_all(&dormitory.sleepers);
    assert_false(wefti_sleepers_call(&dormitory.sleepers));
    wefti_mutex_unlock(&dormitory.mutex);
    wefti_sleepers_wake_all(&dormitory.sleepers);
    crew_join(&crew);
    assert_int_equal(dormitory.sleepers.called, 0);
}

TEST(a_call_that_comes_before_the_sleep_ends_it)
{
    struct dormitory dormitory = make();
    uint64_t parks = weft_park_count();
    wefti_mutex_lock(&dormitory.mutex);
    dormitory.sleepers.asleep = 1; /* another is on its way */
    assert_true(wefti_sleepers_call(&dormitory.sleepers));
    assert_int_equal(wefti_sleepers_sleep(
                         &dormitory.sleepers, &dormitory.mutex,
                         (struct wefti_patience){.deadline = wefti_clock() + WEFTI_SECOND / 100}),
                     WEFTI_INVALID);
    assert_int_equal(dormitory.sleepers.asleep, 1);
    assert_int_equal(dormitory.sleepers.called, 0);
    wefti_mutex_unlock(&dormitory.mutex);
    assert_int_equal(weft_park_count(), parks);
}

TEST(who_is_on_its_way_to_sleep_is_called_and_nobody_else_woken)
{
    struct dormitory dormitory = make();
    struct crew crew = crew_start(2, sleep_once, &dormitory);
    EVENTUALLY(asleep(&dormitory) == 2);
    wefti_mutex_lock(&dormitory.mutex);
    assert_int_equal(dormitory.sleepers.coming, 0);
    dormitory.sleepers.asleep++; /* another one comes */
    dormitory.sleepers.coming++;
    wefti_mutex_unlock(&dormitory.mutex);
    assert_true(call(&dormitory));
    assert_int_equal(asleep(&dormitory), 2);
    assert_true(call(&dormitory)); /* that is one too many for it */
    EVENTUALLY(atomic_load(&dormitory.woken) == 1);
    wefti_mutex_lock(&dormitory.mutex);
    dormitory.sleepers.asleep--; /* the other sees its call */
    dormitory.sleepers.coming--;
    dormitory.sleepers.called--;
    assert_int_equal(dormitory.sleepers.called, 0);
    wefti_mutex_unlock(&dormitory.mutex);
    assert_int_equal(asleep(&dormitory), 1);
    assert_true(call(&dormitory));
    crew_join(&crew);
    assert_int_equal(dormitory.sleepers.asleep, 0);
}

static void *sleep_until_interrupted(void *arg)
{
    struct dormitory *dormitory = arg;
    wefti_mutex_lock(&dormitory->mutex);
    enum wefti_outcome outcome =
        wefti_sleepers_sleep(&dormitory->sleepers, &dormitory->mutex, (struct wefti_patience){0});
    WITNESS(outcome == WEFTI_INTERRUPTED);
    WITNESS(dormitory->sleepers.called == 0); /* it has answered the call, and looks for itself */
    wefti_mutex_unlock(&dormitory->mutex);
    return NULL;
}

TEST(who_comes_back_for_another_reason_answers_a_call_too)
{
    struct dormitory dormitory = make();
    struct crew crew = crew_start(1, sleep_until_interrupted, &dormitory);
    EVENTUALLY(test_waits_for(crew.threads[0], WEFTI_WORKER));
    wefti_mutex_lock(&dormitory.mutex);
    assert_true(test_interrupt(crew.threads[0]));
    assert_true(wefti_sleepers_call(&dormitory.sleepers));
    wefti_mutex_unlock(&dormitory.mutex);
    wefti_sleepers_wake(&dormitory.sleepers); /* finds nobody */
    crew_join(&crew);
    assert_int_equal(dormitory.sleepers.asleep, 0);
}
