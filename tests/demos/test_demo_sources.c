/* SPDX-License-Identifier: MIT */
/*
 * What every demo's source has: the header comment with its title, source, what to look for and
 * facts; a title that is the same in the comment and on the screen; lines that fit.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

enum { MOST_BYTES = 1 << 16, WIDTH = 100, SCREEN = 80 };

static void read_file(const char *path, char *text)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t length = fread(text, 1, MOST_BYTES - 1, file);
    text[length] = '\0';
    fclose(file);
}

/* Characters, not bytes: the bytes that continue a UTF-8 character do not count. */
static size_t width(const char *line, size_t bytes)
{
    size_t width = 0;
    for (size_t i = 0; i < bytes; i++)
        width += ((unsigned char)line[i] & 0xc0) != 0x80;
    return width;
}

static int wrong;

static void expect(bool holds, const char *path, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s: %s\n", path, what);
        wrong++;
    }
}

static void check_titles(const char *path, const char *text)
{
    char brief[128] = "";
    char title[128] = "-";
    const char *found = strstr(text, "\n * @brief ");
    if (found != NULL)
        sscanf(found, "\n * @brief %127[^\n]", brief);
    found = strstr(text, "demo_begin(\"");
    if (found != NULL)
        sscanf(found, "demo_begin(\"%127[^\"]", title);
    expect(strcmp(brief, title) == 0, path, "@brief and demo_begin() differ");
    expect(width(title, strlen(title)) <= SCREEN, path, "a title of more than 80 characters");
}

static void check(const char *path)
{
    static char text[MOST_BYTES];
    static const char *const parts[] = {" * @brief ",
                                        " * Source: ", " * Look for: ", " * Facts:\n * - "};
    read_file(path, text);
    expect(strncmp(text, "/* SPDX-License-Identifier: MIT */\n", 35) == 0, path, "no SPDX line");
    char file[256];
    snprintf(file, sizeof file, "\n * @file %s\n", strrchr(path, '/') + 1);
    expect(strstr(text, file) != NULL, path, "no @file, or another name");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        expect(strstr(text, parts[i]) != NULL, path, parts[i]);
    expect(strstr(text, "return demo_end();") != NULL, path, "no return demo_end();");
    check_titles(path, text);
    for (const char *line = text; *line != '\0';) {
        size_t bytes = strcspn(line, "\n");
        expect(width(line, bytes) <= WIDTH, path, "a line of more than 100 characters");
        line += bytes + (line[bytes] == '\n');
    }
}

TEST(every_demo_has_a_complete_header)
{
    glob_t found;
    assert_int_equal(glob(WEFT_SOURCE_DIR "/demos/*/*.c", 0, NULL, &found), 0);
    int demos = 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i];
        if (strstr(path, "/demos/common/") != NULL || strstr(path, "/demos/runner/") != NULL)
            continue;
        check(path);
        demos++;
    }
    globfree(&found);
    assert_true(demos > 0);
    assert_int_equal(wrong, 0);
}
