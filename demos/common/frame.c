/* SPDX-License-Identifier: MIT */
/**
 * @file frame.c
 * @brief How a demo begins and ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "demo_private.h"

static struct demo_board *the_board;

void demo_begin(const char *title)
{
    if (the_board != NULL)
        demo_misuse("demo_begin() is called twice");
    demo_time_begin();
    void *memory =
        mmap(NULL, sizeof *the_board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        demo_misuse("there is no memory to count facts in");
    the_board = memory;
    the_board->coloured = demo_terminal();
    demo_line("%s%s%s\n", demo_style("\033[1m"), title, demo_style("\033[0m"));
}

struct demo_board *demo_board(void)
{
    if (the_board == NULL)
        demo_misuse("demo_begin() must come first");
    return the_board;
}

int demo_end(void)
{
    unsigned held = atomic_load(&demo_board()->held);
    unsigned failed = atomic_load(&demo_board()->failed);
    unsigned all = held + failed;
    if (all == 0) {
        fprintf(stderr, "demo: no fact was checked\n");
        return DEMO_USAGE;
    }
    if (failed == 0)
        demo_line("\n%u fact%s held", all, all == 1 ? "" : "s");
    else
        demo_line("\n%u of %u fact%s did NOT hold", failed, all, all == 1 ? "" : "s");
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int demo_skip(const char *format, ...)
{
    char reason[DEMO_LINE_LENGTH];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    demo_line("skipped: %s", reason);
    return DEMO_SKIPPED;
}

void *demo_must(void *made)
{
    if (made == NULL) {
        weft_status status = weft_last_status();
        demo_misuse("cannot go on: %s", weft_strerror(status != WEFT_OK ? status : WEFT_NO_MEMORY));
    }
    return made;
}

void demo_misuse(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("demo: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    /* No exit(): its handlers wait for threads, which may wait for the one that is here. */
    _exit(DEMO_USAGE);
}
