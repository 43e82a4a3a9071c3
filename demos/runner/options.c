/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/version.h>

#include "text.h"

static const char help[] =
    "weft-demos: runs the demos of weft and says whether what they show is true.\n"
    "\n"
    "  weft-demos [run] [OPTION...] [PATTERN...]   run the demos that match, or all\n"
    "  weft-demos list [--json] [CHAPTER]          list them\n"
    "  weft-demos show NAME                        show the source of one\n"
    "\n"
    "A pattern is a chapter (lock), a name (abba_deadlock) or both (lock/abba_deadlock);\n"
    "* ? and [] stand for letters as in file names.\n"
    "\n"
    "  --speed N     divide every wait by N (20)\n"
    "  --jobs N      run N demos at once (one for each processor)\n"
    "  --timeout S   take a demo for hung after S seconds (60)\n"
    "  --verbose     show what the demos say, while they say it; one at a time\n"
    "  --json        print one array of objects instead\n"
    "  --help, --version\n"
    "\n"
    "The exit status is 0 if no demo failed, 1 if one did, 2 if the command line is wrong.\n";

enum { MOST_JOBS = 256 };

static double number_above_0(const char *option, const char *text)
{
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(number) || number <= 0)
        fail("%s needs a number above 0, not \"%s\"", option, text);
    return number;
}

static size_t number_of_jobs(const char *text)
{
    char *end;
    errno = 0;
    long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || number < 1 || number > MOST_JOBS)
        fail("--jobs needs a whole number from 1 to %d, not \"%s\"", MOST_JOBS, text);
    return (size_t)number;
}

static size_t processors(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return 1;
    return (size_t)CPU_COUNT(&allowed);
}

/* Takes the command off the words; there is none: run. */
static void read_command(struct options *options)
{
    static const struct {
        const char *name;
        enum command command;
    } commands[] = {{"run", COMMAND_RUN}, {"list", COMMAND_LIST}, {"show", COMMAND_SHOW}};
    options->command = COMMAND_RUN;
    if (options->count == 0)
        return;
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (strcmp(options->words[0], commands[i].name) == 0) {
            options->command = commands[i].command;
            options->words++;
            options->count--;
            return;
        }
}

static void check(const struct options *options, const char *only_run)
{
    if (options->command != COMMAND_RUN && only_run != NULL)
        fail("%s goes with run only", only_run);
    if (options->command == COMMAND_SHOW && options->json)
        fail("--json goes with run and list only");
    if (options->command == COMMAND_SHOW && options->count != 1)
        fail("show needs one name of a demo");
    if (options->command == COMMAND_LIST && options->count > 1)
        fail("list takes one chapter at most");
    if (options->json && options->verbose)
        fail("--verbose and --json exclude each other");
}

struct options options_read(int argc, char **argv)
{
    static const struct option known[] = {
        {"speed", required_argument, NULL, 's'},   {"jobs", required_argument, NULL, 'j'},
        {"timeout", required_argument, NULL, 't'}, {"verbose", no_argument, NULL, 'v'},
        {"json", no_argument, NULL, 'J'},          {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},       {NULL, 0, NULL, 0}};
    struct options options = {.speed = 20, .jobs = processors(), .timeout = 60};
    const char *only_run = NULL;
    int index = 0;
    int option;
    while ((option = getopt_long(argc, argv, "", known, &index)) != -1) {
        switch (option) {
        case 's':
            options.speed = number_above_0(only_run = "--speed", optarg);
            break;
        case 'j':
            only_run = "--jobs";
            options.jobs = number_of_jobs(optarg);
            break;
        case 't':
            options.timeout = number_above_0(only_run = "--timeout", optarg);
            break;
        case 'v':
            only_run = "--verbose";
            options.verbose = true;
            break;
        case 'J':
            options.json = true;
            break;
        case 'h':
            fputs(help, stdout);
            exit(0);
        case 'V': {
            int version = weft_version();
            printf("weft-demos %d.%d.%d\n", version / 10000, version / 100 % 100, version % 100);
            exit(0);
        }
        default:
            fputs("weft-demos --help shows what there is\n", stderr);
            exit(2);
        }
    }
    options.words = argv + optind;
    options.count = (size_t)(argc - optind);
    read_command(&options);
    check(&options, only_run);
    if (options.verbose)
        options.jobs = 1;
    return options;
}
