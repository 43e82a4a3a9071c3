/* SPDX-License-Identifier: MIT */
#include <weft/error.h>

void *weft_raised(void)
{
    static char raised;
    return &raised;
}
