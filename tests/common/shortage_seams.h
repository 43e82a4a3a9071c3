/* SPDX-License-Identifier: MIT */
/*
 * The functions of the system that can refuse what they are asked for, and one that refuses: the
 * `refused`-th call of any of them while `armed`. What these functions and a sanitizer's runtime call
 * among themselves does not count. Programs that include this link with
 *
 *     -Wl,--wrap=malloc,--wrap=free,--wrap=mmap,--wrap=pthread_create,--wrap=pthread_attr_init
 *     -Wl,--wrap=pthread_attr_setstacksize,--wrap=sem_init
 */
#ifndef TESTS_COMMON_SHORTAGE_SEAMS_H
#define TESTS_COMMON_SHORTAGE_SEAMS_H

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

enum what { MEMORY = 1, PAGES, THREAD, ATTRIBUTES, STACK_SIZE, SEMAPHORE };

static atomic_bool armed; /* acts switch it off for what is not their subject */
static size_t refused;    /* the number of the call that is; the first is 1 */
static atomic_size_t calls;
static atomic_int refusal; /* what it was; 0: it has not come to that */
static atomic_long blocks; /* of memory in use */

/* In the main thread, and in others while they run what the library has given them. */
static _Thread_local bool counts;
static _Thread_local int inside; /* one of these functions */

static bool refuse(enum what what)
{
    if (!atomic_load(&armed) || !counts || inside > 0)
        return false;
    if (atomic_fetch_add(&calls, 1) + 1 != refused)
        return false;
    atomic_store(&refusal, what);
    return true;
}

/* The linker's names. NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);
void *__real_mmap(void *start, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *start, size_t size, int protection, int flags, int fd, off_t offset);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *arg);
int __real_pthread_attr_init(pthread_attr_t *attributes);
int __wrap_pthread_attr_init(pthread_attr_t *attributes);
int __real_pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size);
int __wrap_pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size);
int __real_sem_init(sem_t *semaphore, int shared, unsigned value);
int __wrap_sem_init(sem_t *semaphore, int shared, unsigned value);

void *__wrap_malloc(size_t size)
{
    void *memory = refuse(MEMORY) ? NULL : __real_malloc(size);
    if (memory != NULL && counts)
        atomic_fetch_add(&blocks, 1);
    return memory;
}

void __wrap_free(void *memory)
{
    if (memory != NULL && counts)
        atomic_fetch_sub(&blocks, 1);
    __real_free(memory);
}

void *__wrap_mmap(void *start, size_t size, int protection, int flags, int fd, off_t offset)
{
    return refuse(PAGES) ? MAP_FAILED : __real_mmap(start, size, protection, flags, fd, offset);
}

struct beginning {
    void *(*run)(void *);
    void *arg;
};

static void *begin_to_count(void *arg)
{
    struct beginning beginning = *(struct beginning *)arg;
    __real_free(arg);
    counts = true;
    return beginning.run(beginning.arg);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *arg)
{
    if (refuse(THREAD))
        return EAGAIN;
    struct beginning *beginning = __real_malloc(sizeof *beginning);
    *beginning = (struct beginning){run, arg};
    inside++;
    int error = __real_pthread_create(thread, attributes, begin_to_count, beginning);
    inside--;
    return error;
}

int __wrap_pthread_attr_init(pthread_attr_t *attributes)
{
    return refuse(ATTRIBUTES) ? ENOMEM : __real_pthread_attr_init(attributes);
}

int __wrap_pthread_attr_setstacksize(pthread_attr_t *attributes, size_t size)
{
    return refuse(STACK_SIZE) ? EINVAL : __real_pthread_attr_setstacksize(attributes, size);
}

int __wrap_sem_init(sem_t *semaphore, int shared, unsigned value)
{
    if (!refuse(SEMAPHORE))
        return __real_sem_init(semaphore, shared, value);
    errno = ENOSPC;
    return -1;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

#endif
