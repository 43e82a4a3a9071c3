/* SPDX-License-Identifier: MIT */
/**
 * @file text.h
 * @brief Strings that grow, and memory that is there or ends the program.
 */
#ifndef RUNNER_TEXT_H
#define RUNNER_TEXT_H

#include <stddef.h>

/** A string that grows; all-zero is an empty one. */
struct text {
    char *bytes; /**< Ends with a zero byte; NULL while nothing has been added. */
    size_t length;
    size_t capacity;
};

/** Adds bytes at the end. */
void text_add(struct text *text, const char *bytes, size_t length);

/** The string, "" if it is empty. */
const char *text_string(const struct text *text);

/** Frees the string and makes it empty. */
void text_free(struct text *text);

/** realloc() that says so and ends the program if there is no memory. */
void *grow(void *memory, size_t size);

/** A copy of @p length bytes as a string; free() it. */
char *copy_string(const char *bytes, size_t length);

/** printf() into a string of its own; free() it. */
__attribute__((format(printf, 1, 2))) char *format_string(const char *format, ...);

/** Says on standard error what is wrong, after the program's name, and ends it with status 2. */
__attribute__((format(printf, 1, 2))) _Noreturn void fail(const char *format, ...);

#endif
