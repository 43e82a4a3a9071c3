/* SPDX-License-Identifier: MIT */
/* Event: set from a signal handler, which may interrupt the library anywhere. */
// LINK: -Wl,--wrap=wefti_mutex_lock
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/parker.h"
#include "under_tsan.h"

void __real_wefti_mutex_lock(struct wefti_mutex *mutex);
void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex);

static _Thread_local bool interrupt_inside; /* the next time that this thread holds a lock */

void __wrap_wefti_mutex_lock(struct wefti_mutex *mutex)
{
    __real_wefti_mutex_lock(mutex);
    if (interrupt_inside) {
        interrupt_inside = false;
        raise(SIGUSR1);
    }
}

static weft_event event;
static volatile sig_atomic_t answer;
static atomic_int passed;
static atomic_int over;

static void set_event(int signal_number)
{
    int before = errno;
    (void)signal_number;
    answer = weft_event_set_from_signal(&event);
    if (errno != before)
        answer = -1;
}

static void handle(int signal_number)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = set_event;
    assert_int_equal(sigaction(signal_number, &action, NULL), 0);
}

static void *wait_once(void *arg)
{
    WITNESS(weft_event_wait(&event) == WEFT_OK);
    atomic_fetch_add(&passed, 1);
    return arg;
}

TEST(it_is_refused_before_it_is_allowed)
{
    handle(SIGUSR1);
    raise(SIGUSR1);
    assert_int_equal(answer, WEFT_RUNTIME);
    assert_false(weft_event_is_set(&event));
}

TEST(a_handler_sets_an_event_and_wakes_who_waits)
{
    assert_int_equal(weft_event_allow_signals(), WEFT_OK);
    assert_int_equal(weft_event_allow_signals(), WEFT_OK);
    handle(SIGUSR1);
    for (int round = 0; round < 100; round++) {
        atomic_store(&passed, 0);
        struct crew crew = crew_start(3, wait_once, NULL);
        EVENTUALLY(weft_event_waiters(&event) == 3);
        answer = -1;
        raise(SIGUSR1);
        assert_int_equal(answer, WEFT_OK);
        assert_true(weft_event_is_set(&event));
        crew_join(&crew);
        raise(SIGUSR1); /* it is set already */
        assert_true(weft_event_is_set(&event));
        assert_int_equal(weft_event_clear(&event), WEFT_OK);
        assert_false(weft_event_is_set(&event));
    }
}

TEST(a_handler_may_wake_the_thread_that_it_interrupts)
{
    if (UNDER_TSAN) /* which runs no handler in a thread that sleeps in a system call of its own */
        skip();
    assert_int_equal(weft_event_allow_signals(), WEFT_OK);
    handle(SIGALRM);
    for (int round = 0; round < 3; round++) {
        ualarm(1000, 0);
        assert_int_equal(weft_event_wait(&event), WEFT_OK);
        assert_int_equal(weft_event_clear(&event), WEFT_OK);
    }
}

TEST(who_is_blocked_goes_on_even_if_clear_or_set_follows_at_once)
{
    assert_int_equal(weft_event_allow_signals(), WEFT_OK);
    handle(SIGUSR1);
    for (int round = 0; round < 200; round++) {
        struct crew crew = crew_start(3, wait_once, NULL);
        EVENTUALLY(weft_event_waiters(&event) == 3);
        raise(SIGUSR1);
        if (round % 2 != 0)
            assert_int_equal(weft_event_set(&event), WEFT_OK);
        assert_int_equal(weft_event_clear(&event), WEFT_OK);
        assert_false(weft_event_is_set(&event));
        crew_join(&crew);
    }
}

/* The calls of the library during which a signal comes, while this thread holds a lock of its own. */
static void call(int which)
{
    switch (which) {
    case 0:
        (void)weft_event_waiters(&event);
        break;
    case 1:
        assert_int_equal(weft_event_set(&event), WEFT_OK);
        break;
    default:
        assert_int_equal(weft_event_wait_for(&event, 1000), WEFT_OK); /* the signal ends it */
    }
}

TEST(a_handler_may_interrupt_the_library_anywhere)
{
    assert_int_equal(weft_event_allow_signals(), WEFT_OK);
    handle(SIGUSR1);
    for (int which = 0; which < 3; which++) {
        struct crew crew = crew_start(2, wait_once, NULL);
        EVENTUALLY(weft_event_waiters(&event) == 2);
        answer = -1;
        interrupt_inside = true;
        call(which);
        assert_int_equal(answer, WEFT_OK);
        assert_true(weft_event_is_set(&event));
        crew_join(&crew);
        assert_int_equal(weft_event_clear(&event), WEFT_OK);
    }
}

static void *wait_again_and_again(void *arg)
{
    while (!atomic_load(&over)) {
        if (weft_event_wait_for(&event, 0.001) == WEFT_OK)
            atomic_fetch_add(&passed, 1);
        WITNESS(weft_event_clear(&event) == WEFT_OK);
    }
    return arg;
}

TEST(a_storm_of_signals_loses_nothing)
{
    assert_int_equal(weft_event_allow_signals(), WEFT_OK);
    handle(SIGUSR1);
    struct crew crew = crew_start(3, wait_again_and_again, NULL);
    for (int i = 0; i < 20000 || atomic_load(&passed) == 0; i++)
        raise(SIGUSR1);
    atomic_store(&over, 1);
    crew_join(&crew);
    assert_true(atomic_load(&passed) > 0);
    assert_int_equal(weft_event_clear(&event), WEFT_OK);
    struct crew last = crew_start(3, wait_once, NULL);
    EVENTUALLY(weft_event_waiters(&event) == 3);
    raise(SIGUSR1);
    crew_join(&last);
}

static weft_status wait_alone(void)
{
    return weft_event_wait_for(&event, 20);
}

static weft_status wait_for_any(void)
{
    const weft_waitable one = weft_event_waitable(&event);
    return weft_wait_any(1, &one, NULL, 20);
}

/* The alarm comes while the child's only thread waits: the helper had to be started anew. */
static void wake_a_child(weft_status (*wait_in_the_child)(void))
{
    if (UNDER_TSAN) /* which lets no child of a process with several threads start another */
        skip();
    int status = 0;
    assert_int_equal(weft_event_allow_signals(), WEFT_OK);
    handle(SIGALRM);
    pid_t pid = fork();
    if (pid == 0) {
        ualarm(20000, 0);
        _exit(wait_in_the_child() == WEFT_OK ? 0 : 1);
    }
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_false(weft_event_is_set(&event));
}

TEST(the_child_of_a_fork_inherits_it)
{
    wake_a_child(wait_alone);
}

TEST(the_child_of_a_fork_inherits_it_for_waits_for_any)
{
    wake_a_child(wait_for_any);
}
