/* SPDX-License-Identifier: MIT */
/**
 * @file say.c
 * @brief Narration: each line is one write, so lines never run into each other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "demo_private.h"

enum { LONGEST = 512 };

bool demo_terminal(void)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && (no_colour == NULL || *no_colour == '\0') &&
           (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

const char *demo_style(const char *sequence)
{
    return demo_board()->coloured ? sequence : "";
}

void demo_write(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, text, length);
        if (written < 0) {
            if (errno == EINTR)
                continue;
            return; /* nobody listens */
        }
        text += written;
        length -= (size_t)written;
    }
}

const char *demo_thread_name(void)
{
    weft_thread *self = weft_thread_current();
    if (demo_is_child() && self == weft_thread_main())
        return "child";
    return weft_thread_name(self);
}

void demo_say(const char *format, ...)
{
    char text[LONGEST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    demo_keep(text);

    static const char *const colours[] = {"\033[31m", "\033[32m", "\033[33m",
                                          "\033[34m", "\033[35m", "\033[36m"};
    const char *colour = colours[weft_thread_ident(weft_thread_current()) % 6];
    demo_line("%s%8.3f%s  %s%-11s%s %s", demo_style("\033[2m"), demo_now(), demo_style("\033[0m"),
              demo_style(colour), demo_thread_name(), demo_style("\033[0m"), text);
}

void demo_mark(const char *format, ...)
{
    char text[LONGEST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    demo_keep(text);
}

void demo_part(const char *format, ...)
{
    char text[LONGEST];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const struct demo_board *board = demo_board();
    bool first = board->lines == 0 && board->held == 0 && board->failed == 0;
    if (!first)
        demo_time_rest();
    demo_line("%s-- %s", first ? "" : "\n", text);
}

void demo_line(const char *format, ...)
{
    char text[LONGEST + 128];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text - 1, format, arguments);
    va_end(arguments);
    size_t used = length < 0 ? 0 : (size_t)length;
    if (used > sizeof text - 2)
        used = sizeof text - 2; /* a longer line is cut */
    text[used] = '\n';
    demo_write(text, used + 1);
}

const char *demo_name(const char *format, ...)
{
    static _Thread_local char name[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    return name;
}
