/* SPDX-License-Identifier: MIT */
#include "primitives/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "platform/clock.h"
#include "platform/symbol.h"

enum { DECIMAL = 10, HEXADECIMAL = 16, MOST_DIGITS = 20 };

void wefti_put_char(struct wefti_text *text, char c)
{
    if (text->length < text->room)
        text->bytes[text->length++] = c;
}

void wefti_put(struct wefti_text *text, const char *string)
{
    while (*string != '\0')
        wefti_put_char(text, *string++);
}

static void put_digits(struct wefti_text *text, uint64_t number, unsigned base, size_t width,
                       char fill)
{
    char digits[MOST_DIGITS];
    size_t length = 0;
    do
        digits[length++] = "0123456789abcdef"[number % base];
    while ((number /= base) != 0);
    for (size_t i = length; i < width; i++)
        wefti_put_char(text, fill);
    while (length > 0)
        wefti_put_char(text, digits[--length]);
}

void wefti_put_number(struct wefti_text *text, uint64_t number, size_t width, char fill)
{
    put_digits(text, number, DECIMAL, width, fill);
}

static void put_hexadecimal(struct wefti_text *text, uintptr_t number)
{
    wefti_put(text, "0x");
    put_digits(text, number, HEXADECIMAL, 1, '0');
}

void wefti_put_address(struct wefti_text *text, const void *address)
{
    put_hexadecimal(text, (uintptr_t)address);
}

void wefti_put_seconds(struct wefti_text *text, int64_t nanoseconds)
{
    wefti_put_number(text, (uint64_t)(nanoseconds / WEFTI_SECOND), 1, '0');
    wefti_put(text, ".");
    wefti_put_number(text, (uint64_t)(nanoseconds % WEFTI_SECOND / WEFTI_MILLISECOND), 3, '0');
    wefti_put(text, " s");
}

void wefti_put_place(struct wefti_text *text, const void *place)
{
    struct wefti_symbol symbol;
    /* One byte back: a call may be the last instruction of its function. */
    if (place == NULL || !wefti_symbol_at((const char *)place - 1, &symbol)) {
        wefti_put_address(text, place);
        return;
    }
    if (symbol.name != NULL) {
        wefti_put(text, symbol.name);
        wefti_put(text, "+");
        put_hexadecimal(text, (uintptr_t)place - (uintptr_t)symbol.start);
        wefti_put(text, " (");
    }
    wefti_put(text, symbol.module);
    wefti_put(text, "+");
    put_hexadecimal(text, symbol.module_offset + 1);
    if (symbol.name != NULL)
        wefti_put(text, ")");
}

void wefti_text_end(struct wefti_text *text, char c)
{
    text->bytes[text->length] = c;
    text->length += c != '\0';
}

bool wefti_text_write(const struct wefti_text *text, int fd)
{
    const char *rest = text->bytes;
    size_t length = text->length;
    while (length > 0) {
        ssize_t written = write(fd, rest, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            rest += written;
            length -= (size_t)written;
        }
    }
    return true;
}
