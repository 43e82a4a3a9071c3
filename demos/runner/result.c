/* SPDX-License-Identifier: MIT */
#include "result.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum {
    SKIPPED = 77
}; /* the exit status of a demo that cannot run here, as in automake and CMake */

static const char HELD[] = "  ✓ ";
static const char MISSED[] = "  ✗ ";
static const char WHY_SKIPPED[] = "skipped: ";

const char *status_name(enum status status)
{
    static const char *const names[STATUSES] = {"ok", "failed", "hung", "skipped", "not run"};
    return names[status];
}

static bool starts_with(const char *line, const char *beginning)
{
    return strncmp(line, beginning, strlen(beginning)) == 0;
}

void result_read_facts(struct result *result)
{
    for (const char *line = text_string(&result->output); *line != '\0';) {
        size_t length = strcspn(line, "\n");
        bool held = starts_with(line, HELD);
        if (held || starts_with(line, MISSED)) {
            size_t mark = held ? strlen(HELD) : strlen(MISSED);
            result->facts = grow(result->facts, (result->fact_count + 1) * sizeof *result->facts);
            result->facts[result->fact_count++] =
                (struct fact){copy_string(line + mark, length - mark), held};
            result->held_count += held;
        }
        line += length + (line[length] == '\n');
    }
}

static char *why_skipped(const struct result *result)
{
    const char *line = strstr(text_string(&result->output), WHY_SKIPPED);
    if (line == NULL)
        return format_string("it says no reason");
    line += strlen(WHY_SKIPPED);
    return copy_string(line, strcspn(line, "\n"));
}

void result_judge(struct result *result, int wait_status)
{
    size_t missed = result->fact_count - result->held_count;
    result->status = STATUS_FAILED;
    if (WIFSIGNALED(wait_status))
        result->reason = format_string("ended by signal %d (%s)", WTERMSIG(wait_status),
                                       strsignal(WTERMSIG(wait_status)));
    else if (WEXITSTATUS(wait_status) == SKIPPED) {
        result->status = STATUS_SKIPPED;
        result->reason = why_skipped(result);
    } else if (missed > 0)
        result->reason = format_string("%zu of %zu fact%s did not hold", missed, result->fact_count,
                                       result->fact_count == 1 ? "" : "s");
    else if (WEXITSTATUS(wait_status) != 0)
        result->reason = format_string("exit status %d", WEXITSTATUS(wait_status));
    else if (result->fact_count == 0)
        result->reason = format_string("no fact was checked");
    else
        result->status = STATUS_OK;
}

void result_not_built(struct result *result)
{
    const char *needs = result->demo->needs;
    result->status = STATUS_SKIPPED;
    result->reason =
        needs != NULL ? format_string("not built: needs %s", needs) : format_string("not built");
}

void result_free(struct result *result)
{
    for (size_t i = 0; i < result->fact_count; i++)
        free(result->facts[i].text);
    free(result->facts);
    free(result->reason);
    text_free(&result->output);
}
