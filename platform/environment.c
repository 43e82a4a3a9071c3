/* SPDX-License-Identifier: MIT */
#include "platform/environment.h"

#include <stdlib.h>

const char *wefti_environment(const char *name)
{
#ifdef __GLIBC__
    return secure_getenv(name);
#else
    return getenv(name);
#endif
}
