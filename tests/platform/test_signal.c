/* SPDX-License-Identifier: MIT */
// LINK: -Wl,--wrap=sem_post,--wrap=sem_init
/* Work on a signal: in a thread of its own, and unnoticed by the one that is interrupted. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/atomic.h"
#include "platform/signal.h"
#include "under_tsan.h"

/* ---- numbers -------------------------------------------------------------------------------- */

TEST(a_signal_has_a_name_or_digits)
{
    static const struct {
        const char *name;
        int number;
    } known[] = {{"QUIT", SIGQUIT}, {"SIGQUIT", SIGQUIT},
                 {"USR1", SIGUSR1}, {"SIGUSR1", SIGUSR1},
                 {"USR2", SIGUSR2}, {"SIGUSR2", SIGUSR2},
                 {"HUP", SIGHUP},   {"SIGHUP", SIGHUP},
                 {"INT", SIGINT},   {"TERM", SIGTERM},
                 {"ALRM", SIGALRM}, {"1", 1},
                 {"12", 12},        {"64", 64}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_int_equal(wefti_signal_number(known[i].name), known[i].number);
}

TEST(what_is_no_signal_is_0)
{
    static const char *const bad[] = {
        "",           "SIG", "NONE",   "USR3", "quit", "QUITS",
        "SIGSIGQUIT", "0",   "-1",     "65",   "1000", "12x",
        "x12",        "1.0", "1 2",    "QUI",  " ",    "99999999999999999999999",
        " 10",        "+10", "SIG 10", "10 ",  "\t10", "0x10"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(wefti_signal_number(bad[i]), 0);
}

/* ---- the helper ----------------------------------------------------------------------------- */

/* The handler's one call; it leaves an errno behind as a failing one would. */
int __real_sem_post(sem_t *semaphore);
int __wrap_sem_post(sem_t *semaphore);
int __wrap_sem_post(sem_t *semaphore)
{
    int result = __real_sem_post(semaphore);
    errno = EOVERFLOW;
    return result;
}

static bool no_semaphore;
int __real_sem_init(sem_t *semaphore, int shared, unsigned value);
int __wrap_sem_init(sem_t *semaphore, int shared, unsigned value);
int __wrap_sem_init(sem_t *semaphore, int shared, unsigned value)
{
    return no_semaphore ? -1 : __real_sem_init(semaphore, shared, value);
}

static uint32_t calls;
static pthread_t caller;
static sigset_t blocked;

static void note_a_call(void)
{
    caller = pthread_self();
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    wefti_fetch_add(&calls, 1, RELEASE);
}

TEST(the_work_is_done_by_a_helper_that_hears_no_signal)
{
    assert_int_equal(wefti_on_signal(SIGUSR1, note_a_call), WEFT_OK);
    assert_int_equal(raise(SIGUSR1), 0);
    EVENTUALLY(wefti_load(&calls, ACQUIRE) == 1);
    assert_false(pthread_equal(caller, pthread_self()));
    static const int some[] = {SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGCHLD, SIGALRM, SIGHUP};
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        assert_int_equal(sigismember(&blocked, some[i]), 1);
}

TEST(a_child_that_gets_no_bell_has_no_helper)
{
    int status = 0;
    assert_int_equal(wefti_on_signal(SIGUSR1, note_a_call), WEFT_OK);
    no_semaphore = true;
    pid_t child = fork();
    if (child == 0) {
        WITNESS(wefti_helper_start(WEFTI_HELP_EVENTS, note_a_call) == WEFT_NO_MEMORY);
        WITNESS(!wefti_helper_knows(WEFTI_HELP_EVENTS));
        WITNESS(wefti_on_signal(SIGUSR2, note_a_call) == WEFT_NO_MEMORY);
        _exit(test_witness_failures());
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST(every_signal_is_worked_on)
{
    enum { SIGNALS = 200 };
    assert_int_equal(wefti_on_signal(SIGUSR1, note_a_call), WEFT_OK);
    assert_int_equal(wefti_on_signal(SIGUSR2, note_a_call), WEFT_OK);
    for (int i = 0; i < SIGNALS; i++)
        assert_int_equal(raise(i % 2 ? SIGUSR1 : SIGUSR2), 0);
    EVENTUALLY(wefti_load(&calls, ACQUIRE) == SIGNALS);
}

TEST(the_interrupted_thread_keeps_its_errno)
{
    assert_int_equal(wefti_on_signal(SIGUSR1, note_a_call), WEFT_OK);
    errno = EDOM;
    raise(SIGUSR1);
    assert_int_equal(errno, EDOM);
    EVENTUALLY(wefti_load(&calls, ACQUIRE) == 1);
}

TEST(the_programs_system_calls_go_on)
{
    struct sigaction action;
    assert_int_equal(wefti_on_signal(SIGUSR1, note_a_call), WEFT_OK);
    assert_int_equal(sigaction(SIGUSR1, NULL, &action), 0);
    assert_true(action.sa_flags & SA_RESTART);
}

TEST(some_signals_cannot_be_caught)
{
    static const int bad[] = {SIGKILL, SIGSTOP, 0, -1, 65, 10000};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(wefti_on_signal(bad[i], note_a_call), WEFT_VALUE_ERROR);
}

static void *just_return(void *arg)
{
    return arg;
}

TEST(the_helper_comes_back_in_a_child_that_starts_a_thread)
{
    int status = 0;
    assert_int_equal(wefti_on_signal(SIGUSR1, note_a_call), WEFT_OK);
    if (UNDER_TSAN)
        return;
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
        struct crew crew = crew_start(1, just_return, NULL);
        raise(SIGUSR1);
        EVENTUALLY(wefti_load(&calls, ACQUIRE) == 1);
        crew_join(&crew);
        _exit(0);
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(calls, 0);
}
