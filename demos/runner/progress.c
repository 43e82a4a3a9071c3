/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

const char *colour(const char *sequence)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    bool shown = isatty(STDOUT_FILENO) && (no_colour == NULL || *no_colour == '\0') &&
                 terminal != NULL && strcmp(terminal, "dumb") != 0;
    return shown ? sequence : "";
}

const char *status_colour(enum status status)
{
    static const char *const colours[STATUSES] = {"\033[32m", "\033[31m", "\033[31m", "\033[33m",
                                                  "\033[33m"};
    return colour(colours[status]);
}

static bool is_live_terminal(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

struct progress progress_begin(const struct options *options, size_t all)
{
    struct progress progress = {.form = PROGRESS_LINES, .all = all};
    if (options->json)
        progress.form = PROGRESS_NONE;
    else if (options->verbose)
        progress.form = PROGRESS_VERBOSE;
    else if (is_live_terminal())
        progress.form = PROGRESS_LIVE;
    return progress;
}

/* The live line, cut to the width of the terminal so that it stays one line. */
static void draw(const struct progress *progress)
{
    struct winsize size;
    int width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    char bad[32] = "";
    if (progress->bad > 0)
        snprintf(bad, sizeof bad, ", %zu not ok", progress->bad);
    char *line = format_string("%zu of %zu%s: %s", progress->ended, progress->all, bad,
                               progress->latest != NULL ? progress->latest->demo->id : "");
    printf("\r\033[K%.*s", width - 1, line);
    fflush(stdout);
    free(line);
}

void progress_started(struct progress *progress, const struct result *result)
{
    progress->latest = result;
    if (progress->form == PROGRESS_LIVE)
        draw(progress);
    if (progress->form == PROGRESS_VERBOSE) {
        printf("%s== %s%s\n", colour("\033[1m"), result->demo->id, colour("\033[0m"));
        fflush(stdout);
    }
}

void progress_ended(struct progress *progress, const struct result *result)
{
    progress->ended++;
    progress->bad += result->status == STATUS_FAILED || result->status == STATUS_HUNG;
    if (progress->form == PROGRESS_LIVE) {
        draw(progress);
    } else if (progress->form != PROGRESS_NONE) {
        printf("%s%-8s%s%6.2f s  %s", status_colour(result->status), status_name(result->status),
               colour("\033[0m"), result->seconds, result->demo->id);
        if (result->reason != NULL)
            printf(": %s\n", result->reason);
        else
            printf(", %zu fact%s\n", result->fact_count, result->fact_count == 1 ? "" : "s");
        if (progress->form == PROGRESS_VERBOSE)
            putchar('\n');
        fflush(stdout);
    }
}

void progress_output(const struct text *output, size_t length)
{
    fwrite(text_string(output) + output->length - length, 1, length, stdout);
    fflush(stdout);
}

void progress_end(const struct progress *progress)
{
    if (progress->form == PROGRESS_LIVE)
        fputs("\r\033[K", stdout);
}
