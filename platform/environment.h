/* SPDX-License-Identifier: MIT */
/*
 * The environment, read once when the library is loaded.
 */
#ifndef WEFTI_PLATFORM_ENVIRONMENT_H
#define WEFTI_PLATFORM_ENVIRONMENT_H

/* The value of a variable; NULL if it is not set, or if the program runs with raised privileges. */
const char *wefti_environment(const char *name);

#endif
