/* SPDX-License-Identifier: MIT */
/*
 * Text for people, built in a fixed buffer without stdio or malloc.
 */
#ifndef WEFTI_PRIMITIVES_TEXT_H
#define WEFTI_PRIMITIVES_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What does not fit is cut. */
struct wefti_text {
    char *bytes;
    size_t room;
    size_t length;
};

/* A text in an array of characters; the last byte is kept for wefti_text_end. */
#define WEFTI_TEXT(array) ((struct wefti_text){.bytes = (array), .room = sizeof(array) - 1})

void wefti_put_char(struct wefti_text *text, char c);
void wefti_put(struct wefti_text *text, const char *string);

/* A decimal number, at least `width` wide, filled with `fill`. */
void wefti_put_number(struct wefti_text *text, uint64_t number, size_t width, char fill);

/* "0x" and the address. */
void wefti_put_address(struct wefti_text *text, const void *address);

/* A time of wefti_clock() as "1.204 s". */
void wefti_put_seconds(struct wefti_text *text, int64_t nanoseconds);

/* Where a call comes from, as the address after it: "transfer+0x31 (bank+0x1451)". */
void wefti_put_place(struct wefti_text *text, const void *place);

/* Ends the text with `c` in the byte that was kept. */
void wefti_text_end(struct wefti_text *text, char c);

/* Writes it with write(2); false if that failed. */
bool wefti_text_write(const struct wefti_text *text, int fd);

#endif
