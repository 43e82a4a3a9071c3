/* SPDX-License-Identifier: MIT */
/* Semaphores: how waits end, what does not wait, forks, and the end of the object itself. */
// LINK: -Wl,--wrap=wefti_mutex_lock
#include "semaphore_help.h"

#include <sys/wait.h>
#include <unistd.h>

#include "platform/parker.h"

void __real_wefti_mutex_lock(struct wefti_mutex *mutex);
void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex);

static _Thread_local int
    room_visits; /* how often this thread has locked anything of the library's */

void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex)
{
    room_visits++;
    __real_wefti_mutex_lock(mutex);
}

static void interrupt_one(struct fixture *f)
{
    struct crew crew = crew_start(1, ask, f);
    EVENTUALLY(CALL(f, waiters) == 1);
    assert_true(test_interrupt(crew.threads[0]));
    crew_join(&crew);
    assert_int_equal(atomic_load(&f->refused), 1);
    assert_true(test_interrupt(weft_thread_main())); /* pending for the next wait */
    assert_int_equal(CALL(f, try_acquire), WEFT_TIMEOUT);
    assert_int_equal(CALL(f, acquire), WEFT_INTERRUPTED);
    assert_int_equal(CALL(f, waiters), 0);
    assert_int_equal(CALL(f, value), 0);
}

TEST(an_interruption_ends_the_wait)
{
    for_both(0, interrupt_one);
}

static void *hold(void *arg)
{
    weft_semaphore *s = arg;
    WEFT_HOLD(s);
    return NULL;
}

TEST(hold_takes_a_permit_whoever_interrupts)
{
    weft_semaphore s = {0};
    struct crew crew = crew_start(1, hold, &s);
    EVENTUALLY(weft_semaphore_waiters(&s) == 1);
    assert_true(test_interrupt(crew.threads[0]));
    assert_int_equal(weft_semaphore_waiters(&s), 1);
    assert_int_equal(weft_semaphore_release(&s), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(weft_semaphore_value(&s), 1);
}

static void stay_out(struct fixture *f)
{
    int before = room_visits;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(CALL(f, acquire), WEFT_OK);
        assert_int_equal(CALL_WITH(f, acquire_for, 1.0), WEFT_OK);
        assert_int_equal(CALL(f, try_acquire), WEFT_TIMEOUT);
        assert_int_equal(CALL_WITH(f, release_n, 2), WEFT_OK);
    }
    assert_int_equal(room_visits, before);
}

TEST(without_contention_the_room_is_not_entered)
{
    for_both(2, stay_out);
}

static void time_out_alone(struct fixture *f)
{
    assert_int_equal(CALL_WITH(f, acquire_for, 0.001), WEFT_OK);
    assert_int_equal(CALL_WITH(f, acquire_for, 0.001), WEFT_TIMEOUT);
    int before = room_visits;
    assert_int_equal(CALL(f, release), WEFT_OK);
    assert_int_equal(room_visits, before);
}

TEST(a_wait_in_vain_leaves_no_trace)
{
    for_both(1, time_out_alone);
}

static bool in_child(struct fixture *f, bool (*child)(struct fixture *))
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        _exit(child(f) ? 0 : 1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static bool nobody_waits(struct fixture *f)
{
    return CALL(f, waiters) == 0 && CALL(f, release) == WEFT_OK && CALL(f, value) == 1 &&
           CALL(f, try_acquire) == WEFT_OK && CALL_WITH(f, acquire_for, 0.001) == WEFT_TIMEOUT;
}

static void fork_with_waiters(struct fixture *f)
{
    assert_int_equal(CALL_WITH(f, acquire_n, 2), WEFT_OK);
    struct crew crew = crew_start(2, ask, f);
    EVENTUALLY(CALL(f, waiters) == 2);
    assert_true(in_child(f, nobody_waits));
    assert_int_equal(CALL(f, waiters), 2);
    assert_int_equal(CALL_WITH(f, release_n, 2), WEFT_OK);
    crew_join(&crew);
}

TEST(the_child_of_a_fork_has_no_waiters)
{
    for_both(2, fork_with_waiters);
}

static bool nobody_is_in_the_way(struct fixture *f)
{
    return CALL(f, value) == 2 && CALL(f, try_acquire) == WEFT_OK && CALL(f, acquire) == WEFT_OK &&
           CALL(f, value) == 0;
}

/* In the child, that threads waited when it was made shows in the state only. */
static void fork_with_a_big_request(struct fixture *f)
{
    assert_int_equal(CALL(f, acquire), WEFT_OK);
    f->n = 3;
    struct crew crew = crew_start(1, ask, f);
    EVENTUALLY(CALL(f, waiters) == 1);
    assert_true(in_child(f, nobody_is_in_the_way));
    assert_int_equal(CALL(f, release), WEFT_OK);
    crew_join(&crew);
}

TEST(the_child_of_a_fork_may_take_what_others_waited_for)
{
    for_both(3, fork_with_a_big_request);
}

static void end(struct fixture *f)
{
    assert_int_equal(CALL(f, done), WEFT_OK);
    struct crew crew = crew_start(1, ask, f);
    EVENTUALLY(CALL(f, waiters) == 1);
    assert_int_equal(CALL(f, done), WEFT_BUSY);
    assert_true(test_interrupt(crew.threads[0]));
    crew_join(&crew);
    assert_int_equal(CALL(f, done), WEFT_OK);
    void *on_heap = f->kind->make(2);
    assert_non_null(on_heap);
    assert_int_equal(f->kind->value(on_heap), 2);
    f->kind->free(on_heap);
}

TEST(done_reports_waiters)
{
    for_both(0, end);
    weft_bounded_semaphore b = WEFT_BOUNDED_SEMAPHORE_INIT(1);
    assert_int_equal(weft_bounded_semaphore_acquire(&b), WEFT_OK);
    assert_int_equal(weft_bounded_semaphore_done(&b), WEFT_BUSY);
}

TEST(semaphores_are_small)
{
    assert_true(sizeof(weft_semaphore) <= 8);
    assert_true(sizeof(weft_bounded_semaphore) <= 12);
    assert_int_equal(weft_sizeof(WEFT_KIND_SEMAPHORE), sizeof(weft_semaphore));
    assert_int_equal(weft_sizeof(WEFT_KIND_BOUNDED_SEMAPHORE), sizeof(weft_bounded_semaphore));
    weft_semaphore zero = {0};
    assert_int_equal(weft_semaphore_value(&zero), 0);
    assert_int_equal(weft_semaphore_try_acquire(&zero), WEFT_TIMEOUT);
    assert_int_equal(weft_semaphore_release(&zero), WEFT_OK);
    assert_int_equal(weft_semaphore_value(&zero), 1);
}
