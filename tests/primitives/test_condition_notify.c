/* SPDX-License-Identifier: MIT */
/* Whom a notify picks: exactly n, the oldest first, nobody by chance; and what it does not do. */
// LINK: -Wl,--wrap=wefti_parker_unpark -Wl,--wrap=wefti_move
#include "test.h"

#include <stdatomic.h>

#include "platform/parker.h"
#include "primitives/park.h"

enum { WAITERS = 6 };

static atomic_size_t unparks;
static weft_lock *released_before_the_move;

void __real_wefti_parker_unpark(struct wefti_parker *parker);
void __wrap_wefti_parker_unpark(struct wefti_parker *parker);
void __wrap_wefti_parker_unpark(struct wefti_parker *parker)
{
    atomic_fetch_add(&unparks, 1);
    __real_wefti_parker_unpark(parker);
}

typedef void finish_move(size_t moved, bool more, void *arg);
size_t __real_wefti_move(struct wefti_key from, struct wefti_key to, size_t limit,
                         uintptr_t request, finish_move *finish, void *arg);
size_t __wrap_wefti_move(struct wefti_key from, struct wefti_key to, size_t limit,
                         uintptr_t request, finish_move *finish, void *arg);
size_t __wrap_wefti_move(struct wefti_key from, struct wefti_key to, size_t limit,
                         uintptr_t request, finish_move *finish, void *arg)
{
    if (released_before_the_move != NULL)
        assert_int_equal(weft_lock_release(released_before_the_move), WEFT_OK);
    return __real_wefti_move(from, to, limit, request, finish, arg);
}

/* A condition and what its waiters do with it. */
struct scene {
    weft_condition condition;
    atomic_size_t returned; /* from a wait */
    uint32_t log[WAITERS];  /* guarded by the condition: who returned, in order */
    unsigned phase;         /* the same */
};

static void *wait_once(void *arg)
{
    struct scene *scene = arg;
    WITNESS(weft_condition_acquire(&scene->condition) == WEFT_OK);
    WITNESS(weft_condition_wait(&scene->condition) == WEFT_OK);
    scene->log[atomic_load(&scene->returned) % WAITERS] = weft_thread_ident(weft_thread_current());
    atomic_fetch_add(&scene->returned, 1);
    WITNESS(weft_condition_release(&scene->condition) == WEFT_OK);
    return NULL;
}

/* Waiters that have come in the order of the crew. */
static struct crew waiters_start(struct scene *scene, size_t count)
{
    struct crew crew = {.size = 0};
    while (crew.size < count) {
        crew.threads[crew.size] = weft_thread_spawn(wait_once, scene);
        assert_non_null(crew.threads[crew.size]);
        crew.size++;
        EVENTUALLY(weft_condition_waiters(&scene->condition) == crew.size);
    }
    return crew;
}

static void notify(struct scene *scene, size_t count)
{
    assert_int_equal(weft_condition_acquire(&scene->condition), WEFT_OK);
    assert_int_equal(weft_condition_notify(&scene->condition, count), WEFT_OK);
    assert_int_equal(weft_condition_release(&scene->condition), WEFT_OK);
}

TEST(notify_wakes_the_longest_waiting_first)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT};
    struct crew crew = waiters_start(&scene, WAITERS);
    for (size_t i = 0; i < WAITERS; i++) {
        notify(&scene, 1);
        EVENTUALLY(atomic_load(&scene.returned) == i + 1);
        assert_int_equal(weft_condition_waiters(&scene.condition), WAITERS - i - 1);
    }
    for (size_t i = 0; i < WAITERS; i++)
        assert_int_equal(scene.log[i], weft_thread_ident(crew.threads[i]));
    crew_join(&crew);
}

TEST(notify_wakes_exactly_as_many_as_it_says)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT};
    struct crew crew = waiters_start(&scene, WAITERS);
    notify(&scene, 0);
    assert_int_equal(weft_condition_waiters(&scene.condition), WAITERS);
    notify(&scene, 2);
    assert_int_equal(weft_condition_waiters(&scene.condition), WAITERS - 2);
    EVENTUALLY(atomic_load(&scene.returned) == 2);
    notify(&scene, 3);
    assert_int_equal(weft_condition_waiters(&scene.condition), WAITERS - 5);
    EVENTUALLY(atomic_load(&scene.returned) == 5);
    assert_true(scene.log[0] == weft_thread_ident(crew.threads[0]) ||
                scene.log[0] == weft_thread_ident(crew.threads[1]));
    notify(&scene, 100);
    crew_join(&crew);
    assert_int_equal(atomic_load(&scene.returned), WAITERS);
}

TEST(notify_all_wakes_all_that_wait)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT};
    for (size_t round = 1; round <= 3; round++) {
        struct crew crew = waiters_start(&scene, WAITERS);
        assert_int_equal(weft_condition_acquire(&scene.condition), WEFT_OK);
        assert_int_equal(weft_condition_notify_all(&scene.condition), WEFT_OK);
        assert_int_equal(weft_condition_waiters(&scene.condition), 0);
        assert_int_equal(weft_condition_release(&scene.condition), WEFT_OK);
        crew_join(&crew);
        assert_int_equal(atomic_load(&scene.returned), round * WAITERS);
    }
}

TEST(a_notify_that_finds_nobody_is_forgotten)
{
    weft_condition condition = WEFT_CONDITION_INIT;
    assert_int_equal(weft_condition_acquire(&condition), WEFT_OK);
    assert_int_equal(weft_condition_notify(&condition, 1), WEFT_OK);
    assert_int_equal(weft_condition_notify_all(&condition), WEFT_OK);
    assert_int_equal(weft_condition_wait_for(&condition, 0.001), WEFT_TIMEOUT);
    assert_int_equal(weft_condition_wait_for(&condition, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_condition_release(&condition), WEFT_OK);
}

TEST(notified_threads_move_to_the_lock_and_come_one_by_one)
{
    struct scene scene = {.condition = WEFT_CONDITION_INIT};
    struct crew crew = waiters_start(&scene, WAITERS);
    assert_int_equal(weft_condition_acquire(&scene.condition), WEFT_OK);
    atomic_store(&unparks, 0);
    assert_int_equal(weft_condition_notify_all(&scene.condition), WEFT_OK);
    assert_int_equal(atomic_load(&unparks), 0); /* nobody is woken while the lock is held */
    assert_int_equal(weft_rlock_waiters(&scene.condition.own), WAITERS);
    assert_int_equal(atomic_load(&scene.returned), 0);
    assert_int_equal(weft_condition_release(&scene.condition), WEFT_OK);
    crew_join(&crew);
}

/* Two waits each; a result is the phase in which the wait ended. */
static void *wait_twice(void *arg)
{
    struct scene *scene = arg;
    for (unsigned i = 0; i < 2; i++) {
        WITNESS(weft_condition_acquire(&scene->condition) == WEFT_OK);
        WITNESS(weft_condition_wait(&scene->condition) == WEFT_OK);
        scene->log[scene->phase]++;
        atomic_fetch_add(&scene->returned, 1);
        WITNESS(weft_condition_release(&scene->condition) == WEFT_OK);
    }
    return NULL;
}

static void next_phase(struct scene *scene, unsigned phase, size_t count)
{
    assert_int_equal(weft_condition_acquire(&scene->condition), WEFT_OK);
    assert_int_equal(weft_condition_notify(&scene->condition, count), WEFT_OK);
    scene->phase = phase;
    assert_int_equal(weft_condition_release(&scene->condition), WEFT_OK);
}

TEST(waits_end_in_the_phase_that_notified_them)
{
    enum { CREW = 5, FIRST = 3 };
    for (int round = 0; round < 2; round++) {
        struct scene scene = {.condition = WEFT_CONDITION_INIT};
        struct crew crew = crew_start(CREW, wait_twice, &scene);
        EVENTUALLY(weft_condition_waiters(&scene.condition) == CREW);
        next_phase(&scene, 1, FIRST);
        EVENTUALLY(atomic_load(&scene.returned) == FIRST &&
                   weft_condition_waiters(&scene.condition) == CREW);
        next_phase(&scene, 2, CREW);
        EVENTUALLY(atomic_load(&scene.returned) == FIRST + CREW &&
                   weft_condition_waiters(&scene.condition) == CREW - FIRST);
        next_phase(&scene, 3, CREW);
        crew_join(&crew);
        assert_int_equal(scene.log[1], FIRST);
        assert_int_equal(scene.log[2], CREW);
        assert_int_equal(scene.log[3], CREW - FIRST);
    }
}

TEST(conditions_that_share_a_lock_are_notified_apart)
{
    weft_lock lock = WEFT_LOCK_INIT;
    struct scene filled = {.condition = WEFT_CONDITION_INIT_ON(&lock)};
    struct scene emptied = {.condition = WEFT_CONDITION_INIT_ON(&lock)};
    struct crew getters = waiters_start(&filled, 2);
    struct crew putters = waiters_start(&emptied, 2);
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_condition_notify_all(&filled.condition), WEFT_OK);
    assert_int_equal(weft_lock_waiters(&lock), 2);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&getters);
    assert_int_equal(weft_condition_waiters(&emptied.condition), 2);
    notify(&emptied, 2);
    crew_join(&putters);
    assert_int_equal(atomic_load(&filled.returned) + atomic_load(&emptied.returned), 4);
    assert_false(weft_lock_locked(&lock));
}

TEST(a_notify_whose_lock_is_released_by_another_strands_nobody)
{
    weft_lock lock = WEFT_LOCK_INIT;
    struct scene scene = {.condition = WEFT_CONDITION_INIT_ON(&lock)};
    struct crew crew = waiters_start(&scene, 3);
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    released_before_the_move = &lock;
    assert_int_equal(weft_condition_notify_all(&scene.condition), WEFT_OK);
    crew_join(&crew);
    assert_false(weft_lock_locked(&lock));
}
