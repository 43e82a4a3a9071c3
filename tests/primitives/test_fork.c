/* SPDX-License-Identifier: MIT */
/*
 * The child of a fork has one thread. What that thread held is its own; what others held stays held;
 * nobody waits, and the other threads have ended.
 */
#include "in_child.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "under_tsan.h"

/* ThreadSanitizer ends a child that starts threads if its parent had several. */
enum { CHILDREN_MAY_SPAWN = !UNDER_TSAN };

static void *pass_through(void *lock)
{
    WITNESS(weft_lock_acquire(lock) == WEFT_OK);
    WITNESS(weft_lock_release(lock) == WEFT_OK);
    return NULL;
}

static void witness_usable(weft_lock *lock)
{
    WITNESS(!weft_lock_locked(lock));
    WITNESS(weft_lock_acquire(lock) == WEFT_OK);
    WITNESS(weft_lock_try_acquire(lock) == WEFT_TIMEOUT);
    WITNESS(weft_lock_acquire_for(lock, 0.001) == WEFT_TIMEOUT);
    WITNESS(weft_lock_release(lock) == WEFT_OK);
    WITNESS(weft_lock_release(lock) == WEFT_NOT_LOCKED);
}

/* ---- locks -------------------------------------------------------------------------------------- */

static void release_what_is_held(void *lock)
{
    WITNESS(weft_lock_locked(lock));
    WITNESS(weft_lock_waiters(lock) == 0);
    WITNESS(weft_lock_release(lock) == WEFT_OK);
    witness_usable(lock);
}

TEST(a_lock_held_by_the_forking_thread_is_the_childs_too)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_true(holds_in_child(release_what_is_held, &lock));
    assert_true(weft_lock_locked(&lock));
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
}

TEST(the_parents_waiters_do_not_wait_in_the_child)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(3, pass_through, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 3);
    assert_true(holds_in_child(release_what_is_held, &lock));
    assert_int_equal(weft_lock_waiters(&lock), 3);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&crew);
}

struct holder {
    weft_lock lock;
    atomic_bool holds;
    atomic_bool gate;
};

static void *hold(void *arg)
{
    struct holder *holder = arg;
    WITNESS(weft_lock_acquire(&holder->lock) == WEFT_OK);
    atomic_store(&holder->holds, true);
    EVENTUALLY(atomic_load(&holder->gate));
    WITNESS(weft_lock_release(&holder->lock) == WEFT_OK);
    return arg;
}

static void make_anew(void *arg)
{
    weft_lock *lock = arg;
    WITNESS(weft_lock_locked(lock));
    WITNESS(weft_lock_try_acquire(lock) == WEFT_TIMEOUT);
    WITNESS(weft_lock_acquire_for(lock, 0.001) == WEFT_TIMEOUT);
    *lock = (weft_lock)WEFT_LOCK_INIT;
    witness_usable(lock);
}

TEST(a_lock_held_by_another_thread_stays_held_until_it_is_made_anew)
{
    struct holder holder = {.lock = WEFT_LOCK_INIT};
    struct crew crew = crew_start(1, hold, &holder);
    EVENTUALLY(atomic_load(&holder.holds));
    assert_true(holds_in_child(make_anew, &holder.lock));
    atomic_store(&holder.gate, true);
    crew_join(&crew);
    assert_false(weft_lock_locked(&holder.lock));
}

static void *use_all(void *arg)
{
    struct holder *busy = arg;
    while (!atomic_load(&busy->gate)) {
        WITNESS(weft_lock_acquire(&busy->lock) == WEFT_OK);
        WITNESS(weft_lock_release(&busy->lock) == WEFT_OK);
        if (weft_lock_acquire_for(&busy->lock, 1e-5) == WEFT_OK)
            WITNESS(weft_lock_release(&busy->lock) == WEFT_OK);
    }
    return NULL;
}

static void use_all_alone(void *arg)
{
    struct holder *busy = arg;
    busy->lock = (weft_lock)WEFT_LOCK_INIT;
    witness_usable(&busy->lock);
    WITNESS(weft_sleep(1e-6) == WEFT_OK);
    weft_thread **list = weft_thread_enumerate(NULL);
    WITNESS(list != NULL && list[0] == weft_thread_current() && list[1] == NULL);
    weft_thread_list_free(list);
}

TEST(a_fork_may_come_at_any_moment)
{
    struct holder busy = {.lock = WEFT_LOCK_INIT};
    struct crew crew = crew_start(3, use_all, &busy);
    for (int i = 0; i < 50; i++)
        assert_true(holds_in_child(use_all_alone, &busy));
    atomic_store(&busy.gate, true);
    crew_join(&crew);
}

/* ---- threads ------------------------------------------------------------------------------------- */

static void witness_ended(weft_thread *thread)
{
    WITNESS(!weft_thread_is_alive(thread));
    WITNESS(weft_thread_join(thread) == WEFT_OK);
    WITNESS(weft_thread_join_for(thread, 0) == WEFT_OK);
    WITNESS(weft_thread_value(thread) == NULL);
    WITNESS(memcmp(weft_thread_name(thread), "Thread-", 7) == 0);
    weft_thread_free(thread);
}

static void witness_alone(void *arg)
{
    struct crew *crew = arg;
    size_t count = 0;
    weft_thread_list_free(weft_thread_enumerate(&count));
    WITNESS(count == 1);
    WITNESS(weft_thread_current() == weft_thread_main());
    WITNESS(weft_thread_ident(weft_thread_current()) == 1);
    for (size_t i = 0; i < crew->size; i++)
        witness_ended(crew->threads[i]);
}

TEST(the_parents_other_threads_have_ended_in_the_child)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(2, pass_through, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 2);
    assert_true(holds_in_child(witness_alone, &crew));
    for (size_t i = 0; i < crew.size; i++)
        assert_true(weft_thread_is_alive(crew.threads[i]));
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&crew);
}

static void exit_with_success(void *arg)
{
    (void)arg;
    exit(test_witness_failures());
}

TEST(the_child_does_not_wait_at_exit_for_the_parents_threads)
{
    weft_lock lock = WEFT_LOCK_INIT;
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(2, pass_through, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 2);
    assert_true(holds_in_child(exit_with_success, NULL));
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    crew_join(&crew);
}

static void spawn_anew(void *arg)
{
    weft_lock *lock = arg;
    uint32_t own = weft_thread_ident(weft_thread_current());
    WITNESS(weft_lock_acquire(lock) == WEFT_OK);
    weft_thread *thread = weft_thread_spawn(pass_through, lock);
    WITNESS(thread != NULL && weft_thread_ident(thread) > own);
    EVENTUALLY(weft_lock_waiters(lock) == 1);
    WITNESS(weft_lock_release(lock) == WEFT_OK);
    WITNESS(weft_thread_join(thread) == WEFT_OK);
    weft_thread_free(thread);
}

TEST(the_child_may_spawn_threads_of_its_own)
{
    struct holder holder = {.lock = WEFT_LOCK_INIT};
    weft_lock free_lock = WEFT_LOCK_INIT;
    if (!CHILDREN_MAY_SPAWN)
        skip();
    struct crew crew = crew_start(1, hold, &holder);
    EVENTUALLY(atomic_load(&holder.holds));
    assert_true(holds_in_child(spawn_anew, &free_lock));
    atomic_store(&holder.gate, true);
    crew_join(&crew);
}

/* ---- a fork by another thread than the main one ------------------------------------------------------ */

static void *try_to_join(void *thread)
{
    WITNESS(weft_thread_join_for(thread, 0) == WEFT_RUNTIME);
    return NULL;
}

static void be_the_main_thread(void *number)
{
    weft_thread *self = weft_thread_current();
    WITNESS(self == weft_thread_main());
    WITNESS(weft_thread_ident(self) == *(uint32_t *)number);
    WITNESS(weft_thread_is_alive(self));
    weft_thread **list = weft_thread_enumerate(NULL);
    WITNESS(list != NULL && list[0] == self && list[1] == NULL);
    weft_thread_list_free(list);
    WITNESS(weft_thread_join(self) == WEFT_RUNTIME);
    if (CHILDREN_MAY_SPAWN) {
        weft_thread *thread = weft_thread_spawn(try_to_join, self);
        WITNESS(weft_thread_join(thread) == WEFT_OK);
        weft_thread_free(thread);
    }
}

static void *exit_the_process(void *arg)
{
    (void)arg;
    exit(test_witness_failures());
}

static void wait_for_one_that_exits(void *arg)
{
    (void)arg;
    (void)weft_thread_join(weft_thread_spawn(exit_the_process, NULL)); /* waits for ever */
    WITNESS(!"reached: the process has not ended");
}

static void *fork_here(void *arg)
{
    uint32_t number = weft_thread_ident(weft_thread_current());
    WITNESS(holds_in_child(be_the_main_thread, &number));
    if (CHILDREN_MAY_SPAWN)
        WITNESS(holds_in_child(wait_for_one_that_exits, NULL));
    WITNESS(weft_thread_current() != weft_thread_main());
    return arg;
}

TEST(a_thread_that_forks_is_the_childs_main_thread)
{
    struct crew crew = crew_start(1, fork_here, NULL);
    crew_join(&crew);
}

TEST(a_foreign_thread_that_forks_is_the_childs_main_thread)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, fork_here, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void be_known_now(void *arg)
{
    (void)arg;
    weft_thread *self = weft_thread_current();
    WITNESS(self == weft_thread_main());
    WITNESS(weft_thread_ident(self) > 1);
    WITNESS(strcmp(weft_thread_name(self), "MainThread") == 0);
}

static void *fork_unknown(void *arg)
{
    WITNESS(holds_in_child(be_known_now, NULL)); /* has not used the library yet */
    return arg;
}

TEST(a_thread_unknown_to_the_library_may_fork)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, fork_unknown, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}
