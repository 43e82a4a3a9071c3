/* SPDX-License-Identifier: MIT */
/*
 * What ThreadSanitizer's runtime is called with. A runtime of the test's own takes its place, which a
 * program that really has one cannot have.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "platform/sanitizer.h"
#include "under_tsan.h"

#if !UNDER_TSAN

static char told[128]; /* the calls about the object that is looked at */
static int object;

static void tell(const void *about, const char *call, unsigned flags)
{
    size_t length = strlen(told);
    if (about == &object)
        snprintf(told + length, sizeof told - length, "%s %u, ", call, flags);
}

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): its names */
void __tsan_acquire(void *about);
void __tsan_release(void *about);
void __tsan_mutex_pre_lock(void *about, unsigned flags);
void __tsan_mutex_post_lock(void *about, unsigned flags, int depth);
int __tsan_mutex_pre_unlock(void *about, unsigned flags);
void __tsan_mutex_post_unlock(void *about, unsigned flags);
void __tsan_mutex_destroy(void *about, unsigned flags);

void __tsan_acquire(void *about)
{
    tell(about, "acquire", 0);
}

void __tsan_release(void *about)
{
    tell(about, "release", 0);
}

void __tsan_mutex_pre_lock(void *about, unsigned flags)
{
    tell(about, "pre_lock", flags);
}

void __tsan_mutex_post_lock(void *about, unsigned flags, int depth)
{
    WITNESS(depth == 0);
    tell(about, "post_lock", flags);
}

int __tsan_mutex_pre_unlock(void *about, unsigned flags)
{
    tell(about, "pre_unlock", flags);
    return 0;
}

void __tsan_mutex_post_unlock(void *about, unsigned flags)
{
    tell(about, "post_unlock", flags);
}

void __tsan_mutex_destroy(void *about, unsigned flags)
{
    tell(about, "destroy", flags);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* Whether the calls since the last look were these. */
static bool was_told(const char *expected)
{
    bool same = strcmp(told, expected) == 0;
    if (!same)
        print_error("told: %s\n", told);
    told[0] = '\0';
    return same;
}

#endif

TEST(a_runtime_that_is_there_is_found)
{
#if !UNDER_TSAN
    assert_true(wefti_tsan_present());
    assert_true(wefti_tsan_knows_locks());
#endif
}

TEST(the_order_of_work_is_told_by_two_calls)
{
#if !UNDER_TSAN
    wefti_tsan_release(&object);
    wefti_tsan_acquire(&object);
    assert_true(was_told("release 0, acquire 0, "));
#endif
}

/* Its flags: 8 for a lock to read, 16 for one that was tried. */
TEST(a_lock_is_told_with_how_it_was_taken)
{
#if !UNDER_TSAN
    static const struct {
        bool shared;
        bool tried;
        const char *locked;
        const char *unlocked;
    } ways[] = {
        {false, false, "pre_lock 0, post_lock 0, ", "pre_unlock 0, post_unlock 0, "},
        {true, false, "pre_lock 8, post_lock 8, ", "pre_unlock 8, post_unlock 8, "},
        {false, true, "pre_lock 16, post_lock 16, ", "pre_unlock 0, post_unlock 0, "},
        {true, true, "pre_lock 24, post_lock 24, ", "pre_unlock 8, post_unlock 8, "},
    };
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        wefti_tsan_locked(&object, ways[i].shared, ways[i].tried);
        assert_true(was_told(ways[i].locked));
        wefti_tsan_unlocks(&object, ways[i].shared);
        assert_true(was_told(ways[i].unlocked));
    }
    wefti_tsan_done(&object);
    assert_true(was_told("destroy 0, "));
#endif
}

static void *wait_in_vain(void *lock)
{
    WITNESS(weft_lock_acquire(lock) == WEFT_INTERRUPTED);
    return NULL;
}

TEST(a_program_under_a_runtime_uses_locks_as_ever)
{
    static weft_lock lock;
    static weft_rlock rlock;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
        assert_int_equal(weft_rlock_acquire(&rlock), WEFT_OK);
        assert_int_equal(weft_lock_try_acquire(&lock), WEFT_TIMEOUT);
        assert_int_equal(weft_rlock_release(&rlock), WEFT_OK);
        assert_int_equal(weft_lock_release(&lock), WEFT_OK);
    }
    assert_int_equal(weft_rlock_release(&rlock), WEFT_NOT_OWNER);
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    struct crew crew = crew_start(1, wait_in_vain, &lock);
    EVENTUALLY(weft_lock_waiters(&lock) == 1);
    assert_int_equal(weft_thread_interrupt(crew.threads[0]), WEFT_OK);
    crew_join(&crew);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
}
