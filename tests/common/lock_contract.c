/* SPDX-License-Identifier: MIT */
#include "lock_contract.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { CREW = 5, FOREIGNERS = 15, ROUNDS = 2000 };

/* An object under test and what the threads of a case tell each other. */
struct scene {
    const struct lockable *kind;
    _Alignas(max_align_t) unsigned char lock[LOCKABLE_MOST];
    atomic_size_t arrived;  /* threads that are about to wait */
    atomic_size_t finished; /* threads that have held it */
    double seconds;         /* the timeout that they use */
    atomic_uint inside;
    unsigned counter; /* guarded by the object; not atomic, for ThreadSanitizer to watch */
};

static weft_status acquire(struct scene *scene)
{
    return scene->kind->acquire(scene->lock);
}

static weft_status try_acquire(struct scene *scene)
{
    return scene->kind->try_acquire(scene->lock);
}

static weft_status acquire_for(struct scene *scene, double seconds)
{
    return scene->kind->acquire_for(scene->lock, seconds);
}

static weft_status release(struct scene *scene)
{
    return scene->kind->release(scene->lock);
}

/* Whether it says that it is held, or cannot say. */
static bool held(const struct scene *scene)
{
    return scene->kind->locked == NULL || scene->kind->locked(scene->lock);
}

static bool is_free(const struct scene *scene)
{
    return scene->kind->locked == NULL || !scene->kind->locked(scene->lock);
}

/* Until so many threads wait, or are as good as waiting where the object cannot say. */
static void await_waiters(struct scene *scene, size_t count)
{
    EVENTUALLY(atomic_load(&scene->arrived) == count);
    if (scene->kind->waiters != NULL)
        EVENTUALLY(scene->kind->waiters(scene->lock) == count);
}

/* ---- what the threads do ------------------------------------------------------------------- */

static void *pass_through(void *arg)
{
    struct scene *scene = arg;
    atomic_fetch_add(&scene->arrived, 1);
    WITNESS(acquire(scene) == WEFT_OK);
    WITNESS(atomic_fetch_add(&scene->inside, 1) == 0);
    atomic_fetch_add(&scene->finished, 1);
    atomic_fetch_sub(&scene->inside, 1);
    WITNESS(release(scene) == WEFT_OK);
    return NULL;
}

static void *find_it_held(void *arg)
{
    struct scene *scene = arg;
    uint64_t parks = weft_park_count();
    WITNESS(held(scene));
    WITNESS(try_acquire(scene) == WEFT_TIMEOUT);
    WITNESS(acquire_for(scene, 0) == WEFT_TIMEOUT);
    WITNESS(acquire_for(scene, -1) == WEFT_TIMEOUT);
    WITNESS(acquire_for(scene, -HUGE_VAL) == WEFT_TIMEOUT);
    WITNESS(weft_park_count() == parks);
    return NULL;
}

static void *wait_in_vain(void *arg)
{
    struct scene *scene = arg;
    int64_t start = test_clock();
    WITNESS(acquire_for(scene, scene->seconds) == WEFT_TIMEOUT);
    WITNESS(test_clock() - start >= (int64_t)(scene->seconds * 1e9));
    return NULL;
}

static void *wait_long_enough(void *arg)
{
    struct scene *scene = arg;
    atomic_fetch_add(&scene->arrived, 1);
    WITNESS(acquire_for(scene, scene->seconds) == WEFT_OK);
    atomic_fetch_add(&scene->finished, 1);
    WITNESS(release(scene) == WEFT_OK);
    return NULL;
}

static void *count(void *arg)
{
    struct scene *scene = arg;
    for (unsigned i = 0; i < ROUNDS; i++) {
        WITNESS(acquire(scene) == WEFT_OK);
        WITNESS(atomic_fetch_add(&scene->inside, 1) == 0);
        scene->counter++;
        WITNESS(atomic_fetch_sub(&scene->inside, 1) == 1);
        WITNESS(release(scene) == WEFT_OK);
    }
    return NULL;
}

static void with_one_thread(struct scene *scene, weft_target *target)
{
    struct crew crew = crew_start(1, target, scene);
    crew_join(&crew);
}

/* ---- the cases ----------------------------------------------------------------------------- */

static void a_fresh_one_is_free(struct scene *scene)
{
    assert_true(is_free(scene));
    assert_int_equal(acquire(scene), WEFT_OK);
    assert_true(held(scene));
    assert_int_equal(release(scene), WEFT_OK);
    assert_true(is_free(scene));
}

static void a_free_one_is_taken_in_every_way(struct scene *scene)
{
    assert_int_equal(try_acquire(scene), WEFT_OK);
    assert_true(held(scene));
    assert_int_equal(release(scene), WEFT_OK);
    const double timeouts[] = {-1, 0, 1e-9, 5, 1e9, WEFT_FOREVER, HUGE_VAL};
    uint64_t parks = weft_park_count();
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        assert_int_equal(acquire_for(scene, timeouts[i]), WEFT_OK);
        assert_true(held(scene));
        assert_int_equal(release(scene), WEFT_OK);
    }
    assert_true(weft_park_count() == parks);
}

static void a_held_one_is_tried_in_vain_and_at_once(struct scene *scene)
{
    assert_int_equal(acquire(scene), WEFT_OK);
    with_one_thread(scene, find_it_held);
    assert_true(held(scene));
    assert_int_equal(release(scene), WEFT_OK);
    assert_true(is_free(scene));
}

static void waiters_wait_until_it_is_released(struct scene *scene)
{
    assert_int_equal(acquire(scene), WEFT_OK);
    struct crew crew = crew_start(CREW, pass_through, scene);
    await_waiters(scene, CREW);
    assert_int_equal(atomic_load(&scene->finished), 0);
    assert_int_equal(release(scene), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(atomic_load(&scene->finished), CREW);
    assert_true(is_free(scene));
}

static void one_thread_at_a_time_is_inside(struct scene *scene)
{
    struct crew crew = crew_start(CREW, count, scene);
    crew_join(&crew);
    assert_int_equal(acquire(scene), WEFT_OK);
    assert_int_equal(scene->counter, CREW * ROUNDS);
    assert_int_equal(release(scene), WEFT_OK);
}

static void a_timeout_that_is_no_number_is_refused(struct scene *scene)
{
    assert_int_equal(acquire_for(scene, NAN), WEFT_VALUE_ERROR);
    assert_true(is_free(scene));
    assert_int_equal(try_acquire(scene), WEFT_OK);
    assert_int_equal(release(scene), WEFT_OK);
}

static void a_timeout_is_never_early(struct scene *scene)
{
    const double timeouts[] = {1e-9, 0.0005, 0.05};
    assert_int_equal(acquire(scene), WEFT_OK);
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        scene->seconds = timeouts[i];
        with_one_thread(scene, wait_in_vain);
        assert_true(held(scene));
    }
    assert_int_equal(release(scene), WEFT_OK);
}

static void it_works_on_after_a_timeout(struct scene *scene)
{
    a_timeout_is_never_early(scene);
    assert_true(is_free(scene));
    assert_int_equal(try_acquire(scene), WEFT_OK);
    assert_int_equal(release(scene), WEFT_OK);
    waiters_wait_until_it_is_released(scene);
}

static void a_timed_wait_ends_with_the_release(struct scene *scene)
{
    scene->seconds = 1e6;
    assert_int_equal(acquire(scene), WEFT_OK);
    struct crew crew = crew_start(CREW, wait_long_enough, scene);
    await_waiters(scene, CREW);
    assert_int_equal(atomic_load(&scene->finished), 0);
    assert_int_equal(release(scene), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(atomic_load(&scene->finished), CREW);
}

static size_t count_threads(void)
{
    size_t count = 0;
    weft_thread_list_free(weft_thread_enumerate(&count));
    return count;
}

static void foreign_threads_leave_nothing_behind(struct scene *scene)
{
    pthread_t threads[FOREIGNERS];
    size_t before = count_threads();
    assert_int_equal(acquire(scene), WEFT_OK);
    for (size_t i = 0; i < FOREIGNERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, pass_through, scene), 0);
    await_waiters(scene, FOREIGNERS);
    assert_int_equal(release(scene), WEFT_OK);
    for (size_t i = 0; i < FOREIGNERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&scene->finished), FOREIGNERS);
    assert_int_equal(count_threads(), before);
}

#define CASE(name)                                                                                 \
    {                                                                                              \
#name, name                                                                                \
    }

void lock_contract(const struct lockable *kind)
{
    static const struct {
        const char *name;
        void (*run)(struct scene *scene);
    } cases[] = {
        CASE(a_fresh_one_is_free),
        CASE(a_free_one_is_taken_in_every_way),
        CASE(a_held_one_is_tried_in_vain_and_at_once),
        CASE(waiters_wait_until_it_is_released),
        CASE(one_thread_at_a_time_is_inside),
        CASE(a_timeout_that_is_no_number_is_refused),
        CASE(a_timeout_is_never_early),
        CASE(it_works_on_after_a_timeout),
        CASE(a_timed_wait_ends_with_the_release),
        CASE(foreign_threads_leave_nothing_behind),
    };
    assert_true(kind->size <= LOCKABLE_MOST);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct scene scene = {.kind = kind};
        printf("%s: %s\n", kind->name, cases[i].name);
        fflush(stdout);
        kind->init(scene.lock);
        cases[i].run(&scene);
        assert_int_equal(test_witness_failures(), 0);
    }
}
