/* SPDX-License-Identifier: MIT */
#include "asleep.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

uint32_t thread_id(void)
{
    return (uint32_t)syscall(SYS_gettid);
}

bool asleep(uint32_t id)
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
