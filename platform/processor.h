/* SPDX-License-Identifier: MIT */
/*
 * The processor: how many there are, and how to wait for another one without troubling it.
 */
#ifndef WEFTI_PLATFORM_PROCESSOR_H
#define WEFTI_PLATFORM_PROCESSOR_H

#include <sched.h>
#include <stdint.h>

/* How many processors the process may use (its affinity when first asked), at least 1. */
int wefti_processors(void);

/* How many of so many threads share a processor, rounded up. */
static inline uint32_t wefti_crowd(uint32_t threads)
{
    uint32_t processors = (uint32_t)wefti_processors();
    return threads / processors + (threads % processors != 0);
}

enum { WEFTI_CACHE_LINE = 64 };

/* Memory that is going to be written: another core may have it, and it takes a while to come. */
static inline void wefti_fetch(const void *memory, int bytes)
{
    for (int i = 0; i < bytes; i += WEFTI_CACHE_LINE) {
        const char *line = (const char *)memory + i;
#if defined(__x86_64__)
        __asm__ volatile("prefetchw %0" : : "m"(*line)); /* the builtin asks for reading */
#else
        __builtin_prefetch(line, 1);
#endif
    }
}

/* One step of a spinning wait. */
static inline void wefti_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
    __asm__ volatile("yield" ::: "memory");
#else
    __asm__ volatile("" ::: "memory");
#endif
}

/* The same for longer. */
static inline void wefti_pause_for(int steps)
{
    for (int i = 0; i < steps; i++)
        wefti_pause();
}

/* Lets another thread that is ready have the processor, if there is one; never sleeps. */
static inline void wefti_yield(void)
{
    (void)sched_yield();
}

#endif
