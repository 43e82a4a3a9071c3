/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "demo.h"

void demo_temporary(char *path, size_t size)
{
    const char *place = getenv("TMPDIR");
    snprintf(path, size, "%s/weft-demo-XXXXXX", place != NULL ? place : "/tmp");
}
