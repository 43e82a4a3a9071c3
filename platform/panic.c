/* SPDX-License-Identifier: MIT */
#include "platform/panic.h"

#include <stdio.h>
#include <stdlib.h>

void wefti_panic(const char *condition, const char *file, int line)
{
    fprintf(stderr, "weft: %s:%d: broken invariant: %s\n", file, line, condition);
    abort();
}
