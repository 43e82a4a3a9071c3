/* SPDX-License-Identifier: MIT */
/**
 * @file facts.c
 * @brief CHECK: one line a fact, in the form that the runner reads.
 */
#include <stdio.h>
#include <string.h>

#include "demo_private.h"

bool demo_check(bool holds, const char *condition, const char *file, int line, const char *format,
                ...)
{
    char fact[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fact, sizeof fact, format, arguments);
    va_end(arguments);

    struct demo_board *board = demo_board();
    atomic_fetch_add(holds ? &board->held : &board->failed, 1);
    const char *on = demo_style(holds ? "\033[32m" : "\033[31m");
    const char *off = demo_style("\033[0m");
    const char *slash = strrchr(file, '/');
    if (holds)
        demo_line("  %s✓%s %s", on, off, fact);
    else
        demo_line("  %s✗%s %s\n      %s:%d: %s", on, off, fact, slash != NULL ? slash + 1 : file,
                  line, condition);
    return holds;
}
