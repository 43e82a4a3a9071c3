/* SPDX-License-Identifier: MIT */
/*
 * Both kinds of semaphore through one table of calls: what both promise is tested for both.
 */
#ifndef TESTS_PRIMITIVES_SEMAPHORE_HELP_H
#define TESTS_PRIMITIVES_SEMAPHORE_HELP_H

#include <stdatomic.h>

#include "interrupt.h"
#include "test.h"

struct kind {
    const char *name;
    weft_status (*init)(void *semaphore, int value);
    weft_status (*acquire)(void *semaphore);
    weft_status (*try_acquire)(void *semaphore);
    weft_status (*acquire_for)(void *semaphore, double seconds);
    weft_status (*acquire_until)(void *semaphore, double deadline);
    weft_status (*acquire_n)(void *semaphore, int n);
    weft_status (*try_acquire_n)(void *semaphore, int n);
    weft_status (*acquire_n_for)(void *semaphore, int n, double seconds);
    weft_status (*release)(void *semaphore);
    weft_status (*release_n)(void *semaphore, int n);
    int (*value)(const void *semaphore);
    size_t (*waiters)(const void *semaphore);
    weft_status (*done)(void *semaphore);
    void *(*make)(int value);
    void (*free)(void *semaphore);
};

#define KIND(type)                                                                                 \
    static weft_status type##_init(void *s, int value)                                             \
    {                                                                                              \
        return weft_##type##_init(s, value);                                                       \
    }                                                                                              \
    static weft_status type##_acquire(void *s)                                                     \
    {                                                                                              \
        return weft_##type##_acquire(s);                                                           \
    }                                                                                              \
    static weft_status type##_try(void *s)                                                         \
    {                                                                                              \
        return weft_##type##_try_acquire(s);                                                       \
    }                                                                                              \
    static weft_status type##_for(void *s, double t)                                               \
    {                                                                                              \
        return weft_##type##_acquire_for(s, t);                                                    \
    }                                                                                              \
    static weft_status type##_until(void *s, double t)                                             \
    {                                                                                              \
        return weft_##type##_acquire_until(s, t);                                                  \
    }                                                                                              \
    static weft_status type##_n(void *s, int n)                                                    \
    {                                                                                              \
        return weft_##type##_acquire_n(s, n);                                                      \
    }                                                                                              \
    static weft_status type##_try_n(void *s, int n)                                                \
    {                                                                                              \
        return weft_##type##_try_acquire_n(s, n);                                                  \
    }                                                                                              \
    static weft_status type##_n_for(void *s, int n, double t)                                      \
    {                                                                                              \
        return weft_##type##_acquire_n_for(s, n, t);                                               \
    }                                                                                              \
    static weft_status type##_release(void *s)                                                     \
    {                                                                                              \
        return weft_##type##_release(s);                                                           \
    }                                                                                              \
    static weft_status type##_release_n(void *s, int n)                                            \
    {                                                                                              \
        return weft_##type##_release_n(s, n);                                                      \
    }                                                                                              \
    static int type##_value(const void *s)                                                         \
    {                                                                                              \
        return weft_##type##_value(s);                                                             \
    }                                                                                              \
    static size_t type##_waiters(const void *s)                                                    \
    {                                                                                              \
        return weft_##type##_waiters(s);                                                           \
    }                                                                                              \
    static weft_status type##_done(void *s)                                                        \
    {                                                                                              \
        return weft_##type##_done(s);                                                              \
    }                                                                                              \
    static void *type##_make(int value)                                                            \
    {                                                                                              \
        return weft_##type##_new(value);                                                           \
    }                                                                                              \
    static void type##_free(void *s)                                                               \
    {                                                                                              \
        weft_##type##_free(s);                                                                     \
    }                                                                                              \
    static const struct kind type = {                                                              \
        #type,          type##_init,    type##_acquire,   type##_try,                              \
        type##_for,     type##_until,   type##_n,         type##_try_n,                            \
        type##_n_for,   type##_release, type##_release_n, type##_value,                            \
        type##_waiters, type##_done,    type##_make,      type##_free};

KIND(semaphore)
KIND(bounded_semaphore)

/* An object of either kind, and what threads share with the main one. */
struct fixture {
    const struct kind *kind;
    union {
        weft_semaphore semaphore;
        weft_bounded_semaphore bounded;
    } object;
    int n;          /* what a thread asks for at once */
    double seconds; /* and how long it waits */
    atomic_int first;
    atomic_int second;
    atomic_int refused;
    atomic_int order;
};

/* Runs a body for both kinds, on a semaphore of that value. */
static inline void for_both(int value, void (*body)(struct fixture *))
{
    const struct kind *const kinds[] = {&semaphore, &bounded_semaphore};
    for (size_t i = 0; i < 2; i++) {
        struct fixture fixture = {.kind = kinds[i], .n = 1, .seconds = WEFT_FOREVER};
        print_message("  %s\n", kinds[i]->name);
        assert_int_equal(kinds[i]->init(&fixture.object, value), WEFT_OK);
        body(&fixture);
    }
}

/* Shorthands for the object of a fixture `f`. */
#define CALL(f, call) ((f)->kind->call(&(f)->object))
#define CALL_WITH(f, call, ...) ((f)->kind->call(&(f)->object, __VA_ARGS__))

/* A thread that asks for n permits once. */
static inline void *ask(void *arg)
{
    struct fixture *f = arg;
    weft_status status = CALL_WITH(f, acquire_n_for, f->n, f->seconds);
    atomic_fetch_add(status == WEFT_OK ? &f->first : &f->refused, 1);
    return NULL;
}

#endif
