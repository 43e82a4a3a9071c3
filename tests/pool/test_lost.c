/* SPDX-License-Identifier: MIT */
/*
 * What other threads had in their hands when the process forked is done in the child: what had begun
 * has failed, what had not is cancelled, and what only was to be told is told.
 */
#include "test.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor_help.h"
#include "in_child.h"
#include "pool/compose.h"
#include "pool/executor.h"
#include "pool/state.h"

enum { MOST = 8 };

/* Futures, what becomes of them in the child, and a gate that holds other threads up. */
struct scene {
    weft_executor *pool;
    struct gate gate;
    weft_future *futures[MOST];
    weft_thread *thread;
    atomic_int calls;
};

static void *stand_still(weft_future *future, void *gate)
{
    (void)future;
    return pass(gate);
}

static void *count_call(weft_future *future, void *scene)
{
    WITNESS(weft_future_done(future));
    atomic_fetch_add(&((struct scene *)scene)->calls, 1);
    return NULL;
}

static void hang_up(weft_future *future, weft_continuation *function, void *arg)
{
    assert_int_equal(weft_future_add_done_callback(future, function, arg), WEFT_OK);
}

/* Lets the others go on, and gives everything back. */
static void end_scene(struct scene *scene)
{
    assert_int_equal(weft_event_set(&scene->gate.open), WEFT_OK);
    if (scene->thread != NULL)
        assert_int_equal(weft_thread_join(scene->thread), WEFT_OK);
    weft_thread_free(scene->thread);
    if (scene->pool != NULL)
        finish(scene->pool);
    for (int i = 0; i < MOST; i++)
        weft_future_free(scene->futures[i]);
}

static bool was_lost(weft_future *future)
{
    return weft_future_result(future, NULL) == WEFT_FAILED &&
           weft_future_error(future)->code == WEFT_RUNTIME;
}

/* ---- tasks --------------------------------------------------------------------------------- */

static void find_failed(void *arg)
{
    struct scene *scene = arg;
    weft_future **futures = scene->futures;
    size_t done = 0;
    WITNESS(was_lost(futures[0]) && was_lost(futures[1]));
    WITNESS(weft_future_result_for(futures[0], NULL, 0) == WEFT_FAILED);
    WITNESS(weft_future_request_cancel(futures[0]) == WEFT_RUNTIME);
    WITNESS(weft_wait_futures(2, futures, WEFT_ALL_COMPLETED, &done, WEFT_FOREVER) == WEFT_OK);
    WITNESS(done == 2 && atomic_load(&scene->calls) == 1);
    weft_executor_stats stats = numbers(scene->pool);
    WITNESS(stats.failed == 1 && stats.running == 0);
}

TEST(what_ran_in_another_thread_has_failed)
{
    struct scene scene = {.pool = weft_executor_new(1)};
    scene.futures[0] = weft_executor_submit(scene.pool, pass, &scene.gate);
    scene.futures[1] = weft_when_all(1, scene.futures);
    hang_up(scene.futures[1], count_call, &scene);
    EVENTUALLY(atomic_load(&scene.gate.inside) == 1);
    assert_true(holds_in_child_to_exit(find_failed, &scene));
    assert_true(weft_future_running(scene.futures[0]));
    end_scene(&scene);
    assert_int_equal(atomic_load(&scene.calls), 1);
}

static void *cancel_all(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_executor_shutdown(scene->pool, .cancel_futures = true) == WEFT_OK);
    return NULL;
}

static void find_cancelled(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_future_result(scene->futures[1], NULL) == WEFT_CANCELLED);
    WITNESS(atomic_load(&scene->calls) == 1);
    WITNESS(numbers(scene->pool).cancelled == 2 && numbers(scene->pool).running == 0);
}

TEST(what_another_thread_was_about_to_cancel_is_cancelled)
{
    struct scene scene = {.pool = weft_executor_new(1)};
    struct gate worker = {0};
    occupy(scene.pool, &worker, 1);
    for (int i = 0; i < 2; i++)
        scene.futures[i] = weft_executor_submit(scene.pool, same, &scene);
    hang_up(scene.futures[0], stand_still, &scene.gate);
    hang_up(scene.futures[1], count_call, &scene);
    scene.thread = weft_thread_spawn(cancel_all, &scene);
    EVENTUALLY(atomic_load(&scene.gate.inside) == 1);
    assert_true(holds_in_child_to_exit(find_cancelled, &scene));
    assert_int_equal(weft_event_set(&worker.open), WEFT_OK);
    end_scene(&scene);
}

static struct wefti_task *take_from(weft_executor *pool)
{
    wefti_mutex_lock(&pool->mutex);
    wefti_executor_collect(pool);
    struct wefti_task *task = wefti_task_queue_take(&pool->queue);
    wefti_executor_settle(pool);
    wefti_mutex_unlock(&pool->mutex);
    return task;
}

static void find_first_cancelled(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_future_result(scene->futures[0], NULL) == WEFT_CANCELLED);
    WITNESS(atomic_load(&scene->calls) == 1);
}

TEST(what_was_taken_and_not_begun_is_cancelled)
{
    struct scene scene = {.pool = weft_executor_new(1)};
    occupy(scene.pool, &scene.gate, 1);
    scene.futures[0] = weft_executor_submit(scene.pool, same, &scene);
    hang_up(scene.futures[0], count_call, &scene);
    struct wefti_task *task = take_from(scene.pool);
    assert_ptr_equal(&task->future, scene.futures[0]);
    assert_true(holds_in_child_to_exit(find_first_cancelled, &scene));
    wefti_task_run(scene.pool, task, NULL);
    assert_int_equal(weft_future_result(scene.futures[0], NULL), WEFT_OK);
    end_scene(&scene);
}

TEST(what_was_being_submitted_is_cancelled)
{
    struct scene scene = {.pool = weft_executor_new(1)};
    scene.futures[0] = wefti_future_new(&scene.pool->owner, same, &scene, 1);
    ((struct wefti_task *)(void *)scene.futures[0])->context = NULL;
    hang_up(scene.futures[0], count_call, &scene);
    assert_true(holds_in_child_to_exit(find_first_cancelled, &scene));
    end_scene(&scene);
    assert_int_equal(atomic_load(&scene.calls), 1);
}

TEST(a_continuation_that_was_taken_and_not_begun_is_cancelled)
{
    struct scene scene = {.pool = weft_executor_new(1)};
    weft_future *promise = weft_future_new();
    occupy(scene.pool, &scene.gate, 1);
    scene.futures[0] = weft_future_then(promise, same, .executor = scene.pool);
    hang_up(scene.futures[0], count_call, &scene);
    assert_int_equal(weft_future_set_result(promise, &scene), WEFT_OK);
    struct wefti_task *task = take_from(scene.pool);
    assert_ptr_equal(&task->future, scene.futures[0]);
    assert_true(holds_in_child_to_exit(find_first_cancelled, &scene));
    wefti_task_run(scene.pool, task, NULL);
    assert_int_equal(weft_future_result(scene.futures[0], NULL), WEFT_OK);
    weft_future_free(promise);
    end_scene(&scene);
}

/* ---- promises and what is made of them ----------------------------------------------------- */

static void *set_first(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_future_set_result(scene->futures[0], scene) == WEFT_OK);
    return NULL;
}

static void *another(void *arg)
{
    return (char *)arg + 1;
}

static void find_told(void *arg)
{
    struct scene *scene = arg;
    weft_future **futures = scene->futures;
    void *value = NULL;
    WITNESS(weft_future_result(futures[1], &value) == WEFT_OK && value == (char *)arg + 1);
    WITNESS(weft_future_result(futures[2], &value) == WEFT_OK && *(void **)value == arg);
    WITNESS(weft_future_result(futures[3], &value) == WEFT_OK && value == arg);
    WITNESS(weft_future_result(futures[4], NULL) == WEFT_FAILED);
    WITNESS(weft_future_error(futures[4])->code == WEFT_SHUTDOWN);
    WITNESS(atomic_load(&scene->calls) == 1);
}

TEST(who_was_to_be_told_by_another_thread_is_told)
{
    struct scene scene = {.pool = weft_executor_new(1)};
    weft_future **futures = scene.futures;
    futures[0] = weft_future_new();
    hang_up(futures[0], stand_still, &scene.gate);
    futures[1] = weft_future_then(futures[0], another);
    futures[2] = weft_when_all(1, futures);
    futures[3] = weft_when_any(1, futures);
    futures[4] = weft_future_then(futures[0], another, .executor = scene.pool);
    hang_up(futures[0], count_call, &scene);
    scene.thread = weft_thread_spawn(set_first, &scene);
    EVENTUALLY(atomic_load(&scene.gate.inside) == 1);
    assert_true(holds_in_child_to_exit(find_told, &scene));
    end_scene(&scene);
    assert_int_equal(atomic_load(&scene.calls), 1);
}

static void *stand_at_gate(void *scene)
{
    (void)pass(&((struct scene *)scene)->gate);
    return scene;
}

static void find_the_rest(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_future_result(scene->futures[1], NULL) == WEFT_OK);
    WITNESS(was_lost(scene->futures[2])); /* its target had begun */
    WITNESS(weft_future_result(scene->futures[3], NULL) == WEFT_OK);
    WITNESS(was_lost(scene->futures[4])); /* what follows it */
}

/* The thread takes the steps in their order, and stands still in the second of three. */
TEST(a_step_that_another_thread_had_not_begun_is_taken)
{
    struct scene scene = {.futures = {weft_future_new()}};
    weft_future **futures = scene.futures;
    futures[1] = weft_future_then(futures[0], same);
    futures[2] = weft_future_then(futures[1], stand_at_gate);
    futures[3] = weft_future_then(futures[1], same);
    futures[4] = weft_future_then(futures[2], same);
    scene.thread = weft_thread_spawn(set_first, &scene);
    EVENTUALLY(atomic_load(&scene.gate.inside) == 1);
    assert_true(holds_in_child_to_exit(find_the_rest, &scene));
    end_scene(&scene);
}

TEST(a_future_whose_step_another_thread_had_begun_is_cancelled)
{
    struct scene scene = {.futures = {weft_future_new()}};
    weft_future *promise = weft_future_new();
    scene.futures[0] = weft_when_any(1, &promise);
    hang_up(scene.futures[0], count_call, &scene);
    struct wefti_composition *composition = scene.futures[0]->arg;
    assert_true(wefti_hook_remove(&composition->sources[0].hook));
    composition->sources[0].progress = WEFTI_STEP_BEGUN;
    assert_true(holds_in_child_to_exit(find_first_cancelled, &scene));
    composition->sources[0].progress = WEFTI_STEP_AHEAD;
    assert_true(wefti_hook_add(promise, &composition->sources[0].hook));
    assert_int_equal(weft_future_set_result(promise, NULL), WEFT_OK);
    weft_future_free(promise);
    end_scene(&scene);
}

static void complete_it(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_future_running(scene->futures[0]));
    WITNESS(weft_future_cancel(scene->futures[0]) == WEFT_RUNTIME);
    WITNESS(weft_future_set_result(scene->futures[0], scene) == WEFT_OK);
    WITNESS(weft_future_result(scene->futures[0], NULL) == WEFT_OK);
    WITNESS(weft_future_set_result(scene->futures[0], scene) == WEFT_INVALID_STATE);
    WITNESS(atomic_load(&scene->calls) == 1);
}

TEST(a_promise_that_another_thread_was_completing_can_be_completed)
{
    struct scene scene = {.futures = {weft_future_new()}};
    weft_future *promise = scene.futures[0];
    hang_up(promise, count_call, &scene);
    assert_true(wefti_future_pass(promise, WEFT_TASK_PENDING, WEFTI_TASK_COMPLETING));
    assert_int_equal(weft_future_set_result(promise, NULL), WEFT_INVALID_STATE);
    assert_true(holds_in_child_to_exit(complete_it, &scene));
    wefti_future_tell(promise, wefti_future_settle(promise, WEFT_TASK_FINISHED));
    end_scene(&scene);
}

/* Another thread had just made the second one done. */
TEST(a_walk_of_the_forking_thread_goes_on)
{
    weft_future *futures[] = {weft_future_new(), weft_future_new()};
    weft_future *future;
    weft_status status;
    uint32_t before = 0;
    int seen = 0;
    pid_t child = -1;
    int child_status = 1;
    assert_int_equal(weft_future_set_result(futures[0], NULL), WEFT_OK);
    WEFT_AS_COMPLETED(future, 2, futures, WEFT_FOREVER, status) {
        if (++seen == 1) {
            before = wefti_future_settle(futures[1], WEFT_TASK_FINISHED);
            fflush(NULL);
            child = fork();
            if (child != 0)
                wefti_future_tell(futures[1], before);
        }
    }
    if (child == 0)
        exit(seen != 2 || status != WEFT_OK);
    assert_int_equal(waitpid(child, &child_status, 0), child);
    assert_int_equal(child_status, 0);
    assert_int_equal(seen, 2);
    weft_future_free(futures[0]);
    weft_future_free(futures[1]);
}

/* ---- what the forking thread is about itself ----------------------------------------------- */

static atomic_int order;

static void *fork_in_callback(weft_future *future, void *arg)
{
    int status = 1;
    (void)future;
    fflush(NULL);
    pid_t child = fork();
    WITNESS(atomic_load(&order) == 0); /* the others come after this one, in both processes */
    if (child == 0)
        return NULL;
    WITNESS(waitpid(child, &status, 0) == child && status == 0);
    return arg;
}

static void *note_order(weft_future *future, void *arg)
{
    (void)future;
    atomic_fetch_add(&order, 1);
    return arg;
}

static void *note_step(void *arg)
{
    atomic_fetch_add(&order, 1);
    return arg;
}

TEST(what_the_forking_thread_tells_it_tells_in_the_child_too)
{
    pid_t parent = getpid();
    weft_future *promise = weft_future_new();
    hang_up(promise, fork_in_callback, NULL);
    hang_up(promise, note_order, NULL);
    weft_future *follows = weft_future_then(promise, note_step);
    assert_int_equal(weft_future_set_result(promise, &promise), WEFT_OK);
    WITNESS(atomic_load(&order) == 2);
    WITNESS(weft_future_result(follows, NULL) == WEFT_OK);
    if (getpid() != parent)
        exit(test_witness_failures() != 0);
    weft_future_free(follows);
    weft_future_free(promise);
}
