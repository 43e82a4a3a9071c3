/* SPDX-License-Identifier: MIT */
/*
 * Every lock is a readers-writer lock here, held to write if nobody shares it: helgrind takes a lock
 * that it does not know yet for one as it is said to be taken, and so all have one way to end.
 */
#include "platform/valgrind.h"

#if defined(__has_include)
#if __has_include(<valgrind/helgrind.h>)
#include <valgrind/helgrind.h>
#define HEADER_IS_THERE 1
#endif
#endif

#ifdef HEADER_IS_THERE

bool wefti_valgrind_present(void)
{
    return RUNNING_ON_VALGRIND != 0;
}

void wefti_valgrind_acquire(void *object)
{
    ANNOTATE_HAPPENS_AFTER(object);
}

void wefti_valgrind_release(void *object)
{
    ANNOTATE_HAPPENS_BEFORE(object);
}

void wefti_valgrind_locked(void *object, bool shared)
{
    ANNOTATE_RWLOCK_ACQUIRED(object, !shared);
}

void wefti_valgrind_unlocks(void *object)
{
    ANNOTATE_RWLOCK_RELEASED(object, 0);
}

void wefti_valgrind_regained(void *memory, size_t size)
{
    VALGRIND_HG_CLEAN_MEMORY(memory, size);
}

void wefti_valgrind_done(void *object)
{
    ANNOTATE_HAPPENS_BEFORE_FORGET_ALL(object);
    ANNOTATE_RWLOCK_CREATE(object); /* to end what it never knew would be an error */
    ANNOTATE_RWLOCK_DESTROY(object);
}

#else

bool wefti_valgrind_present(void)
{
    return false;
}

void wefti_valgrind_acquire(void *object)
{
    (void)object;
}

void wefti_valgrind_release(void *object)
{
    (void)object;
}

void wefti_valgrind_locked(void *object, bool shared)
{
    (void)object;
    (void)shared;
}

void wefti_valgrind_unlocks(void *object)
{
    (void)object;
}

void wefti_valgrind_regained(void *memory, size_t size)
{
    (void)memory;
    (void)size;
}

void wefti_valgrind_done(void *object)
{
    (void)object;
}

#endif
