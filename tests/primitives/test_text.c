/* SPDX-License-Identifier: MIT */
// LINK: -Wl,--wrap=write,--wrap=wefti_symbol_at
/* Text for people: what is put, what does not fit, and a file that takes it bit by bit. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/symbol.h"
#include "primitives/text.h"

enum { ROOM = 64 };

static char bytes[ROOM + 1];

static struct wefti_text fresh(void)
{
    memset(bytes, '#', sizeof bytes);
    return (struct wefti_text){.bytes = bytes, .room = ROOM};
}

static const char *ended(struct wefti_text *text)
{
    wefti_text_end(text, '\0');
    return text->bytes;
}

/* ---- the linker's ------------------------------------------------------------------------------ */

/* What a call of write says: so many bytes, or minus an errno; 0 ends the list, and all is taken. */
static const ssize_t *answers;
static char written[2 * ROOM];
static size_t length;

static const struct wefti_symbol *known;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
ssize_t __real_write(int fd, const void *from, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size);
bool __real_wefti_symbol_at(const void *address, struct wefti_symbol *symbol);
bool __wrap_wefti_symbol_at(const void *address, struct wefti_symbol *symbol);

ssize_t __wrap_write(int fd, const void *from, size_t size)
{
    if (answers == NULL)
        return __real_write(fd, from, size);
    ssize_t answer = *answers != 0 ? *answers++ : (ssize_t)size;
    if (answer < 0) {
        errno = (int)-answer;
        return -1;
    }
    memcpy(written + length, from, (size_t)answer);
    length += (size_t)answer;
    return answer;
}

bool __wrap_wefti_symbol_at(const void *address, struct wefti_symbol *symbol)
{
    if (known == NULL)
        return __real_wefti_symbol_at(address, symbol);
    *symbol = *known;
    return true;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* ---- what is put ---------------------------------------------------------------------------- */

TEST(numbers_are_filled_to_their_width)
{
    struct wefti_text text = fresh();
    wefti_put_number(&text, 0, 1, '0');
    wefti_put_char(&text, '|');
    wefti_put_number(&text, 7, 3, '0');
    wefti_put_char(&text, '|');
    wefti_put_number(&text, 12345, 3, ' ');
    wefti_put_char(&text, '|');
    wefti_put_number(&text, UINT64_MAX, 1, ' ');
    assert_string_equal(ended(&text), "0|007|12345|18446744073709551615");
}

TEST(times_are_seconds_with_three_places)
{
    struct wefti_text text = fresh();
    wefti_put_seconds(&text, 1204567890);
    wefti_put_char(&text, '|');
    wefti_put_seconds(&text, 999999);
    assert_string_equal(ended(&text), "1.204 s|0.000 s");
}

TEST(what_does_not_fit_is_cut)
{
    struct wefti_text text = fresh();
    for (int i = 0; i < ROOM; i++)
        wefti_put(&text, "ab");
    assert_int_equal(text.length, ROOM);
    wefti_text_end(&text, '\n');
    assert_int_equal(text.length, ROOM + 1);
    assert_int_equal(bytes[ROOM - 1], 'b');
    assert_int_equal(bytes[ROOM], '\n');
}

/* ---- places ---------------------------------------------------------------------------------- */

TEST(a_place_in_an_exported_function_has_its_name)
{
    static const char code[64];
    const struct wefti_symbol symbol = {
        .module = "bank", .module_offset = 0x1450, .name = "transfer", .start = code};
    struct wefti_text text = fresh();
    known = &symbol;
    wefti_put_place(&text, code + 0x31);
    assert_string_equal(ended(&text), "transfer+0x31 (bank+0x1451)");
}

TEST(a_place_in_another_function_has_its_module)
{
    const struct wefti_symbol symbol = {.module = "bank", .module_offset = 0x1450};
    struct wefti_text text = fresh();
    known = &symbol;
    wefti_put_place(&text, bytes);
    assert_string_equal(ended(&text), "bank+0x1451");
}

TEST(a_place_in_no_module_is_an_address)
{
    char on_the_stack;
    char expected[32];
    struct wefti_text text = fresh();
    snprintf(expected, sizeof expected, "0x%llx",
             (unsigned long long)(uintptr_t)(&on_the_stack + 1));
    wefti_put_place(&text, &on_the_stack + 1);
    assert_string_equal(ended(&text), expected);
    text = fresh();
    wefti_put_place(&text, NULL);
    assert_string_equal(ended(&text), "0x0");
}

/* ---- writing -------------------------------------------------------------------------------- */

static bool write_to(const char *string, const ssize_t *file)
{
    struct wefti_text text = fresh();
    wefti_put(&text, string);
    answers = file;
    bool well = wefti_text_write(&text, STDOUT_FILENO);
    answers = NULL;
    return well;
}

TEST(a_file_that_takes_it_bit_by_bit_gets_it_all)
{
    const ssize_t file[] = {3, -EINTR, 1, -EINTR, -EINTR, 2, 0};
    assert_true(write_to("all of it", file));
    assert_int_equal(length, strlen("all of it"));
    assert_memory_equal(written, "all of it", length);
}

TEST(a_file_that_fails_is_told)
{
    const ssize_t file[] = {3, -EIO, 0};
    assert_false(write_to("all of it", file));
    assert_int_equal(length, 3);
}

TEST(nothing_is_written_without_a_call)
{
    const ssize_t file[] = {-EIO, 0};
    assert_true(write_to("", file));
}
