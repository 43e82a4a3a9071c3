/* SPDX-License-Identifier: MIT */
#include "catalogue.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { HEADER_BYTES = 8192, SECTIONS = 100 };

/* The order in which the documents are read. */
static const char *const documents[] = {"locks", "threads", "files", "chat"};
enum { DOCUMENTS = sizeof documents / sizeof documents[0] };

static const char *directory(const char *variable, const char *standard)
{
    const char *given = getenv(variable);
    return given != NULL && *given != '\0' ? given : standard;
}

static bool is_demo(const struct demo *demo)
{
    return strcmp(demo->chapter, "common") != 0 && strcmp(demo->chapter, "runner") != 0;
}

/* The text after `tag` up to the end of its line; NULL if the header has no such tag. */
static char *header_line(const char *header, const char *tag)
{
    const char *found = strstr(header, tag);
    if (found == NULL)
        return NULL;
    found += strlen(tag);
    return copy_string(found, strcspn(found, "\n"));
}

/* The number after `text`, if `text` is where `rest` begins; `rest` moves on behind it. */
static bool read_number(const char **rest, const char *text, int *number)
{
    size_t length = strlen(text);
    if (strncmp(*rest, text, length) != 0)
        return false;
    char *end;
    long value = strtol(*rest + length, &end, 10);
    if (end == *rest + length || value < 0 || value > INT_MAX)
        return false;
    *rest = end;
    *number = (int)value;
    return true;
}

/* "locks, section 1.2, lines 10-20."; a section without code has no lines. */
static struct place read_place(const char *source)
{
    struct place place = {0, 0, INT_MAX};
    size_t length = strcspn(source, ",");
    while (place.document < DOCUMENTS && (strlen(documents[place.document]) != length ||
                                          strncmp(documents[place.document], source, length) != 0))
        place.document++;
    const char *rest = source + length;
    int chapter;
    int section;
    if (read_number(&rest, ", section ", &chapter) && read_number(&rest, ".", &section))
        place.section = SECTIONS * chapter + section;
    read_number(&rest, ", lines ", &place.line);
    return place;
}

static void read_header(struct demo *demo)
{
    char header[HEADER_BYTES];
    FILE *file = fopen(demo->source, "r");
    if (file == NULL)
        fail("cannot read %s", demo->source);
    size_t length = fread(header, 1, sizeof header - 1, file);
    fclose(file);
    header[length] = '\0';
    demo->title = header_line(header, "@brief ");
    if (demo->title == NULL)
        demo->title = copy_string(demo->name, strlen(demo->name));
    demo->needs = header_line(header, "\n// NEEDS: ");
    char *source = header_line(header, "\n * Source: ");
    demo->place = read_place(source != NULL ? source : "");
    free(source);
}

/* `path` is SOURCES/chapter/name.c */
static struct demo make_demo(const char *path, const char *programs)
{
    const char *name = strrchr(path, '/') + 1;
    const char *chapter = name - 1;
    while (chapter > path && chapter[-1] != '/')
        chapter--;
    struct demo demo = {.source = copy_string(path, strlen(path))};
    demo.name = copy_string(name, strlen(name) - strlen(".c"));
    demo.chapter = copy_string(chapter, (size_t)(name - chapter) - 1);
    demo.id = format_string("%s/%s", demo.chapter, demo.name);
    demo.program = format_string("%s/%s", programs, demo.id);
    read_header(&demo);
    return demo;
}

static void free_demo(struct demo *demo)
{
    char *const strings[] = {demo->id,    demo->chapter, demo->name,   demo->title,
                             demo->needs, demo->source,  demo->program};
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++)
        free(strings[i]);
}

static int compare_places(const struct place *left, const struct place *right)
{
    if (left->document != right->document)
        return left->document < right->document ? -1 : 1;
    if (left->section != right->section)
        return left->section < right->section ? -1 : 1;
    return (left->line > right->line) - (left->line < right->line);
}

/* The first place of a demo's chapter: chapters stay together, in the order of their beginnings. */
static struct place chapter_place(const struct catalogue *catalogue, const char *chapter)
{
    struct place first = {INT_MAX, 0, 0};
    for (size_t i = 0; i < catalogue->count; i++)
        if (strcmp(catalogue->demos[i].chapter, chapter) == 0 &&
            compare_places(&catalogue->demos[i].place, &first) < 0)
            first = catalogue->demos[i].place;
    return first;
}

static int compare_demos(const void *left, const void *right, void *catalogue)
{
    const struct demo *a = left;
    const struct demo *b = right;
    int order = strcmp(a->chapter, b->chapter);
    if (order != 0) {
        struct place first = chapter_place(catalogue, a->chapter);
        struct place second = chapter_place(catalogue, b->chapter);
        int places = compare_places(&first, &second);
        return places != 0 ? places : order;
    }
    order = compare_places(&a->place, &b->place);
    return order != 0 ? order : strcmp(a->name, b->name);
}

struct catalogue catalogue_read(void)
{
    const char *sources = directory("WEFT_DEMO_SOURCE_DIR", WEFT_DEMO_SOURCE_DIR);
    const char *programs = directory("WEFT_DEMO_BIN_DIR", WEFT_DEMO_BIN_DIR);
    char *pattern = format_string("%s/*/*.c", sources);
    glob_t found;
    int error = glob(pattern, 0, NULL, &found);
    free(pattern);
    if (error != 0)
        fail("there are no demos in %s", sources);

    struct catalogue catalogue = {grow(NULL, found.gl_pathc * sizeof(struct demo)), 0};
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct demo demo = make_demo(found.gl_pathv[i], programs);
        if (is_demo(&demo))
            catalogue.demos[catalogue.count++] = demo;
        else
            free_demo(&demo);
    }
    globfree(&found);
    if (catalogue.count == 0)
        fail("there are no demos in %s", sources);

    /* Sorted apart from the array that chapter_place() reads. */
    size_t size = catalogue.count * sizeof(struct demo);
    struct demo *sorted = grow(NULL, size);
    memcpy(sorted, catalogue.demos, size);
    qsort_r(sorted, catalogue.count, sizeof(struct demo), compare_demos, &catalogue);
    free(catalogue.demos);
    catalogue.demos = sorted;
    return catalogue;
}

void catalogue_keep_chosen(struct catalogue *catalogue)
{
    size_t kept = 0;
    for (size_t i = 0; i < catalogue->count; i++)
        if (catalogue->demos[i].chosen)
            catalogue->demos[kept++] = catalogue->demos[i];
        else
            free_demo(&catalogue->demos[i]);
    catalogue->count = kept;
}

void catalogue_free(struct catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->count; i++)
        free_demo(&catalogue->demos[i]);
    free(catalogue->demos);
}
