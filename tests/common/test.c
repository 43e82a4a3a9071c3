/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static atomic_int failures;

void test_witness_failed(const char *condition, const char *file, int line)
{
    atomic_fetch_add(&failures, 1);
    fprintf(stderr, "%s:%d: a thread witnessed that this does not hold: %s\n", file, line,
            condition);
}

int test_witness_failures(void)
{
    return atomic_load(&failures);
}

bool test_yield(void)
{
    sched_yield();
    return true;
}

int64_t test_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void test_unwatched(void)
{
    assert_int_equal(weft_watch_deadlocks(WEFT_WATCH_OFF), WEFT_OK);
}

struct crew crew_start(size_t size, weft_target *target, void *arg)
{
    struct crew crew = {.size = size};
    assert_true(size <= CREW_MOST);
    for (size_t i = 0; i < size; i++) {
        crew.threads[i] = weft_thread_spawn(target, arg, .daemon = true);
        assert_non_null(crew.threads[i]);
    }
    return crew;
}

void crew_join(struct crew *crew)
{
    for (size_t i = 0; i < crew->size; i++) {
        assert_int_equal(weft_thread_join(crew->threads[i]), WEFT_OK);
        weft_thread_free(crew->threads[i]);
    }
    crew->size = 0;
}

double test_setting(const char *name, double standard)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtod(text, NULL) : standard;
}

int64_t test_stress_time(void)
{
    return (int64_t)(test_setting("WEFT_STRESS_SECONDS", 1) * 1e9);
}

uint32_t test_random(uint64_t *state)
{
    *state ^= *state << 13; /* xorshift64, G. Marsaglia */
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32); /* the better half */
}

static uint64_t seed;

static void choose_seed(void)
{
    seed = (uint64_t)test_setting("WEFT_STRESS_SEED", (double)(test_clock() % 1000000000));
    printf("WEFT_STRESS_SEED=%llu\n", (unsigned long long)seed);
    fflush(stdout);
}

uint64_t test_stress_random(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static atomic_uint_fast64_t calls;
    pthread_once(&once, choose_seed);
    /* splitmix64, S. Vigna: neighbours become strangers. */
    uint64_t state = seed * 1000003 + atomic_fetch_add(&calls, 1) + 1;
    state = (state ^ (state >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    state = (state ^ (state >> 27)) * UINT64_C(0x94d049bb133111eb);
    state ^= state >> 31;
    return state != 0 ? state : 1;
}
