/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdio.h>
#include <string.h>

#include "progress.h"

/* A row of the table. */
struct sum {
    size_t demos;
    size_t by_status[STATUSES];
    size_t facts;
    size_t held;
    double seconds;
};

static int longest(int width, const char *word)
{
    int length = (int)strlen(word);
    return length > width ? length : width;
}

void report_list(const struct catalogue *catalogue)
{
    const char *chapter = NULL;
    int width = 0;
    for (size_t i = 0; i < catalogue->count; i++)
        width = longest(width, catalogue->demos[i].name);
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct demo *demo = &catalogue->demos[i];
        if (chapter == NULL || strcmp(chapter, demo->chapter) != 0)
            printf("%s%s%s%s\n", chapter != NULL ? "\n" : "", colour("\033[1m"), demo->chapter,
                   colour("\033[0m"));
        chapter = demo->chapter;
        printf("  %-*s  %s\n", width, demo->name, demo->title);
    }
}

static void add(struct sum *sum, const struct result *result)
{
    sum->demos++;
    sum->by_status[result->status]++;
    sum->facts += result->fact_count;
    sum->held += result->held_count;
    sum->seconds += result->seconds;
}

static void print_row(const char *name, int width, const struct sum *sum)
{
    printf("%-*s  %5zu", width, name, sum->demos);
    for (enum status status = STATUS_OK; status < STATUSES; status++)
        if (status != STATUS_NOT_RUN || sum->by_status[status] > 0)
            printf("  %s%7zu%s", sum->by_status[status] > 0 ? status_colour(status) : "",
                   sum->by_status[status], colour("\033[0m"));
    printf("  %7zu  %8.2f\n", sum->facts, sum->seconds);
}

static void print_table(const struct results *results, struct sum *all)
{
    int width = longest(0, "chapter");
    size_t chapters = 0;
    for (size_t i = 0; i < results->count; i++) {
        width = longest(width, results->all[i].demo->chapter);
        add(all, &results->all[i]);
    }
    printf("%-*s  %5s", width, "chapter", "demos");
    for (enum status status = STATUS_OK; status < STATUSES; status++)
        if (status != STATUS_NOT_RUN || all->by_status[status] > 0)
            printf("  %7s", status_name(status));
    printf("  %7s  %8s\n", "facts", "seconds");
    for (size_t i = 0; i < results->count;) {
        const char *chapter = results->all[i].demo->chapter;
        struct sum sum = {0};
        for (; i < results->count && strcmp(results->all[i].demo->chapter, chapter) == 0; i++)
            add(&sum, &results->all[i]);
        print_row(chapter, width, &sum);
        chapters++;
    }
    if (chapters > 1)
        print_row("all", width, all);
}

/* Text with each line set off. */
static void print_quoted(const char *text, size_t length)
{
    while (length > 0) {
        size_t line = strcspn(text, "\n");
        if (line > length)
            line = length;
        printf("    | %.*s\n", (int)line, text);
        size_t taken = line + (line < length);
        text += taken;
        length -= taken;
    }
}

static void print_trouble(const struct result *result)
{
    printf("\n%s%s%s %s: %s\n", status_colour(result->status), status_name(result->status),
           colour("\033[0m"), result->demo->id, result->reason);
    const char *output = text_string(&result->output);
    size_t said = result->status == STATUS_HUNG ? result->dump : result->output.length;
    if (result->status == STATUS_HUNG) {
        printf("  what its threads wait for:%s\n",
               said < result->output.length ? "" : " it does not say");
        print_quoted(output + said, result->output.length - said);
    }
    for (size_t i = 0; i < result->fact_count; i++)
        if (!result->facts[i].held)
            printf("  ✗ %s\n", result->facts[i].text);
    printf("  its output:\n");
    print_quoted(output, said);
}

void report_results(const struct results *results)
{
    struct sum all = {0};
    print_table(results, &all);
    for (size_t i = 0; i < results->count; i++)
        if (results->all[i].status == STATUS_SKIPPED)
            printf("\nskipped %s: %s\n", results->all[i].demo->id, results->all[i].reason);
    for (size_t i = 0; i < results->count; i++)
        if (results->all[i].status == STATUS_FAILED || results->all[i].status == STATUS_HUNG)
            print_trouble(&results->all[i]);
    printf("\n%zu of %zu demos ok, %zu of %zu facts held, %.1f s\n", all.by_status[STATUS_OK],
           all.demos, all.held, all.facts, results->seconds);
    if (results->interrupted != 0)
        printf("interrupted: %zu not run to the end\n", all.by_status[STATUS_NOT_RUN]);
}

bool report_good(const struct results *results)
{
    for (size_t i = 0; i < results->count; i++)
        if (results->all[i].status == STATUS_FAILED || results->all[i].status == STATUS_HUNG)
            return false;
    return true;
}
