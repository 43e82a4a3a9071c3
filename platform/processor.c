/* SPDX-License-Identifier: MIT */
#include "platform/processor.h"

#include <sched.h>
#include <unistd.h>

#include "platform/atomic.h"

static int count_processors(void)
{
#ifdef __linux__
    cpu_set_t usable;
    if (sched_getaffinity(0, sizeof usable, &usable) == 0)
        return CPU_COUNT(&usable);
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

int wefti_processors(void)
{
    static int processors; /* 0: not counted yet; threads that race count the same */
    int count = wefti_load(&processors, RELAXED);
    if (count == 0) {
        count = count_processors();
        wefti_store(&processors, count, RELAXED);
    }
    return count;
}
