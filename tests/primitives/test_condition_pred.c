/* SPDX-License-Identifier: MIT */
/* Waits for a predicate: one deadline for all of them, and what is true at the end counts. */
#include "test.h"

#include <math.h>
#include <stdatomic.h>

#include "interrupt.h"

struct scene {
    weft_condition condition;
    double seconds;     /* how long the waits last */
    weft_status status; /* guarded by the condition: what the wait said */
    int state;          /* the same: what the predicates look at */
    atomic_bool over;
};

static void acquire(struct scene *scene)
{
    assert_int_equal(weft_condition_acquire(&scene->condition), WEFT_OK);
}

static void release(struct scene *scene)
{
    assert_int_equal(weft_condition_release(&scene->condition), WEFT_OK);
}

static bool state_is_four(void *arg)
{
    const struct scene *scene = arg;
    WITNESS(weft_rlock_is_owned(&scene->condition.own));
    return scene->state == 4;
}

static void *wait_for_four(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_condition_acquire(&scene->condition) == WEFT_OK);
    WITNESS(weft_condition_wait_pred(&scene->condition, state_is_four, scene) == WEFT_OK);
    WITNESS(scene->state == 4);
    WITNESS(weft_condition_release(&scene->condition) == WEFT_OK);
    return NULL;
}

TEST(a_wait_ends_when_its_predicate_is_true)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT};
    struct crew crew = crew_start(1, wait_for_four, &scene);
    for (int i = 0; i < 4; i++) {
        EVENTUALLY(weft_condition_waiters(&scene.condition) == 1);
        acquire(&scene);
        scene.state++;
        assert_int_equal(weft_condition_notify(&scene.condition, 1), WEFT_OK);
        release(&scene);
    }
    crew_join(&crew);
}

static void *wait_for_four_in_vain(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_condition_acquire(&scene->condition) == WEFT_OK);
    int64_t start = test_clock();
    scene->status =
        weft_condition_wait_pred_for(&scene->condition, state_is_four, scene, scene->seconds);
    WITNESS(test_clock() - start >= (int64_t)(scene->seconds * 1e9));
    double deadline = weft_now() + scene->seconds;
    WITNESS(weft_condition_wait_pred_until(&scene->condition, state_is_four, scene, deadline) ==
            WEFT_TIMEOUT);
    WITNESS(weft_now() >= deadline);
    WITNESS(weft_rlock_depth(&scene->condition.own) == 1);
    WITNESS(weft_condition_release(&scene->condition) == WEFT_OK);
    atomic_store(&scene->over, true);
    return NULL;
}

TEST(a_predicate_has_one_deadline_for_all_its_waits)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT, .seconds = 0.05, .state = 1};
    struct crew crew = crew_start(1, wait_for_four_in_vain, &scene);
    while (!atomic_load(&scene.over)) { /* were the time to start anew, this had no end */
        acquire(&scene);
        assert_int_equal(weft_condition_notify_all(&scene.condition), WEFT_OK);
        release(&scene);
        test_yield();
    }
    crew_join(&crew);
    assert_int_equal(scene.status, WEFT_TIMEOUT);
}

static bool second_time(void *arg)
{
    return ++*(int *)arg == 2;
}

TEST(a_predicate_that_is_true_at_the_end_is_enough)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT};
    int calls = 0;
    acquire(&scene);
    assert_int_equal(weft_condition_wait_pred_for(&scene.condition, second_time, &calls, 0.001),
                     WEFT_OK);
    assert_int_equal(calls, 2);
    calls = 0;
    assert_int_equal(weft_condition_wait_pred_for(&scene.condition, second_time, &calls, 0),
                     WEFT_OK);
    calls = 1;
    uint64_t parks = weft_park_count();
    assert_int_equal(weft_condition_wait_pred_for(&scene.condition, second_time, &calls, 1),
                     WEFT_OK);
    assert_true(weft_park_count() == parks); /* true at once: no wait */
}

TEST(an_interruption_ends_a_wait_for_a_predicate)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT};
    acquire(&scene);
    assert_true(test_interrupt(weft_thread_current()));
    assert_int_equal(weft_condition_wait_pred(&scene.condition, state_is_four, &scene),
                     WEFT_INTERRUPTED);
    assert_true(weft_rlock_is_owned(&scene.condition.own));
    assert_int_equal(weft_condition_wait_pred(&scene.condition, NULL, &scene), WEFT_VALUE_ERROR);
    assert_int_equal(weft_condition_wait_pred_for(&scene.condition, state_is_four, &scene, NAN),
                     WEFT_VALUE_ERROR);
    assert_int_equal(weft_condition_wait_pred_until(&scene.condition, state_is_four, &scene, NAN),
                     WEFT_VALUE_ERROR);
}
