/* SPDX-License-Identifier: MIT */
/* A runtime of ThreadSanitizer that lacks something, as an old one might: then nothing is told. */
#include "test.h"

#include "platform/sanitizer.h"
#include "under_tsan.h"

#if !UNDER_TSAN
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): its names */
void __tsan_acquire(void *object);
void __tsan_mutex_pre_lock(void *object, unsigned flags);
void __tsan_mutex_post_lock(void *object, unsigned flags, int depth);
int __tsan_mutex_pre_unlock(void *object, unsigned flags);
void __tsan_mutex_post_unlock(void *object, unsigned flags);

static void must_not_be_called(void)
{
    WITNESS(!"a part of a runtime is used");
}

void __tsan_acquire(void *object)
{
    (void)object;
    must_not_be_called();
}

void __tsan_mutex_pre_lock(void *object, unsigned flags)
{
    (void)object;
    (void)flags;
    must_not_be_called();
}

void __tsan_mutex_post_lock(void *object, unsigned flags, int depth)
{
    (void)object;
    (void)flags;
    (void)depth;
    must_not_be_called();
}

int __tsan_mutex_pre_unlock(void *object, unsigned flags)
{
    __tsan_mutex_pre_lock(object, flags);
    return 0;
}

void __tsan_mutex_post_unlock(void *object, unsigned flags)
{
    __tsan_mutex_pre_lock(object, flags);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
#endif

TEST(a_part_of_a_runtime_is_none)
{
    weft_lock lock = WEFT_LOCK_INIT;
    weft_rlock rlock = WEFT_RLOCK_INIT;
    if (UNDER_TSAN)
        return;
    assert_false(wefti_tsan_present());
    assert_false(wefti_tsan_knows_locks());
    assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
    assert_int_equal(weft_rlock_acquire(&rlock), WEFT_OK);
    assert_int_equal(weft_rlock_release(&rlock), WEFT_OK);
    assert_int_equal(weft_lock_release(&lock), WEFT_OK);
}
