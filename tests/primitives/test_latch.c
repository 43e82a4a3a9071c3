/* SPDX-License-Identifier: MIT */
/* Latch: counts down to zero, once, and is open from then on. */
// LINK: -Wl,--wrap=wefti_mutex_lock
#include "interrupt.h"
#include "test.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/parker.h"

void __real_wefti_mutex_lock(struct wefti_mutex *mutex);
void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex);

static _Thread_local int room_visits; /* locks of the library's that this thread took */

void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex)
{
    room_visits++;
    __real_wefti_mutex_lock(mutex);
}

enum { WAITERS = 5 };

struct fixture {
    weft_latch latch;
    int started; /* what threads do before they count; seen by who has waited */
    atomic_int passed;
    atomic_int interrupted;
};

static void *wait_for_it(void *arg)
{
    struct fixture *f = arg;
    weft_status status = weft_latch_wait(&f->latch);
    WITNESS(status == WEFT_OK || status == WEFT_INTERRUPTED);
    atomic_fetch_add(status == WEFT_OK ? &f->passed : &f->interrupted, 1);
    return NULL;
}

TEST(the_last_count_lets_all_waiters_go)
{
    struct fixture f = {.latch = WEFT_LATCH_INIT(3)};
    struct crew crew = crew_start(WAITERS, wait_for_it, &f);
    EVENTUALLY(weft_latch_waiters(&f.latch) == WAITERS);
    for (int count = 2; count >= 1; count--) {
        assert_int_equal(weft_latch_count_down(&f.latch), WEFT_OK);
        assert_int_equal(weft_latch_count(&f.latch), count);
        assert_int_equal(weft_latch_waiters(&f.latch), WAITERS);
    }
    assert_int_equal(atomic_load(&f.passed), 0);
    assert_int_equal(weft_latch_count_down(&f.latch), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.passed), WAITERS);
    assert_int_equal(weft_latch_count(&f.latch), 0);
}

TEST(an_open_latch_stays_open)
{
    weft_latch latch = WEFT_LATCH_INIT(1);
    weft_latch open = WEFT_LATCH_INIT(0);
    assert_int_equal(weft_latch_wait_for(&latch, 0), WEFT_TIMEOUT);
    assert_int_equal(weft_latch_count_down(&latch), WEFT_OK);
    int before = room_visits;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(weft_latch_wait(&latch), WEFT_OK);
        assert_int_equal(weft_latch_wait_for(&latch, 0), WEFT_OK);
        assert_int_equal(weft_latch_wait_until(&open, weft_now() - 1), WEFT_OK);
        assert_int_equal(weft_latch_wait(&open), WEFT_OK);
    }
    assert_int_equal(room_visits, before);
}

TEST(counting_below_zero_is_refused_and_changes_nothing)
{
    struct fixture f = {.latch = WEFT_LATCH_INIT(2)};
    assert_int_equal(weft_latch_count_down_n(&f.latch, 3), WEFT_VALUE_ERROR);
    assert_int_equal(weft_latch_count(&f.latch), 2);
    struct crew crew = crew_start(1, wait_for_it, &f);
    EVENTUALLY(weft_latch_waiters(&f.latch) == 1);
    assert_int_equal(weft_latch_count_down_n(&f.latch, 3), WEFT_VALUE_ERROR);
    assert_int_equal(weft_latch_count_down_n(&f.latch, 0), WEFT_VALUE_ERROR);
    assert_int_equal(weft_latch_count_down_n(&f.latch, -1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_latch_count(&f.latch), 2);
    assert_int_equal(weft_latch_count_down_n(&f.latch, 2), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(weft_latch_count_down(&f.latch), WEFT_VALUE_ERROR);
    assert_int_equal(weft_latch_arrive_and_wait(&f.latch), WEFT_VALUE_ERROR);
    assert_int_equal(weft_latch_count(&f.latch), 0);
    assert_int_equal(weft_latch_wait(&f.latch), WEFT_OK);
}

TEST(zeroed_memory_is_no_latch)
{
    weft_latch none;
    weft_latch negative = WEFT_LATCH_INIT(-1);
    memset(&none, 0, sizeof none);
    weft_latch *const latches[] = {&none, &negative, NULL};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(weft_latch_wait(latches[i]), WEFT_VALUE_ERROR);
        assert_int_equal(weft_latch_wait_for(latches[i], 0), WEFT_VALUE_ERROR);
        assert_int_equal(weft_latch_wait_until(latches[i], 0), WEFT_VALUE_ERROR);
        assert_int_equal(weft_latch_count_down(latches[i]), WEFT_VALUE_ERROR);
        assert_int_equal(weft_latch_count_down_n(latches[i], 1), WEFT_VALUE_ERROR);
        assert_int_equal(weft_latch_arrive_and_wait(latches[i]), WEFT_VALUE_ERROR);
        assert_int_equal(weft_latch_done(latches[i]), WEFT_VALUE_ERROR);
        assert_int_equal(weft_latch_count(latches[i]), 0);
        assert_int_equal(weft_latch_waiters(latches[i]), 0);
    }
    weft_latch latch = WEFT_LATCH_INIT(1);
    assert_int_equal(weft_latch_init(&latch, -1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_latch_init(NULL, 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_latch_init(&latch, WEFT_LATCH_MAX + 1), WEFT_VALUE_ERROR);
    assert_int_equal(weft_latch_wait_for(&latch, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_latch_wait_until(&latch, NAN), WEFT_VALUE_ERROR);
    assert_int_equal(weft_latch_count(&latch), 1);
    assert_null(weft_latch_new(-1));
    assert_int_equal(weft_last_status(), WEFT_VALUE_ERROR);
}

TEST(a_timeout_is_never_early)
{
    weft_latch latch = WEFT_LATCH_INIT(1);
    int64_t start = test_clock();
    assert_int_equal(weft_latch_wait_for(&latch, 0.02), WEFT_TIMEOUT);
    assert_true(test_clock() - start >= 20000000);
    double deadline = weft_now() + 0.01;
    assert_int_equal(weft_latch_wait_until(&latch, deadline), WEFT_TIMEOUT);
    assert_true(weft_now() >= deadline);
    assert_int_equal(weft_latch_waiters(&latch), 0);
    assert_int_equal(weft_latch_count_down(&latch), WEFT_OK);
    assert_int_equal(weft_latch_wait_for(&latch, 0.02), WEFT_OK);
}

static void *arrive(void *arg)
{
    struct fixture *f = arg;
    weft_status status = weft_latch_arrive_and_wait(&f->latch);
    WITNESS(status == WEFT_OK || status == WEFT_INTERRUPTED);
    atomic_fetch_add(status == WEFT_OK ? &f->passed : &f->interrupted, 1);
    return NULL;
}

TEST(who_arrives_waits_for_the_others)
{
    struct fixture f = {.latch = WEFT_LATCH_INIT(WAITERS)};
    struct crew crew = crew_start(WAITERS - 1, arrive, &f);
    EVENTUALLY(weft_latch_waiters(&f.latch) == WAITERS - 1);
    assert_int_equal(weft_latch_count(&f.latch), 1);
    assert_int_equal(atomic_load(&f.passed), 0);
    assert_int_equal(weft_latch_arrive_and_wait(&f.latch), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.passed), WAITERS - 1);
}

TEST(an_interruption_ends_the_wait_and_not_the_count)
{
    struct fixture f = {.latch = WEFT_LATCH_INIT(2)};
    struct crew crew = crew_start(1, arrive, &f);
    struct crew waiter = crew_start(1, wait_for_it, &f);
    EVENTUALLY(weft_latch_waiters(&f.latch) == 2);
    assert_true(test_interrupt(crew.threads[0]));
    crew_join(&crew);
    assert_int_equal(atomic_load(&f.interrupted), 1);
    assert_int_equal(weft_latch_count(&f.latch), 1);
    assert_int_equal(weft_latch_waiters(&f.latch), 1);
    assert_int_equal(weft_latch_count_down(&f.latch), WEFT_OK);
    crew_join(&waiter);
    assert_int_equal(atomic_load(&f.passed), 1);
}

static void *work_and_count(void *arg)
{
    struct fixture *f = arg;
    __atomic_fetch_add(&f->started, 1, __ATOMIC_RELAXED);
    WITNESS(weft_latch_count_down(&f->latch) == WEFT_OK);
    return NULL;
}

TEST(who_has_waited_sees_what_all_have_done)
{
    for (int round = 0; round < 100; round++) {
        struct fixture f = {.latch = WEFT_LATCH_INIT(WAITERS)};
        struct crew crew = crew_start(WAITERS, work_and_count, &f);
        assert_int_equal(weft_latch_wait(&f.latch), WEFT_OK);
        assert_int_equal(f.started, WAITERS); /* a plain read: ThreadSanitizer looks on */
        crew_join(&crew);
    }
}

TEST(the_child_of_a_fork_has_no_waiters)
{
    struct fixture f = {.latch = WEFT_LATCH_INIT(2)};
    struct crew crew = crew_start(1, wait_for_it, &f);
    EVENTUALLY(weft_latch_waiters(&f.latch) == 1);
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        bool well = weft_latch_waiters(&f.latch) == 0 && weft_latch_count(&f.latch) == 2 &&
                    weft_latch_count_down_n(&f.latch, 2) == WEFT_OK &&
                    weft_latch_wait(&f.latch) == WEFT_OK;
        _exit(well ? 0 : 1);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(weft_latch_waiters(&f.latch), 1);
    assert_int_equal(weft_latch_count_down_n(&f.latch, 2), WEFT_OK);
    crew_join(&crew);
}

TEST(a_latch_is_small_and_ends_quietly)
{
    assert_true(sizeof(weft_latch) <= 8);
    assert_int_equal(weft_sizeof(WEFT_KIND_LATCH), sizeof(weft_latch));
    struct fixture f = {.latch = WEFT_LATCH_INIT(1)};
    assert_int_equal(weft_latch_done(&f.latch), WEFT_OK);
    struct crew crew = crew_start(1, wait_for_it, &f);
    EVENTUALLY(weft_latch_waiters(&f.latch) == 1);
    assert_int_equal(weft_latch_done(&f.latch), WEFT_BUSY);
    assert_int_equal(weft_latch_count_down(&f.latch), WEFT_OK);
    crew_join(&crew);
    weft_latch *on_heap = weft_latch_new(WEFT_LATCH_MAX);
    assert_non_null(on_heap);
    assert_int_equal(weft_latch_count(on_heap), WEFT_LATCH_MAX);
    weft_latch_free(on_heap);
    weft_latch_free(NULL);
}
