/* SPDX-License-Identifier: MIT */
/*
 * The processor: how many there are, and how to wait for another one without troubling it.
 */
#ifndef WEFTI_PLATFORM_PROCESSOR_H
#define WEFTI_PLATFORM_PROCESSOR_H

/* How many processors the process may use (its affinity when first asked), at least 1. */
int wefti_processors(void);

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

#endif
