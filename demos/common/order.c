/* SPDX-License-Identifier: MIT */
/**
 * @file order.c
 * @brief What was said, in the order in which it was said.
 *
 * A line's place is one atomic increment: if one line was said before another in any way that
 * threads can tell, its place is lower. Threads write without waiting for each other; a line that
 * is still being written does not count yet.
 */
#include <fnmatch.h>
#include <stdio.h>

#include "demo_private.h"

void demo_keep(const char *text)
{
    struct demo_board *board = demo_board();
    unsigned place = atomic_fetch_add(&board->lines, 1);
    if (place >= DEMO_LINES)
        return;
    struct demo_line *line = &board->line[place];
    snprintf(line->text, sizeof line->text, "%s %s", demo_thread_name(), text);
    atomic_store(&line->written, true);
}

/* The lines that may be asked for; asking after some were lost would give wrong answers. */
static unsigned kept(const struct demo_board *board)
{
    unsigned lines = atomic_load(&board->lines);
    if (lines > DEMO_LINES)
        demo_misuse("more than %d lines were said: their order is not known", DEMO_LINES);
    return lines;
}

static bool matches(const struct demo_line *line, const char *pattern)
{
    return atomic_load(&line->written) && fnmatch(pattern, line->text, 0) == 0;
}

size_t demo_count(const char *pattern)
{
    const struct demo_board *board = demo_board();
    unsigned lines = kept(board);
    size_t count = 0;
    for (unsigned i = 0; i < lines; i++)
        count += matches(&board->line[i], pattern);
    return count;
}

bool demo_lines_in_order(const char *const *patterns)
{
    const struct demo_board *board = demo_board();
    unsigned lines = kept(board);
    unsigned earliest = 0;
    for (size_t i = 0; patterns[i] != NULL; i++) {
        unsigned place = 0;
        while (place < lines && !matches(&board->line[place], patterns[i]))
            place++;
        if (place == lines) {
            demo_line("    never said: \"%s\"", patterns[i]);
            return false;
        }
        if (place < earliest) {
            demo_line("    said too early: \"%s\"", patterns[i]);
            return false;
        }
        earliest = place + 1;
    }
    return true;
}
