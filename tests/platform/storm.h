/* SPDX-License-Identifier: MIT */
/*
 * A storm of signals on chosen threads, with a handler that ends system calls (no SA_RESTART); and a
 * look whether a thread sleeps in the system.
 */
#ifndef TESTS_PLATFORM_STORM_H
#define TESTS_PLATFORM_STORM_H

#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/atomic.h"

enum { STORM_MOST = 16, STORM_SIGNAL = SIGUSR2 };

struct storm {
    uint32_t over;
    uint32_t threads;
    uint32_t ids[STORM_MOST]; /* of the system */
    struct crew crew;
};

static uint32_t storm_signals; /* that have been handled */

static inline void storm_handle(int signal_number)
{
    (void)signal_number;
    wefti_fetch_add(&storm_signals, 1, RELAXED);
}

static inline uint32_t thread_id(void)
{
    return (uint32_t)syscall(SYS_gettid);
}

/* The calling thread is out in the storm from now on. */
static inline void storm_join(struct storm *storm)
{
    uint32_t index = wefti_fetch_add(&storm->threads, 1, RELAXED);
    wefti_store(&storm->ids[index], thread_id(), RELEASE);
}

static inline void *storm_rages(void *arg)
{
    struct storm *storm = arg;
    uint64_t random = 88172645463325252U;
    while (!wefti_load(&storm->over, RELAXED)) {
        uint32_t id = wefti_load(&storm->ids[test_random(&random) % STORM_MOST], ACQUIRE);
        if (id != 0) /* a thread that has ended is not found, which is no harm */
            syscall(SYS_tgkill, getpid(), id, STORM_SIGNAL);
        if (test_random(&random) % 8 == 0)
            test_yield();
    }
    return NULL;
}

static inline void storm_begin(struct storm *storm)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = storm_handle;
    assert_int_equal(sigaction(STORM_SIGNAL, &action, NULL), 0);
    storm->crew = crew_start(1, storm_rages, storm);
}

static inline void storm_end(struct storm *storm)
{
    wefti_store(&storm->over, 1, RELAXED);
    crew_join(&storm->crew);
}

/* Waits until so many more signals have been handled. */
static inline void storm_lasts(uint32_t signals)
{
    uint32_t before = wefti_load(&storm_signals, RELAXED);
    EVENTUALLY(wefti_load(&storm_signals, RELAXED) - before >= signals);
}

/* Whether the thread sleeps at this moment, as the system says. */
static inline bool asleep(uint32_t id)
{
    char path[64];
    char text[512] = "";
    snprintf(path, sizeof path, "/proc/self/task/%u/stat", id);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *state = strrchr(text, ')'); /* the name before it may contain anything */
    return state != NULL && state[1] == ' ' && state[2] == 'S';
}

#endif
