/* SPDX-License-Identifier: MIT */
/**
 * @file main.c
 * @brief weft-demos: runs the demos and says whether what they show is true.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "options.h"
#include "report.h"
#include "run.h"
#include "show.h"

static int list(struct catalogue *catalogue, const struct options *options)
{
    if (options->count > 0)
        catalogue_keep_chapter(catalogue, options->words[0]);
    if (options->json)
        report_list_json(catalogue);
    else
        report_list(catalogue);
    return EXIT_SUCCESS;
}

static int run(struct catalogue *catalogue, const struct options *options)
{
    catalogue_keep_matching(catalogue, options->words, options->count);
    struct results results = run_demos(catalogue, options);
    if (options->json)
        report_results_json(&results);
    else
        report_results(&results);
    int status = report_good(&results) ? EXIT_SUCCESS : EXIT_FAILURE;
    int interrupted = results.interrupted;
    results_free(&results);
    if (interrupted != 0) {
        /* Dies of the signal after all, so that a shell script stops, too. */
        fflush(stdout);
        signal(interrupted, SIG_DFL);
        sigset_t all;
        sigemptyset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        raise(interrupted);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct options options = options_read(argc, argv);
    struct catalogue catalogue = catalogue_read();
    int status = EXIT_FAILURE;
    switch (options.command) {
    case COMMAND_LIST:
        status = list(&catalogue, &options);
        break;
    case COMMAND_RUN:
        status = run(&catalogue, &options);
        break;
    case COMMAND_SHOW:
        status = show_source(catalogue_find(&catalogue, options.words[0]));
        break;
    }
    catalogue_free(&catalogue);
    return status;
}
