/* SPDX-License-Identifier: MIT */
// LINK: -Wl,--wrap=pthread_setspecific,--wrap=pthread_key_create
/*
 * The system has no memory to notice the end of a thread, or no key for it: the thread can lock and
 * wait, and whatever would have to be ended with it gets a status.
 */
#include "program.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_bool refused;

/* clang's sanitizers are linked in, and call these before they can be called themselves. */
#ifdef __clang__
#define UNSEEN __attribute__((disable_sanitizer_instrumentation))
#else
#define UNSEEN
#endif

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
int __real_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value);
int __real_pthread_key_create(pthread_key_t *key, void (*destructor)(void *));
int __wrap_pthread_key_create(pthread_key_t *key, void (*destructor)(void *));

UNSEEN int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
    return atomic_load(&refused) ? ENOMEM : __real_pthread_setspecific(key, value);
}

UNSEEN int __wrap_pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    return getenv("WEFT_TEST_NO_KEYS") != NULL ? EAGAIN
                                               : __real_pthread_key_create(key, destructor);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* Not where a sanitizer that is linked in needs them, too. */
static bool may_be_refused(void)
{
#if defined(__clang__) && defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return false;
#endif
#endif
    return true;
}

static weft_lock lock;
static weft_event may_go;
static atomic_int destroyed;

static void note_destroyed(void *value)
{
    WITNESS(value == &lock);
    atomic_fetch_add(&destroyed, 1);
}

static weft_local local = WEFT_LOCAL_INIT(.destructor = note_destroyed);

static void be_refused(void)
{
    WITNESS(weft_thread_current() == NULL);
    WITNESS(weft_last_status() == WEFT_NO_MEMORY);
    WITNESS(weft_local_set(&local, &lock) == WEFT_NO_MEMORY);
    WITNESS(!weft_local_has(&local));
    WITNESS(weft_raise(WEFT_USER, "too long a story for a thread like this") == WEFT_RAISED);
    WITNESS(weft_last_error() == NULL); /* nobody would free it */
    WITNESS(weft_local_count(&local) == 0);
}

static void lock_and_wait(void)
{
    WITNESS(weft_lock_acquire(&lock) == WEFT_OK);
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
    WITNESS(weft_event_wait(&may_go) == WEFT_OK);
}

static void *work_unnoticed(void *arg)
{
    be_refused();
    lock_and_wait();
    return arg;
}

static void *be_noticed_later(void *arg)
{
    be_refused();
    atomic_store(&refused, false);
    WITNESS(weft_local_set(&local, &lock) == WEFT_OK);
    WITNESS(weft_thread_current() != NULL);
    WITNESS(weft_raise(WEFT_USER, "short") == WEFT_RAISED);
    WITNESS(weft_last_error() != NULL); /* freed when the thread ends */
    lock_and_wait();
    return arg;
}

static pthread_t begin_refused(void *(*target)(void *arg))
{
    pthread_t thread;
    assert_non_null(weft_thread_current());
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    atomic_store(&refused, true);
    assert_int_equal(pthread_create(&thread, NULL, target, NULL), 0);
    EVENTUALLY(weft_lock_waiters(&lock) == 1);
    atomic_store(&refused, false);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    EVENTUALLY(weft_event_waiters(&may_go) == 1);
    return thread;
}

static void end(pthread_t thread)
{
    assert_int_equal(weft_event_set(&may_go), WEFT_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(weft_thread_active_count(), 1);
    assert_int_equal(weft_local_destroy(&local), WEFT_OK);
}

TEST(a_foreign_thread_that_cannot_be_noticed_locks_and_waits)
{
    if (!may_be_refused())
        skip();
    pthread_t thread = begin_refused(work_unnoticed);
    assert_int_equal(weft_thread_active_count(), 1);
    end(thread);
    assert_int_equal(atomic_load(&destroyed), 0);
}

TEST(it_is_noticed_as_soon_as_there_is_memory)
{
    if (!may_be_refused())
        skip();
    pthread_t thread = begin_refused(be_noticed_later);
    assert_int_equal(weft_thread_active_count(), 2);
    end(thread);
    assert_int_equal(atomic_load(&destroyed), 1);
}

static void *nothing(void *arg)
{
    return arg;
}

PROGRAM(has_no_key)
{
    weft_thread *thread = weft_thread_spawn(nothing, NULL);
    WITNESS(thread == NULL && weft_last_status() == WEFT_NO_THREAD);
    WITNESS(weft_event_set(&may_go) == WEFT_OK);
    lock_and_wait();
    WITNESS(weft_thread_current() == weft_thread_main());
    WITNESS(weft_local_set(&local, &lock) == WEFT_NO_MEMORY);
    return test_witness_failures();
}

TEST(without_a_key_no_thread_is_started)
{
    if (!may_be_refused())
        skip();
    setenv("WEFT_TEST_NO_KEYS", "1", 1);
    struct program program = program_start("has_no_key");
    assert_int_equal(program_end(&program), 0);
}
