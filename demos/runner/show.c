/* SPDX-License-Identifier: MIT */
#include "show.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static int copy_out(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        fail("cannot read %s: %s", path, strerror(errno));
    char bytes[4096];
    size_t length;
    while ((length = fread(bytes, 1, sizeof bytes, file)) > 0)
        fwrite(bytes, 1, length, stdout);
    fclose(file);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int show_source(const struct demo *demo)
{
    if (!isatty(STDOUT_FILENO))
        return copy_out(demo->source);
    const char *pager = getenv("PAGER");
    if (pager == NULL || *pager == '\0')
        pager = "less";
    /* As a variable of the shell's the path may hold any character. */
    setenv("LESS", "FRX", 0); /* a short text is printed and less ends */
    char *command = format_string("exec %s \"$0\"", pager);
    execl("/bin/sh", "sh", "-c", command, demo->source, (char *)NULL);
    free(command);
    return copy_out(demo->source);
}
