/* SPDX-License-Identifier: MIT */
/**
 * @file
 * @brief The processors.
 */
#include <sched.h>
#include <stdint.h>
#include <time.h>

#include "demo.h"
#include "demo_processor.h"

int demo_processors(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0)
        return 1; /* more processors than the set has room for: no course is taught there */
    return CPU_COUNT(&set);
}

double demo_processor_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec * 1e-9;
}

void demo_compute(double seconds)
{
    double end = demo_processor_seconds() + demo_seconds(seconds);
    volatile uint32_t number = 1;
    while (demo_processor_seconds() < end)
        for (int i = 0; i < 1000; i++)
            number = number * 1664525 + 1013904223;
}
