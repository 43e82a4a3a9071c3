/* SPDX-License-Identifier: MIT */
/**
 * @file
 * @brief Futures with less ado.
 */
#include <stdio.h>
#include <stdlib.h>

#include "demo_future.h"
#include "demo_private.h"

void demo_free_futures(size_t count, weft_future *const *futures)
{
    for (size_t i = 0; i < count; i++)
        weft_future_free(futures[i]);
}

void demo_posted(weft_status status)
{
    if (status != WEFT_OK)
        demo_misuse("a task was refused: %s", weft_strerror(status));
}

char *demo_text(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size_t size = (size_t)length < sizeof text ? (size_t)length + 1 : sizeof text;
    char *copy = demo_must(malloc(size));
    snprintf(copy, size, "%s", text);
    return copy;
}

weft_executor_stats demo_stats(weft_executor *executor)
{
    weft_executor_stats stats;
    weft_executor_get_stats(executor, &stats);
    return stats;
}
