/* SPDX-License-Identifier: MIT */
/*
 * Who is let in by a release may free the memory at once: the release does not touch it any more.
 * Each round's object lies in a page of its own, which the next holder unmaps.
 */
// LINK: -Wl,--wrap=wefti_parker_unpark
#include "test.h"

#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/parker.h"

enum { ROUNDS = 500 };

/* What lies in the page, and how the two threads of a round hold it. */
struct subject {
    weft_status (*acquire)(void *object);      /* the one that comes first */
    weft_status (*release)(void *object);      /* the release under test */
    weft_status (*next_acquire)(void *object); /* the one that waits, and unmaps */
    weft_status (*next_release)(void *object);
    size_t (*waiters)(const void *object);
};

void __real_wefti_parker_unpark(struct wefti_parker *parker);
void __wrap_wefti_parker_unpark(struct wefti_parker *parker);

static const struct subject *subject;
static _Atomic(void *) shared; /* where this round's object is; NULL: its memory is gone */
static atomic_bool over;
static _Thread_local bool linger; /* in the middle of a release, until the memory is gone */

void __wrap_wefti_parker_unpark(struct wefti_parker *parker)
{
    __real_wefti_parker_unpark(parker);
    if (linger)
        EVENTUALLY(atomic_load(&shared) == NULL);
}

static size_t page(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static void *acquire_and_unmap(void *arg)
{
    while (!atomic_load(&over)) {
        void *object = atomic_load(&shared);
        if (object == NULL) {
            test_yield();
            continue;
        }
        WITNESS(subject->next_acquire(object) == WEFT_OK);
        WITNESS(subject->next_release(object) == WEFT_OK);
        WITNESS(munmap(object, page()) == 0);
        atomic_store(&shared, NULL);
    }
    return arg;
}

static void release_once(bool waiting)
{
    void *object = mmap(NULL, page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(object != MAP_FAILED);
    assert_int_equal(subject->acquire(object), WEFT_OK);
    atomic_store(&shared, object);
    if (waiting)
        EVENTUALLY(subject->waiters(object) == 1);
    linger = waiting;
    assert_int_equal(subject->release(object), WEFT_OK);
    linger = false;
    EVENTUALLY(atomic_load(&shared) == NULL);
}

static void release_often(const struct subject *which)
{
    subject = which;
    struct crew crew = crew_start(1, acquire_and_unmap, NULL);
    for (int round = 0; round < ROUNDS; round++)
        release_once(round % 2 == 0);
    atomic_store(&over, true);
    crew_join(&crew);
}

#define CALL(type, name)                                                                           \
    static weft_status name(void *object)                                                          \
    {                                                                                              \
        return weft_##type##_##name((weft_##type *)object);                                        \
    }
#define WAITERS(type)                                                                              \
    static size_t type##_waiters(const void *object)                                               \
    {                                                                                              \
        return weft_##type##_waiters((const weft_##type *)object);                                 \
    }
CALL(rlock, acquire)
CALL(rlock, release)
WAITERS(rlock)
CALL(rwlock, acquire_read)
CALL(rwlock, release_read)
CALL(rwlock, acquire_write)
CALL(rwlock, release_write)
WAITERS(rwlock)

TEST(a_release_of_an_rlock_does_not_touch_it_afterwards)
{
    release_often(&(const struct subject){acquire, release, acquire, release, rlock_waiters});
}

TEST(a_release_of_a_writer_does_not_touch_the_rwlock_afterwards)
{
    release_often(&(const struct subject){acquire_write, release_write, acquire_write,
                                          release_write, rwlock_waiters});
}

TEST(a_release_of_a_reader_does_not_touch_the_rwlock_afterwards)
{
    release_often(&(const struct subject){acquire_read, release_read, acquire_write, release_write,
                                          rwlock_waiters});
}

TEST(a_release_to_a_reader_does_not_touch_the_rwlock_afterwards)
{
    release_often(&(const struct subject){acquire_write, release_write, acquire_read, release_read,
                                          rwlock_waiters});
}

/* A condition over a lock of the program's may go as soon as its waiters have been notified. */
static weft_lock lock = WEFT_LOCK_INIT;

static void *wait_and_unmap(void *arg)
{
    weft_condition *condition = arg;
    WITNESS(weft_lock_acquire(&lock) == WEFT_OK);
    atomic_store(&shared, condition);
    WITNESS(weft_condition_wait(condition) == WEFT_OK);
    WITNESS(weft_lock_release(&lock) == WEFT_OK);
    return NULL;
}

TEST(who_is_notified_does_not_touch_the_condition_afterwards)
{
    for (int round = 0; round < ROUNDS; round++) {
        weft_condition *condition =
            mmap(NULL, page(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(condition != MAP_FAILED);
        *condition = (weft_condition)WEFT_CONDITION_INIT_ON(&lock);
        struct crew crew = crew_start(1, wait_and_unmap, condition);
        EVENTUALLY(weft_condition_waiters(condition) == 1);
        assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
        assert_int_equal(weft_condition_notify_all(condition), WEFT_OK);
        assert_int_equal(munmap(condition, page()), 0);
        assert_int_equal(weft_lock_release(&lock), WEFT_OK);
        crew_join(&crew);
    }
}
