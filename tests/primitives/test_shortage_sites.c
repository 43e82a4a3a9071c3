/* SPDX-License-Identifier: MIT */
/*
 * Whether the sweeps know every place: each function of the library that asks the system for memory,
 * pages, a thread or a semaphore stands in a row of test_shortage*.c as "file.c:function", and each
 * that stands there asks.
 */
#include "test.h"

#include <ctype.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 512, NAME_MOST = 128, SITES_MOST = 128 };

struct sites {
    char names[SITES_MOST][NAME_MOST];
    size_t count;
};

static bool contains(const struct sites *sites, const char *name)
{
    for (size_t i = 0; i < sites->count; i++)
        if (strcmp(sites->names[i], name) == 0)
            return true;
    return false;
}

static void add(struct sites *sites, const char *name)
{
    if (contains(sites, name))
        return;
    assert_true(sites->count < SITES_MOST);
    snprintf(sites->names[sites->count++], NAME_MOST, "%.*s", NAME_MOST - 1, name);
}

/* Calls `look` for each line of the files. */
static void read_lines(const char *pattern, struct sites *sites,
                       void (*look)(const char *file, const char *line, struct sites *sites))
{
    glob_t files;
    char line[LINE_MOST];
    assert_int_equal(glob(pattern, 0, NULL, &files), 0);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        FILE *file = fopen(files.gl_pathv[i], "r");
        assert_non_null(file);
        while (fgets(line, sizeof line, file) != NULL)
            look(strrchr(files.gl_pathv[i], '/') + 1, line, sites);
        fclose(file);
    }
    globfree(&files);
}

/* The name before the first bracket of a line that begins a function. */
static void copy_name(char name[NAME_MOST], const char *line)
{
    const char *end = strchr(line, '(');
    const char *start = end;
    while (start > line && (isalnum((unsigned char)start[-1]) || start[-1] == '_'))
        start--;
    snprintf(name, NAME_MOST, "%.*s", (int)(end - start), start);
}

static void look_for_seams(const char *file, const char *line, struct sites *sites)
{
    static const char *const seams[] = {" wefti_allocate(",
                                        " wefti_self_allocate(",
                                        " wefti_pool_take(",
                                        " wefti_pages(",
                                        " weft_allocate(",
                                        " weft_thread_new(",
                                        " weft_thread_start(",
                                        " wefti_os_thread_create(",
                                        " wefti_os_helper_create(",
                                        " pthread_create(",
                                        "(pthread_attr_init(",
                                        "(pthread_attr_setstacksize(",
                                        " sem_init(",
                                        " malloc(",
                                        " calloc(",
                                        " realloc(",
                                        " strdup(",
                                        " mmap("};
    static char function[NAME_MOST];
    char site[NAME_MOST];
    if (isalpha((unsigned char)line[0]) && strchr(line, '(') != NULL)
        copy_name(function, line);
    for (size_t i = 0; line[0] == ' ' && i < sizeof seams / sizeof seams[0]; i++)
        if (strstr(line, seams[i]) != NULL) {
            snprintf(site, sizeof site, "%.40s:%.80s", file, function);
            add(sites, site);
        }
}

/* Words of the form file.c:function in the rows' strings. */
static void look_for_sites(const char *file, const char *text, struct sites *sites)
{
    char line[LINE_MOST];
    char *rest = NULL;
    if (strcmp(file, "test_shortage_sites.c") == 0)
        return; /* it speaks of sites, and has none */
    snprintf(line, sizeof line, "%s", text);
    for (const char *word = strtok_r(line, " \",\n\\{}()", &rest); word != NULL;
         word = strtok_r(NULL, " \",\n\\{}()", &rest))
        if (strstr(word, ".c:") != NULL)
            add(sites, word);
}

static size_t missing(const struct sites *from, const struct sites *in, const char *what)
{
    size_t count = 0;
    for (size_t i = 0; i < from->count; i++)
        if (!contains(in, from->names[i])) {
            print_error("%s: %s\n", from->names[i], what);
            count++;
        }
    return count;
}

TEST(every_place_that_asks_the_system_is_in_a_sweep)
{
    static struct sites asking;
    static struct sites swept;
    static const char *const parts[] = {"platform", "primitives", "queue",
                                        "local",    "pool",       "patterns"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char pattern[LINE_MOST];
        snprintf(pattern, sizeof pattern, WEFT_SOURCE_DIR "/%s/*.c", parts[i]);
        read_lines(pattern, &asking, look_for_seams);
    }
    read_lines(WEFT_SOURCE_DIR "/tests/*/test_shortage*.c", &swept, look_for_sites);
    read_lines(WEFT_SOURCE_DIR "/tests/common/shortage_help.h", &swept, look_for_sites);
    print_message("%zu places\n", asking.count);
    assert_true(asking.count > 0);
    assert_int_equal(missing(&asking, &swept, "is refused nothing by any row of a sweep"), 0);
    assert_int_equal(missing(&swept, &asking, "asks the system for nothing"), 0);
}
