/* SPDX-License-Identifier: MIT */
/*
 * What all tests share: a case is a function, found by CMake by its line TEST(name), and run by
 * ctest in a process of its own under a watchdog.
 *
 *     static void *worker(void *arg)
 *     {
 *         WITNESS(weft_lock_acquire(arg) == WEFT_OK);     threads witness, they never assert
 *         WITNESS(weft_lock_release(arg) == WEFT_OK);
 *         return NULL;
 *     }
 *
 *     TEST(a_waiter_gets_the_lock)
 *     {
 *         weft_lock lock = WEFT_LOCK_INIT;
 *         assert_int_equal(weft_lock_acquire(&lock), WEFT_OK);
 *         struct crew crew = crew_start(1, worker, &lock);
 *         EVENTUALLY(weft_lock_waiters(&lock) == 1);      no sleep: the library knows who waits
 *         assert_int_equal(weft_lock_release(&lock), WEFT_OK);
 *         crew_join(&crew);
 *     }
 */
#ifndef TESTS_COMMON_TEST_H
#define TESTS_COMMON_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weft/weft.h>

struct test_case {
    const char *name;
    void (*run)(void);
    struct test_case *next;
};

void test_register(struct test_case *test);

#define TEST(name)                                                                                 \
    static void name(void);                                                                        \
    __attribute__((constructor)) static void register_##name(void)                                 \
    {                                                                                              \
        static struct test_case test = {#name, name, NULL};                                        \
        test_register(&test);                                                                      \
    }                                                                                              \
    static void name(void)

/* For any thread: notes a condition that does not hold; the case fails when its function returns. */
#define WITNESS(condition)                                                                         \
    ((condition) ? (void)0 : test_witness_failed(#condition, __FILE__, __LINE__))
void test_witness_failed(const char *condition, const char *file, int line);
int test_witness_failures(void);

/* Waits until the condition holds; the watchdog is the limit. */
#define EVENTUALLY(condition)                                                                      \
    do {                                                                                           \
    } while (!(condition) && test_yield())
bool test_yield(void);

/* Monotonic nanoseconds by the system, not by the library under test. */
int64_t test_clock(void);

/* For cases about what holds where nobody watches, whatever WEFT_DEADLOCK says. */
void test_unwatched(void);

/* Some threads on the same target; daemons, so that a case that fails does not wait for them. */
enum { CREW_MOST = 64 };
struct crew {
    size_t size;
    weft_thread *threads[CREW_MOST];
};
struct crew crew_start(size_t size, weft_target *target, void *arg);
void crew_join(struct crew *crew);

/* A number from the environment. */
double test_setting(const char *name, double standard);

/* How long a stress test runs, in nanoseconds: WEFT_STRESS_SECONDS, 1 if it is not set. */
int64_t test_stress_time(void);

/* A small generator of random numbers; each thread has its own state, which must not be 0. */
uint32_t test_random(uint64_t *state);

/*
 * A state for it, another one for each call. They follow from WEFT_STRESS_SEED, which the first call
 * prints, and which is the time if it is not set.
 */
uint64_t test_stress_random(void);

#endif
