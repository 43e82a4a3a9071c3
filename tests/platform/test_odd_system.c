/* SPDX-License-Identifier: MIT */
// LINK: -Wl,--wrap=sched_getaffinity,--wrap=sysconf,--wrap=dladdr,--wrap=sem_wait,--wrap=sigaction
// LINK: -Wl,--wrap=wefti_clock
/* A system that says no, or something odd: what it may do, and does not while it is well. */
#include "program.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/clock.h"
#include "platform/parker.h"
#include "platform/processor.h"
#include "platform/signal.h"
#include "platform/symbol.h"
#include "platform/thread.h"
#include "under_tsan.h"

static _Thread_local struct wefti_spinner spinner;

static bool no_affinity;        /* sched_getaffinity fails */
static bool no_numbers;         /* sysconf does */
static const Dl_info *known;    /* what dladdr knows of every address */
static atomic_int broken_waits; /* so many calls of sem_wait are interrupted */
static atomic_int idle_waits;   /* after that so many end, and nobody has rung */
static bool no_handlers;        /* sigaction tells the present action, and sets none */
static atomic_int slow_clocks;  /* so many times the clock says the beginning of time */

/* Whether one of a number is left; takes it. */
static bool one_of(atomic_int *number)
{
    return atomic_load(number) > 0 && atomic_fetch_sub(number, 1) > 0;
}

/* clang's sanitizers are linked in, and call these before they can be called themselves. */
#ifdef __clang__
#define UNSEEN __attribute__((disable_sanitizer_instrumentation))
#else
#define UNSEEN
#endif

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __real_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
int __wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set);
long __real_sysconf(int name);
long __wrap_sysconf(int name);
int __real_dladdr(const void *address, Dl_info *info);
int __wrap_dladdr(const void *address, Dl_info *info);
int __real_sem_wait(sem_t *semaphore);
int __wrap_sem_wait(sem_t *semaphore);
int __real_sigaction(int number, const struct sigaction *action, struct sigaction *before);
int __wrap_sigaction(int number, const struct sigaction *action, struct sigaction *before);
int64_t __real_wefti_clock(void);
int64_t __wrap_wefti_clock(void);

UNSEEN int __wrap_sched_getaffinity(pid_t process, size_t size, cpu_set_t *set)
{
    return no_affinity ? -1 : __real_sched_getaffinity(process, size, set);
}

UNSEEN long __wrap_sysconf(int name)
{
    return no_numbers && name != _SC_PAGESIZE ? -1 : __real_sysconf(name);
}

UNSEEN int __wrap_dladdr(const void *address, Dl_info *info)
{
    if (known == NULL)
        return __real_dladdr(address, info);
    *info = *known;
    return 1;
}

int __wrap_sem_wait(sem_t *semaphore)
{
    if (one_of(&broken_waits)) {
        errno = EINTR;
        return -1;
    }
    return one_of(&idle_waits) ? 0 : __real_sem_wait(semaphore);
}

UNSEEN int __wrap_sigaction(int number, const struct sigaction *action, struct sigaction *before)
{
    if (action == NULL || !no_handlers)
        return __real_sigaction(number, action, before);
    errno = EINVAL;
    return -1;
}

int64_t __wrap_wefti_clock(void)
{
    return one_of(&slow_clocks) ? 0 : __real_wefti_clock();
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* ---- processors ----------------------------------------------------------------------------- */

TEST(without_an_affinity_the_processors_are_those_of_the_machine)
{
    no_affinity = true;
    assert_int_equal(wefti_processors(), (int)sysconf(_SC_NPROCESSORS_ONLN));
}

TEST(of_processors_that_nobody_can_count_there_is_one)
{
    no_affinity = true;
    no_numbers = true;
    assert_int_equal(wefti_processors(), 1);
}

struct turns {
    struct wefti_mutex mutex;
    long taken; /* guarded by it */
};

static void *take_turns(void *arg)
{
    struct turns *turns = arg;
    for (int i = 0; i < 20000; i++) {
        wefti_mutex_lock(&turns->mutex);
        turns->taken++;
        wefti_mutex_unlock(&turns->mutex);
    }
    return NULL;
}

TEST(who_has_one_processor_waits_all_the_same)
{
    weft_lock lock = WEFT_LOCK_INIT;
    weft_semaphore semaphore = WEFT_SEMAPHORE_INIT(0);
    weft_rwlock rwlock = WEFT_RWLOCK_INIT;
    struct turns turns = {.taken = 0};
    no_affinity = true;
    no_numbers = true;
    wefti_mutex_init(&turns.mutex);
    struct crew crew = crew_start(4, take_turns, &turns);
    crew_join(&crew);
    assert_int_equal(turns.taken, 4 * 20000);
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_lock_acquire_for(&lock, 0.001), WEFT_TIMEOUT);
    assert_int_equal(weft_semaphore_acquire_for(&semaphore, 0.001), WEFT_TIMEOUT);
    assert_int_equal(weft_rwlock_acquire_read(&rwlock), WEFT_OK);
    assert_int_equal(weft_rwlock_acquire_write_for(&rwlock, 0.001), WEFT_TIMEOUT);
}

/* ---- threads -------------------------------------------------------------------------------- */

static void *look_at_the_stack(void *arg)
{
    pthread_attr_t attributes;
    WITNESS(pthread_getattr_np(pthread_self(), &attributes) == 0);
    WITNESS(pthread_attr_getstacksize(&attributes, arg) == 0);
    WITNESS(pthread_attr_destroy(&attributes) == 0);
    return NULL;
}

TEST(a_stack_is_as_large_as_asked_where_no_smallest_is_known)
{
    size_t size = 0;
    size_t asked = 4 * (size_t)PTHREAD_STACK_MIN;
    no_numbers = true;
    weft_thread *thread = weft_thread_spawn(look_at_the_stack, &size, .stack_size = asked);
    assert_non_null(thread);
    assert_int_equal(weft_thread_join(thread), WEFT_OK);
    weft_thread_free(thread);
    assert_true(size >= asked);
}

/* ---- symbols -------------------------------------------------------------------------------- */

TEST(a_module_without_a_name_is_none)
{
    static const Dl_info nameless = {.dli_sname = "symbol"};
    struct wefti_symbol symbol;
    known = &nameless;
    assert_false(wefti_symbol_at(&known, &symbol));
}

TEST(a_module_is_named_without_its_folder)
{
    static const char memory[16];
    static Dl_info info = {.dli_fname = "/usr/lib/libbank.so.1"};
    info.dli_fbase = (void *)(uintptr_t)memory;
    struct wefti_symbol symbol;
    known = &info;
    assert_true(wefti_symbol_at(memory + 5, &symbol));
    assert_string_equal(symbol.module, "libbank.so.1");
    assert_int_equal(symbol.module_offset, 5);
    assert_null(symbol.name);
    info.dli_fname = "bank";
    assert_true(wefti_symbol_at(memory + 5, &symbol));
    assert_string_equal(symbol.module, "bank");
}

/* ---- signals -------------------------------------------------------------------------------- */

static atomic_int works;

static void work(void)
{
    atomic_fetch_add(&works, 1);
}

/* The helper works once, then wakes in vain until `odd` is used up, and works once more. */
static void work_around(atomic_int *odd)
{
    assert_int_equal(wefti_on_signal(SIGUSR1, work), WEFT_OK);
    atomic_store(odd, 3);
    raise(SIGUSR1);
    EVENTUALLY(atomic_load(odd) == 0 && atomic_load(&works) >= 1);
    raise(SIGUSR1);
    EVENTUALLY(atomic_load(&works) >= 2);
    assert_int_equal(atomic_load(&works), 2);
}

TEST(a_helper_whose_wait_is_interrupted_waits_on)
{
    work_around(&broken_waits);
}

TEST(a_helper_that_wakes_for_nothing_does_nothing)
{
    work_around(&idle_waits);
}

TEST(a_signal_that_takes_no_handler_is_refused)
{
    no_handlers = true;
    assert_int_equal(wefti_on_signal(SIGUSR1, work), WEFT_VALUE_ERROR);
    no_handlers = false;
    assert_int_equal(wefti_on_signal(SIGUSR1, work), WEFT_OK);
}

/* Before the case's own process has asked for dumps. */
PROGRAM(forks_with_a_helper_for_events)
{
    int status = 0;
    wefti_signal_revive(); /* for nothing: nobody has asked for a helper */
    WITNESS(wefti_helper_start(WEFTI_HELP_EVENTS, work) == WEFT_OK);
    WITNESS(!wefti_helper_knows(WEFTI_HELP_DUMP));
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
        wefti_signal_revive();
        wefti_helper_ring(WEFTI_HELP_EVENTS);
        EVENTUALLY(atomic_load(&works) == 1);
        _exit(0);
    }
    WITNESS(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

TEST(a_child_has_a_helper_for_events_alone)
{
    if (UNDER_TSAN)
        return;
    struct program program = program_start("forks_with_a_helper_for_events");
    assert_int_equal(program_end(&program), 0);
}

/* ---- the clock ------------------------------------------------------------------------------ */

TEST(a_sleep_that_ends_before_the_clock_has_come_so_far_goes_on)
{
    struct wefti_parker parker;
    wefti_parker_init(&parker);
    spinner.countdown = 1; /* it sleeps at once */
    wefti_parker_prepare(&parker);
    int64_t deadline = wefti_clock() + 1000;
    atomic_store(&slow_clocks, 3);
    assert_false(wefti_parker_park(&parker, deadline, &spinner));
    assert_int_equal(atomic_load(&slow_clocks), 0);
}
