/* SPDX-License-Identifier: MIT */
/* How a wait on a condition ends: by a notify, in time, or interrupted. */
#include "test.h"

#include <math.h>
#include <stdatomic.h>

#include "interrupt.h"

struct scene {
    weft_condition condition;
    double seconds;      /* how long the waits last */
    weft_status status;  /* guarded by the condition: what the (last) wait said */
    uint32_t depth;      /* of the waiting thread, before and after */
    atomic_bool entered; /* somebody else has been inside */
};

static void *wait_in_depth(void *arg)
{
    struct scene *scene = arg;
    for (uint32_t i = 0; i < scene->depth; i++)
        WITNESS(weft_condition_acquire(&scene->condition) == WEFT_OK);
    int64_t start = test_clock();
    weft_status status = weft_condition_wait_for(&scene->condition, scene->seconds);
    if (status == WEFT_TIMEOUT)
        WITNESS(test_clock() - start >= (int64_t)(scene->seconds * 1e9));
    scene->status = status;
    WITNESS(weft_rlock_depth(&scene->condition.own) == scene->depth);
    for (uint32_t i = 0; i < scene->depth; i++)
        WITNESS(weft_condition_release(&scene->condition) == WEFT_OK);
    return NULL;
}

static void acquire(struct scene *scene)
{
    assert_int_equal(weft_condition_acquire(&scene->condition), WEFT_OK);
}

static void release(struct scene *scene)
{
    assert_int_equal(weft_condition_release(&scene->condition), WEFT_OK);
}

static void notify(struct scene *scene)
{
    assert_int_equal(weft_condition_notify(&scene->condition, 1), WEFT_OK);
}

/* ---- the lock while waiting ---------------------------------------------------------------- */

TEST(a_wait_releases_the_full_depth_and_restores_it)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT, .seconds = WEFT_FOREVER, .depth = 3};
    struct crew crew = crew_start(1, wait_in_depth, &scene);
    EVENTUALLY(weft_condition_waiters(&scene.condition) == 1);
    acquire(&scene);
    notify(&scene);
    release(&scene);
    crew_join(&crew);
    assert_int_equal(scene.status, WEFT_OK);
    assert_false(weft_condition_locked(&scene.condition));
}

TEST(a_timeout_restores_the_depth_too)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT, .seconds = 0.002, .depth = 3};
    struct crew crew = crew_start(1, wait_in_depth, &scene);
    crew_join(&crew);
    assert_int_equal(scene.status, WEFT_TIMEOUT);
    assert_false(weft_condition_locked(&scene.condition));
}

static void *come_in(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_condition_acquire(&scene->condition) == WEFT_OK);
    atomic_store(&scene->entered, true);
    WITNESS(weft_condition_release(&scene->condition) == WEFT_OK);
    return NULL;
}

TEST(a_wait_of_no_time_lets_others_in)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT};
    acquire(&scene);
    struct crew crew = crew_start(1, come_in, &scene);
    EVENTUALLY(weft_rlock_waiters(&scene.condition.own) == 1);
    assert_int_equal(weft_sleep(0.002), WEFT_OK); /* from now on it is handed the lock */
    assert_int_equal(weft_condition_wait_for(&scene.condition, 0), WEFT_TIMEOUT);
    assert_true(atomic_load(&scene.entered));
    assert_true(weft_rlock_is_owned(&scene.condition.own));
    release(&scene);
    crew_join(&crew);
}

/* ---- time ---------------------------------------------------------------------------------- */

TEST(a_timeout_is_never_early)
{
    const double timeouts[] = {1e-9, 0.0005, 0.02};
    weft_lock lock = WEFT_LOCK_INIT;
    weft_condition conditions[] = {WEFT_CONDITION_INIT, WEFT_CONDITION_INIT_ON(&lock)};
    for (size_t i = 0; i < 2 * sizeof timeouts / sizeof timeouts[0]; i++) {
        weft_condition *condition = &conditions[i % 2];
        assert_int_equal(weft_condition_acquire(condition), WEFT_OK);
        int64_t start = test_clock();
        assert_int_equal(weft_condition_wait_for(condition, timeouts[i / 2]), WEFT_TIMEOUT);
        assert_true(test_clock() - start >= (int64_t)(timeouts[i / 2] * 1e9));
        double deadline = weft_now() + timeouts[i / 2];
        assert_int_equal(weft_condition_wait_until(condition, deadline), WEFT_TIMEOUT);
        assert_true(weft_now() >= deadline);
        assert_true(weft_condition_locked(condition));
        assert_int_equal(weft_condition_release(condition), WEFT_OK);
    }
}

TEST(no_number_is_refused)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT};
    acquire(&scene);
    assert_int_equal(weft_condition_wait_for(&scene.condition, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_condition_wait_until(&scene.condition, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_condition_acquire_for(&scene.condition, NAN), WEFT_VALUE_ERROR);
    assert_true(weft_rlock_depth(&scene.condition.own) == 1);
}

TEST(who_is_picked_returns_ok_however_late)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT, .seconds = 0.25, .depth = 1};
    bool picked = false;
    while (!picked) { /* a slow machine may miss the quarter of a second */
        int64_t start = test_clock();
        struct crew crew = crew_start(1, wait_in_depth, &scene);
        EVENTUALLY(weft_condition_waiters(&scene.condition) == 1 ||
                   !weft_thread_is_alive(crew.threads[0]));
        acquire(&scene);
        notify(&scene);
        picked = weft_rlock_waiters(&scene.condition.own) == 1 &&
                 test_clock() - start < (int64_t)(scene.seconds * 1e9); /* not by its deadline */
        assert_int_equal(weft_sleep(0.3), WEFT_OK);
        release(&scene);
        crew_join(&crew);
    }
    assert_int_equal(scene.status, WEFT_OK);
}

static void *wait_for_notify(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_condition_acquire(&scene->condition) == WEFT_OK);
    WITNESS(weft_condition_wait(&scene->condition) == WEFT_OK);
    WITNESS(weft_condition_release(&scene->condition) == WEFT_OK);
    return NULL;
}

TEST(who_has_timed_out_uses_up_no_notify)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT, .seconds = 0.05, .depth = 1};
    struct crew late = crew_start(1, wait_in_depth, &scene);
    EVENTUALLY(weft_condition_waiters(&scene.condition) == 1 ||
               !weft_thread_is_alive(late.threads[0]));
    struct crew behind = crew_start(1, wait_for_notify, &scene);
    EVENTUALLY(weft_condition_waiters(&scene.condition) == 2 ||
               (!weft_thread_is_alive(late.threads[0]) && /* then it is the other that waits */
                weft_condition_waiters(&scene.condition) == 1));
    acquire(&scene);
    EVENTUALLY(weft_condition_waiters(&scene.condition) == 1); /* the late one wants the lock */
    notify(&scene);
    assert_int_equal(weft_condition_waiters(&scene.condition), 0);
    release(&scene);
    crew_join(&behind);
    crew_join(&late);
    assert_int_equal(scene.status, WEFT_TIMEOUT);
}

/* ---- interruption -------------------------------------------------------------------------- */

TEST(an_interruption_ends_a_wait_with_the_lock_held)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT, .seconds = WEFT_FOREVER, .depth = 2};
    struct crew crew = crew_start(1, wait_in_depth, &scene);
    EVENTUALLY(weft_condition_waiters(&scene.condition) == 1);
    acquire(&scene);
    assert_true(test_interrupt(crew.threads[0]));
    assert_int_equal(weft_condition_waiters(&scene.condition), 0);
    notify(&scene); /* finds nobody */
    release(&scene);
    crew_join(&crew);
    assert_int_equal(scene.status, WEFT_INTERRUPTED);
}

static void *be_notified_then_interrupted(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_condition_acquire(&scene->condition) == WEFT_OK);
    WITNESS(weft_condition_wait(&scene->condition) == WEFT_OK);
    WITNESS(weft_condition_release(&scene->condition) == WEFT_OK);
    WITNESS(weft_sleep(1e6) == WEFT_INTERRUPTED); /* it has stayed pending */
    return NULL;
}

TEST(an_interruption_comes_too_late_for_who_is_picked)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT};
    struct crew crew = crew_start(1, be_notified_then_interrupted, &scene);
    EVENTUALLY(weft_condition_waiters(&scene.condition) == 1);
    acquire(&scene);
    notify(&scene);
    assert_true(test_interrupt(crew.threads[0]));
    release(&scene);
    crew_join(&crew);
}

TEST(a_pending_interruption_ends_the_next_wait)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT};
    acquire(&scene);
    acquire(&scene);
    assert_true(test_interrupt(weft_thread_current()));
    assert_int_equal(weft_condition_wait(&scene.condition), WEFT_INTERRUPTED);
    assert_int_equal(weft_rlock_depth(&scene.condition.own), 2);
    assert_int_equal(weft_condition_wait_for(&scene.condition, 0.001), WEFT_TIMEOUT);
}
