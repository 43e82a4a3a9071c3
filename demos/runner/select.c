/* SPDX-License-Identifier: MIT */
/* Choosing demos by name and pattern, and what to say when a name is unknown. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalogue.h"
#include "text.h"

enum { SUGGESTIONS = 3, LONGEST_WORD = 128 };

static bool matches(const struct demo *demo, const char *pattern)
{
    return fnmatch(pattern, demo->id, 0) == 0 || fnmatch(pattern, demo->name, 0) == 0 ||
           fnmatch(pattern, demo->chapter, 0) == 0;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How many letters must be changed, added, left out or swapped with their neighbour to make one
   word of the other (the optimal string alignment distance). */
static size_t distance(const char *left, const char *right)
{
    size_t rows[3][LONGEST_WORD + 1];
    size_t columns = least(strlen(right), LONGEST_WORD);
    for (size_t j = 0; j <= columns; j++)
        rows[0][j] = j;
    size_t i = 0;
    for (; left[i] != '\0'; i++) {
        const size_t *above = rows[i % 3];
        size_t *row = rows[(i + 1) % 3];
        row[0] = i + 1;
        for (size_t j = 0; j < columns; j++) {
            size_t best = above[j] + (left[i] != right[j]);
            best = least(best, least(above[j + 1], row[j]) + 1);
            if (i > 0 && j > 0 && left[i] == right[j - 1] && left[i - 1] == right[j])
                best = least(best, rows[(i + 2) % 3][j - 1] + 1);
            row[j + 1] = best;
        }
    }
    return rows[i % 3][columns];
}

struct suggestion {
    const char *word;
    size_t distance;
};

/* Keeps the nearest few, the best first. */
static void suggest(struct suggestion *best, const char *candidate, const char *word)
{
    size_t far = strstr(candidate, word) != NULL ? 1 : distance(word, candidate);
    if (far > (strlen(word) + 1) / 3)
        return;
    size_t place = SUGGESTIONS;
    while (place > 0 && (best[place - 1].word == NULL || far < best[place - 1].distance))
        place--;
    for (size_t i = 0; i < SUGGESTIONS; i++)
        if (best[i].word != NULL && strcmp(best[i].word, candidate) == 0)
            return;
    if (place == SUGGESTIONS)
        return;
    memmove(&best[place + 1], &best[place], (SUGGESTIONS - 1 - place) * sizeof *best);
    best[place] = (struct suggestion){candidate, far};
}

/* Ends the program: there is no such thing; says what is near it. */
static _Noreturn void unknown(const struct catalogue *catalogue, const char *what, const char *word)
{
    static const char *const commands[] = {"list", "run", "show"};
    struct suggestion best[SUGGESTIONS] = {{NULL, 0}};
    if (strcmp(what, "chapter") != 0 && strcmp(what, "demo") != 0)
        for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
            suggest(best, commands[i], word);
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct demo *demo = &catalogue->demos[i];
        if (strcmp(what, "demo") != 0)
            suggest(best, demo->chapter, word);
        if (strcmp(what, "chapter") != 0)
            suggest(best, strchr(word, '/') != NULL ? demo->id : demo->name, word);
    }

    struct text near = {0};
    for (size_t i = 0; i < SUGGESTIONS && best[i].word != NULL; i++) {
        text_add(&near, i == 0 ? "; near it: " : ", ", i == 0 ? 11 : 2);
        text_add(&near, best[i].word, strlen(best[i].word));
    }
    fail("there is no %s \"%s\"%s", what, word,
         near.length > 0 ? text_string(&near) : " (weft-demos list shows all)");
}

void catalogue_keep_matching(struct catalogue *catalogue, char **patterns, size_t count)
{
    for (size_t i = 0; i < catalogue->count; i++)
        catalogue->demos[i].chosen = count == 0;
    for (size_t j = 0; j < count; j++) {
        bool used = false;
        for (size_t i = 0; i < catalogue->count; i++)
            if (matches(&catalogue->demos[i], patterns[j]))
                used = catalogue->demos[i].chosen = true;
        if (!used)
            unknown(catalogue, j == 0 ? "command, chapter or demo" : "chapter or demo",
                    patterns[j]);
    }
    catalogue_keep_chosen(catalogue);
}

void catalogue_keep_chapter(struct catalogue *catalogue, const char *chapter)
{
    bool used = false;
    for (size_t i = 0; i < catalogue->count; i++) {
        struct demo *demo = &catalogue->demos[i];
        demo->chosen = strcmp(demo->chapter, chapter) == 0;
        used = used || demo->chosen;
    }
    if (!used)
        unknown(catalogue, "chapter", chapter);
    catalogue_keep_chosen(catalogue);
}

const struct demo *catalogue_find(const struct catalogue *catalogue, const char *name)
{
    const struct demo *found = NULL;
    for (size_t i = 0; i < catalogue->count; i++) {
        const struct demo *demo = &catalogue->demos[i];
        if (strcmp(demo->id, name) != 0 && strcmp(demo->name, name) != 0)
            continue;
        if (found != NULL)
            fail("\"%s\" may be %s or %s", name, found->id, demo->id);
        found = demo;
    }
    if (found == NULL)
        unknown(catalogue, "demo", name);
    return found;
}
