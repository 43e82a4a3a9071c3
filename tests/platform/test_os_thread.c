/* SPDX-License-Identifier: MIT */
/* The system's threads: how they start, what they are called, and that their end is noticed. */
#include "test.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "asleep.h"
#include "cancel.h"
#include "platform/atomic.h"
#include "platform/memory.h"
#include "platform/thread.h"
#include "primitives/self.h"

/* What a thread has found out about itself. */
struct finding {
    wefti_os_thread os;
    size_t stack_size;
    int detached;
    sigset_t blocked;
    uint32_t done;
};

static void *look_around(void *arg)
{
    struct finding *finding = arg;
    pthread_attr_t attributes;
    finding->os = wefti_os_thread_self();
    WITNESS(pthread_getattr_np(pthread_self(), &attributes) == 0);
    WITNESS(pthread_attr_getstacksize(&attributes, &finding->stack_size) == 0);
    WITNESS(pthread_attr_getdetachstate(&attributes, &finding->detached) == 0);
    WITNESS(pthread_attr_destroy(&attributes) == 0);
    WITNESS(pthread_sigmask(SIG_SETMASK, NULL, &finding->blocked) == 0);
    wefti_store(&finding->done, 1, RELEASE);
    return NULL;
}

static struct finding look_around_in_a_thread(size_t stack_size)
{
    struct finding finding = {.done = 0};
    assert_int_equal(wefti_os_thread_create(look_around, &finding, stack_size), WEFT_OK);
    EVENTUALLY(wefti_load(&finding.done, ACQUIRE));
    wefti_os_thread_join(finding.os);
    return finding;
}

TEST(a_thread_runs_and_is_joined)
{
    struct finding finding = look_around_in_a_thread(0);
    assert_int_equal(finding.detached, PTHREAD_CREATE_JOINABLE);
    assert_false(pthread_equal(finding.os, wefti_os_thread_self()));
}

TEST(a_stack_is_at_least_what_was_asked)
{
    const size_t sizes[] = {1, 4096, 16384, 100001, 1U << 20, (1U << 20) + 1, 8U << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct finding finding = look_around_in_a_thread(sizes[i]);
        assert_true(finding.stack_size >= sizes[i]);
        assert_true(finding.stack_size >= (size_t)sysconf(_SC_THREAD_STACK_MIN));
    }
}

TEST(a_small_stack_is_smaller_than_the_systems)
{
    size_t standard = look_around_in_a_thread(0).stack_size;
    assert_true(look_around_in_a_thread(1U << 18).stack_size < standard);
}

static void *never_run(void *arg)
{
    (void)arg;
    WITNESS(!"a thread that could not be made runs");
    return NULL;
}

static uint32_t in_use; /* blocks of counting memory */

static void *count_allocate(size_t size, void *context)
{
    wefti_fetch_add((uint32_t *)context, 1, RELAXED);
    return malloc(size);
}

static void count_release(void *memory, void *context)
{
    wefti_fetch_sub((uint32_t *)context, 1, RELAXED);
    free(memory);
}

TEST(a_stack_that_does_not_fit_is_no_thread)
{
    static const size_t huge[] = {SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 8 * 7, SIZE_MAX / 4 * 3};
    const weft_allocator counting = {count_allocate, count_release, &in_use};
    assert_int_equal(weft_set_allocator(&counting), WEFT_OK);
    for (size_t i = 0; i < sizeof huge / sizeof huge[0]; i++) {
        assert_int_equal(wefti_os_thread_create(never_run, NULL, huge[i]), WEFT_NO_THREAD);
        weft_thread *thread = weft_thread_spawn(never_run, NULL, .stack_size = huge[i]);
        assert_null(thread);
        assert_int_equal(weft_last_status(), WEFT_NO_THREAD);
        assert_int_equal(in_use, 0);
    }
    look_around_in_a_thread(0);
}

TEST(many_threads_can_be_joined_or_detached)
{
    for (int i = 0; i < 300; i++) {
        struct finding finding = {.done = 0};
        assert_int_equal(wefti_os_thread_create(look_around, &finding, 1U << 16), WEFT_OK);
        EVENTUALLY(wefti_load(&finding.done, ACQUIRE));
        (i % 2 ? wefti_os_thread_join : wefti_os_thread_detach)(finding.os);
    }
}

TEST(a_helper_hears_no_signal)
{
    struct finding finding = {.done = 0};
    sigset_t before;
    sigset_t after;
    sigemptyset(&before);
    sigaddset(&before, SIGUSR1);
    assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    assert_int_equal(wefti_os_helper_create(look_around, &finding), WEFT_OK);
    EVENTUALLY(wefti_load(&finding.done, ACQUIRE));
    assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
    assert_int_equal(finding.detached, PTHREAD_CREATE_DETACHED);
    for (int number = 1; number <= SIGRTMAX; number++) {
        bool reserved = number == SIGKILL || number == SIGSTOP ||
                        (number >= __SIGRTMIN && number < SIGRTMIN); /* the C library's own */
        assert_true(reserved || sigismember(&finding.blocked, number));
        assert_int_equal(sigismember(&before, number), sigismember(&after, number));
    }
}

/* A thread that runs until the one that joins it sleeps, and the other. */
struct pair {
    wefti_os_thread os;
    uint32_t runs;
    uint32_t joiner;
    uint32_t over; /* for the joiner, in whatever way */
    bool joined;
};

static void *outlast_the_joiner(void *arg)
{
    struct pair *pair = arg;
    pair->os = wefti_os_thread_self();
    wefti_store(&pair->runs, 1, RELEASE);
    EVENTUALLY(wefti_load(&pair->joiner, ACQUIRE) != 0);
    EVENTUALLY(wefti_load(&pair->over, ACQUIRE) || asleep(pair->joiner));
    return NULL;
}

static void note_the_end(void *arg)
{
    wefti_store((uint32_t *)arg, 1, RELEASE);
}

static void *join_cancelled(void *arg)
{
    struct pair *pair = arg;
    EVENTUALLY(wefti_load(&pair->runs, ACQUIRE));
    pthread_cancel(pthread_self());
    pthread_cleanup_push(note_the_end, &pair->over);
    wefti_store(&pair->joiner, thread_id(), RELEASE);
    wefti_os_thread_join(pair->os);
    pair->joined = true;
    pthread_cleanup_pop(1);
    return NULL;
}

TEST(a_join_is_no_cancellation_point)
{
    struct pair pair = {.runs = 0};
    pthread_t joiner;
    assert_int_equal(wefti_os_thread_create(outlast_the_joiner, &pair, 0), WEFT_OK);
    assert_int_equal(pthread_create(&joiner, NULL, join_cancelled, &pair), 0);
    assert_int_equal(pthread_join(joiner, NULL), 0);
    assert_true(pair.joined);
}

/* ---- names ---------------------------------------------------------------------------------- */

TEST(a_name_is_cut_between_two_characters)
{
    static const struct {
        const char *given;
        const char *kept; /* 15 bytes fit */
    } names[] = {
        {"", ""},
        {"worker", "worker"},
        {"123456789012345", "123456789012345"},
        {"1234567890123456", "123456789012345"},
        {"1234567890123456789012345678901234567890", "123456789012345"},
        {"1234567890123\u00e4", "1234567890123\u00e4"}, /* ends with the last byte */
        {"12345678901234\u00e4", "12345678901234"},     /* two bytes, one would fit */
        {"1234567890123\u20ac", "1234567890123"},       /* three, two would fit */
        {"123456789012\u20ac", "123456789012\u20ac"},   /* three, which fit */
        {"123456789012\U0001f9f5", "123456789012"},     /* four, three would fit */
        {"\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4",
         "\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4"},
    };
    char name[32];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        wefti_os_thread_set_name(names[i].given);
        assert_int_equal(pthread_getname_np(pthread_self(), name, sizeof name), 0);
        assert_string_equal(name, names[i].kept);
    }
}

/* ---- the end -------------------------------------------------------------------------------- */

static void *return_normally(void *arg)
{
    return arg;
}

static void *exit_early(void *arg)
{
    pthread_exit(arg);
}

static void *be_cancelled(void *arg)
{
    pthread_cancel(pthread_self());
    test_cancel_here();
    return arg;
}

static weft_target *const ways_to_end[] = {return_normally, exit_early, be_cancelled};
enum { WAYS_TO_END = sizeof ways_to_end / sizeof ways_to_end[0] };

TEST(every_end_of_a_thread_is_noticed)
{
    for (size_t i = 0; i < WAYS_TO_END; i++) {
        weft_thread *thread = weft_thread_spawn(ways_to_end[i], NULL);
        assert_non_null(thread);
        assert_int_equal(weft_thread_join(thread), WEFT_OK);
        assert_false(weft_thread_is_alive(thread));
        weft_thread_free(thread);
    }
}

struct foreign {
    weft_target *end;
    uint32_t number;
    bool was_registered;
};

static bool registered(uint32_t number)
{
    wefti_registry_lock();
    const struct wefti_self *self = wefti_registry_after(number - 1);
    bool found = self != NULL && self->number == number;
    wefti_registry_unlock();
    return found;
}

static void *use_the_library_and_end(void *arg)
{
    struct foreign *foreign = arg;
    foreign->number = wefti_self()->number;
    foreign->was_registered = registered(foreign->number);
    return foreign->end(NULL);
}

TEST(every_end_of_a_foreign_thread_is_noticed)
{
    uint32_t last = wefti_self()->number;
    for (size_t i = 0; i < WAYS_TO_END; i++) {
        pthread_t thread;
        struct foreign foreign = {.end = ways_to_end[i]};
        assert_int_equal(pthread_create(&thread, NULL, use_the_library_and_end, &foreign), 0);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_true(foreign.was_registered);
        assert_false(registered(foreign.number));
        assert_true(foreign.number > last); /* never given twice */
        last = foreign.number;
    }
}
