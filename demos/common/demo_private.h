/* SPDX-License-Identifier: MIT */
/**
 * @file demo_private.h
 * @brief What the files of demos/common share with each other and with no demo.
 */
#ifndef DEMO_PRIVATE_H
#define DEMO_PRIVATE_H

#include <stdarg.h>

#include "demo.h"

/* How a demo ends that neither failed nor succeeded, and what fits on the board. */
enum { DEMO_USAGE = 2, DEMO_SKIPPED = 77, DEMO_LINE_LENGTH = 120, DEMO_LINES = 1024 };

/** A line that was said. */
struct demo_line {
    atomic_bool written; /**< Whether text is complete. */
    char text[DEMO_LINE_LENGTH];
};

/** What is counted and said, in memory that a demo shares with its children. */
struct demo_board {
    atomic_uint held;   /**< Facts that held. */
    atomic_uint failed; /**< Facts that did not. */
    atomic_uint lines;  /**< Places given out in line; more than there are if it overflowed. */
    bool coloured;      /**< Whether the demo writes to a terminal that shows colours. */
    struct demo_line line[DEMO_LINES];
};

/** The board, once demo_begin() has been called. */
struct demo_board *demo_board(void);

/** @p sequence, a colour or style of the terminal's, or nothing where colours are not shown. */
const char *demo_style(const char *sequence);

/** Writes @p length bytes in one piece. */
void demo_write(const char *text, size_t length);

/** Keeps a line as "name text". */
void demo_keep(const char *text);

/** The calling thread's name; a child process's main thread is "child". */
const char *demo_thread_name(void);

/** Reads WEFT_DEMO_SPEED and WEFT_DEMO_PAUSE, and starts the clock. */
void demo_time_begin(void);

/** Rests for WEFT_DEMO_PAUSE real seconds; the clock of the story runs on. */
void demo_time_rest(void);

/** Finds out whether colours are shown. */
bool demo_terminal(void);

/** Whether this process was forked by demo_in_child(). */
bool demo_is_child(void);

/** A mistake of the demo's author or the caller's: says so and ends the process with status 2. */
_Noreturn void demo_misuse(const char *format, ...) WEFT_PRINTF(1, 2);

#endif
