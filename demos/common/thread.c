/* SPDX-License-Identifier: MIT */
/**
 * @file
 * @brief Threads with less ado.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "demo_private.h"
#include "demo_thread.h"

weft_thread *demo_spawn(weft_target *target, void *arg, const char *format, ...)
{
    char name[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    return demo_must(weft_thread_spawn(target, arg, .name = name));
}

void demo_join(weft_thread *thread)
{
    weft_thread_join(thread);
    weft_thread_free(thread);
}

void demo_join_all(size_t count, weft_thread *const *threads)
{
    for (size_t i = 0; i < count; i++)
        demo_join(threads[i]);
}

/* Returns the lock if it could be taken. */
static void *try_lock(void *lock)
{
    if (weft_rlock_try_acquire(lock) != WEFT_OK)
        return NULL;
    weft_rlock_release(lock);
    return lock;
}

bool demo_others_can_take(weft_rlock *lock)
{
    weft_thread *other = demo_spawn(try_lock, lock, "other");
    weft_thread_join(other);
    bool taken = weft_thread_value(other) != NULL;
    weft_thread_free(other);
    return taken;
}

char demo_kernel_letter(uint64_t native_id)
{
    char letter = '-';
    char line[256] = "";
    FILE *file = fopen(demo_name("/proc/self/task/%" PRIu64 "/stat", native_id), "re");
    if (file == NULL)
        return letter;
    /* "4711 (name) S ...", and the name may have brackets of its own. */
    const char *end = fgets(line, sizeof line, file) != NULL ? strrchr(line, ')') : NULL;
    fclose(file);
    if (end != NULL && strlen(end) > 2)
        letter = end[2];
    return letter;
}
