/* SPDX-License-Identifier: MIT */
/*
 * The names that a program gives to its objects.
 */
#ifndef WEFTI_PRIMITIVES_NAMES_H
#define WEFTI_PRIMITIVES_NAMES_H

#include <stdbool.h>

#include <weft/watch.h>

enum { WEFTI_NAME_BYTES = WEFT_NAME_MOST + 1 };

/* Copies an object's name; false if it has none. */
bool wefti_name_of(const void *object, char name[WEFTI_NAME_BYTES]);

#endif
