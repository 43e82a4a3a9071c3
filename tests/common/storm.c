/* SPDX-License-Identifier: MIT */
#include "storm.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "test.h"
#include "under_tsan.h"

enum {
    SIGNAL = SIGUSR2,
    PERIOD = 100000, /* nanoseconds: 10 000 a second */
    VICTIMS_MOST = 256,
    ROLL_CALL = 64, /* shots between two looks at who is there */
};

static pthread_t thread;
static atomic_bool over;
static atomic_uint_fast64_t fired;
static atomic_uint_fast64_t handled;
static int64_t began;

static void handle(int signal_number)
{
    (void)signal_number;
    atomic_fetch_add_explicit(&handled, 1, memory_order_relaxed);
}

/* All threads of the process but this one; how many. */
static size_t call_roll(pid_t *victims)
{
    size_t count = 0;
    pid_t own = (pid_t)syscall(SYS_gettid);
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL)
        return 0;
    for (const struct dirent *task; count < VICTIMS_MOST && (task = readdir(tasks)) != NULL;) {
        pid_t id = (pid_t)strtol(task->d_name, NULL, 10); /* 0: "." and ".." */
        if (id != 0 && id != own)
            victims[count++] = id;
    }
    closedir(tasks);
    return count;
}

static void *rage(void *unused)
{
    pid_t victims[VICTIMS_MOST];
    size_t count = 0;
    uint64_t random = 88172645463325252U;
    const struct timespec pause = {.tv_nsec = PERIOD};
    for (int64_t shots = 0; !atomic_load(&over);) {
        if ((test_clock() - began) / PERIOD <= shots) {
            nanosleep(&pause, NULL);
            continue;
        }
        if (shots++ % ROLL_CALL == 0)
            count = call_roll(victims);
        /* Who has ended meanwhile is not found, which is no harm. */
        if (count > 0 &&
            syscall(SYS_tgkill, getpid(), victims[test_random(&random) % count], SIGNAL) == 0)
            atomic_fetch_add(&fired, 1);
    }
    return unused;
}

void storm_begin(void)
{
    struct sigaction action;
    sigset_t all;
    sigset_t before;
    if (UNDER_TSAN)
        skip();
    memset(&action, 0, sizeof action);
    action.sa_handler = handle;
    assert_int_equal(sigaction(SIGNAL, &action, NULL), 0);
    began = test_clock();
    sigfillset(&all);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &all, &before), 0);
    assert_int_equal(pthread_create(&thread, NULL, rage, NULL), 0);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
}

void storm_end(void)
{
    storm_lasts(1); /* the shortest case waits for the first one */
    double seconds = (double)(test_clock() - began) / 1e9;
    atomic_store(&over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    double a_second = (double)atomic_load(&handled) / seconds;
    print_message("storm: %llu signals sent, %llu handled, %.0f a second\n",
                  (unsigned long long)atomic_load(&fired),
                  (unsigned long long)atomic_load(&handled), a_second);
    assert_true(atomic_load(&handled) > 0);
}

void storm_lasts(uint64_t signals)
{
    uint64_t before = atomic_load(&handled);
    EVENTUALLY(atomic_load(&handled) - before >= signals);
}
